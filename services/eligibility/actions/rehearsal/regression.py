"""The tests a changed rule book has to pass before anybody may approve it. Pure.

Each is a law of the law: it holds whatever the figures are. They run on invented families around the book's own lines,
in every county concerned, on every day on which the change changes something.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any, Final

from services.contracts.divisions import CITY, divisions
from services.eligibility.actions.rehearsal.invented import Case, alone, family, with_more_income
from services.eligibility.actions.rehearsal.words import Text2, filled, words
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.columns.frames import frames_of
from services.eligibility.rules.columns.screen import screen
from services.eligibility.rules.findings import make_finding
from services.eligibility.rules.logic import RATE, is_unknown
from services.eligibility.rules.plain import work_through
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.snapshot import Parameters

FAMILIES: Final = 40
"""Invented families for each place and day."""
_MORE_FEN: Final = 10_000
_GROWING: Final = ("temp_spending_bands", "elderly_allowance")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a test. `detail` says where it first failed."""

    code: str
    is_passed: bool
    detail: Text2 | None = None


@dataclass(slots=True)
class Trial:
    """One place and day under the changed book, with its invented families worked through."""

    p: Parameters
    cases: list[Case]
    findings: list[dict[str, Any]] = field(default_factory=list)  # Any: a Finding, by programme


def run_tests(book: RuleBook, places: Sequence[str], days: Sequence[date]) -> list[Outcome]:
    """Run every test in every place on every day."""
    trials = [_trial(book, place, day) for place in places for day in days]
    return [_run(code, test, trials) for code, test in _TESTS.items()]


def places_of(divisions_changed: Sequence[str]) -> list[str]:
    """Where to test: each place changed; of a place wider than a county, its counties."""
    places: dict[str, None] = {}
    for place in divisions_changed:
        for each in [county.code for county in divisions().children(CITY)] if len(place) <= len(CITY) else [place]:
            places.setdefault(each)
    return list(places)


def tests_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """`{passed, failed, names, all}` as it is stored: `names` are the failed ones."""
    failed = [each for each in outcomes if not each.is_passed]
    return {
        "passed": len(outcomes) - len(failed),
        "failed": len(failed),
        "names": [{"code": each.code, "name": words()["tests"][each.code], "detail": each.detail} for each in failed],
        "all": [each.code for each in outcomes],
    }


def _run(code: str, test: Callable[[Trial], bool], trials: Sequence[Trial]) -> Outcome:
    for trial in trials:
        # A day before the first value can be tested for nothing but that.
        if trial.p.has_gaps and code != "values_everywhere":
            continue
        try:
            is_passed = test(trial)
        except (OverflowError, ArithmeticError, TypeError, ValueError, LookupError):
            return Outcome(code, False, words()["broken"])
        if not is_passed:
            detail = filled(words()["detail"], place=trial.p.place or "000000", day=trial.p.on.isoformat())
            return Outcome(code, False, detail)
    return Outcome(code, True)


def _trial(book: RuleBook, place: str, day: date) -> Trial:
    p = book.at(place, day)
    if p.has_gaps:
        return Trial(p, [])
    random = Random(f"{place} {day}")  # the same families every time
    line = p.dibao_standard_month
    cases = [family(random, day, line, unknown=0.1 if number % 4 == 0 else 0.0) for number in range(FAMILIES)]
    return Trial(p, cases, [_findings(case, p) for case in cases])


def _findings(case: Case, p: Parameters) -> dict[str, Any]:
    h = work_through(*case, p)
    found: dict[str, Any] = {programme.code: make_finding(programme, h) for programme in PROGRAMMES}
    found["people"] = None if is_unknown(h.people) else h.people
    h.release()
    return found


def _values_everywhere(trial: Trial) -> bool:
    return not trial.p.has_gaps


def _margin_line_above_dibao(trial: Trial) -> bool:
    return bool(trial.p.margin_multiple > RATE)


def _tekun_not_below_dibao(trial: Trial) -> bool:
    return bool(trial.p.tekun_basic_multiple >= RATE)


