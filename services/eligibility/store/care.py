"""Persons with hospital costs, their years, and grid reports."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Row, Statement, bound, fetch, rows_of

_TOLD = {
    "person_ref": "uuid",
    "version": "bigint",
    "division": "text",
    "household_ref": "uuid",
    "stated_household_ref": "uuid",
    "birth_date": "date",
    "gender": "text",
    "in_city": "boolean",
    "deceased": "boolean",
    "records": "text",
}
_YEARS = {
    "person_ref": "uuid",
    "year": "int",
    "division": "text",
    "sum_fen": "bigint",
    "records": "int",
    "last_settled_on": "date",
    "threshold_fen": "bigint",
    "band": "int",
    "watched_at": "timestamptz",
}
_TELL = Statement(
    "WITH told AS (INSERT INTO person_care AS p (person_ref, version, division, household_ref, stated_household_ref,"
    " birth_date, gender, in_city, deceased, records) SELECT person_ref, version, division, household_ref,"
    " stated_household_ref, birth_date, gender, in_city, deceased, CAST(records AS jsonb)"
    f" FROM {rows_of(_TOLD)} ORDER BY person_ref"
    " ON CONFLICT (person_ref) DO UPDATE SET version = excluded.version, division = excluded.division,"
    " household_ref = excluded.household_ref, stated_household_ref = excluded.stated_household_ref,"
    " birth_date = excluded.birth_date, gender = excluded.gender, in_city = excluded.in_city,"
    " deceased = excluded.deceased, records = excluded.records, changed_at = now()"
    " WHERE excluded.version > p.version RETURNING p.person_ref, old.household_ref AS household_before),"
    f" summed AS (INSERT INTO person_year AS y ({', '.join(_YEARS)}) SELECT r.* FROM {rows_of(_YEARS, 'y_')}"
    " JOIN told USING (person_ref) ORDER BY person_ref, year ON CONFLICT (person_ref, year) DO UPDATE SET"
    " division = excluded.division, sum_fen = excluded.sum_fen, records = excluded.records,"
    " last_settled_on = excluded.last_settled_on,"
    " threshold_fen = excluded.threshold_fen, band = excluded.band,"
    " watched_at = least(y.watched_at, excluded.watched_at))"
    " SELECT person_ref, household_before FROM told"
)
_WATCHED = {"person_ref": "uuid", "year": "int", "watched_at": "timestamptz"}
_NOTE_WATCHED = Statement(
    f"UPDATE person_year y SET watched_at = least(y.watched_at, r.watched_at) FROM {rows_of(_WATCHED)}"
    " WHERE y.person_ref = r.person_ref AND y.year = r.year AND r.watched_at < coalesce(y.watched_at, 'infinity')"
    " RETURNING y.person_ref, (SELECT household_ref FROM person_care p WHERE p.person_ref = y.person_ref)"
)
_REPORTS = {
    "record_id": "uuid",
    "version": "bigint",
    "division": "text",
    "household_ref": "uuid",
    "stated_household_ref": "uuid",
    "person_ref": "uuid",
    "birth_date": "date",
    "gender": "text",
    "household_size": "int",
    "kinds": "text",
    "urgency": "text",
    "reported_on": "date",
    "told_at": "timestamptz",
    "safe_to_call": "boolean",
    "informed": "boolean",
    "share_with_partners": "boolean",
    "in_city": "boolean",
}
_REPORT_VALUES = ", ".join("CAST(kinds AS text[])" if name == "kinds" else name for name in _REPORTS)
_REPORT = Statement(
    f"INSERT INTO grid_report AS g ({', '.join(_REPORTS)}) SELECT {_REPORT_VALUES} FROM {rows_of(_REPORTS)}"
    " ORDER BY record_id ON CONFLICT (record_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _REPORTS if name not in ("record_id", "told_at"))
    + ", told_at = least(g.told_at, excluded.told_at), changed_at = now() WHERE excluded.version > g.version"
    " RETURNING g.record_id, old.household_ref AS household_before"
)


async def tell_persons(db: AsyncSession, rows: Sequence[Row], years: Sequence[Row]) -> dict[UUID, UUID | None]:
    """Write persons and their bills, where newer, and the years of those. Answers who changed, with the home before.

    Rows: (person_ref, version, division, household_ref, stated_household_ref, birth_date, gender, in_city, deceased,
    records as JSON text); (person_ref, year, division, sum_fen, records, last_settled_on, threshold_fen, band,
    watched_at).
    """
    answer = await fetch(db, _TELL, {**bound(_TOLD, rows), **bound(_YEARS, years, "y_")})
    return {row.person_ref: row.household_before for row in answer}


async def note_watched(db: AsyncSession, rows: Sequence[Row]) -> set[UUID]:
    """An older event told that a sum was over the watch line earlier. Answers the households for which that was news.

    Rows: (person_ref, year, watched_at).
    """
    return {row.household_ref for row in await fetch(db, _NOTE_WATCHED, bound(_WATCHED, rows))} if rows else set()


async def tell_reports(db: AsyncSession, rows: Sequence[Row]) -> dict[UUID, UUID | None]:
    """Write grid reports, where newer, in the order of the columns. Answers which, with the household before."""
    return {row.record_id: row.household_before for row in await fetch(db, _REPORT, bound(_REPORTS, rows))}
