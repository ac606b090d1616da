"""Referral's own loops: the dispatcher, with a lane for each endpoint, and the one that follows the days.

A lane sends for one endpoint only, so that one that is slow or dead delays no other. It claims, sends as many at once
as the endpoint has shown to bear, records all in one statement, and goes on until nothing is due.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import FastAPI

from services.contracts.workdays import workdays
from services.kit import signing
from services.kit.clock import Clock
from services.kit.db import Database, is_passing
from services.kit.privacy import BlindIndex, Sealer
from services.kit.worker import run_loops
from services.referral.actions import clock as days
from services.referral.actions.deliver import START_WITHIN, Claim, Outgoing, claim_due, record_round, renew_claim
from services.referral.consumers import HANDLERS
from services.referral.delivery.bell import bell_of
from services.referral.delivery.breaker import after
from services.referral.delivery.payload import Letterhead
from services.referral.delivery.reply import Reply, Verdict, judge
from services.referral.delivery.schedule import WorkingHours, next_step
from services.referral.delivery.send import Sender, make_sender
from services.referral.partners.directory import directory
from services.referral.settings import ReferralSettings
from services.referral.store import deliveries
from services.referral.store.deliveries import Result

log = logging.getLogger(__name__)

MOST_CLAIMED = 100
SMALLEST_WINDOW = 4
LARGEST_WINDOW = 64
RENEW_S = 2.5
"""How often a round that goes on renews its claim; three times within the lease."""
_DAY_LOOK_S = 60.0
_RECORD_AFTER_S = 0.05


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


class Lane:
    """The queue of one endpoint. Its window grows with success and shrinks when nothing gets through."""

    def __init__(self, endpoint_id: UUID, post: Post) -> None:
        self._endpoint_id = endpoint_id
        self._post = post
        self._woken = asyncio.Event()
        self._window = SMALLEST_WINDOW
        self._more = False

    def wake(self) -> None:
        """There may be something due."""
        self._woken.set()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                while await self.send_round() and self._more:
                    pass
            except Exception as error:  # the lane must live: claims run out, the dispatcher wakes it again
                level = logging.WARNING if is_passing(error) else logging.ERROR
                log.log(level, "lane", exc_info=error)

    async def send_round(self) -> bool:
        """Claim, send, record. False when nothing was due."""
        post = self._post
        claimed_at = post.clock.now()
        most = min(MOST_CLAIMED, self._window * 4)
        async with post.database.transaction() as db:
            claim = await claim_due(
                db,
                self._endpoint_id,
                most=most,
                now=claimed_at,
                letterhead=post.letterhead,
                sealer=post.sealer,
            )
        if claim is None or not claim.messages:
            return False
        self._more = len(claim.messages) == most
        replies = await self._send_and_hold(claim, start_by=claimed_at + START_WITHIN)
        now = post.clock.now()
        health = after(claim.health, [reply for _, reply in replies], now=now, scale=post.scale)
        results = self._results(claim, replies, now)
        sent = {message.id for message, _ in replies}
        unsent = [message.id for message in claim.messages if message.id not in sent]
        if not unsent and health == claim.health and all(result.state == "delivered" for result in results):
            await post.arrivals.add(results)
            return True
        self._more = True  # what failed may be due again, or a probe has closed the breaker
        async with post.database.transaction() as db:
            await record_round(db, self._endpoint_id, claim, results, unsent=unsent, health=health, now=now)
        if (health.is_open and not claim.health.is_open) or health.is_gone:
            log.warning("endpoint rests", extra={"partner": claim.partner, "where": str(self._endpoint_id)})
        return True

    async def _send_and_hold(self, claim: Claim, *, start_by: datetime) -> list[tuple[Outgoing, Reply]]:
        """Send what was claimed, and renew the claim for as long as that takes."""
        sending = asyncio.create_task(self._send_all(claim, start_by=start_by))
        try:
            while not (await asyncio.wait({sending}, timeout=RENEW_S))[0]:
                try:
                    async with self._post.database.transaction() as db:
                        await renew_claim(db, claim, now=self._post.clock.now())
                except Exception as error:  # the round goes on: at worst a message goes again with the same id
                    log.log(logging.WARNING if is_passing(error) else logging.ERROR, "claim", exc_info=error)
            return sending.result()
        finally:
            sending.cancel()

    async def _send_all(self, claim: Claim, *, start_by: datetime) -> list[tuple[Outgoing, Reply]]:
        """Send what was claimed, a window at a time; stop early when nothing gets through."""
        window = asyncio.Semaphore(self._window)
        replies: list[tuple[Outgoing, Reply]] = []
        failures = successes = 0

        async def send_one(message: Outgoing) -> None:
            nonlocal failures, successes
            async with window:
                now = self._post.clock.now()
                if now > start_by or (failures >= self._window and not successes):
                    return
                body = message.body.encode()
                headers = signing.sign(claim.secrets, str(message.id), int(now.timestamp()), body)
                reply = await self._post.sender.send(claim.url, headers, body)
                well = judge(reply) in (Verdict.DELIVERED, Verdict.PAYLOAD)
                successes, failures = successes + well, failures + (not well)
                replies.append((message, reply))

        await asyncio.gather(*(send_one(message) for message in claim.messages))
        if successes:
            self._window = min(LARGEST_WINDOW, self._window + successes)
        elif failures:
            self._window = SMALLEST_WINDOW
        return replies

    def _results(self, claim: Claim, replies: list[tuple[Outgoing, Reply]], now: datetime) -> list[Result]:
        hours = self._post.hours_of(claim.partner)
        results = []
        for message, reply in replies:
            step = next_step(
                message.tries, reply, now=now, jitter=self._post.jitter(), hours=hours, scale=self._post.scale
            )
            if step.state == "dead":
                log.error("webhook dead", extra={"delivery_id": message.id, "partner": message.partner})
            results.append(
                Result(
                    message.id,
                    claim.id,
                    message.division,
                    message.partner,
                    message.number,
                    step.state,
                    step.due_at,
                    reply.status,
                    reply.error,
                    reply.ms,
                )
            )
        return results


class Dispatcher:
    """Wakes the lane of each endpoint: at once when a commit queued something for it, else when something falls due."""

    def __init__(self, database: Database, settings: ReferralSettings, *, clock: Clock, poll_s: float) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._poll_s = poll_s
        self._lanes: dict[UUID, Lane] = {}

    async def run(self) -> None:
        """Dispatch for ever. Closes its connections when cancelled."""
        post = make_post(self._database, self._settings, clock=self._clock, record_after_s=_RECORD_AFTER_S)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(post.arrivals.run())
                await self._watch(group, post)
        finally:
            await post.sender.close()

    async def _watch(self, group: asyncio.TaskGroup, post: Post) -> None:
        bell = bell_of(self._database)
        loop = asyncio.get_running_loop()
        looked = float("-inf")
        while True:
            ring = bell.next_ring()
            due = bell.take_endpoints()
            if loop.time() - looked >= self._poll_s:
                looked = loop.time()
                due |= await self._due()
            for endpoint_id in due:
                lane = self._lanes.get(endpoint_id)
                if lane is None:
                    lane = self._lanes[endpoint_id] = Lane(endpoint_id, post)
                    group.create_task(lane.run())
                lane.wake()
            with suppress(TimeoutError):
                await asyncio.wait_for(ring.wait(), max(0.0, looked + self._poll_s - loop.time()))

    async def _due(self) -> set[UUID]:
        try:
            async with self._database.transaction() as db:
                return set(await deliveries.due_endpoints(db, now=self._clock.now()))
        except Exception as error:  # the loop must live: look again at the next turn
            log.log(logging.WARNING if is_passing(error) else logging.ERROR, "dispatcher", exc_info=error)
            return set()


async def follow_the_days(database: Database, clock: Clock) -> None:
    """Every minute, do what a day that has passed asks for."""
    cleaned = clock.now() - timedelta(days=1)
    while True:
        try:
            done = days.MOST
            while done == days.MOST:
                async with database.transaction() as db:
                    done = await days.follow_the_day(db, now=clock.now())
            if clock.now() - cleaned >= timedelta(hours=1):
                cleaned = clock.now()
                async with database.transaction() as db:
                    await days.forget_old_callbacks(db, now=cleaned)
        except Exception as error:  # the loop must live: try again in a minute
            log.log(logging.WARNING if is_passing(error) else logging.ERROR, "days", exc_info=error)
        await asyncio.sleep(_DAY_LOOK_S)


async def loops(app: FastAPI) -> None:
    """The relay, the consumers, the dispatcher and the days, until cancelled."""
    settings: ReferralSettings = app.state.settings
    database: Database = app.state.database
    clock = Clock()
    dispatcher = Dispatcher(database, settings, clock=clock, poll_s=settings.poll_s)
    await run_loops(settings, database, HANDLERS, clock, dispatcher.run(), follow_the_days(database, clock))