def _tables_rise(trial: Trial) -> bool:
    p = trial.p
    grow = [[row[1] for row in getattr(p, id)] for id in _GROWING]
    grow.append([p.temp_emergency_light, p.temp_emergency_medium, p.temp_emergency_severe])
    grow.append([p.care_full_self_care, p.care_partial_loss, p.care_total_loss])
    grow.append([row[1] for row in reversed(p.tiers)])
    return all(bool(earlier <= later) for row in grow for earlier, later in itertools.pairwise(row))


def _more_income_never_more_dibao(trial: Trial) -> bool:
    for case, before in zip(trial.cases, trial.findings, strict=True):
        if case[0].members[0].incomes is None:
            continue
        then = before["dibao"]
        now = _findings(with_more_income(case, _MORE_FEN), trial.p)["dibao"]
        if then.outcome == "not_eligible" and now.outcome == "eligible":
            return False
        if then.outcome == now.outcome == "eligible" and _base(now) > _base(then):
            return False
    return True


def _at_the_standard_and_a_fen_below(trial: Trial) -> bool:
    p = trial.p
    line = p.dibao_standard_month
    at_it = _findings(alone(p.on, line), p)["dibao"].outcome
    below = line == 0 or _findings(alone(p.on, line - 1), p)["dibao"].outcome == "eligible"
    return bool(at_it == "not_eligible" and below)


def _caps_hold(trial: Trial) -> bool:
    p = trial.p
    for found in trial.findings:
        once = found["temp_spending"].one_off_fen or 0
        if once * RATE > p.temp_year_cap_multiple * p.dibao_standard_month + RATE // 2:
            return False
        dibao, people = found["dibao"], found["people"]
        # rounding to the grant's unit may add less than one unit
        if p.grant_mode == "difference" and people is not None and dibao.outcome == "eligible":
            most = p.dibao_standard_month * people
            if _base(dibao) > most + p.grant_unit:
                return False
    return True


def _no_amount_below_zero(trial: Trial) -> bool:
    return all(
        fen >= 0
        for found in trial.findings
        for programme in PROGRAMMES
        for fen in (found[programme.code].monthly_fen or 0, found[programme.code].one_off_fen or 0)
    )


def _unknown_income_decides_nothing(trial: Trial) -> bool:
    return bool(_findings(alone(trial.p.on, None), trial.p)["dibao"].outcome == "unknown")


def _both_readings_agree(trial: Trial) -> bool:
    table = screen(frames_of(trial.cases), trial.p).households.to_dicts()
    return all(_agrees(row, found) for row, found in zip(table, trial.findings, strict=True))


_OUTCOMES: Final = {True: "eligible", False: "not_eligible", None: "unknown"}


def _agrees(row: dict[str, Any], found: dict[str, Any]) -> bool:
    return all(pair[0] == pair[1] for programme in PROGRAMMES for pair in _pairs(programme, row, found[programme.code]))


def _pairs(programme: Any, row: dict[str, Any], finding: Any) -> Iterator[tuple[Any, Any]]:
    code = programme.code
    yield _OUTCOMES[row[programme.anyone]], finding.outcome
    for name, fen in finding.components:
        yield row[f"{code}_{name}"], fen
    if programme.one_off is not None:
        yield row[f"{code}_one_off"] or 0, finding.one_off_fen or 0


def _base(finding: Any) -> int:
    return sum(fen for code, fen in finding.components if code == "base")


_TESTS: Final[dict[str, Callable[[Trial], bool]]] = {
    "values_everywhere": _values_everywhere,
    "margin_line_above_dibao": _margin_line_above_dibao,
    "tekun_not_below_dibao": _tekun_not_below_dibao,
    "tables_rise": _tables_rise,
    "more_income_never_more_dibao": _more_income_never_more_dibao,
    "at_the_standard_and_a_fen_below": _at_the_standard_and_a_fen_below,
    "caps_hold": _caps_hold,
    "no_amount_below_zero": _no_amount_below_zero,
    "unknown_income_decides_nothing": _unknown_income_decides_nothing,
    "both_readings_agree": _both_readings_agree,
}
