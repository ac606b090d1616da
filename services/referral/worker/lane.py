"""The queue of one endpoint. It claims, sends as many at once as the endpoint has shown to bear, and records all in one
statement, until nothing is due; one that is slow or dead delays no other."""

import asyncio
import logging
from datetime import datetime
from uuid import UUID

from services.kit import signing
from services.kit.db import is_passing
from services.referral.actions.deliver import START_WITHIN, Claim, Outgoing, claim_due, record_round, renew_claim
from services.referral.delivery.breaker import after
from services.referral.delivery.reply import Reply, Verdict, judge
from services.referral.delivery.schedule import next_step
from services.referral.store.deliveries import Result
from services.referral.worker.post import Post

log = logging.getLogger(__name__)

MOST_CLAIMED = 100
SMALLEST_WINDOW = 4
LARGEST_WINDOW = 64
RENEW_S = 2.5
"""How often a round that goes on renews its claim; three times within the lease."""


class Lane:
    """The queue of one endpoint. Its window grows with success and shrinks when nothing gets through."""

    def __init__(self, endpoint_id: UUID, post: Post) -> None:
        self._endpoint_id = endpoint_id
        self._post = post
        self._woken = asyncio.Event()
        self._window = SMALLEST_WINDOW
        self._more = False
        self._handed: list[Claim] = []

    def wake(self) -> None:
        """There may be something due."""
        self._more = True
        self._woken.set()

    def hand(self, claim: Claim) -> None:
        """Send this: it was claimed in the transaction that queued it."""
        self._handed.append(claim)
        self._woken.set()

    async def run(self) -> None:
        """Send for ever: first what was handed over, then what is due."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                while self._handed:
                    await self._send_claim(self._handed.pop(0))
                while self._more and await self.send_round():
                    pass
            except Exception as error:  # the lane must live: claims run out, the dispatcher wakes it again
                level = logging.WARNING if is_passing(error) else logging.ERROR
                log.log(level, "lane", exc_info=error)

    async def send_round(self) -> bool:
        """Claim, send, record. False when nothing was due."""
        post = self._post
        most = min(MOST_CLAIMED, self._window * 4)
        self._more = False
        async with post.database.transaction() as db:
            claim = await claim_due(
                db,
                self._endpoint_id,
                most=most,
                now=post.clock.now(),
                letterhead=post.letterhead,
                sealer=post.sealer,
            )
        if claim is None or not claim.messages:
            return False
        self._more = len(claim.messages) == most
        await self._send_claim(claim)
        return True

    async def _send_claim(self, claim: Claim) -> None:
        post = self._post
        replies = await self._send_and_hold(claim, start_by=claim.claimed_at + START_WITHIN)
        now = post.clock.now()
        health = after(claim.health, [reply for _, reply in replies], now=now, scale=post.scale)
        results = self._results(claim, replies, now)
        sent = {message.id for message, _ in replies}
        unsent = [message.id for message in claim.messages if message.id not in sent]
        if not unsent and health == claim.health and all(result.state == "delivered" for result in results):
            await post.arrivals.add(results)
            return
        self._more = True  # what failed may be due again, or a probe has closed the breaker
        async with post.database.transaction() as db:
            await record_round(db, self._endpoint_id, claim, results, unsent=unsent, health=health, now=now)
        if (health.is_open and not claim.health.is_open) or health.is_gone:
            log.warning("endpoint rests", extra={"partner": claim.partner, "where": str(self._endpoint_id)})

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
