"""What eligibility publishes."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from services.contracts.event import Event, State


class FindingState(State):
    """One programme's answer, without its tests. Amounts in fen."""

    programme: str
    outcome: Literal["eligible", "not_eligible", "unknown"]
    members: tuple[str, ...] = ()
    monthly_fen: int = 0
    one_off_fen: int = 0
    authority: Literal["township", "county"] | None = None
    reason_codes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class NeedState(State):
    """A need of the household and who should hear of it.

    `why` are the codes of the routing rows that found it; `near_miss` means that no aid is open and one figure is
    within the margin of its line. `gap_fen` is what is left open, None when nobody can say. `subject_ref` is the person
    the need is about, None for the household.
    """

    code: str
    partners: tuple[str, ...] = ()
    bureaux: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    near_miss: bool = False
    gap_fen: int | None = None
    subject_ref: UUID | None = None
    programme: str | None = None


class PersonState(State):
    """What referral needs of a member to write an age band."""

    person_ref: UUID
    birth_date: date | None = None
    gender: Literal["female", "male"] | None = None


class AssessmentCompleted(Event):
    """A household was checked against every programme.

    `ref` is the household, `version` counts its assessments; a later one supersedes the former. A household merged into
    another gets a last assessment without findings and needs.
    """

    SUBJECT: ClassVar[str] = "eligibility.assessment.completed"

    assessment_id: UUID
    as_of: date
    cause: Literal["hospital_cost", "grid_report", "household", "screening", "merged"]
    status: str | None
    household_size: int
    people: tuple[PersonState, ...] = ()
    priority: Literal["stat", "asap", "urgent", "routine"] = "routine"
    safe_to_call: bool = True
    findings: tuple[FindingState, ...] = ()
    needs: tuple[NeedState, ...] = ()
    rule_digest: str = ""
