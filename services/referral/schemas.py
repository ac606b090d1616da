"""What referral takes and answers over HTTP, to the letter of the public contract."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from services.contracts.codes import DeliveryState, HeldFor, Priority, ReasonCode, ReferralStatus
from services.contracts.webhook import WebhookType
from services.kit.fields import Body, Code, Day, Division, Moment, YuanFen

EndpointState = Literal["active", "pending_approval", "unverified", "disabled", "paused"]
Note = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=500)]
ALL_TYPES: tuple[WebhookType, ...] = (
    "referral.requested",
    "referral.updated",
    "referral.revoked",
    "outcome.requested",
    "list.ready",
    "endpoint.test",
)


class OutcomeIn(Body):
    """What a partner did: its kind as the partner names it, the amount when it is money or has a price."""

    kind: Code
    amount: YuanFen | None = None
    on: Day
    note: Note | None = None

    @field_validator("amount")
    @classmethod
    def _not_negative(cls, amount: int | None) -> int | None:
        if amount is not None and amount < 0:
            text = {"zh": "金额不能为负", "en": "An amount is not negative"}
            raise PydanticCustomError("negative_amount", "not negative", text)
        return amount


class StatusIn(Body):
    """A partner's answer."""

    status: ReferralStatus
    reason_code: ReasonCode | None = None
    outcome: OutcomeIn | None = None


class StatusOut(BaseModel):
    """The referral after an answer."""

    id: UUID
    status: ReferralStatus
    version: int


class CancelIn(Body):
    """Taking a referral back; `in_error` when it should never have been opened."""

    reason_code: ReasonCode
    in_error: bool = False


class ConfirmIn(Body):
    """Whether the help arrived, as the person or a grid worker says."""

    received: bool
    by: Literal["person", "grid_worker"]
    on: Day


class EndpointIn(Body):
    """Where a partner takes webhooks for a place."""

    url: Url
    division: Division
    types: tuple[WebhookType, ...] = Field(default=ALL_TYPES, min_length=1, max_length=len(ALL_TYPES))
    verify: bool = False

    @field_validator("types", mode="before")
    @classmethod
    def _list(cls, types: Any) -> Any:
        return tuple(types) if isinstance(types, list) else types


class EndpointMade(BaseModel):
    """A registered endpoint with its new secret, shown this once."""

    id: UUID
    secret: str
    state: EndpointState


class EndpointOut(BaseModel):
    """An endpoint. `asked` is an address that waits for approval or verification; it rests while it is unwell."""

    id: UUID
    division: str
    url: str | None
    types: list[str]
    state: EndpointState
    asked: str | None
    failing_since: datetime | None
    resting_until: datetime | None


class EndpointChanged(BaseModel):
    """The state an endpoint is in now."""

    id: UUID
    state: EndpointState


