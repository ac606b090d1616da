"""Hospital-cost records and the sums of person-years."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.errors import Raced
from services.intake.store import people
from services.kit.statements import Row, Statement, bound, fetch, rows_of

_KEYS = {"source": "text", "settlement_id": "text"}
_VERSIONS = Statement(
    "SELECT c.id, c.person_id, c.source, c.settlement_id, c.version, c.digest, c.total_fen, c.self_paid_fen, c.is_held,"
    f" c.settlement_year FROM {rows_of(_KEYS)}"
    " JOIN care_record c ON c.source = r.source AND c.settlement_id = r.settlement_id AND NOT c.is_withdrawn"
)
_RECORD = (
    "c.id, c.person_id, c.source, c.settlement_id, c.version, c.refund_of, c.hospital, c.registered_division,"
    " c.settled_on, c.self_paid_fen, c.is_refund, c.is_held, c.is_withdrawn, c.note"
)
_OF_PEOPLE = Statement(
    f"SELECT {_RECORD}, EXISTS (SELECT 1 FROM care_record o WHERE o.source = c.source"
    " AND o.settlement_id = c.settlement_id AND o.version > c.version AND o.person_id <> c.person_id"
    " AND NOT o.is_withdrawn AND NOT o.is_held) AS is_superseded"
    " FROM care_record c WHERE c.person_id = ANY(CAST(:people AS uuid[])) ORDER BY c.recorded_at, c.id"
)
_NEW = {
    "id": "uuid",
    "division": "text",
    "person_id": "uuid",
    "source": "text",
    "settlement_id": "text",
    "version": "int",
    "refund_of": "text",
    "digest": "bytea",
    "registered_division": "text",
    "hospital": "text",
    "admitted_on": "date",
    "discharged_on": "date",
    "settled_on": "date",
    "settlement_year": "int",
    "total_fen": "bigint",
    "self_paid_fen": "bigint",
    "pooled_fund_paid_fen": "bigint",
    "serious_illness_paid_fen": "bigint",
    "medical_aid_paid_fen": "bigint",
    "is_refund": "boolean",
    "is_held": "boolean",
    "note": "text",
    "other_name": "bytea",
    "import_id": "uuid",
    "import_line": "int",
}
_NOTES = {"id": "uuid", "note": "text"}
_NOTE = Statement(f"UPDATE care_record c SET note = r.note FROM {rows_of(_NOTES)} WHERE c.id = r.id")
_YEARS = {
    "person_id": "uuid",
    "year": "int",
    "division": "text",
    "self_paid_fen": "bigint",
    "records": "int",
    "latest_settled_on": "date",
}


def _summing(given: str) -> str:
    return (
        f"INSERT INTO person_year ({', '.join(_YEARS)}) SELECT * FROM {given} ORDER BY person_id, year"
        " ON CONFLICT (person_id, year) DO UPDATE SET division = excluded.division,"
        " self_paid_fen = excluded.self_paid_fen, records = excluded.records,"
        " latest_settled_on = excluded.latest_settled_on"
    )


_SUM = Statement(_summing(rows_of(_YEARS)))
# People, their bills and their sums in one round trip: each costs more than the rows of one bill.
_TAKE_IN = Statement(
    f"WITH r AS (SELECT * FROM {rows_of(people.NEW_PERSON, 'p_')}),"
    f" h AS ({people.inserting_homes('r')}), p AS ({people.inserting_people('r')}),"
    f" c AS (INSERT INTO care_record ({', '.join(_NEW)}, recorded_by, recorded_at)"
    f" SELECT *, CAST(:recorded_by AS text), CAST(:recorded_at AS timestamptz) FROM {rows_of(_NEW, 'c_')}"
    " ON CONFLICT (source, settlement_id, version) WHERE NOT is_withdrawn DO NOTHING RETURNING 1),"
    f" y AS ({_summing(rows_of(_YEARS, 'y_'))})"
    " SELECT (SELECT count(*) FROM p) AS people, (SELECT count(*) FROM c) AS records"
)
_GONE = {"person_id": "uuid", "year": "int"}
_DROP_YEARS = Statement(
    f"DELETE FROM person_year y USING {rows_of(_GONE)} WHERE y.person_id = r.person_id AND y.year = r.year"
)
_HELD_ROW = text(
    "SELECT id, person_id, is_held, total_fen, self_paid_fen, is_withdrawn FROM care_record"
    " WHERE import_id = :import_id AND import_line = :line FOR UPDATE"
)
_CONFIRM = text("UPDATE care_record SET is_held = false WHERE id = :id")
_IN_FEN = ", ".join(
    f"{name} = {name} / 100"
    for name in (
        "total_fen", "self_paid_fen", "pooled_fund_paid_fen", "serious_illness_paid_fen", "medical_aid_paid_fen"
    )
)  # fmt: skip
_CONFIRM_IN_FEN = text(f"UPDATE care_record SET is_held = false, {_IN_FEN} WHERE id = :id")  # names above
_OF_IMPORT = text(
    "SELECT c.id, c.person_id, EXISTS (SELECT 1 FROM care_record o WHERE o.source = c.source"
    " AND o.settlement_id = c.settlement_id AND o.version > c.version AND NOT o.is_withdrawn"
    " AND o.import_id IS DISTINCT FROM c.import_id) AS is_corrected"
    " FROM care_record c WHERE c.import_id = :import_id AND NOT c.is_withdrawn FOR UPDATE OF c"
)
_WITHDRAW = text("UPDATE care_record SET is_withdrawn = true WHERE id = ANY(CAST(:ids AS uuid[]))")
_ONE = text(
    "SELECT c.id, c.person_id, p.household_id, c.source, c.settlement_id, c.version, c.settled_on, c.settlement_year,"
    " c.self_paid_fen, c.total_fen, c.note, c.is_held, c.is_withdrawn, c.registered_division, p.in_city,"
    " y.self_paid_fen AS year_fen, c.recorded_at FROM care_record c JOIN person p ON p.id = c.person_id"
    " LEFT JOIN person_year y ON y.person_id = c.person_id AND y.year = c.settlement_year WHERE c.id = :id"
)


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One recorded version of a settlement."""

    id: UUID
    person_id: UUID
    source: str
    settlement_id: str
    version: int
    digest: bytes
    total_fen: int
    self_paid_fen: int
    is_held: bool
    settlement_year: int


