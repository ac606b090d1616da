"""Households, who belongs to them since when, and the merging of provisional ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Row, Statement, bound, fetch, rows_of

_LOCK = Statement(
    "SELECT id, division, provisional, version, consent_version, facts, sealed, merged_into FROM household"
    " WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE"
)
_FIND = text(
    "SELECT id, division, provisional, version, consent_version, facts, sealed, merged_into FROM household"
    " WHERE id = :id"
)
_FINAL = text(
    "WITH RECURSIVE chain AS (SELECT id, merged_into FROM household WHERE id = :id"
    " UNION SELECT h.id, h.merged_into FROM household h JOIN chain c ON h.id = c.merged_into)"
    " SELECT id FROM chain WHERE merged_into IS NULL"
)
_NEW = {"id": "uuid", "division": "text"}
_ADD_PROVISIONAL = text(
    f"INSERT INTO household (id, division, provisional) SELECT id, division, true FROM {rows_of(_NEW)}"
)
_ADD = text(
    "INSERT INTO household (id, division, provisional, version, facts, sealed)"
    " VALUES (:id, :division, false, 1, CAST(:facts AS jsonb), :sealed)"
)
_CHANGE = text(
    "UPDATE household SET division = :division, version = :version, facts = CAST(:facts AS jsonb), sealed = :sealed,"
    " changed_at = now() WHERE id = :id"
)
_MERGE = text(
    "UPDATE household SET merged_into = :into, version = version + 1, division = :division, facts = '{}',"
    " changed_at = now() WHERE id = ANY(CAST(:ids AS uuid[])) RETURNING id, version"
)
_REHOME_REPORTS = text("UPDATE grid_report SET household_id = :into WHERE household_id = ANY(CAST(:ids AS uuid[]))")
_LEAVE = text(
    "UPDATE membership SET left_on = greatest(joined_on, CAST(:today AS date))"
    " WHERE person_id = ANY(CAST(:people AS uuid[])) AND left_on IS NULL"
)
_MEMBERS = {"household_id": "uuid", "person_id": "uuid", "joined_on": "date", "division": "text"}
_JOIN = text(
    f"INSERT INTO membership ({', '.join(_MEMBERS)}) SELECT * FROM {rows_of(_MEMBERS)}"
    " ON CONFLICT (person_id) WHERE left_on IS NULL DO UPDATE SET division = excluded.division"
    " WHERE membership.household_id = excluded.household_id"
)


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    """A household as stored."""

    id: UUID
    division: str
    provisional: bool
    version: int
    consent_version: int
    facts: dict[str, Any]
    sealed: bytes | None
    merged_into: UUID | None


async def lock_households(db: AsyncSession, ids: Collection[UUID]) -> dict[UUID, HouseholdRow]:
    """These households, held until the transaction ends."""
    return {row.id: HouseholdRow(*row) for row in await fetch(db, _LOCK, {"ids": list(ids)})}


async def find_household(db: AsyncSession, household_id: UUID) -> HouseholdRow | None:
    """A household, or None where there is none in the caller's territory."""
    row = (await db.execute(_FIND, {"id": household_id})).one_or_none()
    return HouseholdRow(*row) if row else None


async def final_household(db: AsyncSession, household_id: UUID) -> UUID | None:
    """Where the people of a household live now: itself, or what it was merged into. None where there is none."""
    found: UUID | None = (await db.execute(_FINAL, {"id": household_id})).scalar()
    return found


async def add_provisional(db: AsyncSession, rows: Sequence[Row]) -> None:
    """Add provisional households. Rows: (id, division)."""
    if rows:
        await db.execute(_ADD_PROVISIONAL, bound(_NEW, rows))


async def add_household(db: AsyncSession, household_id: UUID, division: str, facts: str, sealed: bytes | None) -> None:
    """Add a registered household, version 1. `facts` is JSON text."""
    await db.execute(_ADD, {"id": household_id, "division": division, "facts": facts, "sealed": sealed})


async def change_household(
    db: AsyncSession, household_id: UUID, division: str, facts: str, sealed: bytes | None, *, version: int
) -> None:
    """Write a registered household again. `facts` is JSON text."""
    values = {"id": household_id, "division": division, "facts": facts, "sealed": sealed, "version": version}
    await db.execute(_CHANGE, values)


async def merge_households(
    db: AsyncSession, ids: Collection[UUID], into: UUID, division: str
) -> list[tuple[UUID, int]]:
    """Let provisional households end in another one, their reports with them; answers (id, new version) of each."""
    if not ids:
        return []
    values = {"ids": list(ids), "into": into}
    merged = await db.execute(_MERGE, values | {"division": division})
    answer = [(row.id, row.version) for row in merged]
    await db.execute(_REHOME_REPORTS, values)
    return answer


async def end_memberships(db: AsyncSession, people: Collection[UUID], today: date) -> None:
    """People leave the households they are members of."""
    if people:
        await db.execute(_LEAVE, {"people": list(people), "today": today})


async def join_household(db: AsyncSession, rows: Sequence[Row]) -> None:
    """People become members, or stay ones. Rows: (household_id, person_id, joined_on, division)."""
    await db.execute(_JOIN, bound(_MEMBERS, rows))
