"""What every lane works with, and how arrivals are recorded."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from services.contracts.workdays import workdays
from services.kit.clock import Clock
from services.kit.db import Database, is_passing
from services.kit.privacy import BlindIndex, Sealer
from services.referral.delivery.payload import Letterhead
from services.referral.delivery.schedule import WorkingHours
from services.referral.delivery.send import Sender, make_sender
from services.referral.partners.directory import directory
from services.referral.settings import ReferralSettings
from services.referral.store import deliveries
from services.referral.store.deliveries import Result

log = logging.getLogger(__name__)


def letterhead_of(settings: ReferralSettings) -> Letterhead:
    """What the sender adds to every body."""
    index = BlindIndex(settings.case_key.get_secret_value())
    return Letterhead(settings.public_url, settings.office_name, settings.office_phone, index)


@dataclass(frozen=True, slots=True)
class Post:
    """What every lane works with. `jitter` answers a number in [-1, 1]."""

    database: Database
    sender: Sender
    letterhead: Letterhead
    sealer: Sealer
    clock: Clock
    jitter: Callable[[], float]
    always_open: bool
    scale: float
    arrivals: "Arrivals"

    def hours_of(self, partner: str) -> WorkingHours:
        """A partner's working hours."""
        party = directory().get(partner)
        return WorkingHours(() if self.always_open or party is None else party.hours, workdays())


def make_post(database: Database, settings: ReferralSettings, *, clock: Clock, record_after_s: float = 0.0) -> Post:
    """What lanes work with, by the part's settings. The caller closes its sender."""
    return Post(
        database=database,
        sender=make_sender(settings.allowed_networks, settings.webhook_ca_file),
        letterhead=letterhead_of(settings),
        sealer=Sealer(settings.seal_key.get_secret_value()),
        clock=clock,
        jitter=lambda: random.uniform(-1, 1),
        always_open=settings.partners_always_open,
        scale=settings.time_scale,
        arrivals=Arrivals(database, clock, after_s=record_after_s),
    )


class Arrivals:
    """Rounds in which everything arrived, waiting to be recorded: those of a moment together.

    A transaction a webhook would cost more than the sending, and nothing waits for it. What a crash leaves unrecorded
    is claimed again when its lease runs out, and goes with the same webhook-id.
    """

    def __init__(self, database: Database, clock: Clock, *, after_s: float) -> None:
        self._database = database
        self._clock = clock
        self._after_s = after_s
        self._waiting: list[Result] = []
        self._some = asyncio.Event()

    async def add(self, results: Sequence[Result]) -> None:
        """Record these soon; at once when there is no time to wait. Raises: then what the database raises."""
        self._waiting.extend(results)
        self._some.set()
        if not self._after_s:
            await self.write()

    async def write(self) -> None:
        """Record all that wait. Raises: what the database raises; then they still wait."""
        results, self._waiting = self._waiting, []
        if not results:
            return
        try:
            async with self._database.transaction() as db:
                await deliveries.record(db, results, now=self._clock.now())
        except BaseException:
            self._waiting = results + self._waiting
            raise

    async def run(self) -> None:
        """Record for ever, and once more when cancelled."""
        try:
            while True:
                await self._some.wait()
                await asyncio.sleep(self._after_s)
                self._some.clear()
                try:
                    await self.write()
                except Exception as error:  # the loop must live: their claims run out, and they go again
                    log.log(logging.WARNING if is_passing(error) else logging.ERROR, "arrivals", exc_info=error)
                    self._waiting.clear()
        finally:
            with suppress(Exception):
                await self.write()
