"""The bodies partners receive. Public: they only grow.

Source: Standard Webhooks 1.0.0 (`{type, timestamp, data}`, under 20 kB).
"""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.contracts.codes import AgeBand, GapBand, Priority

WebhookType = Literal[
    "referral.requested", "referral.updated", "referral.revoked", "outcome.requested", "list.ready", "endpoint.test"
]


class Office(BaseModel):
    """A duty line, no person."""

    model_config = ConfigDict(frozen=True)
    name: str
    phone: str


class ReferralLinks(BaseModel):
    """Where the partner reads the allowed fields and where it answers."""

    model_config = ConfigDict(frozen=True)
    detail: str
    status: str


class ReferralRequested(BaseModel):
    """`data` of `referral.requested`: thin, nothing that identifies."""

    model_config = ConfigDict(frozen=True)
    referral_id: UUID
    case_ref: str
    partner: str
    need: str
    programme: str | None = None
    priority: Priority
    township_code: str
    age_band: AgeBand | None
    household_size: int
    gap_band: GapBand
    consent: Literal["granted", "not_required"]
    expires_on: date | None
    due_on: date
    sequence: int
    office: Office
    links: ReferralLinks


class WebhookBody(BaseModel):
    """Any webhook's body."""

    model_config = ConfigDict(frozen=True)
    type: WebhookType
    timestamp: datetime
    data: dict[str, Any]
