"""From a household worked through to findings: outcome, people, amounts, reasons, tests and missing facts."""

from typing import Any

from services.eligibility.rules.assessment import Finding, Margin, Outcome, Shown, TestLine, Verdict
from services.eligibility.rules.criteria import Comparison, Line
from services.eligibility.rules.logic import RATE, UNKNOWN, Value, round_half_up
from services.eligibility.rules.plain import HouseholdView, PersonView
from services.eligibility.rules.reading import Search
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import Programme

_MILLION = 1_000_000


def outcome_of(holds: Value) -> Outcome:
    """The word for an answer."""
    if holds is UNKNOWN:
        return "unknown"
    return "eligible" if holds else "not_eligible"


def make_finding(programme: Programme, h: HouseholdView, p: Parameters, search: Search) -> Finding:
    """One programme's finding for a household worked through with its lines kept."""
    holds = getattr(h, programme.anyone)
    lines, deciding = _lines(programme, h, holds)
    if holds is False:
        reasons = tuple(dict.fromkeys(line.test.refusal for line in lines if line.holds is False and line.test.refusal))
        return Finding(
            programme=programme.code,
            outcome="not_eligible",
            reason_codes=reasons or ((programme.unreached,) if not lines and programme.unreached else ()),
            margin=_margin_of_refusal(lines, p) if programme.can_near_miss and lines else None,
            tests=tuple(_test_line(line) for line in lines),
        )
    members = _members(programme, h, p, holds)
    tests = tuple(_test_line(line) for line in lines)
    missing = _missing(programme, h, p, search)
    if holds is UNKNOWN:
        return Finding(
            programme=programme.code,
            outcome="unknown",
            members=members,
            monthly_fen=None,
            one_off_fen=None,
            tests=tests,
            missing=missing,
        )
    return _eligible(programme, h, p, members, deciding, tests, missing)


def _eligible(
    programme: Programme,
    h: HouseholdView,
    p: Parameters,
    members: tuple[str, ...],
    lines: list[Line],
    tests: tuple[TestLine, ...],
    missing: tuple[str, ...],
) -> Finding:
    components = tuple((code, component_of(programme, code, h, p)) for code, _ in programme.components)
    reasons = [line.test.reason for line in lines if line.holds is True and line.test.reason]
    reasons += [code for code, when in programme.notes if when(h, p) is True]
    return Finding(
        programme=programme.code,
        outcome="eligible",
        members=members,
        monthly_fen=sum(fen for _, fen in components),
        one_off_fen=programme.one_off(h, p) if programme.one_off else 0,
        components=components,
        authority=programme.authority(h, p) if programme.authority else None,
        reason_codes=tuple(dict.fromkeys(reasons)),
        margin=_margin_of_yes(lines) if programme.can_near_miss else None,
        tests=tests,
        missing=missing,
    )


def component_of(programme: Programme, code: str, h: HouseholdView, p: Parameters) -> int:
    """One monthly component of an eligible finding. Units: fen."""
    if programme.scope == "household":
        fen: int = getattr(h, f"{programme.code}_{code}")
        return fen
    fen = dict(programme.components)[code](h, p)
    return fen


def _lines(programme: Programme, h: HouseholdView, holds: Value) -> tuple[list[Line], list[Line]]:
    """All lines of a finding, and those of the subjects that decide it."""
    if programme.scope == "household":
        lines = programme.tidy(h.lines[programme.code])
        return lines, lines
    every: list[Line] = []
    deciding: list[Line] = []
    for m in h.members:
        kept = m.lines.get(programme.code)
        if kept:
            kept = programme.tidy(kept)
            every += kept
            if getattr(m, programme.code) is holds:
                deciding += kept
    return every, deciding


def _members(programme: Programme, h: HouseholdView, p: Parameters, holds: Value) -> tuple[str, ...]:
    if programme.scope == "person":
        return tuple(m.ref for m in h.members if getattr(m, programme.code) is holds)
    if programme.members is None:
        return ()
    concerned = ((m.ref, programme.members(m, p)) for m in h.members)
    if holds is UNKNOWN:
        return tuple(ref for ref, member in concerned if member is not False)
    return tuple(ref for ref, member in concerned if member is True)


def _missing(programme: Programme, h: HouseholdView, p: Parameters, search: Search) -> tuple[str, ...]:
    """Facts that would change the answer, the people or the amount."""
    facts: list[str] = []
    if programme.scope == "household":
        if getattr(h, programme.code) is UNKNOWN:
            facts += search.of_programme(programme, h)
    else:
        for m in h.members:
            if getattr(m, programme.code) is UNKNOWN:
                facts += search.of_programme(programme, m)
    if programme.amount_facts is not None and getattr(h, programme.anyone) is True:
        for m in h.members:
            facts += search.of_text(programme.amount_facts, m)
    if programme.members is not None and getattr(h, programme.code) is True:
        for m in h.members:
            if programme.members(m, p) is UNKNOWN:
                facts += search.of_text(programme.members, m)
    return tuple(dict.fromkeys(facts))


def _test_line(line: Line) -> TestLine:
    test = line.test
    verdict: Verdict = "unknown"
    if line.holds is not UNKNOWN:
        verdict = "pass" if line.holds else "fail"
    member = line.subject.ref if isinstance(line.subject, PersonView) else ""
    if isinstance(test, Comparison):
        return TestLine(test.id, verdict, _shown(line.actual, line.per), _shown(line.threshold, line.per), member)
    actual: Shown = _plain(line.actual)
    return TestLine(test.id, verdict, actual, None, member)


def _shown(figure: Value, per: Value) -> int | None:
    if figure is UNKNOWN or per is UNKNOWN:
        return None
    shown = figure if per == 1 else round_half_up(figure, per)
    return None if shown is UNKNOWN else shown


def _plain(value: Value) -> Any:  # Any: a code, number or truth
    return None if value is UNKNOWN else value


def _compared(lines: list[Line]) -> list[Line]:
    return [line for line in lines if isinstance(line.test, Comparison) and not line.waived]


def _distance(line: Line) -> int:
    """From the figure to its line as shown: negative on the wrong side. Rounded, so for display only."""
    apart = line.threshold - line.actual if line.test.operator in ("<", "<=") else line.actual - line.threshold
    shown = round_half_up(apart, line.per)
    return 0 if shown is UNKNOWN else shown


def _margin_of_refusal(lines: list[Line], p: Parameters) -> Margin | None:
    """Only where one test alone fails, and that a comparison; else nobody is near."""
    failing = [line for line in lines if line.holds is not True]
    if len(failing) != 1 or failing[0].holds is UNKNOWN or not isinstance(failing[0].test, Comparison):
        return None
    line = failing[0]
    near = False
    if line.threshold > 0 and p.near_miss_share is not UNKNOWN:
        near = abs(line.actual - line.threshold) * RATE <= line.threshold * p.near_miss_share
    return Margin(line.test.id, _distance(line), near)


def _margin_of_yes(lines: list[Line]) -> Margin | None:
    tightest: tuple[int, Line] | None = None
    for line in _compared(lines):
        if line.threshold <= 0:
            continue
        room = abs(line.threshold - line.actual) * _MILLION // line.threshold
        if tightest is None or room < tightest[0]:
            tightest = (room, line)
    return Margin(tightest[1].test.id, _distance(tightest[1])) if tightest else None
