"""From a household worked through to findings: outcome, people, amounts, reasons, tests and missing facts."""

from collections.abc import Callable
from typing import Any, NamedTuple

from services.eligibility.rules.assessment import Finding, Margin, Shown, TestLine, Verdict
from services.eligibility.rules.criteria import Comparison, Line
from services.eligibility.rules.logic import RATE, Unknown, Value, is_unknown, round_half_up
from services.eligibility.rules.plain import HouseholdView, PersonView
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import Programme

_MILLION = 1_000_000

Subject = HouseholdView | PersonView


class Told(NamedTuple):
    """A line and whom it is about."""

    line: Line
    subject: Subject


def make_finding(programme: Programme, h: HouseholdView) -> Finding:
    """One programme's finding for a household worked through with its lines kept."""
    holds = h.__dict__[programme.anyone]
    if holds is False:
        return _not_eligible(programme, h)
    if holds is True:
        return _eligible(programme, h)
    told = _told(programme, h)
    return Finding(
        programme.code,
        "unknown",
        _members(programme, h, lambda answer: answer is not False),
        None,
        None,
        tests=tuple([_test_line(line, subject, h.p) for line, subject in told]),
        missing=h.missing.named(holds.facts),
    )


def _not_eligible(programme: Programme, h: HouseholdView) -> Finding:
    told = _told(programme, h)
    reasons = dict.fromkeys([line.test.refusal for line, _ in told if line.holds is False])
    reasons.pop("", None)
    if not told and programme.unreached:
        reasons[programme.unreached] = None
    return Finding(
        programme.code,
        "not_eligible",
        reason_codes=tuple(reasons),
        margin=_margin_of_refusal(told, h.p) if programme.can_near_miss and told else None,
        tests=tuple([_test_line(line, subject, h.p) for line, subject in told]),
    )


def _eligible(programme: Programme, h: HouseholdView) -> Finding:
    p = h.p
    told = _told(programme, h)
    amounts = [(code, _component(programme, code, text, h)) for code, text in programme.components]
    one_off = programme.one_off(h, p) if programme.one_off else 0
    reasons = [line.test.reason for line, subject in told if line.holds is True and _decides(programme, subject)]
    reasons += [code for code, when in programme.notes if when(h, p) is True]
    components = tuple([(code, fen) for code, fen in amounts if not is_unknown(fen)])
    return Finding(
        programme.code,
        "eligible",
        _members(programme, h, lambda answer: answer is True),
        sum([fen for _, fen in components]) if len(components) == len(amounts) else None,
        None if is_unknown(one_off) else one_off,
        components,
        programme.authority(h, p) if programme.authority else None,
        tuple(code for code in dict.fromkeys(reasons) if code),
        _margin_of_yes(told, p) if programme.can_near_miss else None,
        tuple([_test_line(line, subject, p) for line, subject in told]),
        _missing_beside(programme, h, [*(fen for _, fen in amounts), one_off]),
    )


def _component(programme: Programme, code: str, text: Callable[[Value, Value], Value], h: HouseholdView) -> Value:
    """One monthly component of an eligible finding. Units: fen."""
    return h.__dict__[f"{programme.code}_{code}"] if programme.scope == "household" else text(h, h.p)


def _decides(programme: Programme, subject: Subject) -> bool:
    """Whether an eligible finding stands on this subject."""
    return subject.__dict__[programme.code] is True


def _told(programme: Programme, h: HouseholdView) -> list[Told]:
    """All lines of a finding: the household's, or those of each person looked at."""
    code, tidy = programme.code, programme.tidy
    if programme.scope == "household":
        return [Told(line, h) for line in tidy(h.lines[code])] if code in h.lines else []
    return [Told(line, m) for m in h.members if code in m.lines for line in tidy(m.lines[code])]


def _members(programme: Programme, h: HouseholdView, wanted: Callable[[Value], bool]) -> tuple[str, ...]:
    if programme.scope == "person":
        return tuple([m.ref for m in h.members if wanted(m.__dict__[programme.code])])
    text = programme.members
    return () if text is None else tuple([m.ref for m in h.members if wanted(text(m, h.p))])


def _missing_beside(programme: Programme, h: HouseholdView, amounts: list[Value]) -> tuple[str, ...]:
    """Of a yes: the facts that would still change the people or the amount."""
    p = h.p
    open_values = list(amounts)
    if programme.scope == "person":
        open_values += [m.__dict__[programme.code] for m in h.members]
    elif programme.members is not None:
        open_values += [programme.members(m, p) for m in h.members]
    if programme.amount_facts is not None:
        open_values += [programme.amount_facts(m, p) for m in h.members]
    facts = 0
    for value in open_values:
        if type(value) is Unknown:
            facts |= value.facts
    return h.missing.named(facts)


def _test_line(line: Line, subject: Subject, p: Parameters) -> TestLine:
    test, holds, actual, threshold, waived = line
    verdict: Verdict = "pass" if holds is True else "fail" if holds is False else "unknown"
    member = subject.ref if type(subject) is PersonView else ""
    if type(test) is Comparison:
        per = test.per(subject, p)
        return TestLine(test.id, verdict, _shown(actual, per), _shown(threshold, per), member, waived)
    shown: Shown = None if is_unknown(actual) else actual
    return TestLine(test.id, verdict, shown, True if type(shown) is bool else None, member)


def _shown(figure: Value, per: Value) -> int | None:
    shown: Any = figure if per is _ONE else round_half_up(figure, per)  # Any: a number or an Unknown
    return None if is_unknown(shown) else shown


_ONE = 1


def _distance(line: Line, per: Value) -> int:
    """From the figure to its line as shown: negative on the wrong side. Rounded, so for display only."""
    apart = line.threshold - line.actual if line.test.operator in ("<", "<=") else line.actual - line.threshold
    return _shown(apart, per) or 0


def _margin_of_refusal(told: list[Told], p: Parameters) -> Margin | None:
    """Only where one test alone fails, and that a comparison; else nobody is near."""
    failing = [each for each in told if each.line.holds is not True]
    if len(failing) != 1:
        return None
    line, subject = failing[0]
    if line.holds is not False or not isinstance(line.test, Comparison):
        return None
    near = False
    if line.threshold > 0 and not is_unknown(p.near_miss_share):
        near = abs(line.actual - line.threshold) * RATE <= line.threshold * p.near_miss_share
    return Margin(line.test.id, _distance(line, line.test.per(subject, p)), near)


def _margin_of_yes(told: list[Told], p: Parameters) -> Margin | None:
    """The comparison passed by the least."""
    tightest: tuple[int, Told] | None = None
    for each in told:
        line = each.line
        if not isinstance(line.test, Comparison) or line.waived or line.holds is not True or line.threshold <= 0:
            continue
        room = abs(line.threshold - line.actual) * _MILLION // line.threshold
        if tightest is None or room < tightest[0]:
            tightest = (room, each)
    if tightest is None:
        return None
    line, subject = tightest[1]
    assert isinstance(line.test, Comparison)
    return Margin(line.test.id, _distance(line, line.test.per(subject, p)))
