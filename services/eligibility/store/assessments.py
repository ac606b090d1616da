"""Assessments and the accounts of records, as they are read."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.eligibility.models import Assessment, RecordAccount
from services.kit.statements import Found

_LIVE = text("SELECT assessment_id FROM assessment WHERE state = 'live' AND household_ref = :ref")
_FINDINGS = text("SELECT assessment_id, findings FROM assessment WHERE assessment_id = ANY(CAST(:ids AS uuid[]))")
_RECORD = text(
    "SELECT a.record_id, a.source, a.household_ref, a.person_ref, a.year, a.kind, a.reason, a.assessment_id,"
    " a.first_at, a.changed_at, y.sum_fen, y.threshold_fen, y.band FROM record_account a"
    " LEFT JOIN person_year y ON y.person_ref = a.person_ref AND y.year = a.year"
    " WHERE a.record_id = ANY(CAST(:ids AS uuid[])) ORDER BY a.record_id"
)


async def live_assessment(db: AsyncSession, household_ref: UUID) -> UUID | None:
    """The assessment in force of a household."""
    found: UUID | None = (await db.execute(_LIVE, {"ref": household_ref})).scalar()
    return found


async def find_assessment(db: AsyncSession, assessment_id: UUID) -> Assessment | None:
    """One assessment."""
    return await db.get(Assessment, assessment_id)


async def findings_of(db: AsyncSession, ids: Collection[UUID]) -> Sequence[Found]:
    """The findings of some assessments, as JSON text."""
    return (await db.execute(_FINDINGS, {"ids": list(ids)})).all() if ids else []


async def assessments_of(db: AsyncSession, household_ref: UUID, *, before: int | None, limit: int) -> list[Assessment]:
    """A household's assessments, newest first, below the number `before`."""
    query = select(Assessment).where(col(Assessment.household_ref) == household_ref)
    if before is not None:
        query = query.where(col(Assessment.number) < before)
    return list((await db.scalars(query.order_by(col(Assessment.number).desc()).limit(limit))).all())


async def find_records(db: AsyncSession, ids: Collection[UUID]) -> Sequence[Found]:
    """Accounts of records with their person-year's sum."""
    return (await db.execute(_RECORD, {"ids": list(ids)})).all()


async def records_of(db: AsyncSession, assessment_id: UUID, *, limit: int) -> list[RecordAccount]:
    """The records an assessment answers for."""
    query = select(RecordAccount).where(col(RecordAccount.assessment_id) == assessment_id)
    return list((await db.scalars(query.order_by(col(RecordAccount.record_id)).limit(limit))).all())
