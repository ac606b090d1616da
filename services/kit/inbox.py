"""From the broker into the part: each event takes effect once, whatever is delivered twice.

One transaction takes a whole fetch: the event ids go into the inbox, the handlers see only ids that were not there,
and the message is acknowledged after the commit. When that transaction fails, each event is tried by itself, so that
a bad one cannot hold back its neighbours; after five tries it becomes a dead letter a person can look at and retry.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.catalogue import EVENTS
from services.contracts.event import Event
from services.kit.clock import Clock
from services.kit.db import Database, is_passing
from services.kit.jetstream import Delivery
from services.kit.statements import Statement, fetch

log = logging.getLogger(__name__)

Handler = Callable[[AsyncSession, Sequence[Any], datetime], Awaitable[Collection[UUID] | None]]
"""Takes (db, events of one class, now) and applies them in the caller's transaction.

Answers the ids of the events that were not newer than what is known (stale), or None when all were applied.
"""
Handlers = Mapping[type[Event], Handler]
"""A part's event table. Classes are handled in the table's order within one transaction."""

MOST_TRIES = 5
_RETRY_S = (1.0, 5.0, 15.0, 30.0, 60.0)

_CLAIM = Statement(
    "INSERT INTO inbox (event_id, consumer) SELECT unnest(CAST(:ids AS uuid[])), CAST(:consumer AS text)"
    " ON CONFLICT DO NOTHING RETURNING event_id"
)
_OUTCOME = text(
    "UPDATE inbox SET outcome = :outcome WHERE consumer = :consumer AND event_id = ANY(CAST(:ids AS uuid[]))"
)
_DEAD = text(
    "INSERT INTO dead_letter (event_id, consumer, subject, division, body, error, attempts)"
    " VALUES (:event_id, :consumer, :subject, :division, :body, :error, :attempts)"
    " ON CONFLICT (event_id, consumer) DO UPDATE SET state = 'open', error = excluded.error,"
    " attempts = dead_letter.attempts + 1, changed_at = now()"
)


_TO_RETRY = text("SELECT event_id, body FROM dead_letter WHERE state = 'retry' AND consumer = :consumer LIMIT 100")


class UnreadableEvent(Exception):
    """The message or event has no shape this part knows. Trying again will not help."""


@dataclass(frozen=True)
class Envelope:
    """One CloudEvent as it came: its id, its text, and its class when known and readable."""

    id: UUID
    body: dict[str, Any]
    event: Event | None
    error: str = ""


def open_batch(body: bytes) -> list[Envelope]:
    """Read a CloudEvents JSON batch.

    Raises: UnreadableEvent when it is no batch at all; single unreadable events come back with `error` set.
    """
    try:
        items = json.loads(body)
    except ValueError as error:
        raise UnreadableEvent("no JSON") from error
    if not isinstance(items, list):
        raise UnreadableEvent("no batch")
    return [_envelope(item) for item in items]


def _envelope(item: Any) -> Envelope:
    try:
        identifier = UUID(item["id"])
        kind = EVENTS.get(item["type"])
        if kind is None:
            return Envelope(identifier, item, None, "unknown type")
        return Envelope(identifier, item, kind.from_cloud_event(item))
    except ValidationError as error:
        # pydantic's own text would carry the values
        where = ",".join(".".join(map(str, e["loc"])) for e in error.errors(include_input=False)[:3])
        return Envelope(identifier, item, None, f"invalid: {where}")
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableEvent("no CloudEvent") from error


class Inbox:
    """Takes messages in for one consumer of one part."""

    def __init__(self, database: Database, handlers: Handlers, *, consumer: str, clock: Clock) -> None:
        self._database = database
        self._handlers = handlers
        self._consumer = consumer
        self._clock = clock

    async def take(self, deliveries: Sequence[Delivery]) -> bool:
        """Take a fetch in: one transaction for all, else one by one. Acknowledges what took effect.

        False when the database is away: then all were handed back, and the caller waits until it answers, so that
        no message wears out its tries.
        """
        try:
            opened = [open_batch(d.body) for d in deliveries]
            await self.apply([envelope for batch in opened for envelope in batch])
        except Exception as error:  # any failure: find out below which event it is
            log.warning("inbox batch", extra={"error": type(error).__name__, "events": len(deliveries)})
            if is_passing(error) and not await self.database_answers():
                for delivery in deliveries:
                    await delivery.again(1.0)
                return False
        else:
            for delivery in deliveries:
                await delivery.ack()
            return True
        for delivery in deliveries:
            await self._take_one(delivery)
        return True

    async def database_answers(self) -> bool:
        """Whether a transaction can be opened now."""
        try:
            async with self._database.transaction():
                return True
        except Exception as error:  # whatever it is, it is the answer
            log.warning("database away", extra={"error": type(error).__name__})
            return False

    async def _take_one(self, delivery: Delivery) -> None:
        try:
            envelopes = open_batch(delivery.body)
        except UnreadableEvent as error:
            log.error("inbox message dropped", extra={"error": str(error)})
            await delivery.ack()
            return
        wait: float | None = None
        for envelope in envelopes:
            try:
                await self.apply([envelope])
            except Exception as error:  # whatever a handler raised: again later, or set aside
                if is_passing(error):
                    wait = min(2.0 ** min(delivery.attempt, 6), 60.0)
                elif delivery.attempt >= MOST_TRIES:
                    await self.bury(envelope, type(error).__name__, delivery.attempt)
                else:
                    wait = max(wait or 0.0, _RETRY_S[delivery.attempt - 1])
                    log.warning("inbox event", extra={"event_id": envelope.id, "error": type(error).__name__})
        if wait is None:
            await delivery.ack()
        else:
            await delivery.again(wait)

    async def apply(self, envelopes: Sequence[Envelope]) -> None:
        """Apply events in one transaction; ids already in the inbox are left out.

        Raises: whatever a handler or the database raises; then nothing of it stays.
        """
        now = self._clock.now()
        async with self._database.transaction() as db:
            ids = [envelope.id for envelope in envelopes]
            claimed = await fetch(db, _CLAIM, {"ids": ids, "consumer": self._consumer})
            fresh = {row["event_id"] for row in claimed}
            todo: dict[type[Event], list[Event]] = {}
            skipped: list[UUID] = []
            for envelope in envelopes:
                if envelope.id not in fresh:
                    continue
                fresh.discard(envelope.id)  # the same event twice in one fetch counts once
                if envelope.error and envelope.error != "unknown type":
                    await self._bury(db, envelope, envelope.error, 1)
                elif envelope.event is None or type(envelope.event) not in self._handlers:
                    skipped.append(envelope.id)
                else:
                    todo.setdefault(type(envelope.event), []).append(envelope.event)
            stale: list[UUID] = []
            for kind, handler in self._handlers.items():
                if kind in todo:
                    stale.extend(await handler(db, todo[kind], now) or ())
            for outcome, some in (("skipped", skipped), ("stale", stale)):
                if some:
                    await db.execute(_OUTCOME, {"ids": some, "consumer": self._consumer, "outcome": outcome})

    async def bury(self, envelope: Envelope, error: str, attempts: int) -> None:
        """Set an event aside as a dead letter, with its inbox row, in one transaction."""
        async with self._database.transaction() as db:
            await fetch(db, _CLAIM, {"ids": [envelope.id], "consumer": self._consumer})
            await self._bury(db, envelope, error, attempts)
        log.error("dead letter", extra={"event_id": envelope.id, "error": error})

    async def _bury(self, db: AsyncSession, envelope: Envelope, error: str, attempts: int) -> None:
        await db.execute(
            _DEAD,
            {
                "event_id": envelope.id,
                "consumer": self._consumer,
                "subject": str(envelope.body.get("type", ""))[:200],
                "division": str(envelope.body.get("division", ""))[:12],
                "body": json.dumps(envelope.body, ensure_ascii=False),
                "error": error[:200],
                "attempts": attempts,
            },
        )
        await db.execute(_OUTCOME, {"ids": [envelope.id], "consumer": self._consumer, "outcome": "dead"})

    async def retry_dead(self) -> int:
        """Apply again the dead letters somebody marked `retry`. Answers how many took effect."""
        async with self._database.transaction() as db:
            rows = (await db.execute(_TO_RETRY, {"consumer": self._consumer})).all()
        done = 0
        for row in rows:
            envelope = _envelope(json.loads(row.body))
            try:
                async with self._database.transaction() as db:
                    await db.execute(
                        text("DELETE FROM inbox WHERE event_id = :id AND consumer = :consumer"),
                        {"id": row.event_id, "consumer": self._consumer},
                    )
                await self.apply([envelope])
                await self._settle(row.event_id)
                done += 1
            except Exception as error:  # it stays a dead letter, with the newest reason
                await self.bury(envelope, type(error).__name__, 1)
        return done

    async def _settle(self, event_id: UUID) -> None:
        async with self._database.transaction() as db:
            await db.execute(
                text(
                    "UPDATE dead_letter SET state = 'resolved', changed_at = now()"
                    " WHERE event_id = :id AND consumer = :consumer AND state = 'retry'"
                ),
                {"id": event_id, "consumer": self._consumer},
            )
