"""Hospital-cost records are taken in: one by one, in batches, or from a file. One transaction, no round trip a row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.actions.care import group_by_person, settle, write_settled
from services.intake.actions.people import Personal, indexes_of, new_person, seal, unseal
from services.intake.actions.work import Work
from services.intake.records.batch import is_same_name
from services.intake.records.hospital import HospitalCost
from services.intake.records.identity import Identity
from services.intake.records.judging import Judgement, Position, RecordedVersion, judge
from services.intake.store import care, people
from services.intake.store.care import CareRow, VersionRow
from services.intake.store.people import PersonRow
from services.kit.ids import new_id

Result = Literal["new", "same", "correction", "held", "conflict"]
_RESULTS: dict[str, Result] = {
    "new": "new", "same": "same", "correction": "correction", "superseded": "new", "held": "held",
    "conflict": "conflict",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one pushed record. For `same` and `conflict` the record is the one there already."""

    record_id: UUID
    result: Result
    settlement_year: int


@dataclass(frozen=True)
class Origin:
    """The file some records came from, and the line of each."""

    import_id: UUID
    lines: Sequence[int]


async def record_costs(
    db: AsyncSession, costs: Sequence[HospitalCost], *, work: Work, origin: Origin | None = None
) -> list[Receipt]:
    """Record settlements; a repeat does nothing, a correction replaces, a refund subtracts.

    The records, the new sums and one event a person commit together. The transaction must see every territory, since
    a person's rows may lie in another one; the caller has checked that the places named are the actor's.

    Raises: Raced when another push records the same person or settlement at this moment.
    """
    indexes = indexes_of({cost.person for cost in costs}, work.keys)
    known = await people.people_by_index(db, list(indexes.values()))
    versions = await care.versions_of(db, {(cost.source, cost.settlement_id) for cost in costs})
    judgements = judge(costs, [_recorded(row) for row in versions])
    stored = [index for index, judgement in enumerate(judgements) if judgement.is_stored]
    ids = {index: new_id() for index in stored}
    if stored:
        batch = _Batch(costs, judgements, stored, ids, origin)
        owners = _people_of(batch, indexes, known, work)
        await _store(db, batch, owners, versions, work)
    there = {row.id: row for row in versions}
    return [_receipt(index, costs, judgements[index], ids, there) for index in range(len(costs))]


@dataclass(frozen=True)
class _Batch:
    """A push, and which of its records are stored under which id."""

    costs: Sequence[HospitalCost]
    judgements: Sequence[Judgement]
    stored: Sequence[int]
    ids: dict[int, UUID]
    origin: Origin | None


@dataclass(frozen=True)
class _Owners:
    """The people of a push by their identity, and which of them are new."""

    rows: dict[Identity, PersonRow]
    new: frozenset[UUID]


def _recorded(row: VersionRow) -> RecordedVersion:
    return RecordedVersion(
        row.id, row.person_id, row.source, row.settlement_id, row.version, bytes(row.digest), row.is_held
    )


def _receipt(
    index: int,
    costs: Sequence[HospitalCost],
    judgement: Judgement,
    ids: dict[int, UUID],
    versions: dict[UUID, VersionRow],
) -> Receipt:
    if judgement.is_stored:
        return Receipt(ids[index], _RESULTS[judgement.verdict], costs[index].settlement_year)
    if isinstance(judgement.same_as, Position):
        first = judgement.same_as.index
        return Receipt(ids[first], _RESULTS[judgement.verdict], costs[first].settlement_year)
    assert isinstance(judgement.same_as, UUID)
    there = versions[judgement.same_as]
    return Receipt(there.id, _RESULTS[judgement.verdict], there.settlement_year)


def _people_of(batch: _Batch, indexes: dict[Identity, bytes], known: list[PersonRow], work: Work) -> _Owners:
    """The people whose records are stored; those not known yet get a row, with a provisional household each."""
    by_index = {bytes(row.id_index or b""): row for row in known}
    latest: dict[Identity, HospitalCost] = {}
    for index in batch.stored:
        cost = batch.costs[index]
        other = latest.get(cost.person)
        if other is None or (cost.settled_on, cost.settlement_id) > (other.settled_on, other.settlement_id):
            latest[cost.person] = cost
    rows = {identity: by_index[indexes[identity]] for identity in latest if indexes[identity] in by_index}
    fresh = {identity: _new(cost, indexes[identity], work) for identity, cost in latest.items() if identity not in rows}
    return _Owners(rows | fresh, frozenset(row.id for row in fresh.values()))


def _new(cost: HospitalCost, index: bytes, work: Work) -> PersonRow:
    personal = Personal(cost.person.id_number, cost.name, cost.phone, cost.phone_is_usable, cost.address)
    return new_person(
        personal, keys=work.keys, division=cost.division, identity=cost.person, index=index, gender=cost.gender
    )


