"""The tables of referral, as their first migration made them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.kit.db import service_base

Base = service_base("referral")


def _at(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=nullable))


class Referral(Base, table=True):  # type: ignore[misc, valid-type, call-arg]  # a base made by a function
    """One referral to one partner or bureau for one need; see `partners.state.ReferralState`."""

    __tablename__ = "referral"

    id: UUID = Field(primary_key=True)
    household_ref: UUID
    division: str
    partner: str
    bureau: bool
    need: str
    assessment_id: UUID
    subject_ref: UUID | None = None
    programme: str | None = None
    near_miss: bool = False
    why: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    status: str
    held_for: str | None = None
    reason_code: str | None = None
    closing_code: str | None = None
    priority: str = "routine"
    gap_fen: int | None = Field(default=None, sa_type=BigInteger)
    reserved_fen: int = Field(default=0, sa_type=BigInteger)
    household_size: int = 1
    hardship: str | None = None
    age_band: str | None = None
    is_minor: bool = False
    safe_to_call: bool = True
    consent: str | None = None
    consent_expires_on: date | None = None
    released_at: datetime | None = _at(nullable=True)
    released_by: str | None = None
    requested_at: datetime | None = _at(nullable=True)
    due_on: date | None = None
    overdue_on: date | None = None
    outcome_due_on: date | None = None
    outcome_asked_on: date | None = None
    acknowledged_at: datetime | None = _at(nullable=True)
    outcome_kind: str | None = None
    outcome_amount_fen: int | None = Field(default=None, sa_type=BigInteger)
    outcome_on: date | None = None
    outcome_note_sealed: bytes | None = None
    confirmed: bool | None = None
    confirmed_by: str | None = None
    confirmed_on: date | None = None
    rerouted_from: UUID | None = None
    sequence: int = 0
    told: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    version: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = _at()
    changed_at: datetime = _at()
    closed_at: datetime | None = _at(nullable=True)


class ReferralStep(Base, table=True):  # type: ignore[misc, valid-type, call-arg]  # a base made by a function
    """One version of a referral: what it became, when, and by whom."""

    __tablename__ = "referral_step"

    referral_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_type=BigInteger)
    division: str
    partner: str
    status: str
    held_for: str | None = None
    reason_code: str | None = None
    closing_code: str | None = None
    amount_fen: int | None = Field(default=None, sa_type=BigInteger)
    at: datetime = _at()
    by: str


class Endpoint(Base, table=True):  # type: ignore[misc, valid-type, call-arg]  # a base made by a function
    """Where a partner takes webhooks for a place. `asked_*` wait for another person's approval or for verification."""

    __tablename__ = "endpoint"

    id: UUID = Field(primary_key=True)
    partner: str
    division: str
    state: str
    url: str | None = None
    types: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    secret_sealed: bytes | None = None
    previous_secret_sealed: bytes | None = None
    previous_until: datetime | None = _at(nullable=True)
    asked_url: str | None = None
    asked_types: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    asked_secret_sealed: bytes | None = None
    asked_by: str | None = None
    asked_is_verified: bool | None = None
    failing_since: datetime | None = _at(nullable=True)
    failures: int = 0
    rests: int = 0
    rest_until: datetime | None = _at(nullable=True)
    created_at: datetime = _at()
    changed_at: datetime = _at()


class Delivery(Base, table=True):  # type: ignore[misc, valid-type, call-arg]  # a base made by a function
    """One webhook. Its id is the `webhook-id`; `facts` and, once written, `body` never change.

    `held`: no endpoint takes it yet; it waits for one, or for the partner's own polling.
    """

    __tablename__ = "delivery"

    id: UUID = Field(primary_key=True)
    position: int = Field(default=None, sa_type=BigInteger)
    division: str
    partner: str
    endpoint_id: UUID | None = None
    referral_id: UUID | None = None
    household_ref: UUID | None = None
    type: str
    sequence: int
    body: str | None = None
    state: str
    due_at: datetime = _at()
    tries: int = 0
    attempts: int = 0
    last_status: int | None = None
    last_error: str | None = None
    expires_on: date | None = None
    created_at: datetime = _at()
    delivered_at: datetime | None = _at(nullable=True)


class Attempt(Base, table=True):  # type: ignore[misc, valid-type, call-arg]  # a base made by a function
    """One attempt to deliver a webhook: its status, or a word for why there was none."""

    __tablename__ = "attempt"

    delivery_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    division: str
    partner: str
    at: datetime = _at()
    status: int | None = None
    error: str | None = None
    ms: int
