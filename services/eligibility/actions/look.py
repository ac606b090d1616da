"""From stored rows to what the rules think about, and the exact facts an assessment is made from. Pure.

The snapshot of an assessment is JSON: place, day, event and household as `POST /checks` takes them, without names. The
same bytes give the same findings under the same rule book.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import orjson

from services.contracts.intake import CountedRecord
from services.contracts.money import parse_yuan, yuan
from services.eligibility.rules.accounts import Grounds, Home, is_dead
from services.eligibility.rules.book import RuleBook, rule_book
from services.eligibility.rules.facts import Facts
from services.eligibility.rules.logic import is_unknown
from services.eligibility.rules.plain import counted_members
from services.eligibility.rules.watch import Bill, Lines, LinesOn, Person, Report, paid_in_window, speaks

Json = dict[str, Any]
"""A JSON object."""

_KINDS = {
    "hospital_cost": "hospital_cost",
    "grid_report": "grid_report",
    "household": "screening",
    "screening": "screening",
}


def place_in_book(division: str) -> str:
    """The place by which the rule book is asked about a division: no finer than the book itself.

    Two thousand villages of eleven counties then share eleven readings of the book.
    """
    return division[: rule_book().finest]


@lru_cache(maxsize=100_000)
def _lines(book: RuleBook, place: str, on: date) -> Lines:
    def value(id: str) -> Any:  # whatever kind the parameter has
        found = book.definitions[id].in_force(place, on)
        return None if is_unknown(found) else found

    threshold = value("hospital_threshold")
    bands = () if threshold is None else (threshold, *(value("hospital_bands") or ()))
    return Lines(value("watch_threshold"), tuple(sorted(set(bands))))


def lines_on(division: str) -> LinesOn:
    """The dated lines of a place."""
    return partial(_lines, rule_book(), place_in_book(division))


def elder_age(division: str, on: date) -> int | None:
    """The age from which a person counts as an elder."""
    found = rule_book().at(place_in_book(division), on).tekun_elder_age
    return None if is_unknown(found) else int(found)


def bills_of(records: Iterable[CountedRecord]) -> tuple[Bill, ...]:
    """An event's records as bills."""
    return tuple(
        Bill(r.record_id, r.settlement_year, r.settled_on, r.self_paid_fen, r.counted, r.note) for r in records
    )


def records_json(records: Iterable[CountedRecord]) -> str:
    """An event's records as they are stored: arrays of id, year, day, fen, counted, note."""
    rows = [[r.record_id, r.settlement_year, r.settled_on, r.self_paid_fen, r.counted, r.note] for r in records]
    return orjson.dumps(rows).decode()


@dataclass(frozen=True, slots=True)
class Listed:
    """A household's visit as it stands. `worked_at` is when a result was last noted."""

    version: int
    state: str
    due_on: date
    band: int
    programmes: tuple[str, ...]
    result: str | None
    worked_at: datetime | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of one household: as it was told, its people and reports, assessment and visit in force."""

    row: Any  # a row of store/known.py
    persons: tuple[Person, ...]
    reports: tuple[Report, ...]
    live: Any  # the same row, for its assessment; None when none is in force
    visit: Listed | None


def known_of(row: Any) -> Known:
    """A row of `store/known.py` read."""
    visit = None
    if row.visit_version is not None:
        visit = Listed(
            row.visit_version,
            row.visit_state,
            row.due_on,
            row.band,
            tuple(row.programmes),
            row.result,
            row.worked_at,
            row.opened_at,
        )
    return Known(
        row,
        tuple([_person(each) for each in orjson.loads(row.persons)]) if row.persons else (),
        tuple([_report(each) for each in orjson.loads(row.reports)]) if row.reports else (),
        None if row.assessment_id is None else row,
        visit,
    )


def _person(stored: Sequence[Any]) -> Person:
    ref, division, born, gender, in_city, deceased, records, watched = stored
    since = {int(year): datetime.fromisoformat(at) for year, at in watched.items()} if watched else {}
    bills = tuple(
        [
            Bill(UUID(id), year, date.fromisoformat(day), fen, counted, note)
            for id, year, day, fen, counted, note in records
        ]
    )
    return Person(UUID(ref), division, _day(born), gender or "", in_city, deceased, bills, since)


def _report(stored: Sequence[Any]) -> Report:
    id, division, person, born, gender, size, kinds, urgency, reported_on, told_at, safe_to_call, in_city = stored
    return Report(
        UUID(id),
        division,
        UUID(person) if person else None,
        _day(born),
        gender or "",
        size,
        tuple(kinds),
        urgency,
        date.fromisoformat(reported_on),
        datetime.fromisoformat(told_at),
        safe_to_call,
        in_city,
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def place_of(row: Any, persons: Sequence[Person], reports: Sequence[Report]) -> str:
    """The household's division: as it was registered, else the most exact one that its persons and reports name."""
    if row.version > 0:
        return str(row.division)
    named = {p.division for p in persons} | {r.division for r in reports} or {row.division}
    return str(max(named, key=lambda code: (len(code), code)))


