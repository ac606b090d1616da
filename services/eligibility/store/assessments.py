"""Assessments, the accounts of records, and the low-income watch."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Row as SqlRow
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.eligibility.models import Assessment, RecordAccount
from services.eligibility.store.bulk import Row, bound, rows_of

_LIVE = text(
    "SELECT assessment_id, household_ref, as_of, cause, facts_sha256, rule_digest, status FROM assessment"
    " WHERE state = 'live' AND household_ref = ANY(CAST(:refs AS uuid[]))"
)
_NEW = {
    "assessment_id": "uuid",
    "household_ref": "uuid",
    "number": "int",
    "division": "text",
    "cause": "text",
    "cause_ref": "text",
    "state": "text",
    "status": "text",
    "priority": "text",
    "household_size": "int",
    "eligible": "text",
    "unknown": "text",
    "not_eligible": "text",
    "monthly_fen": "bigint",
    "one_off_fen": "bigint",
    "facts": "text",
    "facts_sha256": "text",
    "findings": "text",
    "findings_sha256": "text",
    "needs": "text",
}
_SAME_FOR_ALL = ("as_of", "rule_version", "rule_digest", "engine", "created_at")
_ARRAYS = frozenset({"eligible", "unknown", "not_eligible"})
_NEW_VALUES = ", ".join(f"CAST({name} AS text[])" if name in _ARRAYS else name for name in _NEW)
_ADD = text(
    f"INSERT INTO assessment ({', '.join((*_NEW, *_SAME_FOR_ALL))}) SELECT {_NEW_VALUES}, CAST(:as_of AS date),"
    " CAST(:rule_version AS text), CAST(:rule_digest AS text), CAST(:engine AS text), CAST(:created_at AS timestamptz)"
    f" FROM {rows_of(_NEW)}"
)
_CLOSED = {"household_ref": "uuid", "state": "text", "superseded_by": "uuid"}
_CLOSE = text(
    f"UPDATE assessment a SET state = r.state, superseded_by = r.superseded_by FROM {rows_of(_CLOSED)}"
    " WHERE a.household_ref = r.household_ref AND a.state = 'live'"
)
_ACCOUNTS = {
    "record_id": "uuid",
    "division": "text",
    "source": "text",
    "household_ref": "uuid",
    "person_ref": "uuid",
    "year": "int",
    "kind": "text",
    "reason": "text",
    "assessment_id": "uuid",
}
_ACCOUNT = text(
    f"INSERT INTO record_account AS a ({', '.join(_ACCOUNTS)}) SELECT * FROM {rows_of(_ACCOUNTS)} ORDER BY record_id"
    " ON CONFLICT (record_id) DO UPDATE SET division = excluded.division, household_ref = excluded.household_ref,"
    " person_ref = excluded.person_ref, year = excluded.year, kind = excluded.kind, reason = excluded.reason,"
    " assessment_id = excluded.assessment_id, changed_at = now()"
    " WHERE (a.division, a.household_ref, a.person_ref, a.year, a.kind, a.reason, a.assessment_id) IS DISTINCT FROM"
    " (excluded.division, excluded.household_ref, excluded.person_ref, excluded.year, excluded.kind,"
    " excluded.reason, excluded.assessment_id)"
)
_WATCH = {"household_ref": "uuid", "reason": "text", "division": "text", "since": "date"}
_UNWATCH = text(
    "DELETE FROM low_income_watch w WHERE w.household_ref = ANY(CAST(:refs AS uuid[])) AND NOT EXISTS"
    f" (SELECT FROM {rows_of({'household_ref': 'uuid', 'reason': 'text'})}"
    " WHERE r.household_ref = w.household_ref AND r.reason = w.reason)"
)
_ADD_WATCH = text(
    f"INSERT INTO low_income_watch AS w ({', '.join(_WATCH)}) SELECT * FROM {rows_of(_WATCH)}"
    " ORDER BY household_ref, reason ON CONFLICT (household_ref, reason) DO UPDATE SET division = excluded.division"
    " WHERE w.division <> excluded.division"
)
_RECORD = text(
    "SELECT a.record_id, a.source, a.household_ref, a.person_ref, a.year, a.kind, a.reason, a.assessment_id,"
    " a.first_at, a.changed_at, y.sum_fen, y.threshold_fen, y.band FROM record_account a"
    " LEFT JOIN person_year y ON y.person_ref = a.person_ref AND y.year = a.year"
    " WHERE a.record_id = ANY(CAST(:ids AS uuid[])) ORDER BY a.record_id"
)


@dataclass(frozen=True, slots=True)
class Making:
    """What all assessments of a batch share: day, rule book, reader of the rules, and moment."""

    as_of: date
    rule_version: str
    rule_digest: str
    engine: str
    created_at: datetime


async def live_assessments(db: AsyncSession, refs: Collection[UUID]) -> Sequence[SqlRow]:  # type: ignore[type-arg]
    """The assessments in force of households."""
    return (await db.execute(_LIVE, {"refs": list(refs)})).all()


async def close_assessments(db: AsyncSession, rows: Sequence[Row]) -> None:
    """End the assessments in force. Rows: (household_ref, state, superseded_by)."""
    if rows:
        await db.execute(_CLOSE, bound(_CLOSED, rows))


async def add_assessments(db: AsyncSession, rows: Sequence[Row], made: Making) -> None:
    """Add assessments, in the order of the columns above; those in force before are closed first."""
    if rows:
        await db.execute(_ADD, {**bound(_NEW, rows), **asdict(made)})


async def write_accounts(db: AsyncSession, rows: Sequence[Row]) -> None:
    """Give records their account, in the order of the table's columns; those that have it already stay untouched."""
    if rows:
        await db.execute(_ACCOUNT, bound(_ACCOUNTS, rows))


async def write_watch(db: AsyncSession, refs: Collection[UUID], rows: Sequence[Row]) -> None:
    """Make the watch of households exactly `rows`: (household_ref, reason, division, since)."""
    pairs = bound({"household_ref": "uuid", "reason": "text"}, [row[:2] for row in rows])
    await db.execute(_UNWATCH, {"refs": list(refs), **pairs})
    if rows:
        await db.execute(_ADD_WATCH, bound(_WATCH, rows))


async def find_assessment(db: AsyncSession, assessment_id: UUID) -> Assessment | None:
    """One assessment."""
    return await db.get(Assessment, assessment_id)


async def assessments_of(db: AsyncSession, household_ref: UUID, *, before: int | None, limit: int) -> list[Assessment]:
    """A household's assessments, newest first, below the number `before`."""
    query = select(Assessment).where(col(Assessment.household_ref) == household_ref)
    if before is not None:
        query = query.where(col(Assessment.number) < before)
    return list((await db.scalars(query.order_by(col(Assessment.number).desc()).limit(limit))).all())


async def find_records(db: AsyncSession, ids: Collection[UUID]) -> Sequence[SqlRow]:  # type: ignore[type-arg]
    """Accounts of records with their person-year's sum."""
    return (await db.execute(_RECORD, {"ids": list(ids)})).all()


async def records_of(db: AsyncSession, assessment_id: UUID, *, limit: int) -> list[RecordAccount]:
    """The records an assessment answers for."""
    query = select(RecordAccount).where(col(RecordAccount.assessment_id) == assessment_id)
    return list((await db.scalars(query.order_by(col(RecordAccount.record_id)).limit(limit))).all())
