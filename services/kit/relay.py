"""From the outbox to the broker. The outbox is the truth; the broker is a transport that may lose its tail or all.

What was just committed is published from memory; a look at the outbox now and then finds what that path missed (a
process that died between the commit and the publish, a broker that was away). Events are packed into CloudEvents
batches, urgent ones first, published with a message id, and marked sent only after the server has acknowledged: those
of a tenth of a second together, for a transaction an event would cost more than the publishing. A crash in between
publishes again; the inbox absorbs it. Sent rows stay seven days, so that whatever the broker lost is published again on
the next connect.
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby
from uuid import UUID

from sqlalchemy import text

from services.contracts.event import pack_batches
from services.kit.db import Database, FreshEvent, is_passing
from services.kit.jetstream import BrokerAway, Bus
from services.kit.statements import Statement, fetch

log = logging.getLogger(__name__)

_MOST = 4000
_LOOK_AGAIN_S = 60.0
_YOUNG_S = 2.0
_MARK_AFTER_S = 0.1

# Two seconds: what is younger is most likely on its way from memory.
_TAKE = text(
    "SELECT id, subject, urgent, body FROM outbox WHERE sent_at IS NULL"
    " AND created_at < clock_timestamp() - make_interval(secs => :age_s)"
    " ORDER BY urgent DESC, id LIMIT :most FOR UPDATE SKIP LOCKED"
)
_MARK = Statement(
    "UPDATE outbox o SET sent_at = now(), stream_seq = s.seq"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:seqs AS bigint[])) AS s(id, seq) WHERE o.id = s.id"
)
_CLEAN = (
    text("DELETE FROM outbox WHERE sent_at < now() - interval '7 days'"),
    text("DELETE FROM inbox WHERE received_at < now() - interval '14 days'"),
    text("DELETE FROM idempotency WHERE created_at < now() - interval '30 days'"),
)


class Marks:
    """Events the broker has acknowledged, waiting to be marked sent."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: list[UUID] = []
        self._seqs: list[int] = []
        self._some = asyncio.Event()

    def add(self, ids: Sequence[UUID], seqs: Sequence[int]) -> None:
        """Mark these soon. `seqs` are their places in the stream."""
        self._ids.extend(ids)
        self._seqs.extend(seqs)
        self._some.set()

    async def write(self) -> None:
        """Mark all that wait. Raises: what the database raises; then they still wait."""
        ids, seqs = self._ids, self._seqs
        if not ids:
            return
        self._ids, self._seqs = [], []
        try:
            async with self._database.transaction() as db:
                await fetch(db, _MARK, {"ids": ids, "seqs": seqs})
        except BaseException:
            self.add(ids, seqs)
            raise

    async def run(self) -> None:
        """Mark for ever, and once more when cancelled."""
        try:
            while True:
                await self._some.wait()
                await asyncio.sleep(_MARK_AFTER_S)
                self._some.clear()
                try:
                    await self.write()
                except Exception as error:  # the loop must live: they wait, or are published again
                    log.warning("relay marks", extra={"error": type(error).__name__})
        finally:
            with suppress(Exception):  # what is not marked is published again, and absorbed
                await self.write()


async def publish_fresh(database: Database, bus: Bus, marks: Marks, *, most: int = _MOST) -> int:
    """Publish up to `most` events just committed. Answers how many.

    Raises: BrokerAway; the events are then found in the outbox later.
    """
    fresh = database.fresh
    events = [fresh.popleft() for _ in range(min(most, len(fresh)))]
    if events:
        marks.add(*await _publish(bus, events))
    return len(events)


async def relay_waiting(database: Database, bus: Bus, *, age_s: float = 0.0, most: int = _MOST) -> int:
    """Publish up to `most` events that wait in the outbox for `age_s` seconds or longer. Answers how many.

    Raises: BrokerAway (nothing is marked; they go again later), Unavailable.
    """
    async with database.transaction() as db:
        rows = (await db.execute(_TAKE, {"most": most, "age_s": age_s})).all()
        if not rows:
            return 0
        ids, seqs = await _publish(bus, [FreshEvent(row.id, row.subject, row.urgent, row.body) for row in rows])
        await fetch(db, _MARK, {"ids": ids, "seqs": seqs})
        return len(rows)


