"""One chunk of households, from rows to what is kept of them. Pure, and slow enough to run beside the event loop."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from services.eligibility.actions.decide import home_of
from services.eligibility.actions.look import (
    Known,
    elder_age,
    event_json,
    household_json,
    known_of,
    lines_on,
    place_in_book,
)
from services.eligibility.rules.accounts import Grounds, Home, grounds_of
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.facts import NO_HISTORY, Event, Facts
from services.eligibility.rules.readers import UnreadableFacts, event_of, facts_of
from services.eligibility.rules.screening.held import Held, held_of, holding_on, turning_days
from services.eligibility.rules.screening.leads import leads_of
from services.eligibility.rules.screening.outcome import outcome_of, pack, unpack
from services.eligibility.rules.screening.population import CODES, UNKNOWN_YET, Case, Reading, read_population
from services.eligibility.rules.screening.signals import next_birthday, receiving, signals_of
from services.eligibility.rules.screening.tally import Tally
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.watch import PersonYear, person_years
from services.kit.statements import Row, text_array

NEVER = date(9999, 12, 31)
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Task:
    """What a chunk is read for. `asks_day_before`: a household without an earlier answer is read by the day before."""

    book: RuleBook
    as_of: date
    asks_day_before: bool = False


@dataclass(slots=True)
class Thought:
    """What came of a chunk: rows to keep, in the order of their columns, and the counts."""

    outcomes: list[Row] = field(default_factory=list)
    leads: list[Row] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


@dataclass(slots=True)
class _Household:
    """A household being thought about. `facts` None: what was registered cannot be read."""

    home: Home
    facts: Facts | None
    event: Event
    grounds: Grounds
    paid: list[PersonYear]
    place: str
    known: Known
    before: str | None = None
    reading: Reading | None = None


def think(rows: Sequence[Any], marks: dict[UUID, Any], task: Task) -> Thought:
    """Read households and say what is worth following. `rows` as `read_known` tells them, `marks` by household."""
    households = [_household(known_of(row), task.as_of) for row in rows]
    for household in households:
        household.before = marks[household.home.household_ref].letters_before
    _read(households, task.book, task.as_of)
    if task.asks_day_before:
        _read_day_before([each for each in households if each.before is None], task)
    thought = Thought()
    for household in households:
        _keep(thought, household, marks[household.home.household_ref], task)
    return thought


def count_carried(rows: Iterable[Any]) -> Tally:
    """The counts of households whose answers are taken over as they were found before."""
    tally = Tally()
    for row in rows:
        tally.add(unpack(row.letters_before, row.found_before), row.division)
    return tally


def _household(known: Known, as_of: date) -> _Household:
    home, stated = home_of(known, is_strict=False)
    years = {y: p for p in home.persons for y in person_years(p.person_ref, p.bills, lines_on(p.division))}
    grounds = grounds_of(home, list(years), as_of=as_of, elder_age=elder_age(home.division, as_of))
    paid = [year for year, person in years.items() if person.in_city]
    facts: Facts | None = home.facts
    if home.facts is None or home.persons:
        try:
            facts = None if home.facts is None and stated else facts_of(household_json(home, stated, as_of))
        except UnreadableFacts:  # nobody lives there as far as anybody said
            facts = None
    event = event_of(event_json(home, grounds, as_of))
    return _Household(home, facts, event, grounds, paid, place_in_book(home.division), known)


@lru_cache(maxsize=4096)
def _values_of(p: Parameters) -> str:
    """The same text for places that share every value: they are read together."""
    return repr(sorted((id, getattr(p, id)) for id in p.ids()))


def _read(households: Sequence[_Household], book: RuleBook, on: date) -> None:
    groups: dict[str, list[_Household]] = {}
    for household in households:
        if household.facts is None:
            household.reading = Reading(UNKNOWN_YET * len(CODES), missing={CODES[0]: (UNREADABLE,)})
        else:
            groups.setdefault(_values_of(book.at(household.place, on)), []).append(household)
    for group in groups.values():
        cases: list[Case] = [(each.facts, each.event, NO_HISTORY) for each in group if each.facts is not None]
        for each, reading in zip(group, read_population(cases, book.at(group[0].place, on)), strict=True):
            each.reading = reading


def _read_day_before(households: Sequence[_Household], task: Task) -> None:
    """Answers by the values of the day before, so that what a new value brought can be told."""
    day = task.as_of - timedelta(days=1)
    changed = [
        each
        for each in households
        if _values_of(task.book.at(each.place, day)) != _values_of(task.book.at(each.place, task.as_of))
    ]
    now = {id(each): each.reading for each in changed}
    _read(changed, task.book, day)
    for each in households:
        assert each.reading is not None
        each.before = each.reading.letters
    for each in changed:
        each.reading = now[id(each)]


def _keep(thought: Thought, household: _Household, mark: Any, task: Task) -> None:
    home, reading, facts = household.home, household.reading, household.facts
    assert reading is not None
    p = task.book.at(household.place, task.as_of)
    held = held_of(orjson.loads(mark.benefits)) if mark.benefits else ()
    holding = holding_on(held, task.as_of)
    taken: frozenset[str] = frozenset()
    signals: tuple[str, ...] = ()
    persons = 0
    if facts is not None:
        visit = household.known.visit
        taken = receiving(facts, visit.result if visit else None, mark.result_on, task.as_of)
        signals = signals_of(facts, household.grounds, household.paid, p)
        persons = sum(1 for member in facts.members if member.presence == "present")
    outcome = outcome_of(
        reading, taken, persons=persons, is_told=home.is_registered, has_signals=bool(signals), holding=holding
    )
    leads = leads_of(outcome, reading, signals, household.before, holding)
    outcome.leads = len(leads)
    fresh_until = _fresh_until(household, mark.result_on, held, task.as_of)
    thought.outcomes.append((home.household_ref, home.division, mark.mark, fresh_until, outcome.letters, pack(outcome)))
    thought.leads += [
        (
            *(home.household_ref, lead.programme, home.division, lead.outcome, lead.score),
            *(lead.month_fen, lead.once_fen, text_array(lead.signals), text_array(lead.missing)),
            *(orjson.dumps(lead.reason).decode(), lead.is_new),
        )
        for lead in leads
    ]
    thought.tally.add(outcome, home.division)


def _fresh_until(household: _Household, result_on: date | None, held: Sequence[Held], as_of: date) -> date:
    """The first day on which time alone may change the answers: a birthday, a bill or report that is a year old, the
    first or last day on a roll."""
    days = [
        next_birthday(m.birth_date, as_of) for m in (household.facts.members if household.facts else ()) if m.birth_date
    ]
    days += [_year_later(b.settled_on) for person in household.home.persons for b in person.bills if b.counted]
    days += [b.settled_on for person in household.home.persons for b in person.bills if b.counted]
    days += [_year_later(report.told_at.date()) + timedelta(days=1) for report in household.home.reports]
    days += turning_days(held)
    if result_on is not None:
        days.append(_year_later(result_on))
    return min((day for day in days if day > as_of), default=NEVER)


def _year_later(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def same_values(one: RuleBook, day: date, other: date, places: Iterable[str]) -> frozenset[str]:
    """Of some places, those whose values decide the same on two days: none changed, and no date was passed."""
    return frozenset(place for place in places if _same(one, place, *sorted((day, other))))


def _same(book: RuleBook, place: str, first: date, last: date) -> bool:
    p, q = book.at(place, first), book.at(place, last)
    if _values_of(p) != _values_of(q):
        return False
    dates = [value for id in p.ids() if isinstance(value := getattr(p, id), date)]
    return not any(first <= day < last for day in dates)
