"""The visit list."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.models import Visit
from services.kit.statements import Found

_LIST = text(
    "SELECT v.*, a.eligible, a.unknown, a.monthly_fen, a.one_off_fen, a.status, a.cause, a.as_of FROM visit v"
    " JOIN assessment a ON a.assessment_id = v.assessment_id"
    " WHERE starts_with(v.division, :division) AND v.state = :state"
    " AND (CAST(:due_before AS date) IS NULL OR v.due_on < :due_before)"
    " AND (CAST(:rank AS int) IS NULL OR (v.rank, v.due_on, v.household_ref)"
    " > (CAST(:rank AS int), CAST(:due_on AS date), CAST(:ref AS uuid)))"
    " ORDER BY v.rank, v.due_on, v.household_ref LIMIT :limit"
)
_ONE = text(
    "SELECT v.*, a.eligible, a.unknown, a.monthly_fen, a.one_off_fen, a.status, a.cause, a.as_of FROM visit v"
    " JOIN assessment a ON a.assessment_id = v.assessment_id WHERE v.household_ref = :ref"
)
_RESULT = text(
    "UPDATE visit SET state = 'done', result = :result, result_on = :on, result_by = :by, worked_at = :now,"
    " changed_at = :now, version = version + 1 WHERE household_ref = :ref"
)


async def list_visits(
    db: AsyncSession,
    *,
    division: str,
    state: str,
    after: tuple[int, date, UUID] | None,
    limit: int,
    due_before: date | None = None,
) -> Sequence[Found]:
    """Visits in order of need: rank, then due date, then household."""
    rank, due_on, ref = after or (None, None, None)
    values = {"division": division, "state": state, "rank": rank, "due_on": due_on, "ref": ref, "limit": limit}
    return (await db.execute(_LIST, values | {"due_before": due_before})).all()


async def find_visit(db: AsyncSession, household_ref: UUID) -> Found | None:
    """The visit to a household with its assessment's figures."""
    return (await db.execute(_ONE, {"ref": household_ref})).one_or_none()


async def hold_visit(db: AsyncSession, household_ref: UUID) -> Visit | None:
    """The visit to a household, held until the transaction ends."""
    return await db.get(Visit, household_ref, with_for_update=True)


async def write_result(db: AsyncSession, household_ref: UUID, *, result: str, on: date, by: str, now: datetime) -> None:
    """Note what came of a visit."""
    await db.execute(_RESULT, {"ref": household_ref, "result": result, "on": on, "by": by, "now": now})
