"""Webhooks on their way: queued, claimed, recorded, in few statements for many rows."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.ids import new_id
from services.kit.statements import Statement, fetch
from services.referral.delivery.bell import ring_after_commit
from services.referral.partners.state import Message

_QUEUE_FOR = text(
    "INSERT INTO delivery (id, division, partner, endpoint_id, type, sequence, facts, state, due_at, created_at)"
    " VALUES (:id, :division, :partner, :endpoint_id, :type, :sequence, CAST(:facts AS jsonb), 'queued', :now, :now)"
)
_STOP = Statement(
    "UPDATE delivery SET state = 'cancelled', claim = NULL WHERE id IN (SELECT id FROM delivery"
    " WHERE referral_id = ANY(CAST(:ids AS uuid[])) AND state IN ('queued', 'sending', 'retrying', 'held')"
    " AND type <> 'referral.revoked' ORDER BY id FOR UPDATE)"
)
_ARRIVED = Statement(
    "UPDATE delivery SET state = 'delivered', delivered_at = :now, claim = NULL WHERE id IN (SELECT id FROM delivery"
    " WHERE referral_id = :referral_id AND state IN ('queued', 'sending', 'retrying', 'held')"
    " AND type = 'referral.requested' ORDER BY id FOR UPDATE)"
)
_SEEN = Statement(
    "SELECT id FROM referral r WHERE id = ANY(CAST(:ids AS uuid[])) AND (acknowledged_at IS NOT NULL"
    " OR EXISTS (SELECT 1 FROM delivery d WHERE d.referral_id = r.id AND d.attempts > 0))"
)
_DUE_ENDPOINTS = Statement(
    "SELECT e.id FROM endpoint e WHERE e.state = 'active' AND (e.rest_until IS NULL OR e.rest_until <= :now)"
    " AND EXISTS (SELECT 1 FROM delivery d WHERE d.endpoint_id = e.id AND d.state IN ('queued', 'sending', 'retrying')"
    " AND d.due_at <= :now)"
)
# While the breaker is open one message goes, as a probe, and rather one that was tried before.
_LOCK = (
    "SELECT id, division, partner, referral_id, household_ref, type, sequence, facts, body, created_at, attempts, tries"
    " FROM delivery WHERE endpoint_id = :endpoint_id AND state IN ('queued', 'sending', 'retrying') AND due_at <= :now"
    " AND (expires_on IS NULL OR expires_on >= :today)"
    " ORDER BY due_at, position LIMIT :most FOR UPDATE SKIP LOCKED"
)
_LOCK_DUE = Statement(_LOCK)
_LOCK_PROBE = Statement(_LOCK.replace("ORDER BY", "ORDER BY (tries > 0) DESC,"))

_CLAIM = Statement(
    "UPDATE delivery d SET state = 'sending', due_at = :until, claim = :claim, attempts = d.attempts + 1,"
    " tries = d.tries + 1, body = coalesce(d.body, c.body)"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:bodies AS text[])) AS c(id, body) WHERE d.id = c.id"
)
_RECORD = Statement(
    "WITH r AS (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:dues AS timestamptz[]),"
    " CAST(:statuses AS int[]), CAST(:errors AS text[]), CAST(:ms AS int[]), CAST(:numbers AS int[]),"
    " CAST(:divisions AS text[]), CAST(:partners AS text[]), CAST(:claims AS uuid[]))"
    " AS r(id, state, due_at, status, error, ms, number, division, partner, claim)),"
    " locked AS (SELECT d.id FROM delivery d JOIN r ON r.id = d.id AND d.claim = r.claim ORDER BY d.id"
    " FOR UPDATE OF d),"
    " done AS (UPDATE delivery d SET state = r.state, due_at = coalesce(r.due_at, d.due_at), last_status = r.status,"
    " last_error = r.error, claim = NULL,"
    " delivered_at = CASE WHEN r.state = 'delivered' THEN CAST(:now AS timestamptz) END"
    " FROM r, locked WHERE d.id = r.id AND locked.id = r.id AND d.claim = r.claim)"
    " INSERT INTO attempt (delivery_id, number, division, partner, at, status, error, ms)"
    " SELECT id, number, division, partner, CAST(:now AS timestamptz), status, error, ms FROM r ON CONFLICT DO NOTHING"
)
_RELEASE = Statement(
    "UPDATE delivery SET state = CASE WHEN attempts > 1 THEN 'retrying' ELSE 'queued' END, due_at = :now, claim = NULL,"
    " attempts = attempts - 1, tries = tries - 1 WHERE id = ANY(CAST(:ids AS uuid[])) AND claim = :claim"
)
_RENEW = Statement(
    "UPDATE delivery SET due_at = :until WHERE id IN (SELECT id FROM delivery WHERE id = ANY(CAST(:ids AS uuid[]))"
    " AND claim = :claim AND state = 'sending' ORDER BY id FOR UPDATE)"
)
_ADOPT = text(
    "UPDATE delivery SET endpoint_id = :endpoint_id, state = 'queued', due_at = :now WHERE partner = :partner"
    " AND state = 'held' AND starts_with(division, :division) AND type = ANY(CAST(:types AS text[]))"
)
_NEWEST = text(
    "SELECT id, type, state FROM delivery WHERE referral_id = :referral_id AND state <> 'cancelled'"
    " ORDER BY sequence DESC LIMIT 1"
)
_AGAIN = text(
    "UPDATE delivery SET state = 'queued', tries = 0, due_at = :now, claim = NULL, delivered_at = NULL"
    " WHERE id = :id AND endpoint_id IS NOT NULL AND state IN ('delivered', 'dead', 'retrying') RETURNING endpoint_id"
)
_RANGE_AGAIN = text(
    "UPDATE delivery SET state = 'queued', tries = 0, due_at = :now, claim = NULL, delivered_at = NULL WHERE id IN ("
    " SELECT id FROM delivery WHERE endpoint_id = :endpoint_id AND created_at >= :since AND created_at < :until"
    " AND state = ANY(CAST(:states AS text[])) AND (expires_on IS NULL OR expires_on >= :today) ORDER BY id FOR UPDATE)"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is due, as locked for claiming. `body` is None until it was written for the first time."""

    id: UUID
    division: str
    partner: str
    referral_id: UUID | None
    household_ref: UUID | None
    type: str
    sequence: int
    facts: dict[str, Any]
    body: str | None
    created_at: datetime
    attempts: int
    tries: int


