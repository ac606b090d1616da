"""Tables, for reading and inserting. What guards them is in the migrations.

Fund ─ FundBalance         a purpose, and its figures carried along by the postings
JournalEntry ─ Posting     the books, append-only; ClosedMonth
Donor ─ Donation           who is sealed apart from how much
Household, Referral, Unmet what the events told
Award ─ AwardStep          from proposal to money in hand, with its history
PaymentBatch ─ Payment     what the bank is asked to pay
Report                     what is said at the partner door
"""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.kit.db import service_base

if TYPE_CHECKING:
    from sqlmodel import SQLModel as Base
else:
    Base = service_base("charity")


def _moment(**options: Any) -> Any:  # Any: SQLModel's Field has no narrower type
    return Field(sa_type=DateTime(timezone=True), **options)


def _fen(**options: Any) -> Any:  # Any: as above
    return Field(sa_type=BigInteger, **options)


class Fund(Base, table=True):
    """Money for a purpose; the fund `general` is the free money. What is empty in the purpose is not limited."""

    code: str = Field(primary_key=True)
    name_zh: str
    name_en: str
    restricted: bool
    brand: str | None = None
    needs: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    division: str | None = None
    created_by: str
    created_at: datetime = _moment()


class FundBalance(Base, table=True):
    """A fund's figures. Written by the books' trigger only."""

    __tablename__ = "fund_balance"

    fund: str = Field(primary_key=True)
    cash_fen: int = _fen()
    payable_fen: int = _fen()
    reserved_fen: int = _fen()
    net_fen: int = _fen()
    income_fen: int = _fen()
    expense_fen: int = _fen()
    available_fen: int = _fen()


class JournalEntry(Base, table=True):
    """An entry's head. Never changed."""

    __tablename__ = "journal_entry"

    id: UUID = Field(primary_key=True)
    kind: str
    booked_on: date
    source: str
    source_id: UUID
    reverses: UUID | None = None
    digest: bytes
    booked_by: str
    booked_at: datetime = _moment()
    ordinal: int = _fen()


class PostingRow(Base, table=True):
    """One line of an entry: debit above zero, credit below."""

    __tablename__ = "posting"

    entry_id: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True)
    account: str
    fund: str
    amount_fen: int = _fen()


class ClosedMonth(Base, table=True):
    """A month that takes no more entries, with the digest of those it has."""

    __tablename__ = "closed_month"

    month: date = Field(primary_key=True)
    entries: int
    debit_fen: int = _fen()
    digest: bytes
    closed_by: str
    closed_at: datetime = _moment()


class Donor(Base, table=True):
    """Who gave, sealed. Nothing else in the books leads here."""

    id: UUID = Field(primary_key=True)
    division: str
    sealed_name: bytes
    anonymous: bool
    created_at: datetime = _moment()


class Donation(Base, table=True):
    """Money given. `office` is the place of the office that recorded it, whose receipt number `reference` is."""

    id: UUID = Field(primary_key=True)
    office: str
    reference: str
    division: str
    donor_ref: UUID | None = None
    fund: str
    amount_fen: int = _fen()
    received_on: date
    entry_id: UUID
    recorded_by: str
    recorded_at: datetime = _moment()


class Transfer(Base, table=True):
    """Free money set aside for a purpose."""

    id: UUID = Field(primary_key=True)
    reference: str
    giver: str
    taker: str
    amount_fen: int = _fen()
    entry_id: UUID
    recorded_by: str
    recorded_at: datetime = _moment()


class Household(Base, table=True):
    """What the newest assessment told of a household. Version 0: nothing yet."""

    household_ref: UUID = Field(primary_key=True)
    division: str
    version: int = _fen()
    assessment_id: UUID | None = None
    as_of: date | None = None
    status: str | None = None
    size: int | None = None
    oldest: date | None = None
    youngest: date | None = None
    needs: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    programmes: list[Any] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))


class Referral(Base, table=True):
    """A referral as last told."""

    id: UUID = Field(primary_key=True)
    version: int = _fen()
    household_ref: UUID
    division: str
    subject_ref: UUID | None = None
    partner: str
    bureau: bool
    need: str
    near_miss: bool
    status: str
    gap_fen: int | None = _fen(default=None)
    outcome_kind: str | None = None
    outcome_fen: int | None = _fen(default=None)
    outcome_on: date | None = None
    changed_at: datetime = _moment()


class Unmet(Base, table=True):
    """A need nobody could meet, as last told."""

    ref: UUID = Field(primary_key=True)
    version: int = _fen()
    household_ref: UUID
    division: str
    subject_ref: UUID | None = None
    need: str
    gap_fen: int | None = _fen(default=None)
    state: str
    opened_version: int = _fen()


class Award(Base, table=True):
    """A proposal, and what became of it. `round` counts payments tried."""

    id: UUID = Field(primary_key=True)
    version: int = _fen()
    household_ref: UUID
    division: str
    subject_ref: UUID | None = None
    need: str
    brand: str
    fund: str | None = None
    amount_fen: int = _fen()
    gap_fen: int | None = _fen(default=None)
    near_miss: bool
    cause: str
    referral_id: UUID | None = None
    status: str
    reason: str | None = None
    same_help_accepted: bool = False
    reviewed_by: str | None = None
    reviewed_at: datetime | None = _moment(default=None)
    approved_by: str | None = None
    approved_at: datetime | None = _moment(default=None)
    four_eyes_waived: bool = False
    round: int = 1
    batch_id: UUID | None = None
    paid_on: date | None = None
    proposed_at: datetime = _moment()
    changed_at: datetime = _moment()


class AwardStep(Base, table=True):
    """One step of an award's history. Never changed."""

    __tablename__ = "award_step"

    award_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_type=BigInteger)
    division: str
    status: str
    brand: str
    amount_fen: int = _fen()
    fund: str | None = None
    reason: str | None = None
    four_eyes_waived: bool = False
    taken_by: str
    taken_at: datetime = _moment()


class PaymentBatch(Base, table=True):
    """A list for the bank, with the very file it was sent as."""

    __tablename__ = "payment_batch"

    id: UUID = Field(primary_key=True)
    reference: str
    division: str
    request_digest: bytes
    payments: int
    total_fen: int = _fen()
    file: str
    file_sha256: str
    created_by: str
    created_at: datetime = _moment()


class Payment(Base, table=True):
    """One line of a batch."""

    batch_id: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True)
    award_id: UUID
    round: int
    division: str
    fund: str
    amount_fen: int = _fen()
    state: str = "waiting"
    settled_on: date | None = None
    receipt: str | None = None


class Report(Base, table=True):
    """What charity says of a referral at the partner door. `tries` above zero: it may have been heard."""

    id: UUID = Field(primary_key=True)
    ordinal: int = _fen()
    referral_id: UUID
    award_id: UUID
    division: str
    status: str
    reason_code: str | None = None
    outcome_kind: str | None = None
    outcome_fen: int | None = _fen(default=None)
    outcome_on: date | None = None
    state: str = "waiting"
    tries: int = 0
    next_try_at: datetime = _moment()
    answer: str | None = None
    created_at: datetime = _moment()
    settled_at: datetime | None = _moment(default=None)
