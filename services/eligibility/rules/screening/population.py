"""A population read: every household's answer to every programme, with amounts, reasons, missing facts and near misses.

Answers, amounts and reasons come from columns, for all households at once. Which missing facts an unknown answer hangs
on, and by how much a programme was missed, only the reading of one household can tell: it is asked of those alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.eligibility.rules.assessment import Finding
from services.eligibility.rules.columns.frames import Frames, frames_of
from services.eligibility.rules.columns.reasons import Codes, near_lines, reasons_of
from services.eligibility.rules.columns.screen import screen
from services.eligibility.rules.facts import Event, Facts, History
from services.eligibility.rules.findings import make_finding
from services.eligibility.rules.logic import is_unknown
from services.eligibility.rules.plain import work_through
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.snapshot import Parameters

CODES: Final = tuple(programme.code for programme in PROGRAMMES)
"""Programmes in the order of an answer's letters."""

YES, NO, UNKNOWN_YET, RECEIVING = "y", "n", "u", "r"
_BY_CODE: Final = {programme.code: programme for programme in PROGRAMMES}
_LETTERS: Final = {True: YES, False: NO, None: UNKNOWN_YET}
_NAMED: Final = {"eligible": YES, "not_eligible": NO, "unknown": UNKNOWN_YET}

Case = tuple[Facts, Event, History]


@dataclass(slots=True)
class Reading:
    """One household's answers: a letter for each programme, in the order of CODES; the rest by programme.

    `amounts` are of programmes with a yes: (a month, once), in fen. `near` are refusals by little.
    """

    letters: str
    amounts: dict[str, tuple[int, int]] = field(default_factory=dict)
    reasons: dict[str, Codes] = field(default_factory=dict)
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    near: dict[str, Finding] = field(default_factory=dict)


def read_population(cases: Sequence[Case], p: Parameters) -> list[Reading]:
    """The answers of households that share place and day."""
    if not cases:
        return []
    if p.has_gaps:
        return [read_one(case, p) for case in cases]
    try:
        frames = screen(frames_of(cases), p)
    except OverflowError:  # an amount that no household has: whole numbers of any size on plain values
        return [read_one(case, p) for case in cases]
    readings = _answers(frames, len(cases))
    for code, column in reasons_of(frames, p).items():
        for reading, codes in zip(readings, column, strict=True):
            if codes:
                reading.reasons[code] = codes
    _look_closer(cases, readings, near_lines(frames, p), p)
    return readings


def read_one(case: Case, p: Parameters) -> Reading:
    """One household, by the reading of one household alone."""
    facts, event, history = case
    h = work_through(facts, event, history, p)
    findings = [make_finding(programme, h) for programme in PROGRAMMES]
    h.release()
    reading = Reading("".join(_NAMED[finding.outcome] for finding in findings))
    for finding in findings:
        _take(reading, finding)
    return reading


def _take(reading: Reading, finding: Finding) -> None:
    code = finding.programme
    if finding.outcome == "eligible":
        reading.amounts[code] = (finding.monthly_fen or 0, finding.one_off_fen or 0)
    if finding.outcome == "unknown":
        reading.missing[code] = finding.missing
    elif finding.reason_codes:
        reading.reasons[code] = finding.reason_codes
    if finding.is_near_miss:
        reading.near[code] = finding


def _answers(frames: Frames, count: int) -> list[Reading]:
    """Letters and amounts."""
    table = frames.households
    letters = [[_LETTERS[answer] for answer in table.get_column(each.anyone).to_list()] for each in PROGRAMMES]
    readings = [Reading("".join(row)) for row in zip(*letters, strict=True)]
    assert len(readings) == count
    for programme in PROGRAMMES:
        code = programme.code
        monthly = [table.get_column(f"{code}_{name}").to_list() for name, _ in programme.components]
        once = table.get_column(f"{code}_one_off").to_list() if programme.one_off is not None else None
        for index, answer in enumerate(table.get_column(programme.anyone).to_list()):
            if answer is True:
                month_fen = sum(column[index] or 0 for column in monthly)
                readings[index].amounts[code] = (month_fen, (once[index] or 0) if once else 0)
    return readings


def _look_closer(
    cases: Sequence[Case], readings: Sequence[Reading], near: Mapping[str, Sequence[int]], p: Parameters
) -> None:
    """Name the missing facts of unknown answers, and find out who was really missed by little."""
    candidates: dict[int, list[str]] = {}
    for code, indices in near.items():
        for index in indices:
            candidates.setdefault(index, []).append(code)
    for index, reading in enumerate(readings):
        asked = candidates.get(index, ())
        is_open = UNKNOWN_YET in reading.letters
        if not asked and not is_open:
            continue
        facts, event, history = cases[index]
        h = work_through(facts, event, history, p, keep_lines=bool(asked))
        if is_open:
            for programme in PROGRAMMES:
                holds = h.__dict__[programme.anyone]
                if is_unknown(holds):
                    reading.missing[programme.code] = h.missing.named(holds.facts)
        for code in asked:
            finding = make_finding(_BY_CODE[code], h)
            if finding.is_near_miss:
                reading.near[code] = finding
        h.release()