def snapshot_of(home: Home, stated: Json | None, grounds: Grounds, as_of: date) -> Json:
    """The facts an assessment is made from. `stated` is the household as it was registered, None when nobody did."""
    return {
        "county": place_in_book(home.division),
        "as_of": as_of.isoformat(),
        "grounds": _grounds(grounds),
        "event": event_json(home, grounds, as_of),
        "household": household_json(home, stated, as_of),
    }


def _grounds(grounds: Grounds) -> Json:
    """Why the household is assessed: who presses, and why, follows from it.

    The rules do not ask for it: sums of person-years are compared with their lines before.
    """
    told: Json = {
        "reports": [[str(r.record_id), r.urgency, r.safe_to_call] for r in grounds.reports],
        "crossings": [[str(y.person_ref), y.year, y.sum_fen, y.threshold_fen, y.band] for y in grounds.crossings],
        "watch": list(grounds.watch),
        "later_bills": sorted(map(str, grounds.later_bills)),
        "is_restated": grounds.is_restated,
        "has_applied": grounds.has_applied,
    }
    if grounds.is_screened:
        told["is_screened"] = True
    return told


def event_json(home: Home, grounds: Grounds, as_of: date) -> Json:
    """What made somebody look at the household, as `POST /checks` takes it."""
    kind = "application" if grounds.has_applied and grounds.cause == "household" else _KINDS[grounds.cause]
    causes = {kind for report in grounds.reports if speaks(report, as_of) for kind in report.kinds}
    return {"kind": kind, "causes": sorted(causes)}


def household_json(home: Home, stated: Json | None, as_of: date) -> Json:
    """The household as `POST /checks` takes it: as stated, or as far as it is known, with what its people paid."""
    household: Json = dict(stated) if stated is not None else {"members": members_of(home)}
    bills = [bill for person in home.persons if _counts(person, home, as_of) for bill in person.bills]
    spent: Json = household.get("expenditures_12m") or {}
    told = spent.get("medical_self_paid")
    paid_fen = paid_in_window(bills, as_of)
    if paid_fen > (parse_yuan(str(told)) if told is not None else 0):
        household["expenditures_12m"] = {**spent, "medical_self_paid": yuan(paid_fen)}
    return household


def members_of(home: Home) -> list[Json]:
    """The people known to live in a household that nobody registered: the first one stands for its head."""
    people: dict[str, Json] = {}
    for person in home.persons:
        member: Json = {"ref": str(person.person_ref), "birth_date": person.birth_date, "gender": person.gender}
        if is_dead(person, home):
            member["presence"] = "deceased"
        people[member["ref"]] = member
    for report in sorted(home.reports, key=lambda report: report.record_id):
        ref = str(report.person_ref or home.household_ref)
        people.setdefault(ref, {"ref": ref, "birth_date": report.birth_date, "gender": report.gender})
    members: list[Json] = []
    for ref in sorted(people):
        member = {key: value for key, value in people[ref].items() if value}
        if "birth_date" in member:
            member["birth_date"] = member["birth_date"].isoformat()
        members.append({**member, "relation": "other" if members else "self"})
    return members


def _counts(person: Person, home: Home, as_of: date) -> bool:
    """Whether the person's bills are the household's: it is counted, or may be for all that is known."""
    if home.facts is None:
        return not is_dead(person, home)
    counted = counted_members(home.facts, rule_book().at(place_in_book(home.division), as_of))
    return counted.get(str(person.person_ref), False) is not False


def household_size(home: Home, facts: Facts) -> int:
    """How many people live there, as far as anybody said."""
    here = sum(1 for member in facts.members if member.presence == "present")
    told = [report.household_size for report in home.reports if report.household_size]
    return here if home.is_registered else max([here, *told])


def canonical(value: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """JSON bytes that are the same for the same content."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
