"""A grid worker's report is taken in. The same report again does nothing."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Literal
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.intake import GridReportRecorded
from services.intake.actions.consents import Said, record_consent
from services.intake.actions.people import Personal, index_of, new_person
from services.intake.actions.work import Work, home_of
from services.intake.errors import Raced, ReportConflict
from services.intake.records.grid import GridReport, ReadReport
from services.intake.records.issues import Issue
from services.intake.settings import Keys
from services.intake.store import people, reports
from services.intake.store.people import PersonRow
from services.kit.clock import shanghai_date
from services.kit.ids import new_id
from services.kit.outbox import emit


@dataclass(frozen=True, slots=True)
class ReportReceipt:
    """What became of a report."""

    record_id: UUID
    result: Literal["new", "same"]
    settlement_year: int
    notices: tuple[Issue, ...] = ()


async def record_report(
    db: AsyncSession, read: ReadReport, *, work: Work, origin: tuple[UUID, int] | None = None
) -> ReportReceipt:
    """Record a report that could be read, find or make the person and household, and tell it.

    The transaction must see every territory; the caller checked the place. A family that told the worker it may be
    shared has given consent to any partner for any need; a family that did not is asked, not taken for a refusal.

    Raises: ReportConflict for the same id with other content; Raced.
    """
    report = read.report
    assert report is not None
    digest = digest_of(report)
    year = shanghai_date(report.reported_at).year
    known = await reports.known_report(db, report.report_id)
    if known is not None:
        if known.digest != digest:
            raise ReportConflict()
        return ReportReceipt(known.id, "same", year)
    person, is_known = await _person(db, report, work)
    name_index = _name_index(report, work.keys)
    notices = list(read.issues)
    if is_known:
        notices.append(Issue("SAME_PERSON", "person.id_number"))
    elif name_index is not None:
        other = await reports.same_name_report(db, name_index)
        if other is not None:
            notices.append(Issue("POSSIBLE_DUPLICATE", "person.name", (("report_id", other),)))
    record_id = new_id()
    is_new = await reports.add_report(
        db,
        **_columns(report, record_id, person, digest, name_index, work),
        notices=[issue.code for issue in notices],
        import_id=origin[0] if origin else None,
        import_line=origin[1] if origin else None,
    )
    if not is_new:
        raise Raced()
    await emit(db, _event(report, record_id, person, work))
    if report.shares:
        given_on = min(shanghai_date(report.reported_at), work.today)
        said = Said("any", "any", "given", given_on, evidence_kind="grid_report")
        await record_consent(db, person.household_id, said, work=work)
    return ReportReceipt(record_id, "new", year, tuple(notices))


def digest_of(report: GridReport) -> bytes:
    """SHA-256 of the report's content, by which a repeat is told from a conflict."""
    return hashlib.sha256(orjson.dumps(asdict(report))).digest()


def _is_identified(report: GridReport) -> bool:
    return report.person.identity is not None or report.person.name is not None


async def _person(db: AsyncSession, report: GridReport, work: Work) -> tuple[PersonRow, bool]:
    """Who the report is about, and whether they were known. Without a number everybody is somebody new."""
    told = report.person
    index = index_of(told.identity, work.keys) if told.identity else None
    if index is not None:
        found = await people.people_by_index(db, [index])
        if found:
            return found[0], True
    number = told.identity.id_number if told.identity else None
    row = new_person(
        Personal(number, told.name, told.phone, told.phone_is_usable, report.place),
        keys=work.keys, division=report.division, identity=told.identity, index=index, gender=told.gender,
        is_alias=told.is_alias,
    )  # fmt: skip
    values = (
        row.id, row.division, row.registered_division, row.in_city, row.household_id, row.id_index, row.id_type,
        row.sealed, row.birth_date, row.gender, row.is_alias, 0,
    )  # fmt: skip
    await people.add_people(db, [values], with_households=True)
    return row, False


def _name_index(report: GridReport, keys: Keys) -> bytes | None:
    """By which the same name in the same village is found: only for people without a number, never for an alias."""
    if report.person.identity is not None and report.person.name:
        return keys.index.of("name", report.division, report.person.name)
    if report.person.name is None or report.person.is_alias:
        return None
    return keys.index.of("name", report.division, report.person.name)


def _columns(
    report: GridReport, record_id: UUID, person: PersonRow, digest: bytes, name_index: bytes | None, work: Work
) -> dict[str, object]:
    sealed = {
        "reporter": asdict(report.reporter), "place": report.place, "text": report.text, "photos": report.photos,
        "name": report.person.name, "age": report.person.age, "grid_code": report.grid_code, "channel": report.channel,
    }  # fmt: skip
    return {
        "id": record_id,
        "division": home_of(report.division),
        "report_id": report.report_id,
        "digest": digest,
        "person_id": person.id,
        "household_id": person.household_id,
        "is_identified": _is_identified(report),
        "reported_at": report.reported_at,
        "kinds": list(report.kinds),
        "urgency": report.urgency,
        "household_size": report.household_size,
        "is_safe_to_call": report.is_safe_to_call,
        "is_informed": report.is_informed,
        "shares": report.shares,
        "in_city": home_of(report.division) == report.division,
        "sealed": work.keys.sealer.seal(orjson.dumps(sealed).decode(), f"grid_report/sealed/{record_id}"),
        "name_index": name_index,
        "recorded_by": work.actor.subject,
        "recorded_at": work.now,
    }


def _event(report: GridReport, record_id: UUID, person: PersonRow, work: Work) -> GridReportRecorded:
    home = home_of(report.division)
    return GridReportRecorded(
        ref=record_id,
        version=1,
        division=home,
        occurred_at=work.now,
        urgent=report.urgency == "red",
        household_ref=person.household_id,
        person_ref=person.id if _is_identified(report) else None,
        provisional=person.provisional,
        birth_date=person.birth_date,
        gender=person.gender,
        household_size=report.household_size,
        kinds=report.kinds,
        urgency=report.urgency,
        reported_on=shanghai_date(report.reported_at),
        safe_to_call=report.is_safe_to_call,
        informed=report.is_informed,
        share_with_partners=report.shares,
        in_city=home == report.division,
    )
