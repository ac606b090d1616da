"""The low-income watch as a register."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Found

_LIST = text(
    "SELECT w.household_ref, w.division, w.reasons, w.since, a.as_of, a.status,"
    " (SELECT max(y.sum_fen) FROM person_care p JOIN person_year y ON y.person_ref = p.person_ref"
    " WHERE p.household_ref = w.household_ref) AS year_sum_max FROM"
    " (SELECT household_ref, max(division) AS division, array_agg(reason ORDER BY reason) AS reasons,"
    " min(since) AS since FROM low_income_watch WHERE starts_with(division, :division)"
    " AND (CAST(:after AS uuid) IS NULL OR household_ref > :after) GROUP BY household_ref"
    " HAVING CAST(:reason AS text) IS NULL OR bool_or(reason = :reason) ORDER BY household_ref LIMIT :limit) w"
    " LEFT JOIN assessment a ON a.household_ref = w.household_ref AND a.state = 'live' ORDER BY w.household_ref"
)
_COUNTS = text(
    "SELECT reason, count(*) AS n FROM low_income_watch WHERE starts_with(division, :division) GROUP BY 1 ORDER BY 1"
)
_HOUSEHOLDS = text("SELECT count(DISTINCT household_ref) FROM low_income_watch WHERE starts_with(division, :division)")


async def list_watched(
    db: AsyncSession, *, division: str, reason: str | None, after: UUID | None, limit: int
) -> Sequence[Found]:
    """Households on the watch, by ref, with their reasons, largest person-year and assessment in force."""
    values = {"division": division, "reason": reason, "after": after, "limit": limit}
    return (await db.execute(_LIST, values)).all()


async def count_watched(db: AsyncSession, division: str) -> tuple[dict[str, int], int]:
    """Households by reason, and in all (each once)."""
    counts = {row.reason: row.n for row in await db.execute(_COUNTS, {"division": division})}
    return counts, int((await db.execute(_HOUSEHOLDS, {"division": division})).scalar_one())
