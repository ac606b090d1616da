"""Invariant 2: every event of every outbox is in the inbox of each consumer, or on its way; none came from nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from deploy.local.opened import Databases
from deploy.local.refusal import Words
from deploy.local.verify.broker import BrokerView
from deploy.local.verify.check import Check
from services.contracts.catalogue import CONSUMERS
from services.contracts.event import Event

_OUTBOX = "SELECT id, ref, urgent, sent_at IS NOT NULL AS sent, stream_seq FROM outbox WHERE subject = $1"
_INBOX = "SELECT event_id FROM inbox WHERE consumer = $1"
_STREAM = "SELECT created FROM relay_state WHERE stream = 'own'"
_OLDEST = "SELECT min(id::text) FROM outbox"
_DEAD = "SELECT event_id FROM dead_letter WHERE state IN ('open', 'retry')"


@dataclass(frozen=True)
class Sent:
    """One row of an outbox."""

    ref: UUID
    urgent: bool
    sent: bool
    sequence: int | None


Pending = dict[tuple[str, str], set[UUID]]
"""(subject, consumer) → refs of the aggregates of which an event has not been taken in yet."""


async def check_events(databases: Databases, broker: BrokerView) -> tuple[list[Check], Pending]:
    """Compare each outbox with the inboxes of those who take its events in, then look for dead letters.

    `broker` was looked at before: what is published later counts as on its way.
    """
    pending: Pending = {}
    arrived = Check(
        2, "events_arrive", Words("发件箱的每个事件都已到达或在途", "every event of an outbox arrived or is on its way")
    )
    foreign = Check(2, "no_foreign_events", Words("收件箱中没有来历不明的事件", "no event in an inbox is from nowhere"))
    dead = Check(2, "no_dead_letters", Words("没有待处理的死信", "no dead letter waits"))
    takers = sorted({taker for some in CONSUMERS.values() for taker in some})
    # Inboxes first, then outboxes: whatever arrives in between is in an outbox that is read later.
    inboxes = {taker: {row["event_id"] for row in await databases[taker].fetch(_INBOX, taker)} for taker in takers}
    published: dict[str, set[UUID]] = {taker: set() for taker in takers}
    for kind, some in CONSUMERS.items():
        outbox = await _outbox_of(databases[kind.part()], kind)
        for taker in some:
            published[taker] |= outbox.keys()
            arrived.looked_at += len(outbox)
            made = await databases[kind.part()].fetchval(_STREAM)
            pending[kind.SUBJECT, taker] = {outbox[event].ref for event in outbox.keys() - inboxes[taker]}
            _compare(arrived, kind, taker, outbox, inboxes[taker], broker=broker, made=made)
    for taker in takers:
        oldest = await _oldest_kept(databases, taker)
        unknown = {
            event for event in inboxes[taker] - published[taker] if oldest is not None and _time_of(event) > oldest
        }
        foreign.looked_at += len(inboxes[taker])
        foreign.blame(f"in the inbox of {taker} and in no outbox", unknown)
        waiting = [row["event_id"] for row in await databases[taker].fetch(_DEAD)]
        dead.looked_at += len(waiting)
        dead.blame(f"a dead letter of {taker}", waiting)
    return [arrived, foreign, dead], pending


def _compare(
    check: Check,
    kind: type[Event],
    taker: str,
    outbox: Mapping[UUID, Sent],
    inbox: set[UUID],
    *,
    broker: BrokerView,
    made: datetime | None,
) -> None:
    lost = []
    for event in outbox.keys() - inbox:
        row = outbox[event]
        stream = kind.part().upper()
        if not row.sent or broker.may_still_come(stream, taker, sequence=row.sequence, urgent=row.urgent, made=made):
            check.notes["on_the_way"] = check.notes.get("on_the_way", 0) + 1
        else:
            lost.append(event)
    check.blame(f"{kind.SUBJECT} did not reach {taker}", lost)


async def _outbox_of(connection: asyncpg.Connection, kind: type[Event]) -> dict[UUID, Sent]:
    rows = await connection.fetch(_OUTBOX, kind.SUBJECT)
    return {row["id"]: Sent(row["ref"], row["urgent"], row["sent"], row["stream_seq"]) for row in rows}


async def _oldest_kept(databases: Databases, taker: str) -> datetime | None:
    """The time after which every source of `taker` still has all its events; None when a source has none at all."""
    oldest: datetime | None = None
    for part in sorted({kind.part() for kind, some in CONSUMERS.items() if taker in some}):
        first = await databases[part].fetchval(_OLDEST)
        if first is not None:
            at = _time_of(UUID(first))
            oldest = at if oldest is None else max(oldest, at)
    return oldest


def _time_of(event: UUID) -> datetime:
    """When an event was made: the first 48 bits of its id are Unix milliseconds. Source: RFC 9562 §5.7."""
    return datetime.fromtimestamp((event.int >> 80) / 1000, UTC)
