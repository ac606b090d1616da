"""Signs of hardship in what is known already, whatever the incomes; and what a household receives already."""

from collections.abc import Iterable, Sequence
from datetime import date

from services.eligibility.rules.accounts import Grounds
from services.eligibility.rules.facts import NO_CARD, Facts, Member, completed_months
from services.eligibility.rules.logic import Value, graded, is_unknown
from services.eligibility.rules.programmes.special_aid import POOR_HOUSING
from services.eligibility.rules.screening.words import screening_words
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.watch import PersonYear


class _Card:
    """A member's card as the rule texts ask for it."""

    def __init__(self, kind: str, grade: int) -> None:
        self.card_kind = kind
        self.card_grade = grade


def signals_of(facts: Facts, grounds: Grounds, paid: Iterable[PersonYear], p: Parameters) -> tuple[str, ...]:
    """The signs of hardship of a household, in the order of the file. `paid` are its person-years of hospital costs."""
    here = [member for member in facts.members if member.presence == "present"]
    found = {*grounds.watch, *_of_bills(paid), *_of_people(here, p)}
    if grounds.reports:
        found.add("report_red" if grounds.reports[0].urgency == "red" else "grid_report")
    if facts.housing in POOR_HOUSING:
        found.add("poor_housing")
    if facts.monitored:
        found.add("monitored")
    return tuple(code for code in screening_words().signals if code in found)


def _of_bills(paid: Iterable[PersonYear]) -> set[str]:
    found: set[str] = set()
    for year in paid:
        if year.fired:
            found.add("high_bills")
        elif year.is_watched:
            found.add("watched_bills")
    return found - {"watched_bills"} if "high_bills" in found else found


def _of_people(here: Sequence[Member], p: Parameters) -> set[str]:
    found: set[str] = set()
    ages = [_age(member.birth_date, p.on) for member in here]
    adult, elder = _number(p.adult_age), _number(p.tekun_elder_age)
    minors = [age for age in ages if age is not None and adult is not None and age < adult]
    if minors:
        found.add("child")
        if len(here) > 1 and len(here) - len(minors) == 1:
            found.add("lone_parent")
    if elder is not None and len(here) > 1 and all(age is not None and age >= elder for age in ages):
        found.add("elder_only")
    for member in here:
        card = member.disability
        if (
            card is not None
            and card is not NO_CARD
            and graded(_Card(card.kind, card.grade), p.severe_disability) is True
        ):
            found.add("severe_disability")
        if member.serious_illness is True:
            found.add("serious_illness")
        if member.student not in (None, "none"):
            found.add("student")
        if member.able_to_work is True and member.employment == "none" and member.student in (None, "none"):
            found.add("jobless")
    return found


def _is_severe(member: Member, p: Parameters) -> bool:
    card = member.disability
    if card is None or card is NO_CARD:
        return False
    return graded(_Card(card.kind, card.grade), p.severe_disability) is True


def _number(value: Value) -> int | None:
    return None if is_unknown(value) else int(value)


def _age(born: date | None, on: date) -> int | None:
    return None if born is None else on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def receiving(facts: Facts, result: str | None, result_on: date | None, on: date) -> frozenset[str]:
    """The programmes a household receives already: by an income of that kind, or by what came of a recent visit."""
    words = screening_words()
    items = {income.item for member in facts.members for income in member.incomes or () if income.item}
    found = {code for item in items for code in words.items.get(item, ())}
    if result is not None and result_on is not None and completed_months(result_on, on) < words.months:
        found.update(words.results.get(result, ()))
    return frozenset(found)


def next_birthday(born: date, after: date) -> date:
    """The first day after `after` on which a person is a year older."""
    for year in (after.year, after.year + 1):
        day = _birthday(born, year)
        if day > after:
            return day
    return _birthday(born, after.year + 2)


def _birthday(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:  # a leap day: a year older on 1 March, as ages are counted
        return date(year, 3, 1)
