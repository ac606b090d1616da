"""The visit list."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Row as SqlRow
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.models import Visit
from services.eligibility.store.bulk import Row, bound, rows_of

_OF = text(
    "SELECT household_ref, version, state, priority, due_on, band, programmes, result, worked_at, opened_at,"
    " sum_dropped, reasons, assessment_id FROM visit WHERE household_ref = ANY(CAST(:refs AS uuid[]))"
)
_VISITS = {
    "household_ref": "uuid",
    "division": "text",
    "version": "bigint",
    "state": "text",
    "priority": "text",
    "rank": "smallint",
    "reasons": "text",
    "assessment_id": "uuid",
    "due_on": "date",
    "assignee_role": "text",
    "assignee_division": "text",
    "safe_to_call": "boolean",
    "band": "smallint",
    "programmes": "text",
    "result": "text",
    "worked_at": "timestamptz",
    "sum_dropped": "boolean",
    "opened_at": "timestamptz",
    "changed_at": "timestamptz",
}
_VALUES = ", ".join(f"CAST({name} AS text[])" if name in ("reasons", "programmes") else name for name in _VISITS)
_WRITE = text(
    f"INSERT INTO visit AS v ({', '.join(_VISITS)}) SELECT {_VALUES} FROM {rows_of(_VISITS)} ORDER BY household_ref"
    " ON CONFLICT (household_ref) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _VISITS if name != "household_ref")
)
_STEPS = {"household_ref": "uuid", "state": "text", "assessment_id": "uuid"}
_CLOSE = text(
    "UPDATE visit v SET state = r.state, assessment_id = r.assessment_id, version = v.version + 1,"
    f" changed_at = :now FROM {rows_of(_STEPS)} WHERE v.household_ref = r.household_ref AND v.state <> 'merged'"
)
_LIST = text(
    "SELECT v.*, a.eligible, a.unknown, a.monthly_fen, a.one_off_fen, a.status, a.cause, a.as_of FROM visit v"
    " JOIN assessment a ON a.assessment_id = v.assessment_id"
    " WHERE starts_with(v.division, :division) AND v.state = :state"
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


async def visits_of(db: AsyncSession, refs: Collection[UUID]) -> Sequence[SqlRow]:  # type: ignore[type-arg]
    """The visits to households, as far as a new assessment needs them."""
    return (await db.execute(_OF, {"refs": list(refs)})).all()


async def write_visits(db: AsyncSession, rows: Sequence[Row]) -> None:
    """Put households on the list or change their place, in the order of the columns above."""
    if rows:
        await db.execute(_WRITE, bound(_VISITS, rows))


async def close_visits(db: AsyncSession, rows: Sequence[Row], *, now: datetime) -> None:
    """Take households off the list. Rows: (household_ref, state, assessment_id)."""
    if rows:
        await db.execute(_CLOSE, {**bound(_STEPS, rows), "now": now})


async def list_visits(
    db: AsyncSession, *, division: str, state: str, after: tuple[int, date, UUID] | None, limit: int
) -> Sequence[SqlRow]:  # type: ignore[type-arg]
    """Visits in order of need: rank, then due date, then household."""
    rank, due_on, ref = after or (None, None, None)
    values = {"division": division, "state": state, "rank": rank, "due_on": due_on, "ref": ref, "limit": limit}
    return (await db.execute(_LIST, values)).all()


async def find_visit(db: AsyncSession, household_ref: UUID) -> SqlRow | None:  # type: ignore[type-arg]
    """The visit to a household with its assessment's figures."""
    return (await db.execute(_ONE, {"ref": household_ref})).one_or_none()


async def hold_visit(db: AsyncSession, household_ref: UUID) -> Visit | None:
    """The visit to a household, held until the transaction ends."""
    return await db.get(Visit, household_ref, with_for_update=True)


async def write_result(db: AsyncSession, household_ref: UUID, *, result: str, on: date, by: str, now: datetime) -> None:
    """Note what came of a visit."""
    await db.execute(_RESULT, {"ref": household_ref, "result": result, "on": on, "by": by, "now": now})
