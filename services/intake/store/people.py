"""People: found by the blind index of their number, kept with their personal fields sealed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.errors import Raced
from services.kit.statements import Row, Statement, bound, fetch, rows_of

_COLUMNS = (
    "p.id, p.division, p.registered_division, p.in_city, p.household_id, h.provisional, p.id_index, p.id_type,"
    " p.sealed, p.birth_date, p.gender, p.is_alias, p.is_deceased, p.care_version"
)
# Locked in one order, so that two pushes about the same people wait instead of dying of each other.
_BY_INDEX = Statement(
    f"SELECT {_COLUMNS} FROM person p JOIN household h ON h.id = p.household_id"
    " WHERE p.id_index = ANY(CAST(:indexes AS bytea[])) ORDER BY p.id FOR UPDATE OF p"
)
_BY_ID = Statement(
    f"SELECT {_COLUMNS} FROM person p JOIN household h ON h.id = p.household_id"
    " WHERE p.id = ANY(CAST(:ids AS uuid[])) ORDER BY p.id FOR UPDATE OF p"
)
_OF_HOUSEHOLDS = Statement(
    f"SELECT {_COLUMNS} FROM person p JOIN household h ON h.id = p.household_id"
    " WHERE p.household_id = ANY(CAST(:households AS uuid[])) ORDER BY p.id FOR UPDATE OF p"
)
_ONE = text(f"SELECT {_COLUMNS} FROM person p JOIN household h ON h.id = p.household_id WHERE p.id = :id")
NEW_PERSON = {
    "id": "uuid",
    "division": "text",
    "registered_division": "text",
    "in_city": "boolean",
    "household_id": "uuid",
    "id_index": "bytea",
    "id_type": "text",
    "sealed": "bytea",
    "birth_date": "date",
    "gender": "text",
    "is_alias": "boolean",
    "care_version": "bigint",
}
"""Columns of somebody new, with their types."""
_NAMES = ", ".join(NEW_PERSON)


def inserting_people(given: str) -> str:
    """SQL that inserts people from rows called `given`, sorted so that no two pushes wait in a ring."""
    return (
        f"INSERT INTO person ({_NAMES}) SELECT {_NAMES} FROM {given} ORDER BY id_index"
        " ON CONFLICT (id_index) DO NOTHING RETURNING 1"
    )


def inserting_homes(given: str) -> str:
    """SQL that inserts the provisional household of each of the people called `given`."""
    return f"INSERT INTO household (id, division, provisional) SELECT household_id, division, true FROM {given}"


_ADD = text(inserting_people(rows_of(NEW_PERSON)))
_ADD_WITH_HOUSEHOLDS = text(
    f"WITH r AS (SELECT * FROM {rows_of(NEW_PERSON)}), h AS ({inserting_homes('r')}) {inserting_people('r')}"
)
_VERSIONS = {"id": "uuid", "care_version": "bigint"}
_RAISE = Statement(
    f"UPDATE person p SET care_version = r.care_version, changed_at = now() FROM {rows_of(_VERSIONS)} WHERE p.id = r.id"
)
_CHANGED = {
    "id": "uuid",
    "division": "text",
    "registered_division": "text",
    "in_city": "boolean",
    "household_id": "uuid",
    "sealed": "bytea",
    "birth_date": "date",
    "gender": "text",
    "care_version": "bigint",
}
_CHANGE = text(
    "UPDATE person p SET "
    + ", ".join(f"{name} = r.{name}" for name in _CHANGED if name != "id")
    + f", changed_at = now() FROM {rows_of(_CHANGED)} WHERE p.id = r.id"
)
_MOVED = {"id": "uuid", "division": "text"}
_MOVE = tuple(
    text(
        f"UPDATE {table} t SET division = r.division FROM {rows_of(_MOVED)}"  # table names below
        " WHERE t.person_id = r.id AND t.division <> r.division"
    )
    for table in ("care_record", "person_year")
)
_SEALED = {"id": "uuid", "sealed": "bytea"}
_RESEAL = text(f"UPDATE person p SET sealed = r.sealed, changed_at = now() FROM {rows_of(_SEALED)} WHERE p.id = r.id")
_RELOCATED = {
    "id": "uuid",
    "household_id": "uuid",
    "division": "text",
    "registered_division": "text",
    "in_city": "boolean",
}
_RELOCATE = (
    text(
        "UPDATE person p SET division = r.division, registered_division = r.registered_division, in_city = r.in_city,"
        f" changed_at = now() FROM {rows_of(_RELOCATED)} WHERE p.id = r.id"
    ),
    text(
        f"UPDATE household h SET division = r.division, changed_at = now() FROM {rows_of(_RELOCATED)}"
        " WHERE h.id = r.household_id AND h.provisional"
    ),
)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as stored. `sealed` is the ciphertext of the personal fields; `provisional` is the household's."""

    id: UUID
    division: str
    registered_division: str
    in_city: bool
    household_id: UUID
    provisional: bool
    id_index: bytes | None
    id_type: str
    sealed: bytes
    birth_date: date | None
    gender: str | None
    is_alias: bool
    is_deceased: bool
    care_version: int

    @property
    def as_new(self) -> Row:
        """The values of somebody new, in the order of NEW_PERSON."""
        return tuple(getattr(self, name) for name in NEW_PERSON)


