"""A plan as questions to frames: what each step asks of which rows, those that can be asked at once side by side.

A question depends on the place and day only, never on the households asked: it is thought out once for each.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import polars as pl

from services.eligibility.rules.columns.words import HOME, ColumnView, MemberColumns, as_column
from services.eligibility.rules.criteria import Text
from services.eligibility.rules.logic import all_of, any_of
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import CauseFlag, Fold, HouseholdFigure, PersonFigure, Programme, Step

HOUSEHOLD: Final = ColumnView()
"""The households' frame, as texts see it."""

_PLACES: Final = 32
"""Of so many places and days the questions are kept."""
_GIVING: Final = 12
"""So many programmes give amounts, at most."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts as column expressions, asked of the same rows at once.

    `names` are what their values are called, `columns` what they read of their own frame, `homes` what a member's text
    reads of the household.
    """

    values: tuple[pl.Expr, ...]
    names: tuple[str, ...]
    columns: tuple[str, ...]
    homes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Questions:
    """Steps whose texts are asked of the same rows of a frame.

    `over`: the frame; `paid_by`: the programme whose members alone are asked; `reached`: which members are asked at
    all, for whom the answer is not already no.
    """

    steps: tuple[Step, ...]
    over: str
    texts: Texts
    paid_by: str = ""
    reached: Texts | None = None


@dataclass(frozen=True, slots=True)
class _Question:
    step: Step
    over: str
    value: pl.Expr
    paid_by: str = ""
    reached: pl.Expr | None = None

    @property
    def makes(self) -> tuple[str, ...]:
        """The columns that the answer goes into."""
        return (self.step.code, *self.step.amounts) if isinstance(self.step, Programme) else (self.step.name,)

    @property
    def asks(self) -> set[str]:
        """The columns that the text reads, of the members or of their households."""
        return {name.removeprefix(HOME) for name in self.value.meta.root_names()}

    @property
    def is_alone(self) -> bool:
        """Whether it has to be asked by itself: which members are asked is a question of its own."""
        return isinstance(self.step, Programme) and self.over == "members"


@lru_cache(maxsize=_PLACES)
def together(plan: tuple[Step, ...], p: Parameters) -> tuple[Questions, ...]:
    """The plan's questions in order; side by side those of the same rows of which none needs another's answer."""
    return tuple(_as_one(group) for group in _groups(_question(step, p) for step in plan))


@lru_cache(maxsize=_PLACES * _GIVING)
def amounts_of(programme: Programme, p: Parameters) -> Texts:
    """What a programme gives to a household of which it is known to hold."""
    texts = programme.amounts
    return _texts([as_column(text(HOUSEHOLD, p)) for text in texts.values()], tuple(texts))


def _groups(questions: Iterable[_Question]) -> Iterator[list[_Question]]:
    group: list[_Question] = []
    made: set[str] = set()
    for question in questions:
        if group and not _belongs(question, group[0], made):
            yield group
            group, made = [], set()
        group.append(question)
        made.update(question.makes)
    yield group


def _belongs(question: _Question, first: _Question, made: set[str]) -> bool:
    if question.is_alone or first.is_alone or (question.over, question.paid_by) != (first.over, first.paid_by):
        return False
    return made.isdisjoint(question.asks)


def _as_one(group: list[_Question]) -> Questions:
    first = group[0]
    reached = None if first.reached is None else _texts([first.reached], ("reached",))
    names = tuple(f"value.{place}" for place in range(len(group)))
    texts = _texts([each.value for each in group], names)
    return Questions(tuple(each.step for each in group), first.over, texts, first.paid_by, reached)


def _texts(values: Sequence[pl.Expr], names: tuple[str, ...]) -> Texts:
    asked = dict.fromkeys(name for value in values for name in value.meta.root_names())
    return Texts(
        tuple(value.alias(name) for value, name in zip(values, names, strict=True)),
        names,
        tuple(name for name in asked if not name.startswith(HOME)),
        tuple(name.removeprefix(HOME) for name in asked if name.startswith(HOME)),
    )


def _question(step: Any, p: Parameters) -> _Question:  # Any: a step of the plan
    if isinstance(step, CauseFlag):
        named = [pl.col("causes").list.contains(code) for code in step.codes(p)]
        return _Question(step, "households", as_column(any_of(*named)))
    if isinstance(step, Fold):
        text = _of_member(step.text, p) if step.over == "members" else as_column(step.text(ColumnView(), p))
        return _Question(step, step.over, text, step.paid_by)
    if isinstance(step, PersonFigure):
        return _Question(step, "members", _of_member(step.text, p))
    if isinstance(step, HouseholdFigure):
        return _Question(step, "households", as_column(step.text(HOUSEHOLD, p)))
    assert isinstance(step, Programme)
    view: Any = HOUSEHOLD if step.scope == "household" else MemberColumns()  # Any: a frame as texts see it
    reached = True if step.reached is None else step.reached(view, p)
    holds = as_column(all_of(reached, step.holds(view, p)))
    if step.scope == "household":
        return _Question(step, "households", holds)
    return _Question(step, "members", holds, reached=None if step.reached is None else as_column(reached))


def _of_member(text: Text, p: Parameters) -> pl.Expr:
    return as_column(text(MemberColumns(), p))
