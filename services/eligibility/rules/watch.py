"""Which households are looked at again: sums of a person-year against dated lines, and the low-income watch.

Everything here is a function of what is known at last, never of the order in which it came to be known, so that the
same events in any order end in the same assessments.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.eligibility.rules.facts import NO_CARD, Facts, Member

Note = Literal["", "superseded", "held", "withdrawn", "refunded"]
Urgency = Literal["red", "yellow", "blue"]
WatchReason = Literal["disability_card", "elder_alone", "sole_earner_ill"]

_MONTHS = 12
_EARNED = ("wage", "business")
_AT_WORK = ("employed", "flexible", "farming")


@dataclass(frozen=True, slots=True)
class Lines:
    """The dated lines for a person-year, in fen. None: no line was in force on that date.

    `bands` are all sums whose crossing calls for an assessment, lowest first; the first is the hospital threshold.
    """

    watch_fen: int | None
    bands: tuple[int, ...]

    @property
    def threshold_fen(self) -> int | None:
        """The hospital threshold."""
        return self.bands[0] if self.bands else None


LinesOn = Callable[[date], Lines]
"""The lines in force on a day, for one place."""


@dataclass(frozen=True, slots=True)
class Bill:
    """One hospital-cost record as it counts now. A refund is negative."""

    record_id: UUID
    year: int
    settled_on: date
    self_paid_fen: int
    counted: bool
    note: Note


@dataclass(frozen=True, slots=True)
class PersonYear:
    """What one person paid in one settlement year. `band` counts the lines crossed, strictly."""

    person_ref: UUID
    year: int
    sum_fen: int
    records: int
    last_settled_on: date | None
    threshold_fen: int | None
    watch_fen: int | None
    band: int

    @property
    def is_watched(self) -> bool:
        """Whether the sum is over the line that puts the household on the watch."""
        return self.watch_fen is not None and self.sum_fen > self.watch_fen

    @property
    def fired(self) -> bool:
        """Whether the sum is over the hospital threshold."""
        return self.band > 0


@dataclass(frozen=True, slots=True)
class Person:
    """A person with hospital costs. `watched_at`: when a sum over the watch line was first told, by settlement year."""

    person_ref: UUID
    division: str
    birth_date: date | None
    gender: str
    in_city: bool
    deceased: bool
    bills: tuple[Bill, ...]
    watched_at: Mapping[int, datetime]


@dataclass(frozen=True, slots=True)
class Report:
    """A grid report. `told_at` is when it came in, which may be long after `reported_on`."""

    record_id: UUID
    division: str
    person_ref: UUID | None
    birth_date: date | None
    gender: str
    household_size: int | None
    kinds: tuple[str, ...]
    urgency: Urgency
    reported_on: date
    told_at: datetime
    safe_to_call: bool
    in_city: bool


def person_years(person_ref: UUID, bills: Iterable[Bill], lines_on: LinesOn) -> list[PersonYear]:
    """The person's years, oldest first. Only counted bills are summed; a year of none sums to nothing.

    The lines are those in force on the latest settlement day of the summed bills.
    """
    years: dict[int, list[Bill]] = {}
    for bill in bills:
        years.setdefault(bill.year, []).append(bill)
    return [_person_year(person_ref, year, years[year], lines_on) for year in sorted(years)]


def _person_year(person_ref: UUID, year: int, bills: Sequence[Bill], lines_on: LinesOn) -> PersonYear:
    total, count, last = 0, 0, None
    for bill in bills:
        if bill.counted:
            total += bill.self_paid_fen
            count += 1
            if last is None or bill.settled_on > last:
                last = bill.settled_on
    if last is None:
        return PersonYear(person_ref, year, 0, 0, None, None, None, 0)
    lines = lines_on(last)
    band = sum(1 for line in lines.bands if total > line)
    return PersonYear(person_ref, year, total, count, last, lines.threshold_fen, lines.watch_fen, band)


def year_before(day: date) -> date:
    """The same calendar day twelve months earlier; 28 February for a leap day."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def paid_in_window(bills: Iterable[Bill], as_of: date) -> int:
    """What counted bills settled in the 12 months up to `as_of` come to, never below nothing. Units: fen."""
    start = year_before(as_of)
    return max(0, sum(b.self_paid_fen for b in bills if b.counted and start < b.settled_on <= as_of))


def speaks(report: Report, as_of: date) -> bool:
    """Whether what a report says still holds: it came in within the 12 months up to `as_of`."""
    return report.told_at.date() >= year_before(as_of)


def watch_reasons(facts: Facts, as_of: date, elder_age: int | None) -> tuple[WatchReason, ...]:
    """Why a registered household is on the low-income watch by what it is, whatever it pays.

    Cannot tell: whether somebody outside the household looks after an elder who lives alone.
    """
    here = [member for member in facts.members if member.presence == "present"]
    reasons: list[WatchReason] = []
    if any(member.disability is not None and member.disability is not NO_CARD for member in here):
        reasons.append("disability_card")
    if len(here) == 1 and elder_age is not None and _is_aged(here[0], elder_age, as_of):
        reasons.append("elder_alone")
    earners = [member for member in here if _earns(member)]
    if len(here) > 1 and len(earners) == 1 and earners[0].serious_illness is True:
        reasons.append("sole_earner_ill")
    return tuple(reasons)


def _is_aged(member: Member, age: int, as_of: date) -> bool:
    born = member.birth_date
    return born is not None and as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day)) >= age


def _earns(member: Member) -> bool:
    if member.employment in _AT_WORK:
        return True
    return any(income.kind in _EARNED and income.monthly_fen > 0 for income in member.incomes or ())


def bills_after_watch(persons: Iterable[Person], watched: Iterable[PersonYear]) -> frozenset[UUID]:
    """Counted bills that were settled when the household was on the watch already, by its bills before.

    `watched` are the person-years over the watch line. The bill that carries a sum over the line only puts the
    household on the watch; each bill settled after it within 12 months is a new fact. "After" is by settlement day and
    id, so that it does not depend on which bill was told first.
    """
    lines = {(year.person_ref, year.year): year.watch_fen or 0 for year in watched}
    if not lines:
        return frozenset()
    bills = sorted(
        (bill.settled_on, bill.record_id, (person.person_ref, bill.year), bill.self_paid_fen)
        for person in persons
        if person.in_city
        for bill in person.bills
        if bill.counted
    )
    sums = dict.fromkeys(lines, 0)
    joined: date | None = None
    after: list[UUID] = []
    for settled_on, record_id, key, self_paid_fen in bills:
        if joined is not None and year_before(settled_on) <= joined:
            after.append(record_id)
        if key in lines:
            sums[key] += self_paid_fen
            if sums[key] > lines[key]:
                joined = settled_on
    return frozenset(after)
