"""Wakes lanes, and gives them what may leave at once."""

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

from services.kit.clock import Clock
from services.kit.db import Database, is_passing
from services.referral.actions.deliver import claim_of
from services.referral.delivery.bell import bell_of
from services.referral.settings import ReferralSettings
from services.referral.store import deliveries
from services.referral.worker.lane import Lane
from services.referral.worker.post import Post, make_post

log = logging.getLogger(__name__)

_RECORD_AFTER_S = 0.05


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
        bell = bell_of(self._database)
        bell.letterhead = post.letterhead
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(post.arrivals.run())
                await self._watch(group, post)
        finally:
            bell.letterhead = None
            await post.sender.close()

    async def _watch(self, group: asyncio.TaskGroup, post: Post) -> None:
        bell = bell_of(self._database)
        loop = asyncio.get_running_loop()
        looked = float("-inf")
        while True:
            ring = bell.next_ring()
            for handed in bell.take_handed():
                self._lane(group, post, handed.endpoint_id).hand(claim_of(handed, post.sealer))
            due = bell.take_endpoints()
            if loop.time() - looked >= self._poll_s:
                looked = loop.time()
                due |= await self._due()
            for endpoint_id in due:
                self._lane(group, post, endpoint_id).wake()
            with suppress(TimeoutError):
                await asyncio.wait_for(ring.wait(), max(0.0, looked + self._poll_s - loop.time()))

    def _lane(self, group: asyncio.TaskGroup, post: Post, endpoint_id: UUID) -> Lane:
        lane = self._lanes.get(endpoint_id)
        if lane is None:
            lane = self._lanes[endpoint_id] = Lane(endpoint_id, post)
            group.create_task(lane.run())
        return lane

    async def _due(self) -> set[UUID]:
        try:
            async with self._database.transaction() as db:
                return set(await deliveries.due_endpoints(db, now=self._clock.now()))
        except Exception as error:  # the loop must live: look again at the next turn
            log.log(logging.WARNING if is_passing(error) else logging.ERROR, "dispatcher", exc_info=error)
            return set()
