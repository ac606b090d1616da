"""Households: what was told of them, and who was merged into whom."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Row, Statement, bound, fetch, rows_of

_KNOWN = {"household_ref": "uuid", "division": "text", "provisional": "boolean"}
_KNOW = Statement(
    "INSERT INTO household_facts (household_ref, division, provisional)"
    f" SELECT household_ref, division, provisional FROM {rows_of(_KNOWN)} ORDER BY household_ref"
    " ON CONFLICT DO NOTHING"
)
_LOCK = Statement(
    "SELECT household_ref, merged_into FROM household_facts WHERE household_ref = ANY(ARRAY("
    "SELECT unnest(CAST(:refs AS uuid[]))"
    " UNION SELECT household_ref FROM person_care WHERE person_ref = ANY(CAST(:people AS uuid[]))"
    ")) ORDER BY household_ref FOR UPDATE"
)
_TOLD = {
    "household_ref": "uuid",
    "version": "bigint",
    "division": "text",
    "provisional": "boolean",
    "merged_into": "uuid",
    "facts": "text",
    "stated_at": "timestamptz",
}
_TELL = text(
    "INSERT INTO household_facts AS h (household_ref, version, division, provisional, merged_into, facts, stated_at)"
    " SELECT household_ref, version, division, provisional, merged_into, CAST(facts AS jsonb), stated_at"
    f" FROM {rows_of(_TOLD)} ORDER BY household_ref"
    " ON CONFLICT (household_ref) DO UPDATE SET version = excluded.version, division = excluded.division,"
    " provisional = excluded.provisional, merged_into = excluded.merged_into, facts = excluded.facts,"
    " stated_at = excluded.stated_at, changed_at = now() WHERE excluded.version > h.version RETURNING h.household_ref"
)
_MOVED = {"source": "uuid", "target": "uuid"}
_MOVED_ROWS = rows_of(_MOVED)
_REHOME = tuple(
    text(f"UPDATE {table} t SET household_ref = r.target FROM {_MOVED_ROWS} WHERE t.household_ref = r.source")
    for table in ("person_care", "grid_report", "record_account")
)
_SEE_ALL = text("SELECT set_config('yiqijiu.territory', 'all', true)")
_APPLY = text(
    "UPDATE household_facts SET applied_on = coalesce(applied_on, :on), changed_at = now()"
    " WHERE household_ref = :ref AND merged_into IS NULL RETURNING household_ref"
)


async def know_households(db: AsyncSession, rows: Sequence[Row]) -> None:
    """Make sure that households have a row. Rows: (household_ref, division, provisional)."""
    if rows:
        await fetch(db, _KNOW, bound(_KNOWN, rows))


async def lock_households(
    db: AsyncSession, refs: Collection[UUID], *, of_people: Collection[UUID] = ()
) -> dict[UUID, UUID | None]:
    """Hold households, and those of `of_people`, until the transaction ends; answers what each was merged into.

    Whoever changes anything that an assessment depends on holds its household first, so that two transactions never
    assess from halves of the facts.
    """
    answer = await fetch(db, _LOCK, {"refs": list(refs), "people": list(of_people)})
    return {row.household_ref: row.merged_into for row in answer}


async def final_households(
    db: AsyncSession, refs: Collection[UUID], *, of_people: Collection[UUID] = ()
) -> dict[UUID, UUID]:
    """Where the people of each household live now: itself, or the end of its chain of merges.

    All of them, and the households of `of_people`, are held.
    """
    known = await lock_households(db, refs, of_people=of_people)
    while missing := {into for into in known.values() if into is not None and into not in known}:
        known |= dict.fromkeys(missing) | await lock_households(db, missing)
    return {ref: _end(ref, known) for ref in known}


def _end(ref: UUID, known: dict[UUID, UUID | None]) -> UUID:
    seen = {ref}
    while (into := known.get(ref)) is not None and into not in seen:
        seen.add(into)
        ref = into
    return ref


async def tell_households(db: AsyncSession, rows: Sequence[Row]) -> set[UUID]:
    """Write what was told, where it is newer. Answers the households that changed.

    Rows: (household_ref, version, division, provisional, merged_into, facts as JSON text, stated_at).
    """
    return set((await db.execute(_TELL, bound(_TOLD, rows))).scalars())


async def rehome(db: AsyncSession, moves: dict[UUID, UUID]) -> None:
    """People, reports and accounts of merged households now belong to the households they were merged into."""
    if moves:
        values = bound(_MOVED, list(moves.items()))
        for statement in _REHOME:
            await db.execute(statement, values)


async def note_application(db: AsyncSession, household_ref: UUID, on: object) -> bool:
    """Note that the family asked. False when there is no such household here."""
    return (await db.execute(_APPLY, {"ref": household_ref, "on": on})).scalar() is not None


async def see_everything(db: AsyncSession) -> None:
    """Lift the territory for the rest of the transaction. Only after the caller's right to the household was shown."""
    await db.execute(_SEE_ALL)
