"""Decisions of families on sharing: append-only, each with the household's next version."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_COLUMNS = (
    "id, household_id, person_id, partner, purpose, decision, basis, given_on, expires_on, evidence_kind,"
    " evidence_sha256, version"
)
# What was said before two households became one holds for the one.
_OF_HOUSEHOLD = text(
    f"SELECT {_COLUMNS} FROM consent_decision WHERE household_id = :id"
    " OR household_id IN (SELECT h.id FROM household h WHERE h.merged_into = :id)"
    " ORDER BY given_on, recorded_at, version"
)
_ADD = text(
    f"INSERT INTO consent_decision ({_COLUMNS}, division, recorded_by, recorded_at) VALUES (:id, :household_id,"
    " :person_id, :partner, :purpose, :decision, :basis, :given_on, :expires_on, :evidence_kind, :evidence_sha256,"
    " :version, :division, :recorded_by, :recorded_at)"
)
_NEXT = text(
    "UPDATE household SET consent_version = consent_version + 1 WHERE id = :id RETURNING consent_version, division"
)


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One decision as stored."""

    id: UUID
    household_id: UUID
    person_id: UUID | None
    partner: str
    purpose: str
    decision: str
    basis: str
    given_on: date
    expires_on: date | None
    evidence_kind: str | None
    evidence_sha256: str | None
    version: int


async def decisions_of(db: AsyncSession, household_id: UUID) -> list[ConsentRow]:
    """Every decision of a household, those of households merged into it too, the earliest given first."""
    return [ConsentRow(*row) for row in await db.execute(_OF_HOUSEHOLD, {"id": household_id})]


async def next_version(db: AsyncSession, household_id: UUID) -> tuple[int, str]:
    """Raise the household's consent version; answers it and the household's division. The household must exist."""
    row = (await db.execute(_NEXT, {"id": household_id})).one()
    return row.consent_version, row.division


async def add_decision(db: AsyncSession, **values: Any) -> None:
    """Add a decision; `values` are its columns."""
    await db.execute(_ADD, values)