async def _publish(bus: Bus, events: Sequence[FreshEvent]) -> tuple[list[UUID], list[int]]:
    """Publish in batches by subject and lane, urgent ones first. Answers ids and the stream sequence of each."""
    messages: list[tuple[str, bytes, str]] = []
    counts: list[int] = []
    ids: list[UUID] = []
    ordered = sorted(events, key=lambda event: (not event.urgent, event.subject))
    for (subject, urgent), group in groupby(ordered, key=lambda event: (event.subject, event.urgent)):
        same = list(group)
        start = 0
        for count, body in pack_batches([event.body for event in same]):
            batch = same[start : start + count]
            start += count
            ids.extend(event.id for event in batch)
            counts.append(count)
            messages.append((f"{subject}.urgent" if urgent else subject, body, _message_id(batch)))
    sequences = await bus.publish(messages)
    return ids, [seq for seq, count in zip(sequences, counts, strict=True) for _ in range(count)]


def _message_id(batch: Sequence[FreshEvent]) -> str:
    if len(batch) == 1:
        return str(batch[0].id)
    return hashlib.sha256(b"".join(event.id.bytes for event in batch)).hexdigest()[:32]


async def reconcile(database: Database, bus: Bus) -> int:
    """Set events waiting again that the broker no longer holds: the stream is another one, or its end went back.

    Answers how many. Raises: BrokerAway, Unavailable.
    """
    state = await bus.stream_state()
    async with database.transaction() as db:
        known = (await db.execute(text("SELECT created FROM relay_state"))).scalar()
        if known != state.created:
            lost = await db.execute(
                text("UPDATE outbox SET sent_at = NULL, stream_seq = NULL WHERE sent_at IS NOT NULL")
            )
            await db.execute(
                text(
                    "INSERT INTO relay_state (stream, created) VALUES ('own', :created)"
                    " ON CONFLICT (stream) DO UPDATE SET created = excluded.created"
                ),
                {"created": state.created},
            )
        else:
            lost = await db.execute(
                text("UPDATE outbox SET sent_at = NULL, stream_seq = NULL WHERE stream_seq > :last"),
                {"last": state.last_seq},
            )
        count: int = lost.rowcount  # type: ignore[attr-defined]  # CursorResult of an UPDATE has it
    if count:
        log.warning("reconcile", extra={"events": count})
    return count


async def run_relay(database: Database, bus: Bus, *, poll_s: float) -> None:
    """Relay for ever: at once what a commit wrote, every `poll_s` seconds what waits; reconcile on each connect."""
    marks = Marks(database)
    async with asyncio.TaskGroup() as group:
        group.create_task(marks.run())
        await _relay(database, bus, marks, poll_s=poll_s)


async def _relay(database: Database, bus: Bus, marks: Marks, *, poll_s: float) -> None:
    looked = 0.0
    cleaned = 0.0
    swept = 0.0
    loop = asyncio.get_running_loop()
    while True:
        try:
            if bus.reconnected.is_set() or loop.time() - looked > _LOOK_AGAIN_S:
                bus.reconnected.clear()
                looked = loop.time()
                try:
                    await marks.write()
                    await reconcile(database, bus)
                except BaseException:
                    bus.reconnected.set()
                    raise
                swept = 0.0
            if loop.time() - cleaned > 3600 or not cleaned:
                cleaned = loop.time() or 1.0
                await _clean(database)
            database.written.clear()
            while await publish_fresh(database, bus, marks):
                pass
            if loop.time() - swept > poll_s:
                await marks.write()  # else what is on its way would be found waiting
                # At the start and after a break whatever waits is old enough.
                while await relay_waiting(database, bus, age_s=_YOUNG_S if swept else 0.0):
                    pass
                swept = loop.time()
            with suppress(TimeoutError):
                await asyncio.wait_for(database.written.wait(), poll_s)
        except Exception as error:  # the loop must live: whatever it was, wait and look again
            passing = isinstance(error, BrokerAway) or is_passing(error)
            log.log(logging.WARNING if passing else logging.ERROR, "relay", extra={"error": type(error).__name__})
            bus.reconnected.set()
            database.fresh.clear()  # all of it is in the outbox
            await asyncio.sleep(0.2 if passing else 2.0)


async def _clean(database: Database) -> None:
    async with database.transaction() as db:
        for statement in _CLEAN:
            await db.execute(statement)
