"""The tests a programme is made of: a comparison of two figures, a claim, or a group of tests.

A test is called with a subject (a household or a person, as plain values or as columns) and the parameters, and answers
True, False or unknown. On plain values the subject may carry a trace: then each test called leaves a line in it, with
the exact figures it compared.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from services.eligibility.rules.logic import Value, above, all_of, at_least, at_most, below

Text = Callable[[Value, Value], Value]
"""A rule text: (subject, parameters) → value."""

_COMPARE: Final[dict[str, Callable[[Value, Value], Value]]] = {"<": below, "<=": at_most, ">": above, ">=": at_least}

CATALOGUE: Final[dict[str, "Test"]] = {}
"""Every test by its id: what a stored line means is looked up here."""


def one(subject: Value, p: Value) -> Value:
    """Figures that are shown as they are compared."""
    return 1


class Line(NamedTuple):
    """One test as it went: its answer, the exact figures compared (or the code to show), and whether it was waived."""

    test: "Test"
    holds: Value
    actual: Value
    threshold: Value
    waived: bool


_new_line = tuple.__new__  # a third of the cost of calling Line, fifty times a household


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """What all tests have: an id, the article it comes from, and reason codes for when it decides.

    `unit` says how figures are written: yuan texts for fen, rates for ten-thousandths, whole numbers else. Of the
    `alternative` tests of a programme one is enough.
    """

    __test__ = False  # not for pytest

    id: str
    cites: tuple[str, str]
    reason: str = ""
    refusal: str = ""
    unit: str = ""
    operator: str = "is"
    alternative: bool = False

    def __post_init__(self) -> None:
        if self.id in CATALOGUE:
            raise ValueError(f"two tests are called {self.id}")
        CATALOGUE[self.id] = self

    def __call__(self, subject: Value, p: Value) -> Value:
        """Whether the test holds for the subject, with a line in its trace when it keeps one."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Test):
    """Two exact figures on one scale. Where `unless` holds the comparison is waived and the test passes.

    `per` divides both figures for display only.
    """

    actual: Text
    threshold: Text
    per: Text = one
    unless: Text | None = None

    def __call__(self, subject: Value, p: Value) -> Value:
        """As Test."""
        actual, threshold = self.actual(subject, p), self.threshold(subject, p)
        holds = _COMPARE[self.operator](actual, threshold)
        waived: Value = False
        if self.unless is not None:
            waived = self.unless(subject, p)
            holds = waived | holds
        if subject.trace is not None:
            subject.trace.append(_new_line(Line, (self, holds, actual, threshold, waived is True)))
        return holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Test):
    """Something that is so, is not so, or is not known. `shows` names the figure or code to print beside it."""

    holds: Text
    shows: Text | None = None

    def __call__(self, subject: Value, p: Value) -> Value:
        """As Test."""
        holds = self.holds(subject, p)
        if subject.trace is not None:
            shown = holds if self.shows is None else self.shows(subject, p)
            subject.trace.append(_new_line(Line, (self, holds, shown, None, False)))
        return holds


class Group:
    """Several tests that count as one. It leaves no line of its own; its tests do."""

    __slots__ = ("_combine", "tests")

    def __init__(self, *tests: "Test | Group", how: Callable[..., Value] = all_of) -> None:
        self.tests = tests
        self._combine = how

    def __call__(self, subject: Value, p: Value) -> Value:
        """Whether all (or any, as it was made) of the tests hold."""
        return self._combine(*[test(subject, p) for test in self.tests])