class Words(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class PartnerOut(BaseModel):
    """A partner or bureau of the directory."""

    code: str
    name: Words
    needs: list[str]
    endpoints: list[EndpointOut]


class Partners(BaseModel):
    """The directory."""

    items: list[PartnerOut]


class OutcomeOut(BaseModel):
    """What a partner reported; amounts in yuan."""

    kind: str
    amount: str | None
    on: date


class ReferralOut(BaseModel):
    """A referral as officers see it in lists."""

    id: UUID
    household_ref: UUID
    partner: str
    need: str
    status: ReferralStatus
    held_for: HeldFor | None
    delivery_state: DeliveryState
    priority: Priority
    due_on: date | None
    why: Words
    acknowledged_at: datetime | None
    outcome: OutcomeOut | None
    confirmed: bool | None
    version: int


class Referrals(BaseModel):
    """A page of referrals."""

    items: list[ReferralOut]
    next: str | None


class StepOut(BaseModel):
    """One version of a referral."""

    version: int
    status: ReferralStatus
    held_for: HeldFor | None
    reason_code: str | None
    closing_code: str | None
    amount: str | None
    at: datetime
    by: str


class ReferralDetail(ReferralOut):
    """One referral with its history. `note` is free text of the partner, for those who may read personal fields."""

    reason_code: str | None
    closing_code: str | None
    bureau: bool
    near_miss: bool
    gap: str | None
    is_overdue: bool
    created_at: datetime
    changed_at: datetime
    programme: str | None
    subject_ref: UUID | None
    assessment_id: UUID
    rerouted_from: UUID | None
    consent: str | None
    consent_expires_on: date | None
    note: str | None
    steps: list[StepOut]


class DeliveryOut(BaseModel):
    """A webhook on its way. `id` is its webhook-id."""

    id: UUID
    referral_id: UUID | None
    partner: str
    type: str
    sequence: int
    state: DeliveryState
    endpoint_id: UUID | None
    attempts: int
    due_at: datetime
    last_status: int | None
    last_error: str | None
    created_at: datetime
    delivered_at: datetime | None


class Deliveries(BaseModel):
    """A page of webhooks."""

    items: list[DeliveryOut]
    next: str | None


class AttemptOut(BaseModel):
    """One attempt."""

    number: int
    at: datetime
    status: int | None
    error: str | None
    ms: int


class DeliveryDetail(DeliveryOut):
    """One webhook with its body, once written, and every attempt."""

    body: dict[str, Any] | None
    log: list[AttemptOut]


class Replayed(BaseModel):
    """What is sent again."""

    id: UUID
    webhook_id: UUID
    delivery_state: DeliveryState


class ReplayIn(Body):
    """Send an endpoint's webhooks of a span of time again: those that never arrived, or all."""

    since: Moment
    until: Moment | None = None
    only: Literal["missing", "all"] = "missing"


class ReplayedRange(BaseModel):
    """How many are sent again."""

    queued: int


class TestQueued(BaseModel):
    """A test webhook was queued."""

    webhook_id: UUID


class Counts(BaseModel):
    """How many there are in the caller's territory: referrals, webhooks, outcomes, by status, by partner, or both."""

    referrals: dict[str, int]
    held: dict[str, int]
    deliveries: dict[str, dict[str, int]]
    outcomes: dict[str, int]
    by_partner: dict[str, dict[str, int]]
    confirmed: int
    unmet: int


class NeedName(BaseModel):
    """A need code and what it is called."""

    code: str
    name: Words


class Needs(BaseModel):
    """The list of needs."""

    items: list[NeedName]


class UnmetNeed(BaseModel):
    """A need that every partner asked left open; amounts in yuan."""

    need_id: UUID
    household_ref: UUID
    need: str
    gap: str | None
    left: str | None
    tried: list[str]


class UnmetNeeds(BaseModel):
    """A page of unmet needs."""

    items: list[UnmetNeed]
    next: str | None


class ThinReferral(BaseModel):
    """A referral as its partner sees it in lists: nothing that identifies."""

    referral_id: UUID
    case_ref: str
    need: str
    programme: str | None
    status: ReferralStatus
    version: int
    priority: Priority
    township_code: str
    age_band: str | None
    household_size: int
    gap_band: str
    consent: Literal["granted", "not_required"] | None
    expires_on: date | None
    due_on: date | None
    links: dict[str, str]


class ThinReferrals(BaseModel):
    """A page of a partner's referrals."""

    items: list[ThinReferral]
    next: str | None


class PartnerDetail(BaseModel):
    """What a partner may know of a referral. `person` holds what referral itself knows of `fields`.

    `person_ref` and `household_ref` are there only for a caller with the scope `compose:disclosure`: the gateway, which
    asks intake for the other fields and answers without the refs.
    """

    referral_id: UUID
    case_ref: str
    need: str
    status: ReferralStatus
    version: int
    fields: list[str]
    person: dict[str, Any]
    person_ref: UUID | None = None
    household_ref: UUID | None = None


class FeedItem(BaseModel):
    """A webhook's body and id."""

    id: UUID
    type: str
    timestamp: str
    data: dict[str, Any]


class Feed(BaseModel):
    """Webhooks in the order in which they were queued; `next` is always given, to ask from there again."""

    items: list[FeedItem]
    next: str


class StatementLine(BaseModel):
    """One referral as it stood at the end of the day."""

    referral_id: UUID
    case_ref: str
    need: str
    status: ReferralStatus
    version: int
    amount: str | None
    changed_at: datetime


class Statement(BaseModel):
    """What both sides must agree on for a day; amounts in yuan."""

    date: date
    partner: str
    items: list[StatementLine]
    count: int
    amount: str
