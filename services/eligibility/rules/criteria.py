"""The tests a programme is made of: a comparison of two figures, a claim, or a group of tests.

A test is called with a subject (a household or a person, as plain values or as columns) and the parameters, and answers
True, False or unknown. On plain values the subject may carry a trace: then each test called leaves a line in it, with
the exact figures it compared. A test read through `reading.Reading` forgets what it read once it is decided, so that
only facts that matter are named as missing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from services.eligibility.rules.logic import UNKNOWN, Value, above, all_of, any_of, at_least, at_most, below

Text = Callable[[Value, Value], Value]
"""A rule text: (subject, parameters) → value."""

_COMPARE: Final = {"<": below, "<=": at_most, ">": above, ">=": at_least}


CATALOGUE: Final[dict[str, "Test"]] = {}
"""Every test by its id: what a stored line means is looked up here."""


def one(subject: Value, p: Value) -> Value:
    """Figures that are shown as they are compared."""
    return 1


class Line(NamedTuple):
    """One test as it went: its answer and, for a comparison, the exact figures and what divides them for display."""

    test: "Test"
    holds: Value
    actual: Value
    threshold: Value
    per: Value
    waived: bool
    subject: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """What all tests have: an id, the article it comes from, and reason codes for when it decides.

    `unit` says how figures are written: yuan texts for fen, rates for ten-thousandths, whole numbers else.
    """

    __test__ = False  # not for pytest

    id: str
    cites: tuple[str, str]
    reason: str = ""
    refusal: str = ""
    unit: str = ""
    operator: str = "is"

    def __post_init__(self) -> None:
        if self.id in CATALOGUE:
            raise ValueError(f"two tests are called {self.id}")
        CATALOGUE[self.id] = self

    def answer(self, subject: Value, p: Value) -> tuple[Value, Value, Value, Value, bool]:
        """(holds, actual, threshold, per, waived); see Line."""
        raise NotImplementedError

    def __call__(self, subject: Value, p: Value) -> Value:
        """Whether the test holds for the subject, with a line in its trace when it keeps one."""
        asked = subject.asked
        mark = len(asked) if asked is not None else 0
        holds, actual, threshold, per, waived = self.answer(subject, p)
        if subject.trace is not None:
            subject.trace.append(Line(self, holds, actual, threshold, per, waived, subject))
        if asked is not None and holds is not UNKNOWN:
            del asked[mark:]
        return holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Test):
    """Two exact figures on one scale. Where `unless` holds the comparison is waived and the test passes.

    `per` divides both figures for display only.
    """

    actual: Text
    threshold: Text
    per: Text = one
    unless: Text | None = None

    def answer(self, subject: Value, p: Value) -> tuple[Value, Value, Value, Value, bool]:
        """As Test.answer."""
        actual, threshold = self.actual(subject, p), self.threshold(subject, p)
        holds = _COMPARE[self.operator](actual, threshold)
        waived: Value = False
        if self.unless is not None:
            waived = self.unless(subject, p)
            holds = any_of(waived, holds)
        per = self.per(subject, p) if subject.trace is not None else 1
        return holds, actual, threshold, per, waived is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Test):
    """Something that is so, is not so, or is not known. `shows` names the figure or code to print beside it."""

    holds: Text
    shows: Text | None = None

    def answer(self, subject: Value, p: Value) -> tuple[Value, Value, Value, Value, bool]:
        """As Test.answer."""
        holds = self.holds(subject, p)
        shown = self.shows(subject, p) if self.shows is not None and subject.trace is not None else None
        return holds, shown, None, 1, False


def ask(text: Text, subject: Value, p: Value) -> Value:
    """A part of a rule on its own: once it is decided, what it read is forgotten and not named as missing."""
    asked = subject.asked
    mark = len(asked) if asked is not None else 0
    value = text(subject, p)
    if asked is not None and value is not UNKNOWN:
        del asked[mark:]
    return value


class Group:
    """Several tests that count as one. It leaves no line of its own; its tests do."""

    __slots__ = ("_combine", "tests")

    def __init__(self, *tests: "Test | Group", how: Callable[..., Value] = all_of) -> None:
        self.tests = tests
        self._combine = how

    def __call__(self, subject: Value, p: Value) -> Value:
        """Whether all (or any, as it was made) of the tests hold."""
        asked = subject.asked
        mark = len(asked) if asked is not None else 0
        holds = self._combine(*[test(subject, p) for test in self.tests])
        if asked is not None and holds is not UNKNOWN:
            del asked[mark:]
        return holds
