"""What the console asks: a household's page, and how much there is."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_MEMBERS = text(
    "SELECT p.id, p.id_type, p.sealed, p.birth_date, p.gender, p.is_alias, p.is_deceased FROM person p"
    " WHERE p.household_id = :id ORDER BY p.created_at, p.id"
)
_RECORDS = text(
    "SELECT c.id, c.person_id, c.settled_on, c.settlement_year, c.self_paid_fen, c.note FROM care_record c"
    " JOIN person p ON p.id = c.person_id WHERE p.household_id = :id ORDER BY c.settled_on DESC, c.id LIMIT 200"
)
_REPORTS = text(
    "SELECT g.id, g.person_id, g.report_id, g.reported_at, g.kinds, g.urgency, g.is_safe_to_call, g.notices"
    " FROM grid_report g WHERE g.household_id = :id ORDER BY g.reported_at DESC LIMIT 100"
)
_REPORT_SEALED = text("SELECT id, sealed FROM grid_report WHERE household_id = :id ORDER BY reported_at DESC LIMIT 1")
_DISCLOSE = text(
    "INSERT INTO disclosure (id, division, household_id, person_id, partner, referral_id, need, basis, fields,"
    " asked_by, at) VALUES (:id, :division, :household_id, :person_id, :partner, :referral_id, :need, :basis, :fields,"
    " :asked_by, :at)"
)
_YEAR = text("SELECT self_paid_fen FROM person_year WHERE person_id = :id ORDER BY year DESC LIMIT 1")
_COUNTS = text(
    "SELECT (SELECT count(*) FROM care_record) AS records, (SELECT count(*) FROM grid_report) AS reports,"
    " (SELECT count(*) FROM household WHERE NOT provisional) AS households, (SELECT count(*) FROM person) AS persons"
)
_CONSENTS = text("SELECT decision, count(*) AS n FROM consent_decision GROUP BY decision")


async def members_of(db: AsyncSession, household_id: UUID) -> list[dict[str, Any]]:
    """The people who live in a household now."""
    return [dict(row) for row in (await db.execute(_MEMBERS, {"id": household_id})).mappings()]


async def records_of_household(db: AsyncSession, household_id: UUID) -> list[dict[str, Any]]:
    """Their bills, the newest first."""
    return [dict(row) for row in (await db.execute(_RECORDS, {"id": household_id})).mappings()]


async def reports_of_household(db: AsyncSession, household_id: UUID) -> list[dict[str, Any]]:
    """The reports about them, the newest first."""
    return [dict(row) for row in (await db.execute(_REPORTS, {"id": household_id})).mappings()]


async def newest_report(db: AsyncSession, household_id: UUID) -> tuple[UUID, bytes] | None:
    """(id, sealed fields) of the newest report about a household, or None."""
    row = (await db.execute(_REPORT_SEALED, {"id": household_id})).one_or_none()
    return (row.id, bytes(row.sealed)) if row else None


async def newest_year_fen(db: AsyncSession, person_id: UUID) -> int | None:
    """The sum of the person's newest settlement year, or None without bills."""
    found: int | None = (await db.execute(_YEAR, {"id": person_id})).scalar()
    return found


async def add_disclosure(db: AsyncSession, **values: Any) -> None:
    """Write down what was disclosed to whom. `values` are the table's columns."""
    await db.execute(_DISCLOSE, values)


async def count_all(db: AsyncSession) -> dict[str, Any]:
    """How much there is in the caller's territory."""
    counts = dict((await db.execute(_COUNTS)).mappings().one())
    said = {row.decision: row.n for row in await db.execute(_CONSENTS)}
    return counts | {"consents": {word: said.get(word, 0) for word in ("given", "refused", "revoked")}}
