"""A referral, a household and a need as plain values: what thinking works on, apart from rows."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.contracts.codes import AgeBand, HeldFor, Priority, ReferralStatus
from services.contracts.eligibility import NeedState, PersonState
from services.contracts.intake import ConsentDecision
from services.contracts.webhook import WebhookType

REFUSED = "CONSENT_REFUSED_NO_EXTERNAL_SHARE"
REVOKED = "CONSENT_REVOKED"
NEED_GONE = "NEED_GONE"
MERGED = "HOUSEHOLD_MERGED"
NOT_MATCHED = "NO_LONGER_MATCHED"
TAKEN_BACK = "TAKEN_BACK"
"""Closing codes: why we ended a referral, in our own words, besides the reason code of the shared vocabulary."""


@dataclass(slots=True)
class ReferralState:
    """One referral to one partner or bureau for one need. Its fields are the columns of its row."""

    id: UUID
    household_ref: UUID
    division: str
    partner: str
    bureau: bool
    need: str
    assessment_id: UUID
    created_at: datetime
    changed_at: datetime
    subject_ref: UUID | None = None
    programme: str | None = None
    near_miss: bool = False
    why: list[str] = field(default_factory=list)
    status: ReferralStatus = "draft"
    held_for: HeldFor | None = None
    reason_code: str | None = None
    closing_code: str | None = None
    priority: Priority = "routine"
    gap_fen: int | None = None
    reserved_fen: int = 0
    household_size: int = 1
    hardship: str | None = None
    age_band: AgeBand | None = None
    is_minor: bool = False
    safe_to_call: bool = True
    consent: str | None = None
    consent_expires_on: date | None = None
    released_at: datetime | None = None
    released_by: str | None = None
    requested_at: datetime | None = None
    due_on: date | None = None
    overdue_on: date | None = None
    outcome_due_on: date | None = None
    outcome_asked_on: date | None = None
    acknowledged_at: datetime | None = None
    outcome_kind: str | None = None
    outcome_amount_fen: int | None = None
    outcome_on: date | None = None
    outcome_note_sealed: bytes | None = None
    confirmed: bool | None = None
    confirmed_by: str | None = None
    confirmed_on: date | None = None
    rerouted_from: UUID | None = None
    sequence: int = 0
    told: dict[str, Any] | None = None
    version: int = 0
    closed_at: datetime | None = None

    def shown(self) -> tuple[object, ...]:
        """What others see of it: when this changes, so does its version, and an event goes out."""
        return (
            self.status,
            self.held_for,
            self.reason_code,
            self.closing_code,
            self.division,
            self.subject_ref,
            self.programme,
            self.near_miss,
            self.priority,
            self.gap_fen,
            self.due_on,
            self.outcome_kind,
            self.outcome_amount_fen,
            self.outcome_on,
            self.confirmed,
        )


@dataclass(slots=True)
class HouseholdState:
    """What referral knows of a household: its newest assessment (none before the first) and its decisions.

    `is_new`: it had no assessment before this transaction, so it has neither referrals nor needs to read.
    """

    household_ref: UUID
    division: str
    assessment_version: int = 0
    consent_version: int = 0
    assessment_id: UUID | None = None
    as_of: date | None = None
    cause: str | None = None
    status: str | None = None
    household_size: int = 1
    priority: Priority = "routine"
    safe_to_call: bool = True
    people: tuple[PersonState, ...] = ()
    needs: tuple[NeedState, ...] = ()
    decisions: tuple[ConsentDecision, ...] = ()
    is_new: bool = False


@dataclass(slots=True)
class NeedRecord:
    """A need a household has or had, and whether the charity side was told that nobody took it."""

    household_ref: UUID
    code: str
    need_id: UUID
    division: str
    state: str = "open"
    gap_fen: int | None = None
    subject_ref: UUID | None = None
    unmet_state: str | None = None
    unmet_version: int = 0
    unmet_gap_fen: int | None = None
    tried: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NeedOutcome:
    """What became of one need of one assessment for one party: a referral, or a reason for none."""

    assessment_id: UUID
    household_ref: UUID
    division: str
    need: str
    party: str
    referral_id: UUID | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A webhook to be queued. `facts` is its data without what only the sender knows (case_ref, office, links).

    A message of no referral is about the endpoint. `only_if_seen`: sent only when the partner may know of the referral.
    """

    type: WebhookType
    referral_id: UUID | None
    household_ref: UUID | None
    partner: str
    division: str
    sequence: int
    facts: dict[str, Any]
    expires_on: date | None = None
    only_if_seen: bool = False
