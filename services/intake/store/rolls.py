"""Benefit rolls as rows: which are current, who stands on them, and what was told of each person."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Row, Statement, bound, fetch, rows_of

# Two rolls of one programme are written one after the other: a place that has no roll yet has no row to hold.
_HOLD = Statement("SELECT pg_advisory_xact_lock(hashtext('benefit_roll'), hashtext(:programme))")
_ROLL = "id, programme, division, state, import_id, replaced_by"
_CURRENT = Statement(
    f"SELECT {_ROLL} FROM benefit_roll WHERE state = 'current' AND programme = ANY(CAST(:programmes AS text[]))"
    " ORDER BY id"
)
_OF_IMPORT = Statement(f"SELECT {_ROLL} FROM benefit_roll WHERE import_id = :import_id ORDER BY id")
_REPLACED_BY = Statement(f"SELECT {_ROLL} FROM benefit_roll WHERE replaced_by = :import_id ORDER BY id")
_LINES_OF = Statement(
    "SELECT r.programme, r.division, l.person_id, l.since, l.until, l.month_fen FROM roll_line l"
    " JOIN benefit_roll r ON r.id = l.roll_id WHERE l.roll_id = ANY(CAST(:rolls AS uuid[]))"
)
_HELD_BY = Statement(
    "SELECT r.programme, r.division, l.person_id, l.since, l.until, l.month_fen FROM roll_line l"
    " JOIN benefit_roll r ON r.id = l.roll_id AND r.state = 'current'"
    " WHERE l.person_id = ANY(CAST(:people AS uuid[])) ORDER BY r.programme, r.division"
)
_NEW_ROLLS = {"id": "uuid", "division": "text", "programme": "text", "lines": "int"}
_ADD_ROLLS = Statement(
    f"INSERT INTO benefit_roll ({', '.join(_NEW_ROLLS)}, state, import_id, recorded_by, recorded_at)"
    f" SELECT {', '.join(_NEW_ROLLS)}, 'current', CAST(:import_id AS uuid), CAST(:recorded_by AS text),"
    f" CAST(:recorded_at AS timestamptz) FROM {rows_of(_NEW_ROLLS)}"
)
_LINES = {
    "roll_id": "uuid",
    "person_id": "uuid",
    "division": "text",
    "since": "date",
    "until": "date",
    "month_fen": "bigint",
    "import_line": "int",
}
_ADD_LINES = Statement(f"INSERT INTO roll_line ({', '.join(_LINES)}) SELECT * FROM {rows_of(_LINES)}")
_REPLACE = Statement(
    "UPDATE benefit_roll SET state = 'replaced', replaced_by = :import_id WHERE id = ANY(CAST(:rolls AS uuid[]))"
)
_UNDO = Statement("UPDATE benefit_roll SET state = 'undone' WHERE import_id = :import_id")
_REVIVE = Statement("UPDATE benefit_roll SET state = 'current', replaced_by = NULL WHERE replaced_by = :import_id")
_RAISE = Statement(
    "UPDATE person p SET benefits_version = p.benefits_version + 1, changed_at = now() FROM household h"
    " WHERE p.id = ANY(CAST(:people AS uuid[])) AND h.id = p.household_id"
    " AND (CAST(:is_news AS boolean) OR p.benefits_version > 0)"
    " RETURNING p.id, p.division, p.household_id, h.provisional, p.benefits_version"
)
_SEE_ALL = text("SELECT set_config('yiqijiu.territory', 'all', true)")
_OF_HOUSEHOLD = text(
    "SELECT r.programme, r.division, l.person_id, l.since, l.until, l.month_fen FROM roll_line l"
    " JOIN benefit_roll r ON r.id = l.roll_id AND r.state = 'current' JOIN person p ON p.id = l.person_id"
    " WHERE p.household_id = :id ORDER BY r.programme, l.since, r.division LIMIT 200"
)


@dataclass(frozen=True, slots=True)
class RollRow:
    """A roll as stored. `replaced_by` is the import whose roll took its place."""

    id: UUID
    programme: str
    division: str
    state: str
    import_id: UUID
    replaced_by: UUID | None


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One person's line on a roll of a programme and place."""

    programme: str
    division: str
    person_id: UUID
    since: date
    until: date | None
    month_fen: int | None


