"""Bodies and answers of policy versions and rehearsals."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.eligibility.actions.guard_rails import Proposed
from services.eligibility.api.answers import Answer, Words
from services.kit.fields import Body, Code, Day, Division, Ref

MOST_CHANGES = 60
Prose = Annotated[str, StringConstraints(max_length=2000)]
Line = Annotated[str, StringConstraints(max_length=200)]
State = Literal["draft", "rehearsed", "approved", "scheduled", "in_force", "superseded", "withdrawn"]
RunState = Literal["queued", "running", "completed", "failed"]


class SourceIn(Body):
    """The document a value stands on."""

    title: Line | None = None
    article: Line | None = None
    href: Annotated[str, StringConstraints(max_length=500)] | None = None


class ChangeIn(Body):
    """One value for one place from one day on; `to` is its last day."""

    parameter: Code
    division: Division
    since: Day = Field(alias="from")
    to: Day | None = None
    value: Any  # by the parameter's unit; read by the guard rails
    source: SourceIn | None = None
    illustrative: bool = False

    def proposed(self) -> Proposed:
        """As the guard rails read it."""
        source = self.source or SourceIn()
        return Proposed(
            *(self.parameter, self.division, self.since, self.to, self.value),
            *(source.title or "", source.article or "", source.href or "", self.illustrative),
        )


class PolicyIn(Body):
    """A policy version as its author writes it. `version`: the one that was read, when it is written anew."""

    title: Line
    reason: Prose
    changes: Annotated[list[ChangeIn], Field(max_length=MOST_CHANGES)]
    version: Annotated[int, Field(ge=1)] | None = None


class StepIn(Body):
    """A step of a policy version. Without `version` it is taken whatever the version is."""

    version: Annotated[int, Field(ge=1)] | None = None
    losers_reason: Prose | None = None


class RehearsalIn(Body):
    """What to rehearse: a policy version, or a scenario of its own."""

    policy_id: Ref | None = None
    title: Line | None = None
    division: Division | None = None
    as_of: Day | None = None
    changes: Annotated[list[ChangeIn], Field(max_length=MOST_CHANGES)] | None = None


class ScenarioChangeOut(Answer):
    """A change as rehearsed. `shown` and `current_shown` are the values in words."""

    parameter: str
    name: Words
    unit: str
    division: str
    place: str
    since: date = Field(serialization_alias="from")
    to: date | None
    value: Any  # by the parameter's unit
    shown: Words | None
    current_value: Any  # as above; null when there is none
    current_shown: Words | None
    source: dict[str, str]
    illustrative: bool


class WarningOut(Answer):
    """Something to look at twice."""

    code: str
    text: Words


class ChangeOut(ScenarioChangeOut):
    """A change of a policy version, with what to look at twice."""

    warnings: list[WarningOut]


class StepOut(Answer):
    """A step of a policy version."""

    state: State
    at: datetime
    by: str
    four_eyes_waived: bool


class PolicyOut(Answer):
    """A policy version."""

    id: UUID
    version: int
    division: str
    title: str
    reason: str
    state: State
    changes: list[ChangeOut]
    losers_reason: str | None
    created_by: str
    approved_by: str | None
    four_eyes_waived: bool
    scheduled_for: date | None
    history: list[StepOut]
    rehearsals: list[UUID]
    screenings: list[UUID]
    created_at: datetime


class PolicyList(Answer):
    """A page of policy versions, newest first."""

    items: list[PolicyOut]
    next: str | None


class AcceptedOut(Answer):
    """It was taken on and is worked at."""

    id: UUID
    links: dict[str, str]


class ProgressOut(Answer):
    """How far the counting is."""

    households_done: int
    households_total: int


class FailedTestOut(Answer):
    """A test that the changed book did not pass."""

    code: str
    name: Words
    detail: Words | None = None


class TestsOut(Answer):
    """The built-in tests that the changed book ran through."""

    passed: int
    failed: int
    names: list[FailedTestOut]


class RehearsalHead(Answer):
    """A rehearsal without its figures by place. Money in decimal yuan."""

    id: UUID
    title: str
    policy_id: UUID | None
    division: str
    place: str
    as_of: date
    state: RunState
    problem: Words | None
    progress: ProgressOut
    changes: list[ScenarioChangeOut]
    tests: TestsOut | None
    figures: dict[str, Any] | None
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class RehearsalOut(RehearsalHead):
    """A rehearsal: who gains, who loses, what it costs, by programme and place, and twenty households with reasons."""

    baseline: dict[str, str] | None
    programmes: list[dict[str, Any]]
    counties: list[dict[str, Any]]
    townships: list[dict[str, Any]]
    bands: list[dict[str, Any]]
    samples: list[dict[str, Any]]


class RehearsalList(Answer):
    """A page of rehearsals, newest first."""

    items: list[RehearsalHead]
    next: str | None


class ComparedOut(Answer):
    """One of several rehearsals side by side."""

    id: UUID
    title: str
    division: str
    as_of: date
    state: RunState
    changes: list[ScenarioChangeOut]
    figures: dict[str, Any] | None
    counties: list[dict[str, Any]]


class ComparisonOut(Answer):
    """Several rehearsals side by side, in the order asked for."""

    items: list[ComparedOut]


def proposed_of(changes: Sequence[ChangeIn]) -> tuple[Proposed, ...]:
    """The changes as the guard rails read them."""
    return tuple(change.proposed() for change in changes)