@dataclass(frozen=True, slots=True)
class Result:
    """What one attempt came to. `number` counts the message's attempts from 1."""

    id: UUID
    claim: UUID
    division: str
    partner: str
    number: int
    state: str
    due_at: datetime | None
    status: int | None
    error: str | None
    ms: int


async def queue_for(db: AsyncSession, endpoint_id: UUID, message: Message, *, now: datetime) -> UUID:
    """Queue a message for one endpoint, whatever types it takes. Answers its webhook-id."""
    webhook_id = new_id()
    values = {
        "id": webhook_id,
        "division": message.division,
        "partner": message.partner,
        "endpoint_id": endpoint_id,
        "type": message.type,
        "sequence": message.sequence,
        "facts": orjson.dumps(message.facts).decode(),
        "now": now,
    }
    await db.execute(_QUEUE_FOR, values)
    wake(db, endpoint_id)
    return webhook_id


def wake(db: AsyncSession, endpoint_id: UUID) -> None:
    """Let the sender look at an endpoint's queue after the commit."""
    ring_after_commit(db, {endpoint_id})


async def stop(db: AsyncSession, referral_ids: Collection[UUID]) -> None:
    """Cancel whatever of these referrals has not been delivered, but for the word that they are taken back."""
    if referral_ids:
        await fetch(db, _STOP, {"ids": list(referral_ids)})


async def note_arrival(db: AsyncSession, referral_id: UUID, *, now: datetime) -> None:
    """A partner that answers has what it was asked, whichever way it came: it is not sent again, nor cancelled."""
    await fetch(db, _ARRIVED, {"referral_id": referral_id, "now": now})


async def seen_of(db: AsyncSession, referral_ids: Collection[UUID | None]) -> set[UUID]:
    """Referrals that their partner may know of: read by it, or tried to be delivered to it."""
    if not referral_ids:
        return set()
    return {row["id"] for row in await fetch(db, _SEEN, {"ids": list(referral_ids)})}


