"""What referral publishes."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from services.contracts.codes import HeldFor, ReferralStatus
from services.contracts.event import Event, State


class OutcomeState(State):
    """What a partner did. `note` never leaves referral: free text is not for events."""

    kind: str
    amount_fen: int | None = None
    on: date


class ReferralChanged(Event):
    """A referral to a partner or bureau for one need was opened, left, was answered or ended. `ref` is the referral."""

    SUBJECT: ClassVar[str] = "referral.referral.changed"

    household_ref: UUID
    subject_ref: UUID | None
    assessment_id: UUID
    partner: str
    bureau: bool = False
    need: str
    programme: str | None = None
    near_miss: bool = False
    status: ReferralStatus
    held_for: HeldFor | None = None
    reason_code: str | None = None
    gap_fen: int | None = None
    due_on: date | None = None
    outcome: OutcomeState | None = None
    changed_at: datetime


class NeedUnmet(Event):
    """Every partner asked for a need of a household refused, failed or stayed silent, or none serves it here.

    `ref` is the need of the household. Published only with the family's yes to the charity side on record, so charity
    may make a proposal of it. `gap_fen` is what is left after what partners reported, None when unknown.
    """

    SUBJECT: ClassVar[str] = "referral.need.unmet"

    household_ref: UUID
    subject_ref: UUID | None
    need: str
    gap_fen: int | None = None
    tried: tuple[str, ...] = ()
    state: Literal["open", "closed"] = "open"