async def _store(db: AsyncSession, batch: _Batch, owners: _Owners, versions: Sequence[VersionRow], work: Work) -> None:
    some = {row.id: row for row in owners.rows.values()}
    keys = {(batch.costs[index].source, batch.costs[index].settlement_id) for index in batch.stored}
    others = {row.person_id for row in versions if (row.source, row.settlement_id) in keys} - set(some)
    if others:  # a correction moved a settlement to another person: the first one's sum changes too
        some |= {row.id: row for row in await people.people_by_id(db, others)}
    before = await care.records_of(db, [person_id for person_id in some if person_id not in owners.new])
    fresh = [_care_row(batch, index, owners) for index in batch.stored]
    rows = group_by_person(_with_supersessions([*before, *fresh]))
    settled = settle(some.values(), rows, work=work)
    names = _other_names(batch, owners, work)
    settled_people = {person.id: person for person in settled.people}
    await care.take_in(
        db,
        [settled_people[row.id].as_new for row in owners.rows.values() if row.id in owners.new],
        [
            _row(batch, index, row, settled_people[row.person_id].division, settled.notes[row.id], names.get(index))
            for index, row in zip(batch.stored, fresh, strict=True)
        ],
        settled.years,
        recorded_by=work.actor.subject,
        recorded_at=work.now,
    )
    new_ids = set(batch.ids.values())
    settled.changed_notes = [(ref, note) for ref, note in settled.changed_notes if ref not in new_ids]
    settled.moved = [person for person in settled.moved if person.id not in owners.new]
    await write_settled(db, settled, work=work, new_people=owners.new, with_sums=False)
    await _learn_contacts(db, batch, owners, work)


def _care_row(batch: _Batch, index: int, owners: _Owners) -> CareRow:
    cost = batch.costs[index]
    return CareRow(
        batch.ids[index], owners.rows[cost.person].id, cost.source, cost.settlement_id, cost.version, cost.refund_of,
        cost.hospital, cost.division, cost.settled_on, cost.amounts.self_paid_fen, cost.is_refund, cost.is_held,
        False, "",
    )  # fmt: skip


def _with_supersessions(rows: list[CareRow]) -> list[CareRow]:
    """Mark the records of which a higher version stands under another person, among these rows too."""
    highest: dict[tuple[str, str], CareRow] = {}
    for row in rows:
        key = (row.source, row.settlement_id)
        other = highest.get(key)
        if not row.is_held and not row.is_withdrawn and (other is None or row.version > other.version):
            highest[key] = row
    marked = []
    for row in rows:
        top = highest.get((row.source, row.settlement_id))
        if top is not None and top.version > row.version and top.person_id != row.person_id:
            row = replace(row, is_superseded=True)
        marked.append(row)
    return marked


def _row(
    batch: _Batch, index: int, row: CareRow, division: str, note: str, other_name: bytes | None
) -> tuple[object, ...]:
    cost, amounts, origin = batch.costs[index], batch.costs[index].amounts, batch.origin
    return (
        row.id, division, row.person_id, cost.source, cost.settlement_id, cost.version, cost.refund_of,
        batch.judgements[index].digest, cost.division, cost.hospital, cost.admitted_on, cost.discharged_on,
        cost.settled_on, cost.settlement_year, amounts.total_fen, amounts.self_paid_fen, amounts.pooled_fund_paid_fen,
        amounts.serious_illness_paid_fen, amounts.medical_aid_paid_fen, cost.is_refund, cost.is_held, note, other_name,
        origin.import_id if origin else None, origin.lines[index] if origin else None,
    )  # fmt: skip


def _other_names(batch: _Batch, owners: _Owners, work: Work) -> dict[int, bytes]:
    """For records whose name is not the person's, the name as it came, sealed: a person has to look."""
    known = {identity: unseal(row, work.keys).name for identity, row in owners.rows.items() if row.id not in owners.new}
    found = {}
    for index in batch.stored:
        cost = batch.costs[index]
        name = known.setdefault(cost.person, cost.name)
        if name is not None and name != cost.name and not is_same_name(name, cost.name):
            record_id = batch.ids[index]
            found[index] = work.keys.sealer.seal(cost.name, f"care_record/other_name/{record_id}")
    return found


async def _learn_contacts(db: AsyncSession, batch: _Batch, owners: _Owners, work: Work) -> None:
    """Keep a phone or address that a file tells of somebody of whom none was known."""
    sealed = []
    for index in batch.stored:
        cost = batch.costs[index]
        row = owners.rows[cost.person]
        if row.id in owners.new or not (cost.phone or cost.address):
            continue
        personal = unseal(row, work.keys)
        if personal.phone and personal.address:
            continue
        if cost.phone and not personal.phone:
            personal = replace(personal, phone=cost.phone, phone_is_usable=cost.phone_is_usable)
        if cost.address and not personal.address:
            personal = replace(personal, address=cost.address)
        sealed.append((row.id, seal(personal, row.id, work.keys)))
    await people.reseal(db, list(dict(sealed).items()))