async def due_endpoints(db: AsyncSession, *, now: datetime) -> list[UUID]:
    """Active endpoints with something due that are not resting."""
    return [row["id"] for row in await fetch(db, _DUE_ENDPOINTS, {"now": now})]


async def lock_due(
    db: AsyncSession, endpoint_id: UUID, *, now: datetime, today: date, most: int, tried_first: bool = False
) -> list[Waiting]:
    """Lock what is due for one endpoint, oldest first; a probe prefers what was tried before."""
    rows = await fetch(
        db,
        _LOCK_PROBE if tried_first else _LOCK_DUE,
        {"endpoint_id": endpoint_id, "now": now, "today": today, "most": most},
    )
    return [Waiting(**dict(row)) for row in rows]


async def claim(db: AsyncSession, bodies: dict[UUID, str], *, claim_id: UUID, until: datetime) -> None:
    """Claim locked messages until a moment and write their bodies where none is written yet."""
    await fetch(db, _CLAIM, {"ids": list(bodies), "bodies": list(bodies.values()), "claim": claim_id, "until": until})


async def record(db: AsyncSession, results: Sequence[Result], *, now: datetime) -> None:
    """Record rounds of attempts in one statement. A message that was cancelled meanwhile stays so."""
    if not results:
        return
    await fetch(
        db,
        _RECORD,
        {
            "ids": [result.id for result in results],
            "states": [result.state for result in results],
            "dues": [result.due_at for result in results],
            "statuses": [result.status for result in results],
            "errors": [result.error for result in results],
            "ms": [result.ms for result in results],
            "numbers": [result.number for result in results],
            "divisions": [result.division for result in results],
            "partners": [result.partner for result in results],
            "claims": [result.claim for result in results],
            "now": now,
        },
    )


async def release(db: AsyncSession, ids: Iterable[UUID], *, claim_id: UUID, now: datetime) -> None:
    """Give back claimed messages that were not sent."""
    await fetch(db, _RELEASE, {"ids": list(ids), "claim": claim_id, "now": now})


async def renew(db: AsyncSession, ids: Iterable[UUID], *, claim_id: UUID, until: datetime) -> None:
    """Hold claimed messages until a later moment."""
    await fetch(db, _RENEW, {"ids": list(ids), "claim": claim_id, "until": until})


async def adopt(
    db: AsyncSession, endpoint_id: UUID, *, partner: str, division: str, types: Sequence[str], now: datetime
) -> int:
    """Give an endpoint what was held for want of one. Answers how many."""
    done = await db.execute(
        _ADOPT,
        {"endpoint_id": endpoint_id, "partner": partner, "division": division, "types": list(types), "now": now},
    )
    ring_after_commit(db, {endpoint_id})
    return _count(done)


async def newest_message(db: AsyncSession, referral_id: UUID) -> tuple[UUID, str, str] | None:
    """(webhook-id, type, state) of a referral's newest message that was not cancelled, or None."""
    row = (await db.execute(_NEWEST, {"referral_id": referral_id})).one_or_none()
    return (row.id, row.type, row.state) if row else None


async def send_again(db: AsyncSession, delivery_id: UUID, *, now: datetime) -> None:
    """Queue a message again: the same id, the same body. One that is on its way already stays as it is."""
    endpoint: UUID | None = (await db.execute(_AGAIN, {"id": delivery_id, "now": now})).scalar()
    if endpoint is not None:
        ring_after_commit(db, {endpoint})


async def send_range_again(
    db: AsyncSession,
    endpoint_id: UUID,
    *,
    since: datetime,
    until: datetime,
    states: Sequence[str],
    now: datetime,
    today: date,
) -> int:
    """Queue an endpoint's messages of a span of time again. Answers how many."""
    done = await db.execute(
        _RANGE_AGAIN,
        {
            "endpoint_id": endpoint_id,
            "since": since,
            "until": until,
            "states": list(states),
            "now": now,
            "today": today,
        },
    )
    ring_after_commit(db, {endpoint_id})
    return _count(done)


def _count(result: Any) -> int:
    count: int = result.rowcount
    return count
