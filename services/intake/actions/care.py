"""A person's bills settled anew: which count, the sums of the years, and the event that tells it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.event import new_event_id
from services.contracts.intake import CareChanged, CountedRecord
from services.intake.actions.benefits import tell_benefits
from services.intake.actions.work import Work, home_of
from services.intake.records.sums import PersonSums, SumRecord, person_sums
from services.intake.store import care, people
from services.intake.store.care import CareRow
from services.intake.store.people import PersonRow
from services.kit.outbox import emit


@dataclass
class Settled:
    """What settling some people's bills comes to, before it is written."""

    notes: dict[UUID, str] = field(default_factory=dict)
    changed_notes: list[tuple[UUID, str]] = field(default_factory=list)
    years: list[tuple[object, ...]] = field(default_factory=list)
    gone: list[tuple[object, ...]] = field(default_factory=list)
    people: list[PersonRow] = field(default_factory=list)
    moved: list[PersonRow] = field(default_factory=list)
    events: list[CareChanged] = field(default_factory=list)


def settle(some: Iterable[PersonRow], rows: Mapping[UUID, Sequence[CareRow]], *, work: Work) -> Settled:
    """Sum the bills of people, each given with all of their records. Pure; raises each care version by one."""
    settled = Settled()
    for person in some:
        own = rows.get(person.id, ())
        if not own:
            continue
        sums = person_sums(sum_record_of(row) for row in own)
        person = replace(_where_registered(person, own, sums, settled), care_version=person.care_version + 1)
        settled.people.append(person)
        for row in own:
            note = sums.notes[row.id]
            settled.notes[row.id] = note
            if note != row.note:
                settled.changed_notes.append((row.id, note))
        for year in sums.years.values():
            amount = (year.self_paid_fen, year.records, year.latest_settled_on)
            settled.years.append((person.id, year.year, person.division, *amount))
        settled.gone += [(person.id, y) for y in {row.settled_on.year for row in own} - set(sums.years)]
        settled.events.append(_event(person, own, sums, work))
    return settled


def sum_record_of(row: CareRow) -> SumRecord:
    """What the sums need of a stored record."""
    return SumRecord(
        row.id, row.source, row.settlement_id, row.version, row.refund_of, row.hospital, row.settled_on,
        row.self_paid_fen, row.is_refund, row.is_held, row.is_withdrawn, row.is_superseded,
    )  # fmt: skip


def _where_registered(person: PersonRow, own: Sequence[CareRow], sums: PersonSums, settled: Settled) -> PersonRow:
    """Somebody in no registered household belongs where the latest counted bill says they are registered."""
    if not person.provisional:
        return person
    counted = [row for row in own if not sums.notes[row.id]]
    if not counted:
        return person
    latest = max(counted, key=lambda row: (row.settled_on, row.settlement_id, row.version))
    division = latest.registered_division
    if division == person.registered_division:
        return person
    home = home_of(division)
    moved = replace(person, division=home, registered_division=division, in_city=home == division)
    settled.moved.append(moved)
    return moved


def _event(person: PersonRow, own: Sequence[CareRow], sums: PersonSums, work: Work) -> CareChanged:
    # Built without validation: every value comes from a row, and a push makes thousands.
    records = tuple(
        CountedRecord.model_construct(
            record_id=row.id,
            settlement_year=row.settled_on.year,
            settled_on=row.settled_on,
            self_paid_fen=row.self_paid_fen,
            counted=not sums.notes[row.id],
            note=sums.notes[row.id],
        )
        for row in own
    )
    return CareChanged.model_construct(
        id=new_event_id(),
        occurred_at=work.now,
        ref=person.id,
        version=person.care_version,
        division=person.division,
        urgent=False,
        household_ref=person.household_id,
        provisional=person.provisional,
        birth_date=person.birth_date,
        gender=person.gender,  # type: ignore[arg-type]  # the table's check holds the words
        in_city=person.in_city,
        deceased=person.is_deceased,
        records=records,
    )


async def write_settled(
    db: AsyncSession, settled: Settled, *, work: Work, new_people: Collection[UUID] = (), with_sums: bool = True
) -> None:
    """Write sums, notes and versions, and the events into the outbox. `new_people` were added with their version, and
    without `with_sums` the years were written with the records."""
    await care.write_notes(db, settled.changed_notes)
    known = [person for person in settled.people if person.id not in new_people]
    await care.write_sums(db, settled.years if with_sums else (), settled.gone)
    await people.raise_care_versions(db, [(person.id, person.care_version) for person in known])
    moved = [(p.id, p.household_id, p.division, p.registered_division, p.in_city) for p in settled.moved]
    await people.relocate(db, moved)
    await tell_benefits(db, [person.id for person in settled.moved], is_news=False, work=work)
    await emit(db, *settled.events)


async def recount(db: AsyncSession, ids: Collection[UUID], *, work: Work) -> Settled:
    """Settle the bills of people again after something about them changed: a confirmation, a withdrawal, a move."""
    some = await people.people_by_id(db, ids)
    rows = group_by_person(await care.records_of(db, [person.id for person in some]))
    settled = settle(some, rows, work=work)
    await write_settled(db, settled, work=work)
    return settled


def group_by_person(rows: Iterable[CareRow]) -> dict[UUID, list[CareRow]]:
    """Records by the person they belong to."""
    groups: dict[UUID, list[CareRow]] = {}
    for row in rows:
        groups.setdefault(row.person_id, []).append(row)
    return groups