async def people_by_index(db: AsyncSession, indexes: Collection[bytes]) -> list[PersonRow]:
    """The people with these numbers, held until the transaction ends."""
    return [PersonRow(*row) for row in await fetch(db, _BY_INDEX, {"indexes": list(indexes)})]


async def people_by_id(db: AsyncSession, ids: Collection[UUID]) -> list[PersonRow]:
    """These people, held until the transaction ends."""
    return [PersonRow(*row) for row in await fetch(db, _BY_ID, {"ids": list(ids)})]


async def people_of_households(db: AsyncSession, households: Collection[UUID]) -> list[PersonRow]:
    """Everybody who lives in these households now, held until the transaction ends."""
    return [PersonRow(*row) for row in await fetch(db, _OF_HOUSEHOLDS, {"households": list(households)})]


async def find_person(db: AsyncSession, person_id: UUID) -> PersonRow | None:
    """One person, or None where there is none in the caller's territory."""
    row = (await db.execute(_ONE, {"id": person_id})).one_or_none()
    return PersonRow(*row) if row else None


async def add_people(db: AsyncSession, rows: Sequence[Row], *, with_households: bool) -> None:
    """Add people, with a provisional household each when asked. Rows: as the columns of NEW_PERSON.

    Raises: Raced when another transaction added one of them meanwhile.
    """
    if not rows:
        return
    statement = _ADD_WITH_HOUSEHOLDS if with_households else _ADD
    if len((await db.execute(statement, bound(NEW_PERSON, rows))).all()) < len(rows):
        raise Raced()


async def raise_care_versions(db: AsyncSession, rows: Sequence[Row]) -> None:
    """Write the version of people's costs. Rows: (id, care_version)."""
    if rows:
        await fetch(db, _RAISE, bound(_VERSIONS, rows))


async def change_people(db: AsyncSession, rows: Sequence[Row]) -> None:
    """Write what changed about people. Rows: (id, division, registered_division, in_city, household_id, sealed,
    birth_date, gender, care_version)."""
    if rows:
        await db.execute(_CHANGE, bound(_CHANGED, rows))


async def move_people(db: AsyncSession, rows: Sequence[Row]) -> None:
    """Let people's costs follow them to another division. Rows: (id, division)."""
    if rows:
        for statement in _MOVE:
            await db.execute(statement, bound(_MOVED, rows))


async def relocate(db: AsyncSession, rows: Sequence[Row]) -> None:
    """Move people of provisional households, with their households and costs, to another division.

    Rows: (id, household_id, division, registered_division, in_city).
    """
    if rows:
        for statement in _RELOCATE:
            await db.execute(statement, bound(_RELOCATED, rows))
        await move_people(db, [(row[0], row[2]) for row in rows])


async def reseal(db: AsyncSession, rows: Sequence[Row]) -> None:
    """Write personal fields again. Rows: (id, sealed)."""
    if rows:
        await db.execute(_RESEAL, bound(_SEALED, rows))
