"""What the partner door reads and notes. A partner sees nothing that never left: drafts, and what was closed as one."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.models import Referral
from services.referral.partners.state import ReferralState
from services.referral.store.deliveries import Waiting
from services.referral.store.referrals import REFERRAL_COLUMNS, read_referral

_R = Referral.__table__.c
_FEED = text(
    "SELECT id, division, partner, referral_id, household_ref, type, sequence, facts, body, created_at, attempts,"
    " tries, CAST(xid AS text) AS made_by, position FROM delivery WHERE partner = :partner AND state <> 'cancelled'"
    " AND (xid, position) > (CAST(CAST(:xid AS text) AS xid8), :position)"
    # A transaction still at work may yet commit an earlier row: what comes after it waits, so that no cursor skips one.
    " AND xid < pg_snapshot_xmin(pg_current_snapshot())"
    " AND (expires_on IS NULL OR expires_on >= :today OR state = 'delivered')"
    " ORDER BY xid, position LIMIT :most"
)
_WRITE = text(
    "UPDATE delivery d SET body = c.body FROM unnest(CAST(:ids AS uuid[]), CAST(:bodies AS text[])) AS c(id, body)"
    " WHERE d.id = c.id AND d.body IS NULL"
)
_BODIES = text("SELECT id, body FROM delivery WHERE id = ANY(CAST(:ids AS uuid[]))")
_POLLED = text(
    "UPDATE delivery SET state = 'delivered', delivered_at = :now WHERE partner = :partner AND state = 'held'"
    " AND (xid, position) <= (CAST(CAST(:xid AS text) AS xid8), :position) AND body IS NOT NULL"
)
_STATEMENT = text(
    "SELECT DISTINCT ON (s.referral_id) s.referral_id, s.version, s.status, s.amount_fen, s.at, r.household_ref, r.need"
    " FROM referral_step s JOIN referral r ON r.id = s.referral_id"
    " WHERE s.partner = :partner AND s.at < :until AND r.requested_at < :until AND EXISTS ("
    "   SELECT 1 FROM referral_step d WHERE d.referral_id = s.referral_id AND d.at >= :since AND d.at < :until)"
    " ORDER BY s.referral_id, s.version DESC"
)
_TAKE_CALLBACK = text(
    "INSERT INTO callback (partner, webhook_id, division, referral_id, body_sha256, answer, received_at)"
    " VALUES (:partner, :webhook_id, :division, :referral_id, :sha, CAST(:answer AS jsonb), :now)"
    " ON CONFLICT (partner, webhook_id) DO NOTHING RETURNING 1"
)
_FIND_CALLBACK = text(
    "SELECT referral_id, body_sha256, answer FROM callback WHERE partner = :partner AND webhook_id = :webhook_id"
)
_FORGET_CALLBACKS = text("DELETE FROM callback WHERE received_at < :before")


async def partner_referrals(
    db: AsyncSession, *, partner: str | None, status: str | None, before: tuple[datetime, UUID] | None, most: int
) -> list[ReferralState]:
    """A partner's referrals that have left, newest first."""
    query = select(*(_R[name] for name in REFERRAL_COLUMNS)).where(_R.requested_at.is_not(None))
    if partner is not None:
        query = query.where(_R.partner == partner)
    if status is not None:
        query = query.where(_R.status == status)
    if before is not None:
        query = query.where(tuple_(_R.created_at, _R.id) < before)
    rows = await db.execute(query.order_by(_R.created_at.desc(), _R.id.desc()).limit(most))
    return [read_referral(row._mapping) for row in rows]


async def acknowledge(db: AsyncSession, referral_ids: Collection[UUID], *, now: datetime) -> None:
    """Note that a partner has read these referrals, the first time it does."""
    if referral_ids:
        await db.execute(
            update(Referral.__table__)
            .where(_R.id.in_(list(referral_ids)), _R.acknowledged_at.is_(None))
            .values(acknowledged_at=now)
        )


async def feed(
    db: AsyncSession, partner: str, *, after: tuple[str, int], today: Any, most: int
) -> list[tuple[Waiting, str, int]]:
    """A partner's messages after a place in the feed, in the order they were queued, each with its place."""
    rows = await db.execute(
        _FEED, {"partner": partner, "xid": after[0], "position": after[1], "today": today, "most": most}
    )
    found = []
    for row in rows:
        values = {**row._mapping}
        xid, position = values.pop("made_by"), values.pop("position")
        facts = orjson.loads(row.facts) if isinstance(row.facts, str) else row.facts
        found.append((Waiting(**{**values, "facts": facts}), xid, position))
    return found


async def write_bodies(db: AsyncSession, bodies: dict[UUID, str]) -> dict[UUID, str]:
    """Write bodies that were never written; answers what stands now, since the sender may have been first."""
    if not bodies:
        return {}
    await db.execute(_WRITE, {"ids": list(bodies), "bodies": list(bodies.values())})
    return {row.id: row.body for row in await db.execute(_BODIES, {"ids": list(bodies)})}


async def note_polled(db: AsyncSession, partner: str, *, upto: tuple[str, int], now: datetime) -> None:
    """A partner without an endpoint has taken everything up to this place of the feed."""
    await db.execute(_POLLED, {"partner": partner, "xid": upto[0], "position": upto[1], "now": now})


async def statement(db: AsyncSession, partner: str, *, since: datetime, until: datetime) -> Sequence[Any]:
    """Referrals that changed in a span of time, each as it stood at its end."""
    return (await db.execute(_STATEMENT, {"partner": partner, "since": since, "until": until})).all()


async def find_callback(db: AsyncSession, partner: str, webhook_id: str) -> tuple[UUID, bytes, dict[str, Any]] | None:
    """(referral, SHA-256 of the body, our answer) of a signed callback taken before, or None."""
    row = (await db.execute(_FIND_CALLBACK, {"partner": partner, "webhook_id": webhook_id})).one_or_none()
    if row is None:
        return None
    answer = orjson.loads(row.answer) if isinstance(row.answer, str) else row.answer
    return row.referral_id, bytes(row.body_sha256), answer


async def keep_callback(
    db: AsyncSession, referral: ReferralState, *, webhook_id: str, sha256: bytes, answer: dict[str, Any], now: datetime
) -> bool:
    """Keep a signed callback with our answer. False when the same one was kept meanwhile."""
    values = {
        "partner": referral.partner,
        "webhook_id": webhook_id,
        "division": referral.division,
        "referral_id": referral.id,
        "sha": sha256,
        "answer": orjson.dumps(answer).decode(),
        "now": now,
    }
    return (await db.execute(_TAKE_CALLBACK, values)).scalar() is not None


async def forget_callbacks(db: AsyncSession, *, before: datetime) -> None:
    """Drop callbacks older than they have to be remembered."""
    await db.execute(_FORGET_CALLBACKS, {"before": before})
