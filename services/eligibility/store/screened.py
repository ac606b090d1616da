"""Households of a screening run by what it answered them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Found

# A run keeps answers as letters, and reasons and missing facts as places in lists (`rules.screening.outcome`).
_LIST = text(
    "SELECT household_ref, division, outcomes, found FROM screening_outcome"
    " WHERE run_id = :run_id AND starts_with(division, :division)"
    " AND (CAST(:letter AS text) IS NULL OR substr(outcomes, :place, 1) = :letter)"
    " AND (CAST(:reason AS int) IS NULL OR CAST(found AS jsonb) -> 4 @> to_jsonb(CAST(:reason AS int)))"
    " AND (CAST(:fact AS int) IS NULL OR CAST(found AS jsonb) -> 5 @> to_jsonb(CAST(:fact AS int)))"
    " AND (CAST(:flag AS int) IS NULL OR CAST(CAST(found AS jsonb) ->> 1 AS int) & :flag > 0)"
    " AND (CAST(:after AS uuid) IS NULL OR household_ref > :after) ORDER BY household_ref LIMIT :limit"
)


async def list_screened(
    db: AsyncSession,
    run_id: UUID,
    *,
    division: str,
    place: int,
    letter: str | None,
    reason: int | None,
    fact: int | None,
    flag: int | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Found]:
    """Households by ref: those with a letter at a place (from 1), with a reason, a fact missing, a flag set."""
    values = {"run_id": run_id, "division": division, "place": place, "letter": letter, "reason": reason, "fact": fact}
    return (await db.execute(_LIST, {**values, "flag": flag, "after": after, "limit": limit})).all()
