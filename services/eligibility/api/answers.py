"""Answers of the HTTP door, shape by shape."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.contracts.codes import AccountReason, Priority


class Answer(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(frozen=True)


class Words(Answer):
    """A text in both languages."""

    zh: str
    en: str


class CodedWords(Words):
    """A code with its text in both languages."""

    code: str


class TriggerOut(Answer):
    """The sum of the record's person-year against the threshold in force on its latest settlement. Decimal yuan."""

    year: int
    sum: str
    threshold: str | None
    fired: bool


class AccountOut(Answer):
    """What became of a record: an assessment, or a reason for none."""

    kind: Literal["assessment", "none"]
    assessment_id: UUID | None = None
    reason: AccountReason | None = None


class SeatOut(Words):
    """Who goes: the duty seat of a place."""

    role: str
    division: str


class MoneyOut(Answer):
    """What the family may get, if the facts are as known. Decimal yuan."""

    monthly: str
    one_off: str


class OnRollOut(Answer):
    """A line of a roll that names somebody of the household. `monthly_amount` in decimal yuan, None when not told.

    `to_review`: the assessment says no to the programme. That is a sign to look again, and never stops a payment.
    """

    programme: str
    name: Words
    person_ref: UUID
    division: str
    place: str
    since: date
    until: date | None
    monthly_amount: str | None
    to_review: bool
    text: Words


class VisitOut(Answer):
    """A household on the visit list. What it is on the roll of (`on_rolls`) is in neither programmes nor money."""

    household_ref: UUID
    division: str
    place: str
    version: int
    state: Literal["open", "done", "withdrawn", "merged"]
    priority: Priority
    priority_text: Words
    reasons: list[CodedWords]
    assessment_id: UUID
    status: str | None
    programmes: list[CodedWords]
    unknown: list[CodedWords]
    on_rolls: list[CodedWords]
    money: MoneyOut
    due_on: date
    assignee: SeatOut
    safe_to_call: bool
    sum_dropped: bool
    result: CodedWords | None
    result_on: date | None
    opened_at: datetime


class VisitList(Answer):
    """A page of the visit list, most pressing first."""

    items: list[VisitOut]
    next: str | None


class RecordOut(Answer):
    """A record as eligibility accounts for it. `year_sum` and `trigger` are of hospital costs only."""

    record_id: UUID
    source: Literal["hospital_cost", "grid_report"]
    household_ref: UUID
    person_ref: UUID | None
    year_sum: str | None
    trigger: TriggerOut | None
    account: AccountOut
    changed_at: datetime


class FunnelOut(Answer):
    """Counts from records that came in to what came of them, for one place and span of days.

    `days_to_result`: the median of days from being put on the visit list to a result; None before the first result.
    """

    division: str
    since: date
    until: date
    records: int
    reports: int
    persons: int
    over_threshold: int
    records_assessed: int
    accounts: dict[str, int]
    assessments: int
    assessments_live: int
    households_assessed: int
    outcomes: dict[str, int]
    programmes: dict[str, dict[str, int]]
    statuses: dict[str, int]
    watch: dict[str, int]
    visits: dict[str, int]
    visits_late: int
    open_by_priority: dict[str, int]
    results: dict[str, int]
    days_to_result: int | None


class RuleBookOut(Answer):
    """Which rule book an answer was made with."""

    version: str
    digest: str


class CertificateOut(Answer):
    """What an assessment stands on: the facts used, the rule book, the engine, the digests of facts and findings."""

    facts: dict[str, Any]
    facts_sha256: str
    findings_sha256: str
    rule_book: RuleBookOut
    engine: str


class AssessmentHead(Answer):
    """An assessment without its findings."""

    assessment_id: UUID
    household_ref: UUID
    number: int
    division: str
    as_of: date
    cause: str
    cause_ref: str
    state: Literal["live", "superseded", "withdrawn", "merged"]
    superseded_by: UUID | None
    status: str | None
    priority: Priority
    household_size: int
    eligible: list[str]
    unknown: list[str]
    monthly_total: str
    one_off_total: str
    created_at: datetime


class AssessmentList(Answer):
    """A household's assessments, newest first."""

    items: list[AssessmentHead]
    next: str | None


class AssessmentOut(AssessmentHead):
    """An assessment in words: the answer of `POST /checks`, and what it stands on.

    `missing_facts`: what would change the answer, the most useful first. `cliff`: the next rise of income that would
    cost more aid than it brings. `steps`: the arithmetic by topic. Under a former book the last two are empty.
    `on_rolls`: what the household receives today by the rolls, whatever the assessment says.
    """

    counted_members: int | None
    per_capita_income: str | None
    trigger: TriggerOut | None
    findings: list[dict[str, Any]]
    needs: list[dict[str, Any]]
    missing_facts: list[dict[str, Any]]
    cliff: dict[str, Any] | None
    steps: dict[str, list[dict[str, Any]]]
    on_rolls: list[OnRollOut]
    certificate: CertificateOut
    record_ids: list[UUID]


class RerunOut(Answer):
    """Whether the stored facts give the same findings again."""

    assessment_id: UUID
    same: bool
    findings_sha256: str
    rerun_sha256: str
    rule_book: RuleBookOut
