"""Leads of screening runs, and who of them is on the visit list."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Found, Row, bound, rows_of

_LEADS = {
    "household_ref": "uuid",
    "programme": "text",
    "division": "text",
    "outcome": "text",
    "score": "int",
    "month_fen": "bigint",
    "once_fen": "bigint",
    "signals": "text",
    "missing": "text",
    "reason": "text",
    "is_new": "boolean",
}
_ARRAYS = ("signals", "missing")
_VALUES = ", ".join(f"CAST({name} AS text[])" if name in _ARRAYS else name for name in _LEADS)
_KEEP = text(
    f"INSERT INTO lead (run_id, {', '.join(_LEADS)}) SELECT CAST(:run_id AS uuid), {_VALUES} FROM {rows_of(_LEADS)}"
)
_CARRIED = ", ".join(name for name in _LEADS if name != "is_new")
_CARRY = text(
    f"INSERT INTO lead (run_id, {_CARRIED}, is_new) SELECT CAST(:run_id AS uuid), {_CARRIED}, false FROM lead"
    " WHERE run_id = :since_run AND household_ref = ANY(CAST(:refs AS uuid[]))"
)
_ASKED = (
    "l.run_id = :run_id AND starts_with(l.division, :division)"
    " AND (CAST(:programme AS text) IS NULL OR l.programme = :programme)"
    " AND (CAST(:outcome AS text) IS NULL OR l.outcome = :outcome)"
)
_LIST = text(
    "SELECT l.*, v.state IS NOT DISTINCT FROM 'open' AS on_visit_list FROM lead l"
    f" LEFT JOIN visit v ON v.household_ref = l.household_ref WHERE {_ASKED}"
    " AND (CAST(:score AS int) IS NULL OR l.score < :score OR (l.score = :score"
    " AND (l.household_ref, l.programme) > (CAST(:ref AS uuid), CAST(:last AS text))))"
    " ORDER BY l.score DESC, l.household_ref, l.programme LIMIT :limit"
)
_HOUSEHOLDS = text(
    "SELECT l.household_ref, max(l.score) AS score, bool_or(v.state IS NOT DISTINCT FROM 'open') AS on_visit_list"
    f" FROM lead l LEFT JOIN visit v ON v.household_ref = l.household_ref WHERE {_ASKED}"
    " GROUP BY l.household_ref ORDER BY score DESC, l.household_ref"
)
_NEW = text(
    "SELECT DISTINCT household_ref FROM lead WHERE run_id = :run_id AND is_new AND outcome = 'eligible'"
    " AND (CAST(:after AS uuid) IS NULL OR household_ref > :after) ORDER BY household_ref LIMIT :limit"
)
_ON_LIST = text(
    "SELECT count(DISTINCT l.household_ref) FROM lead l JOIN visit v ON v.household_ref = l.household_ref"
    " AND v.state = 'open' WHERE l.run_id = :run_id"
)
_SCREENED = text(
    "UPDATE household_facts SET screened_run = :run_id, screened_on = :on"
    " WHERE household_ref = ANY(CAST(:refs AS uuid[])) AND merged_into IS NULL RETURNING household_ref"
)


async def keep_leads(db: AsyncSession, run_id: UUID, rows: Sequence[Row]) -> None:
    """Leads of a run, each in the order of the columns."""
    if rows:
        await db.execute(_KEEP, {"run_id": run_id, **bound(_LEADS, rows)})


async def carry_leads(db: AsyncSession, run_id: UUID, since_run: UUID, refs: Collection[UUID]) -> None:
    """Take over the leads of some households from an earlier run; none of them is new."""
    await db.execute(_CARRY, {"run_id": run_id, "since_run": since_run, "refs": list(refs)})


async def list_leads(
    db: AsyncSession,
    run_id: UUID,
    *,
    division: str,
    programme: str | None,
    outcome: str | None,
    after: tuple[int, UUID, str] | None,
    limit: int,
) -> Sequence[Found]:
    """Leads, most pressing first."""
    score, ref, last = after or (None, None, None)
    values = {"run_id": run_id, "division": division, "programme": programme, "outcome": outcome, "limit": limit}
    return (await db.execute(_LIST, {**values, "score": score, "ref": ref, "last": last})).all()


async def lead_households(db: AsyncSession, run_id: UUID, *, division: str, programme: str | None) -> Sequence[Found]:
    """The households that leads are about, most pressing first, and whether each is on the visit list."""
    values = {"run_id": run_id, "division": division, "programme": programme, "outcome": None}
    return (await db.execute(_HOUSEHOLDS, values)).all()


async def new_households(db: AsyncSession, run_id: UUID, *, after: UUID | None, limit: int) -> list[UUID]:
    """Households newly eligible for something, by ref."""
    return list((await db.execute(_NEW, {"run_id": run_id, "after": after, "limit": limit})).scalars())


async def count_on_list(db: AsyncSession, run_id: UUID) -> int:
    """How many of a run's households are on the visit list now."""
    return int((await db.execute(_ON_LIST, {"run_id": run_id})).scalar_one())


async def mark_screened(db: AsyncSession, refs: Collection[UUID], run_id: UUID, on: date) -> list[UUID]:
    """Screening found these households: from now on that is a ground to assess them. Answers those there are."""
    values = {"refs": list(refs), "run_id": run_id, "on": on}
    return list((await db.execute(_SCREENED, values)).scalars())
