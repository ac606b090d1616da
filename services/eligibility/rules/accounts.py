"""Whether a household is assessed, why, and the account of each record that concerns it.

A record has exactly one account: the assessment of its household, or a reason why it led to none.

Source: design of the account of a record; domain practice of proactive discovery (主动发现).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.contracts.codes import AccountReason
from services.eligibility.rules.facts import Facts
from services.eligibility.rules.watch import (
    Bill,
    Person,
    PersonYear,
    Report,
    WatchReason,
    bills_after_watch,
    watch_reasons,
)

Cause = Literal["hospital_cost", "grid_report", "household", "screening", "merged"]

_NOT_COUNTED: dict[str, AccountReason] = {
    "held": "data_error",
    "superseded": "superseded",
    "refunded": "refunded",
    "withdrawn": "withdrawn",
    "": "withdrawn",
}
_URGENCIES = ("red", "yellow", "blue")


@dataclass(frozen=True, slots=True)
class Home:
    """A household as it is known.

    `facts` None: nobody said who lives there. `is_registered`: somebody registered it, so it is no household of one.
    """

    household_ref: UUID
    division: str
    is_registered: bool
    facts: Facts | None
    stated_at: datetime | None
    applied_on: date | None
    persons: tuple[Person, ...]
    reports: tuple[Report, ...]
    screened_on: date | None = None


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why a household is assessed. Empty when there is no reason to.

    `reports` most pressing first, `crossings` highest first; `watch` says why a registered household is on the watch by
    what it is; `later_bills` came when it was on the watch by what it paid; `is_restated`: what it is was told again
    since then; `has_applied`: the family asked; `is_screened`: screening found it, and somebody or a new policy version
    sent it on.
    """

    reports: tuple[Report, ...] = ()
    crossings: tuple[PersonYear, ...] = ()
    watch: tuple[WatchReason, ...] = ()
    later_bills: frozenset[UUID] = frozenset()
    is_restated: bool = False
    has_applied: bool = False
    is_screened: bool = False

    def __bool__(self) -> bool:
        return bool(
            self.reports
            or self.crossings
            or self.watch
            or self.later_bills
            or self.is_restated
            or self.has_applied
            or self.is_screened
        )

    @property
    def cause(self) -> Cause:
        """The leading cause: a report, else a bill, else screening, else the household itself."""
        if self.reports:
            return "grid_report"
        if self.crossings or self.later_bills:
            return "hospital_cost"
        return "screening" if self.is_screened else "household"

    def cause_ref(self, household_ref: UUID) -> str:
        """What the cause points at: a report, a person and year, a bill, or the household."""
        if self.reports:
            return str(self.reports[0].record_id)
        if self.crossings:
            return f"{self.crossings[0].person_ref}/{self.crossings[0].year}"
        return str(min(self.later_bills)) if self.later_bills else str(household_ref)


def grounds_of(home: Home, years: Sequence[PersonYear], *, as_of: date, elder_age: int | None) -> Grounds:
    """Why the household is assessed now.

    A provisional household is assessed for a report or a sum over the threshold only: nothing else is known of it.
    The dead are no cause of their own: their survivors are.
    """
    persons = {person.person_ref: person for person in home.persons}
    crossings = [y for y in years if y.fired and _is_cause(persons[y.person_ref], home)]
    reports = [report for report in home.reports if report.in_city]
    if not home.is_registered or home.facts is None:
        return Grounds(
            _pressing(reports),
            _highest(crossings),
            has_applied=home.applied_on is not None,
            is_screened=home.screened_on is not None,
        )
    watched = [y for y in years if y.is_watched and persons[y.person_ref].in_city]
    told = [persons[y.person_ref].watched_at.get(y.year) for y in watched]
    stated_at = home.stated_at
    return Grounds(
        _pressing(reports),
        _highest(crossings),
        watch_reasons(home.facts, as_of, elder_age),
        bills_after_watch(home.persons, watched),
        stated_at is not None and any(at is not None and at < stated_at for at in told),
        home.applied_on is not None,
        home.screened_on is not None,
    )


def _is_cause(person: Person, home: Home) -> bool:
    return person.in_city and (not is_dead(person, home) or has_survivors(person, home))


def is_dead(person: Person, home: Home) -> bool:
    """Whether the person died, as the records or the household say."""
    return person.deceased or any(
        member.presence == "deceased" and member.ref == str(person.person_ref)
        for member in (home.facts.members if home.facts else ())
    )


def has_survivors(person: Person, home: Home) -> bool:
    """Whether a registered household has other people living in it."""
    ref = str(person.person_ref)
    return any(m.presence == "present" and m.ref != ref for m in (home.facts.members if home.facts else ()))


def _pressing(reports: Sequence[Report]) -> tuple[Report, ...]:
    def key(report: Report) -> tuple[int, int, UUID]:
        return _URGENCIES.index(report.urgency), -report.reported_on.toordinal(), report.record_id

    return tuple(sorted(reports, key=key))


def _highest(years: Sequence[PersonYear]) -> tuple[PersonYear, ...]:
    return tuple(sorted(years, key=lambda y: (-y.band, -y.year, -y.sum_fen, y.person_ref)))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a household stands after it was looked at.

    `is_kept`: there are no grounds any more, but somebody has worked on it, so that its assessment is kept.
    """

    is_assessed: bool
    grounds: Grounds
    has_status: bool = False
    is_kept: bool = False


def bill_account(bill: Bill, person: Person, year: PersonYear, home: Home, standing: Standing) -> AccountReason | None:
    """Why a bill led to no assessment; None when its account is the household's assessment."""
    if not bill.counted:
        return _NOT_COUNTED[bill.note]
    if not person.in_city:
        return "out_of_area"
    if is_dead(person, home) and not has_survivors(person, home):
        return "deceased"
    if not standing.is_assessed:
        return "below_threshold"
    grounds = standing.grounds
    if year.fired or grounds.watch or bill.record_id in grounds.later_bills or standing.has_status or standing.is_kept:
        return None
    if grounds.reports or any(crossing.person_ref != person.person_ref for crossing in grounds.crossings):
        return "already_assessed"
    return "below_threshold"


def report_account(report: Report, standing: Standing) -> AccountReason | None:
    """Why a report led to no assessment; None when its account is the household's assessment."""
    if not report.in_city:
        return "out_of_area"
    return None if standing.is_assessed else "withdrawn"
