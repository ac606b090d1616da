"""Why a population's households were refused or taken: the tests of each programme read on columns.

After `screen` every figure is a column, so each programme's text is called once more with a subject that keeps its
lines; the lines are then columns too. Households with the same answers to the same tests share their reasons, so that
each pattern of answers is thought about once, by the same tidying as one household's explanation.
"""

from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from services.eligibility.rules.columns.frames import Frames
from services.eligibility.rules.columns.screen import with_home
from services.eligibility.rules.columns.words import ColumnView, MemberColumns, as_column
from services.eligibility.rules.criteria import Comparison, Line
from services.eligibility.rules.logic import RATE, UNKNOWN, Value, is_unknown
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import Programme

Codes = tuple[str, ...]
"""Reason codes, in the order of the tests."""

_SHOWN_FIGURES: Final = "months"
"""Unit of the few tests whose figure decides whether they are shown at all."""


class _TracedHousehold(ColumnView):
    """The households' frame; each test called leaves its line."""

    def __init__(self) -> None:
        self.__dict__["trace"] = []


class _TracedMember(MemberColumns):
    """The members' frame; each test called leaves its line."""

    def __init__(self) -> None:
        super().__init__()
        self.__dict__["trace"] = []


def reasons_of(frames: Frames, p: Parameters) -> dict[str, list[Codes]]:
    """For each programme the reason codes of every household, as its finding would give them (notes apart).

    `frames` are what `screen` answered for the same parameters. Of a household for which nobody can tell: no codes.
    """
    return {programme.code: _reasons(programme, frames, p) for programme in PROGRAMMES}


def near_lines(frames: Frames, p: Parameters) -> dict[str, list[int]]:
    """For each programme that can be missed by little, the households that may have: a comparison failed within reach.

    Wider than the truth (other tests may fail too): whoever needs to be sure looks at these households one by one.
    """
    near: dict[str, list[int]] = {}
    if is_unknown(p.near_miss_share):
        return near
    for programme in PROGRAMMES:
        if programme.can_near_miss:
            found = _near(programme, frames, p)
            if found:
                near[programme.code] = found
    return near


def _subject(programme: Programme) -> Any:  # Any: a view of either frame
    return _TracedHousehold() if programme.scope == "household" else _TracedMember()


def _asked(programme: Programme, frames: Frames, p: Parameters) -> tuple[pl.DataFrame, list[Line], Value]:
    """The frame that a programme's tests read, their lines, and whether the programme is reached."""
    subject = _subject(programme)
    lines: list[Line] = subject.__dict__.pop("trace")
    reached: Value = True if programme.reached is None else programme.reached(subject, p)
    subject.__dict__["trace"] = lines
    programme.holds(subject, p)
    frame = frames.households if programme.scope == "household" else with_home(frames, subject.home.asked)
    return frame, lines, reached


def _reasons(programme: Programme, frames: Frames, p: Parameters) -> list[Codes]:
    frame, lines, reached = _asked(programme, frames, p)
    verdicts = [as_column(line.holds).cast(pl.Boolean).alias(f"v{i}") for i, line in enumerate(lines)]
    shown = {i: f"f{i}" for i, line in enumerate(lines) if line.test.unit == _SHOWN_FIGURES}
    figures = [as_column(lines[i].actual).cast(pl.Int64).alias(name) for i, name in shown.items()]
    told = frame.select(
        pl.col("household"),
        pl.col(programme.code).alias("answer"),
        as_column(reached).cast(pl.Boolean).alias("reached"),
        *verdicts,
        *figures,
    )
    outcomes = frames.households.get_column(programme.anyone).to_list()
    unreached = (programme.unreached,) if programme.unreached else ()
    found: list[Codes] = [unreached if outcome is False else () for outcome in outcomes]
    seen: dict[int, dict[str, None]] = {}
    names = [name for name in told.columns if name != "household"]
    for key, group in told.group_by(names):
        row = dict(zip(names, key, strict=True))
        if row["reached"] is False:
            continue
        kept = [_plain(line, row, i, shown) for i, line in enumerate(lines)]
        kept = programme.tidy(kept) if kept else kept
        for outcome, codes in _codes(kept, row["answer"]):
            for household in group.get_column("household").to_list():
                if outcomes[household] is outcome:
                    seen.setdefault(household, {}).update(codes)
    for household, codes in seen.items():
        found[household] = tuple(codes)
    return found


def _plain(line: Line, row: dict[str, Any], place: int, shown: dict[int, str]) -> Line:  # Any: a cell
    holds = row[f"v{place}"]
    return Line(line.test, UNKNOWN if holds is None else holds, row.get(shown.get(place, "")), None, False)


def _codes(lines: list[Line], answer: bool | None) -> Iterator[tuple[bool, dict[str, None]]]:
    """The codes of a refusal; where the answer is yes, those of the yes too."""
    refused = dict.fromkeys(line.test.refusal for line in lines if line.holds is False)
    refused.pop("", None)
    yield False, refused
    if answer is True:
        taken = dict.fromkeys(line.test.reason for line in lines if line.holds is True)
        taken.pop("", None)
        yield True, taken


def _near(programme: Programme, frames: Frames, p: Parameters) -> list[int]:
    """Households with a failed comparison within the dated share of its line."""
    frame, lines, reached = _asked(programme, frames, p)
    close = []
    for line in lines:
        if not isinstance(line.test, Comparison):
            continue
        threshold = as_column(line.threshold)
        # divided first: the figures are at the rules' scale and would not bear another factor
        reach = threshold // RATE * p.near_miss_share + p.near_miss_share
        apart = (as_column(line.actual) - threshold).abs()
        close.append(as_column(line.holds).eq_missing(False) & (threshold > 0) & (apart <= reach))
    if not close:
        return []
    is_near = pl.any_horizontal(*close) & as_column(reached).fill_null(False)
    refused = frames.households.filter(pl.col(programme.anyone).eq_missing(False)).get_column("household")
    near = frame.filter(is_near).get_column("household").unique()
    return sorted(set(near.to_list()) & set(refused.to_list()))
