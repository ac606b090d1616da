"""A benefit roll is checked, written whole, or taken back. Whoever is on it and not known yet becomes a person."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.actions.benefits import tell_benefits
from services.intake.actions.people import Personal, indexes_of, new_person, unseal
from services.intake.actions.work import Work
from services.intake.errors import ImportTouched
from services.intake.records.identity import Identity
from services.intake.records.roll import RollLine
from services.intake.records.roll_file import (
    Content,
    ReviewedRoll,
    Roll,
    RollRead,
    Standing,
    review_roll,
    rolls_of,
    takes_place_of,
)
from services.intake.store import people, rolls
from services.intake.store.people import PersonRow
from services.intake.store.rolls import HeldRow, RollRow
from services.kit.ids import new_id

Held = frozenset[tuple[str, str, Content]]
"""What a person stands on: (programme, place, what is said there)."""


@dataclass(frozen=True)
class _Scene:
    """The rolls and people a file is about. `leaving` are the rolls whose place it takes, `before` their lines."""

    rolls: set[Roll]
    leaving: list[RollRow]
    before: list[HeldRow]
    known: dict[Identity, PersonRow]
    indexes: dict[Identity, bytes]


async def check_roll(db: AsyncSession, reads: Sequence[RollRead], *, work: Work) -> ReviewedRoll:
    """Say what each row of a roll is beside the rolls there are; writes nothing."""
    scene = await _scene(db, reads, work)
    return review_roll(reads, await _standing(db, scene, work))


async def write_roll(db: AsyncSession, reads: Sequence[RollRead], import_id: UUID, *, work: Work) -> ReviewedRoll:
    """Write the rolls of a file in the place of those there are, and tell it of everybody for whom it changes anything.

    All in the caller's transaction, which must see every territory. Raises: Raced.
    """
    scene = await _scene(db, reads, work)
    reviewed = review_roll(reads, await _standing(db, scene, work))
    owners = await _people(db, [line for _, line in reviewed.stored], scene, work)
    await rolls.replace_rolls(db, [roll.id for roll in scene.leaving], import_id)
    ids = {roll: new_id() for roll in sorted(scene.rolls)}
    counts = {roll: sum(1 for _, line in reviewed.stored if line.roll == roll) for roll in ids}
    await rolls.add_rolls(
        db,
        import_id,
        [(roll_id, place, programme, counts[programme, place]) for (programme, place), roll_id in ids.items()],
        [
            (ids[line.roll], owners[line.person], line.division, line.since, line.until, line.month_fen, number)
            for number, line in reviewed.stored
        ],
        by=work.actor.subject,
        at=work.now,
    )
    after = _held((owners[line.person], (*line.roll, line.content)) for _, line in reviewed.stored)
    changed = _apart(_held_rows(scene.before), after)
    await _hold(db, changed, owners.values())
    await tell_benefits(db, changed, is_news=True, work=work)
    return reviewed


async def undo_roll(db: AsyncSession, import_id: UUID, *, work: Work) -> None:
    """Take the rolls of an import back; those they replaced are current again.

    Raises: ImportTouched when another roll took the place of any of them since.
    """
    mine = await rolls.rolls_of_import(db, import_id)
    await rolls.hold_programmes(db, {roll.programme for roll in mine})
    mine = await rolls.rolls_of_import(db, import_id)
    former = await rolls.rolls_replaced_by(db, import_id)
    current = await rolls.current_rolls(db, {roll.programme for roll in mine})
    others = {(roll.programme, roll.division) for roll in current if roll.import_id != import_id}
    if any(roll.state != "current" for roll in mine) or any((r.programme, r.division) in others for r in former):
        raise ImportTouched()
    now = _held_rows(await rolls.lines_of(db, [roll.id for roll in mine]))
    before = _held_rows(await rolls.lines_of(db, [roll.id for roll in former]))
    changed = _apart(now, before)
    await _hold(db, changed, ())
    await rolls.undo_rolls(db, import_id)
    await tell_benefits(db, changed, is_news=True, work=work)


async def _scene(db: AsyncSession, reads: Sequence[RollRead], work: Work) -> _Scene:
    """Hold the programmes and the people of a file, and see which rolls it takes the place of."""
    mine = rolls_of(reads)
    programmes = {programme for programme, _ in mine}
    await rolls.hold_programmes(db, programmes)
    there = await rolls.current_rolls(db, programmes)
    leaving = [row for row in there if any(takes_place_of(roll, (row.programme, row.division)) for roll in mine)]
    before = await rolls.lines_of(db, [row.id for row in leaving])
    indexes = indexes_of({read.line.person for _, _, read in reads if read.line is not None}, work.keys)
    rows = {bytes(row.id_index or b""): row for row in await people.people_by_index(db, list(indexes.values()))}
    known = {identity: rows[index] for identity, index in indexes.items() if index in rows}
    return _Scene(mine, leaving, before, known, indexes)


async def _standing(db: AsyncSession, scene: _Scene, work: Work) -> Standing:
    replaced: dict[Roll, Mapping[object, Content] | None] = {}
    for roll in scene.rolls:
        own = [row for row in scene.leaving if takes_place_of(roll, (row.programme, row.division))]
        lines = [row for row in scene.before if takes_place_of(roll, (row.programme, row.division))]
        replaced[roll] = {row.person_id: _content(row) for row in lines} if own else None
    names = {identity: name for identity, row in scene.known.items() if (name := unseal(row, work.keys).name)}
    person_of = {identity: row.id for identity, row in scene.known.items()}
    return Standing(replaced, person_of, names, await _elsewhere(db, scene))


async def _elsewhere(db: AsyncSession, scene: _Scene) -> frozenset[tuple[object, str]]:
    """Who of the known people stands on a roll of the same programme for a place that is apart from the file's."""
    held = await rolls.held_by(db, [row.id for row in scene.known.values()])
    return frozenset((row.person_id, row.programme) for row in held if not _touches(scene.rolls, row))


