"""What charity publishes."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from services.contracts.event import Event


class AwardChanged(Event):
    """An award of a brand programme moved on. `ref` is the award. Amounts in fen."""

    SUBJECT: ClassVar[str] = "charity.award.changed"

    household_ref: UUID
    brand: str
    need: str
    amount_fen: int
    status: Literal["proposed", "reviewed", "approved", "in_payment", "paid", "rejected", "withdrawn", "failed"]
    referral_id: UUID | None = None
    paid_on: date | None = None


class DonationReceived(Event):
    """Money came in for a fund. `ref` is the donation; the donor is never named."""

    SUBJECT: ClassVar[str] = "charity.donation.received"

    fund: str
    amount_fen: int
    received_on: date
