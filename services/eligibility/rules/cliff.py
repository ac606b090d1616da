"""The cliff: the next rise of income by which a household would lose more aid than the rise brings.

The lines that hang on income (the standard, the margin line, the average income, a share of income) are tried from the
nearest on: the household is checked again with just as much more income as reaches the line. A cliff is the first line
where the monthly aid falls by more than income rises, or where a status or an aid that is no monthly sum is lost by a
small rise (at most the share of the line that counts as near).

Readings: the rise is an income that is counted whole (no wage, of which the cost of working comes off), of a person of
the household, or of a tekun person where nobody else is counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from services.eligibility.rules.assess import assess
from services.eligibility.rules.assessment import Assessment
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.facts import APPLICATION, NO_HISTORY, Event, Facts, History, Income
from services.eligibility.rules.household import deductible_cost
from services.eligibility.rules.logic import MONTHS, NET, RATE, is_unknown
from services.eligibility.rules.plain import HouseholdView, PersonView, work_through
from services.eligibility.rules.programmes.rigid import rigid_spending
from services.eligibility.rules.snapshot import Parameters


@dataclass(frozen=True, slots=True)
class Cliff:
    """Where aid falls away. Fen.

    `at_fen` is income a head and month (of the person, where `of_person`) at which it does, `rise_fen` how much more
    the household would have a month, `loses_fen` the monthly aid gone then, `once_fen` the one-off aid, `programmes`
    what is lost.
    """

    at_fen: int
    rise_fen: int
    loses_fen: int
    once_fen: int
    programmes: tuple[str, ...]
    of_person: bool


@dataclass(frozen=True, slots=True)
class _Step:
    """A line of income: the rise that reaches it, and whether that is small."""

    rise_fen: int
    is_small: bool


def find_cliff(
    facts: Facts,
    p: Parameters,
    book: RuleBook,
    *,
    before: Assessment,
    event: Event = APPLICATION,
    history: History = NO_HISTORY,
) -> Cliff | None:
    """The next cliff of a household whose assessment is `before`; None where there is none, or income is not known."""
    h = work_through(facts, event, history, p, keep_lines=False)
    found = _next_cliff(h, facts, p, book, before, event, history)
    h.release()
    return found


def _next_cliff(
    h: HouseholdView, facts: Facts, p: Parameters, book: RuleBook, before: Assessment, event: Event, history: History
) -> Cliff | None:
    if any(is_unknown(value) for value in (h.net, h.people, p.near_miss_share)):
        return None
    earner = _who_earns(h)
    if earner is None:
        return None
    of_person = h.people == 0
    for step in sorted(_steps(h, earner, p), key=lambda each: each.rise_fen):
        richer = _with_income(facts, earner.ref, step.rise_fen)
        after = assess(richer, p, book, event=event, history=history)
        lost = tuple(code for code in _given(before) if code not in _given(after))
        loses_fen = before.monthly_total_fen - after.monthly_total_fen
        if loses_fen > step.rise_fen or (lost and step.is_small):
            at_fen = earner.own_income + step.rise_fen if of_person else after.per_capita_fen
            once_fen = _once(before) - _once(after)
            if at_fen is not None:
                return Cliff(at_fen, step.rise_fen, max(loses_fen, 0), max(once_fen, 0), lost, of_person)
    return None


def _who_earns(h: HouseholdView) -> PersonView | None:
    """Whose income rises: somebody of the household who holds no status of his own, else a tekun person."""
    inside = [m for m in h.members if m.is_inside is True and not is_unknown(m.own_income)]
    alone = [m for m in inside if m.dibao_single is not True]
    tekun = [m for m in h.members if m.tekun is True and not is_unknown(m.own_income)]
    return next(iter([*alone, *inside] if h.people != 0 else tekun), None)


def _steps(h: HouseholdView, earner: PersonView, p: Parameters) -> Iterator[_Step]:
    """The lines above the household's income, each with the whole fen a month that reach it."""
    standard = p.dibao_standard_month
    if h.people == 0:
        yield from _step(standard - earner.own_income, standard, p)
        return
    for multiple in (RATE, p.margin_multiple, p.taper_income_multiple):
        line = multiple * standard * h.people * MONTHS
        yield from _step(_up(line - _before_the_floor(h, p), NET), line // NET, p)
    average = p.disposable_income_prev_year * h.people
    yield from _step(_up(average - h.gross * MONTHS, MONTHS), average // MONTHS, p)
    for ratio, spent in ((p.rigid_ratio, rigid_spending(h, p)), (p.temp_capacity_ratio, h.spending)):
        if not is_unknown(spent) and not is_unknown(ratio) and ratio > 0:
            line = spent * RATE // (ratio * MONTHS)
            yield from _step(_up(spent * RATE, ratio * MONTHS) - h.gross, line, p)


def _step(rise_fen: Any, line_fen: Any, p: Parameters) -> Iterator[_Step]:  # Any: a whole number or UNKNOWN
    if not is_unknown(rise_fen) and rise_fen > 0:
        yield _Step(rise_fen, rise_fen * RATE <= line_fen * p.near_miss_share)


def _before_the_floor(h: HouseholdView, p: Parameters) -> Any:  # Any: a whole number or UNKNOWN
    """Net income as it would be if it could fall below zero. Units: fen x 120,000 a month."""
    return h.gross * NET - h.wage * p.job_cost_rate * MONTHS - deductible_cost(h, p) * RATE


def _up(numerator: Any, denominator: int) -> Any:  # Any: a whole number or UNKNOWN
    """The quotient, rounded up to a whole number."""
    return (numerator + (denominator - 1)) // denominator


def _with_income(facts: Facts, ref: str, fen: int) -> Facts:
    more = Income("transfer", fen)
    members = [
        replace(member, incomes=(*(member.incomes or ()), more)) if member.ref == ref else member
        for member in facts.members
    ]
    return replace(facts, members=tuple(members))


def _given(assessment: Assessment) -> tuple[str, ...]:
    return tuple(finding.programme for finding in assessment.findings if finding.outcome == "eligible")


def _once(assessment: Assessment) -> int:
    return sum(finding.one_off_fen or 0 for finding in assessment.findings if finding.outcome == "eligible")
