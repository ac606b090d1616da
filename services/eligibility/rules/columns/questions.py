"""A plan as questions to frames: what each step asks of which rows, those that can be asked at once side by side.

A question depends on the place and day only, never on the households asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from services.eligibility.rules.columns.frames import Frames
from services.eligibility.rules.columns.words import HOME, ColumnView, MemberColumns, as_column
from services.eligibility.rules.criteria import Text
from services.eligibility.rules.logic import any_of
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import CauseFlag, Fold, HouseholdFigure, PersonFigure, Programme, Step

HOUSEHOLD: Final = ColumnView()
"""The households' frame, as texts see it."""


@dataclass(frozen=True, slots=True)
class Question:
    """The text of a step as a column expression.

    `over`: the frame whose rows are asked; `homes`: columns of the household that a member's text asks for; `paid_by`:
    the programme whose members alone are asked; `reached`: the question that comes before this one, if any.
    """

    step: Step
    over: str
    value: pl.Expr
    homes: tuple[str, ...] = ()
    paid_by: str = ""
    reached: "Question | None" = None

    @property
    def makes(self) -> tuple[str, ...]:
        """The columns that the answer goes into."""
        if not isinstance(self.step, Programme):
            return (self.step.name,)
        code = self.step.code
        return (code, *(f"{code}_{component}" for component, _ in self.step.components))

    @property
    def asks(self) -> set[str]:
        """The columns that the text reads, of the members or of their households."""
        return {name.removeprefix(HOME) for name in self.value.meta.root_names()}

    @property
    def is_alone(self) -> bool:
        """Whether it has to be asked by itself: what it asks depends on an answer to a question before."""
        return isinstance(self.step, Programme) and self.over == "members"


Questions = Sequence[Question]


def together(plan: Sequence[Step], p: Parameters) -> Iterator[Questions]:
    """The plan's questions in order; side by side those of the same rows of which none needs another's answer."""
    group: list[Question] = []
    made: set[str] = set()
    for step in plan:
        question = _question(step, p)
        if group and not _belongs(question, group[0], made):
            yield group
            group, made = [], set()
        group.append(question)
        made.update(question.makes)
    if group:
        yield group


def frame_of(frames: Frames, over: str) -> pl.DataFrame:
    """The frame whose rows are asked."""
    frame: pl.DataFrame = getattr(frames, over)
    return frame


def _belongs(question: Question, first: Question, made: set[str]) -> bool:
    if question.is_alone or first.is_alone or (question.over, question.paid_by) != (first.over, first.paid_by):
        return False
    return made.isdisjoint(question.asks)


def _question(step: Any, p: Parameters) -> Question:  # Any: a step of the plan
    if isinstance(step, CauseFlag):
        named = [pl.col("causes").list.contains(code) for code in step.codes(p)]
        return Question(step, "households", as_column(any_of(*named)))
    if isinstance(step, Fold) and step.over != "members":
        return Question(step, step.over, as_column(step.text(ColumnView(), p)))
    if isinstance(step, PersonFigure | Fold):
        return _of_members(step, step.text, p, paid_by=step.paid_by if isinstance(step, Fold) else "")
    if isinstance(step, HouseholdFigure):
        return Question(step, "households", as_column(step.text(HOUSEHOLD, p)))
    assert isinstance(step, Programme)
    if step.scope == "person":
        reached = None if step.reached is None else _of_members(step, step.reached, p)
        return _of_members(step, step.holds, p, reached=reached)
    holds = step.holds(HOUSEHOLD, p)
    if step.reached is not None:
        holds = step.reached(HOUSEHOLD, p) & holds
    return Question(step, "households", as_column(holds))


def _of_members(
    step: Step, text: Text, p: Parameters, *, paid_by: str = "", reached: Question | None = None
) -> Question:
    view = MemberColumns()
    value = as_column(text(view, p))
    return Question(step, "members", value, tuple(view.home.asked), paid_by, reached)