@dataclass(frozen=True, slots=True)
class CareRow:
    """What the sums and the event need of a record."""

    id: UUID
    person_id: UUID
    source: str
    settlement_id: str
    version: int
    refund_of: str | None
    hospital: str
    registered_division: str
    settled_on: date
    self_paid_fen: int
    is_refund: bool
    is_held: bool
    is_withdrawn: bool
    note: str
    is_superseded: bool = False


async def versions_of(db: AsyncSession, keys: Collection[tuple[str, str]]) -> list[VersionRow]:
    """Every recorded version of these settlements, whosever they are; withdrawn ones left out. Keys: (source, id)."""
    rows = await fetch(db, _VERSIONS, bound(_KEYS, list(keys)))
    return [VersionRow(*row) for row in rows]


async def records_of(db: AsyncSession, people: Collection[UUID]) -> list[CareRow]:
    """All records of some people, in the order they came."""
    if not people:
        return []
    return [CareRow(*row) for row in await fetch(db, _OF_PEOPLE, {"people": list(people)})]


async def take_in(
    db: AsyncSession,
    newcomers: Sequence[Row],
    records: Sequence[Row],
    years: Sequence[Row],
    *,
    recorded_by: str,
    recorded_at: object,
) -> None:
    """Add people with a provisional household each, records, and the sums of the years, in the order of the columns.

    Raises: Raced when another transaction added one of the people or records meanwhile.
    """
    values = bound(people.NEW_PERSON, newcomers, "p_") | bound(_NEW, records, "c_") | bound(_YEARS, years, "y_")
    try:
        answer = await fetch(db, _TAKE_IN, values | {"recorded_by": recorded_by, "recorded_at": recorded_at})
    except asyncpg.ForeignKeyViolationError as error:  # somebody took one of the people away
        raise Raced() from error
    added = answer[0]
    if added.people < len(newcomers) or added.records < len(records):
        raise Raced()


async def write_notes(db: AsyncSession, rows: Sequence[Row]) -> None:
    """Write why records are not counted. Rows: (id, note)."""
    if rows:
        await fetch(db, _NOTE, bound(_NOTES, rows))


async def write_sums(db: AsyncSession, rows: Sequence[Row], gone: Sequence[Row] = ()) -> None:
    """Write sums of person-years, and drop those that have no counted record any more.

    Rows: (person_id, year, division, self_paid_fen, records, latest_settled_on); gone: (person_id, year).
    """
    if rows:
        await fetch(db, _SUM, bound(_YEARS, rows))
    if gone:
        await fetch(db, _DROP_YEARS, bound(_GONE, gone))


async def held_row(db: AsyncSession, import_id: UUID, line: int) -> tuple[UUID, UUID, bool] | None:
    """(record id, person id, whether it is held) of an imported line, or None."""
    row = (await db.execute(_HELD_ROW, {"import_id": import_id, "line": line})).one_or_none()
    return (row.id, row.person_id, row.is_held) if row and not row.is_withdrawn else None


async def confirm_record(db: AsyncSession, record_id: UUID, *, in_fen: bool) -> None:
    """Let a held record count; with `in_fen` its amounts were fen written as yuan, so a hundredth of them is true."""
    await db.execute(_CONFIRM_IN_FEN if in_fen else _CONFIRM, {"id": record_id})


async def records_of_import(db: AsyncSession, import_id: UUID) -> list[tuple[UUID, UUID, bool]]:
    """(record id, person id, whether it was corrected by somebody else since) of an import, held."""
    return [tuple(row) for row in await db.execute(_OF_IMPORT, {"import_id": import_id})]


async def withdraw_records(db: AsyncSession, ids: Collection[UUID]) -> None:
    """Take records back: they count nothing and their settlement may be sent again."""
    await db.execute(_WITHDRAW, {"ids": list(ids)})


async def find_record(db: AsyncSession, record_id: UUID) -> dict[str, object] | None:
    """A record with its person's household and year, or None where there is none in the caller's territory."""
    row = (await db.execute(_ONE, {"id": record_id})).mappings().one_or_none()
    return dict(row) if row else None
