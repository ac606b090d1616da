"""Rehearsals: queued, claimed for a while, counted chunk by chunk, finished."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.eligibility.models import Rehearsal

_CLAIM = text(
    "UPDATE rehearsal SET state = 'running', lease_by = :by, lease_until = :until, attempts = attempts + 1,"
    " started_at = coalesce(started_at, :now) WHERE id = (SELECT id FROM rehearsal"
    " WHERE state = 'queued' OR (state = 'running' AND (lease_until < :now OR lease_by = :by))"
    " ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id"
)
_NOTE = text(
    "UPDATE rehearsal SET households_done = :done, households_total = :total, cursor_ref = :cursor, tally = :tally,"
    " tests = :tests, baseline_version = :version, baseline_digest = :digest, lease_until = :until"
    " WHERE id = :id AND lease_by = :by AND state = 'running' RETURNING id"
)
_END = text(
    "UPDATE rehearsal SET state = :state, problem = :problem, result = :result, tests = :tests, tally = '',"
    " lease_by = NULL, lease_until = NULL, finished_at = :now"
    " WHERE id = :id AND lease_by = :by AND state = 'running' RETURNING id"
)
_LAST = text(
    "SELECT id FROM rehearsal WHERE policy_id = :policy_id AND state = 'completed' AND changes = :changes"
    " ORDER BY finished_at DESC LIMIT 1"
)
_UNDER_WAY = text(
    "SELECT id FROM rehearsal WHERE state IN ('queued', 'running') AND division = :division AND as_of = :as_of"
    " AND changes = :changes AND created_by = :created_by AND policy_id IS NOT DISTINCT FROM CAST(:policy_id AS uuid)"
    " ORDER BY created_at LIMIT 1"
)


async def find_under_way(db: AsyncSession, row: Rehearsal) -> Rehearsal | None:
    """The rehearsal of just the same that the same person ordered and that is not done yet."""
    names = ("division", "as_of", "changes", "created_by", "policy_id")
    found = (await db.execute(_UNDER_WAY, {name: getattr(row, name) for name in names})).scalar()
    return None if found is None else await db.get(Rehearsal, found)


async def find_rehearsal(db: AsyncSession, rehearsal_id: UUID) -> Rehearsal | None:
    """One rehearsal."""
    return await db.get(Rehearsal, rehearsal_id)


async def find_rehearsals(db: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Rehearsal]:
    """Some rehearsals by id."""
    rows = await db.scalars(select(Rehearsal).where(col(Rehearsal.id).in_(ids)))
    return {row.id: row for row in rows}


async def rehearsals_page(db: AsyncSession, *, after: tuple[datetime, UUID] | None, limit: int) -> list[Rehearsal]:
    """Rehearsals, newest first."""
    query = select(Rehearsal)
    if after is not None:
        at, id = after
        query = query.where(
            (col(Rehearsal.created_at) < at) | ((col(Rehearsal.created_at) == at) & (col(Rehearsal.id) > id)),
        )
    query = query.order_by(col(Rehearsal.created_at).desc(), col(Rehearsal.id)).limit(limit)
    return list((await db.scalars(query)).all())


async def last_completed(db: AsyncSession, policy_id: UUID, changes: str) -> Rehearsal | None:
    """The newest completed rehearsal of just these changes."""
    found = (await db.execute(_LAST, {"policy_id": policy_id, "changes": changes})).scalar()
    return None if found is None else await db.get(Rehearsal, found)


async def claim_rehearsal(db: AsyncSession, *, by: UUID, now: datetime, until: datetime) -> Rehearsal | None:
    """Take the next rehearsal, or one whose worker died."""
    found = (await db.execute(_CLAIM, {"by": by, "now": now, "until": until})).scalar()
    return None if found is None else await db.get(Rehearsal, found, populate_existing=True)


async def note_progress(db: AsyncSession, row: Rehearsal, *, by: UUID, until: datetime) -> bool:
    """Write how far the counting is. False when somebody else took the rehearsal over meanwhile."""
    values = {
        "id": row.id,
        "by": by,
        "until": until,
        "done": row.households_done,
        "total": row.households_total,
        "cursor": row.cursor_ref,
        "tally": row.tally,
        "tests": row.tests,
        "version": row.baseline_version,
        "digest": row.baseline_digest,
    }
    return (await db.execute(_NOTE, values)).scalar() is not None


async def end_rehearsal(
    db: AsyncSession,
    row: Rehearsal,
    *,
    by: UUID,
    state: str,
    result: str = "",
    problem: str | None = None,
    now: datetime,
) -> bool:
    """Write what came of a rehearsal. False when somebody else took it over meanwhile."""
    values = {"id": row.id, "by": by, "state": state, "result": result, "problem": problem, "tests": row.tests}
    return (await db.execute(_END, values | {"now": now})).scalar() is not None