@dataclass(frozen=True, slots=True)
class ToldRow:
    """A person of whom benefits are told: where they live now, and the version that tells it."""

    id: UUID
    division: str
    household_id: UUID
    provisional: bool
    version: int


async def hold_programmes(db: AsyncSession, programmes: Collection[str]) -> None:
    """Let nobody else write a roll of these programmes until the transaction ends."""
    for programme in sorted(programmes):
        await fetch(db, _HOLD, {"programme": programme})


async def current_rolls(db: AsyncSession, programmes: Collection[str]) -> list[RollRow]:
    """The rolls of programmes that are current."""
    return [RollRow(*row) for row in await fetch(db, _CURRENT, {"programmes": list(programmes)})]


async def rolls_of_import(db: AsyncSession, import_id: UUID) -> list[RollRow]:
    """The rolls that came with an import."""
    return [RollRow(*row) for row in await fetch(db, _OF_IMPORT, {"import_id": import_id})]


async def rolls_replaced_by(db: AsyncSession, import_id: UUID) -> list[RollRow]:
    """The rolls whose place an import's rolls took."""
    return [RollRow(*row) for row in await fetch(db, _REPLACED_BY, {"import_id": import_id})]


async def lines_of(db: AsyncSession, rolls: Collection[UUID]) -> list[HeldRow]:
    """Everybody on some rolls, current or not."""
    return [HeldRow(*row) for row in await fetch(db, _LINES_OF, {"rolls": list(rolls)})] if rolls else []


async def held_by(db: AsyncSession, people: Collection[UUID]) -> list[HeldRow]:
    """What people stand on now."""
    return [HeldRow(*row) for row in await fetch(db, _HELD_BY, {"people": list(people)})] if people else []


async def add_rolls(
    db: AsyncSession, import_id: UUID, rolls: Sequence[Row], lines: Sequence[Row], *, by: str, at: Any
) -> None:
    """Add rolls with their lines. Rolls: (id, division, programme, lines). Lines: as the columns of `roll_line`."""
    values = {"import_id": import_id, "recorded_by": by, "recorded_at": at}
    await fetch(db, _ADD_ROLLS, values | bound(_NEW_ROLLS, rolls))
    await fetch(db, _ADD_LINES, bound(_LINES, lines))


async def replace_rolls(db: AsyncSession, rolls: Collection[UUID], import_id: UUID) -> None:
    """Rolls whose place an import's rolls take."""
    if rolls:
        await fetch(db, _REPLACE, {"rolls": list(rolls), "import_id": import_id})


async def undo_rolls(db: AsyncSession, import_id: UUID) -> None:
    """Take an import's rolls back; those they replaced are current again."""
    await fetch(db, _UNDO, {"import_id": import_id})
    await fetch(db, _REVIVE, {"import_id": import_id})


async def raise_versions(db: AsyncSession, people: Collection[UUID], *, is_news: bool) -> list[ToldRow]:
    """The next version of what people receive; without `is_news` only of those of whom something was told before."""
    if not people:
        return []
    rows = await fetch(db, _RAISE, {"people": sorted(people), "is_news": is_news})
    return [ToldRow(*row) for row in rows]


async def see_everything(db: AsyncSession) -> None:
    """Lift the territory for the rest of the transaction. Only after the caller's right to the household was shown."""
    await db.execute(_SEE_ALL)


async def benefits_of_household(db: AsyncSession, household_id: UUID) -> list[HeldRow]:
    """What the people of a household stand on now."""
    return [HeldRow(*row) for row in await db.execute(_OF_HOUSEHOLD, {"id": household_id})]
