"""What is recorded about the people and settlements of a file, for the review of its rows."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.actions.care import group_by_person, sum_record_of
from services.intake.actions.people import indexes_of, unseal
from services.intake.actions.work import Work
from services.intake.records.batch import KnownRecords, KnownVersion, ReadLine
from services.intake.store import care, people


async def known_of(db: AsyncSession, lines: Sequence[ReadLine], *, work: Work) -> KnownRecords:
    """Everything recorded that the rows of a file may repeat, contradict or refund."""
    costs = [line.read.cost for line in lines if line.read.cost is not None]
    indexes = indexes_of({cost.person for cost in costs}, work.keys)
    rows = {bytes(row.id_index or b""): row for row in await people.people_by_index(db, list(indexes.values()))}
    found = {identity: rows[index] for identity, index in indexes.items() if index in rows}
    records = group_by_person(await care.records_of(db, [row.id for row in found.values()]))
    versions: dict[tuple[str, str], list[KnownVersion]] = {}
    for row in await care.versions_of(db, {(cost.source, cost.settlement_id) for cost in costs}):
        known = KnownVersion(row.version, bytes(row.digest), row.total_fen, row.self_paid_fen)
        versions.setdefault((row.source, row.settlement_id), []).append(known)
    names = {(i.id_type, i.id_number): [name] for i, row in found.items() if (name := unseal(row, work.keys).name)}
    sums = {
        (i.id_type, i.id_number): [sum_record_of(one) for one in records.get(row.id, ())] for i, row in found.items()
    }
    return KnownRecords(versions, names, sums)