def _touches(mine: Iterable[Roll], row: HeldRow) -> bool:
    """Whether a roll is for a place around, within or the same as one of the file's, for the same programme."""
    return any(
        programme == row.programme and (row.division.startswith(place) or place.startswith(row.division))
        for programme, place in mine
    )


async def _people(db: AsyncSession, lines: Sequence[RollLine], scene: _Scene, work: Work) -> dict[Identity, UUID]:
    """Everybody on a roll by their identity; those not known yet get a row, with a provisional household each."""
    fresh: dict[Identity, PersonRow] = {}
    for line in lines:
        if line.person not in scene.known and line.person not in fresh:
            personal = Personal(line.person.id_number, line.name)
            index = scene.indexes[line.person]
            fresh[line.person] = new_person(
                personal, keys=work.keys, division=line.division, identity=line.person, index=index
            )
    await people.add_people(db, [row.as_new for row in fresh.values()], with_households=True)
    return {identity: row.id for identity, row in (scene.known | fresh).items()}


async def _hold(db: AsyncSession, changed: Collection[UUID], held: Collection[UUID]) -> None:
    """Hold those who leave a roll: whoever moves them at this moment waits, so that their newest event is the last."""
    await people.people_by_id(db, set(changed) - set(held))


def _content(row: HeldRow) -> Content:
    return (row.since, row.until, row.month_fen)


def _held_rows(rows: Iterable[HeldRow]) -> dict[UUID, Held]:
    return _held((row.person_id, (row.programme, row.division, _content(row))) for row in rows)


def _held(pairs: Iterable[tuple[UUID, tuple[str, str, Content]]]) -> dict[UUID, Held]:
    found: dict[UUID, set[tuple[str, str, Content]]] = {}
    for person, one in pairs:
        found.setdefault(person, set()).add(one)
    return {person: frozenset(held) for person, held in found.items()}


def _apart(one: Mapping[UUID, Held], other: Mapping[UUID, Held]) -> list[UUID]:
    """The people of whom two states say different things."""
    return sorted(person for person in one.keys() | other.keys() if one.get(person) != other.get(person))
