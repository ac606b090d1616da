"""From a household worked through to findings: outcome, people, amounts, reasons, tests and missing facts."""

from collections.abc import Callable
from functools import cache

from services.eligibility.rules.assessment import CheckedTest, Finding, Margin
from services.eligibility.rules.criteria import Comparison, Line, Text, one
from services.eligibility.rules.logic import BEYOND, RATE, Unknown, Value, is_unknown, round_half_up
from services.eligibility.rules.plain import HouseholdView, PersonView
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import Programme

_MILLION = 1_000_000

Subject = HouseholdView | PersonView

Told = list[tuple[Line, Subject]]
"""Lines, each with whom it is about."""


def make_finding(programme: Programme, h: HouseholdView) -> Finding:
    """One programme's finding for a household worked through with its lines kept."""
    holds = h.__dict__[programme.anyone]
    told = _told(programme, h)
    if holds is False:
        return _not_eligible(programme, h.p, told) if told else _unreached(programme.code, programme.unreached)
    if holds is True:
        return _eligible(programme, h, told)
    members = _members(programme, h, lambda answer: answer is not False)
    tests, missing = _test_lines(told, h.p), h.missing.named(holds.facts)
    return Finding(programme.code, "unknown", members, None, None, tests=tests, missing=missing)


@cache
def _unreached(code: str, reason: str) -> Finding:
    """The finding of a programme that nobody was reached by: always the same."""
    return Finding(code, "not_eligible", reason_codes=(reason,) if reason else ())


def _not_eligible(programme: Programme, p: Parameters, told: Told) -> Finding:
    reasons = dict.fromkeys([line.test.refusal for line, _ in told if line.holds is False])
    reasons.pop("", None)
    margin = _margin_of_refusal(told, p) if programme.can_near_miss else None
    return Finding(
        programme.code,
        "not_eligible",
        reason_codes=tuple(reasons),
        margin=margin,
        tests=_test_lines(told, p),
    )


def _eligible(programme: Programme, h: HouseholdView, told: Told) -> Finding:
    p, code = h.p, programme.code
    amounts = [(name, _component(programme, name, text, h)) for name, text in programme.components]
    one_off = programme.one_off(h, p) if programme.one_off else 0
    # A person's lines count towards the reasons only where that person is on the programme.
    reasons = [line.test.reason for line, s in told if line.holds is True and s.__dict__[code] is True]
    reasons += [note for note, when in programme.notes if when(h, p) is True]
    components = tuple([(name, fen) for name, fen in amounts if not is_unknown(fen)])
    return Finding(
        code,
        "eligible",
        _members(programme, h, lambda answer: answer is True),
        sum([fen for _, fen in components]) if len(components) == len(amounts) else None,
        None if is_unknown(one_off) else one_off,
        components,
        _authority(programme, h, p),
        tuple([reason for reason in dict.fromkeys(reasons) if reason]),
        _margin_of_yes(told, p) if programme.can_near_miss else None,
        _test_lines(told, p),
        _missing_beside(programme, h, [*(fen for _, fen in amounts), one_off]),
    )


def _authority(programme: Programme, h: HouseholdView, p: Parameters) -> str | None:
    """Who decides; None where the programme does not say, and while nobody can tell."""
    decides = programme.authority(h, p) if programme.authority else None
    return None if type(decides) is Unknown else decides


def _component(programme: Programme, name: str, text: Text, h: HouseholdView) -> Value:
    """One monthly component of an eligible finding. Units: fen."""
    return h.__dict__[f"{programme.code}_{name}"] if programme.scope == "household" else text(h, h.p)


def _told(programme: Programme, h: HouseholdView) -> Told:
    """All lines of a finding: the household's, or those of each person looked at."""
    code, tidy = programme.code, programme.tidy
    if programme.scope == "household":
        lines = h.lines.get(code)
        return [(line, h) for line in tidy(lines)] if lines else []
    return [(line, m) for m in h.members if code in m.lines for line in tidy(m.lines[code])]


def _members(programme: Programme, h: HouseholdView, wanted: Callable[[Value], bool]) -> tuple[str, ...]:
    if programme.scope == "person":
        return tuple([m.ref for m in h.members if wanted(m.__dict__[programme.code])])
    text = programme.members
    return () if text is None else tuple([m.ref for m in h.members if wanted(text(m, h.p))])


def _missing_beside(programme: Programme, h: HouseholdView, amounts: list[Value]) -> tuple[str, ...]:
    """Of a yes: the facts that would still change the people or the amount."""
    if not h.missing.names:
        return ()
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


def _test_lines(told: Told, p: Parameters) -> tuple[CheckedTest, ...]:
    """Lines as they are kept: verdicts, and figures divided for display."""
    made = []
    for (test, holds, actual, threshold, waived), subject in told:
        verdict = "pass" if holds is True else "fail" if holds is False else "unknown"
        member = subject.ref if type(subject) is PersonView else ""
        if type(test) is Comparison:
            if test.per is not one:
                per = test.per(subject, p)
                actual, threshold = round_half_up(actual, per), round_half_up(threshold, per)
            if type(threshold) is Unknown or threshold == BEYOND:
                threshold = None  # an empty list of bands has no line to show
        if type(actual) is Unknown:
            actual = None
        elif type(actual) is bool:
            threshold = True  # a claim: so it is, or it is not
        made.append(_new_tuple(CheckedTest, (test.id, verdict, actual, threshold, member, waived)))
    return tuple(made)


_new_tuple = tuple.__new__  # a third of the cost of calling CheckedTest, fifty times a household


def _distance(line: Line, subject: Subject, p: Parameters) -> int:
    """From the figure to its line as shown: negative on the wrong side. Rounded, so for display only."""
    assert isinstance(line.test, Comparison)
    apart = line.threshold - line.actual if line.test.operator in ("<", "<=") else line.actual - line.threshold
    shown = round_half_up(apart, line.test.per(subject, p))
    return 0 if is_unknown(shown) else int(shown)


def _margin_of_refusal(told: Told, p: Parameters) -> Margin | None:
    """Only where one test alone fails, and that a comparison; else nobody is near."""
    failing = [each for each in told if each[0].holds is not True]
    if len(failing) != 1:
        return None
    line, subject = failing[0]
    if line.holds is not False or not isinstance(line.test, Comparison) or line.threshold == BEYOND:
        return None
    near = False
    if line.threshold > 0 and not is_unknown(p.near_miss_share):
        near = abs(line.actual - line.threshold) * RATE <= line.threshold * p.near_miss_share
    return Margin(line.test.id, _distance(line, subject, p), near)


def _margin_of_yes(told: Told, p: Parameters) -> Margin | None:
    """The comparison passed by the least."""
    tightest: tuple[int, Line, Subject] | None = None
    for line, subject in told:
        _, holds, actual, threshold, waived = line
        if holds is not True or waived or type(line.test) is not Comparison or threshold <= 0:
            continue
        room = abs(threshold - actual) * _MILLION // threshold
        if tightest is None or room < tightest[0]:
            tightest = (room, line, subject)
    if tightest is None:
        return None
    _, line, subject = tightest
    return Margin(line.test.id, _distance(line, subject, p))
