"""Answers on donations, funds, books and payments. Amounts are decimal yuan strings."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.charity.schemas.common import Answer, Words


class FundOut(Answer):
    """A fund and its figures: received, reserved, owed, paid out, available."""

    code: str
    name: Words
    restricted: bool
    brand: str | None
    needs: list[str]
    division: str | None
    received: str
    available: str
    reserved: str
    payable: str
    paid: str
    cash: str


class FundsOut(Answer):
    """All funds."""

    items: list[FundOut]


class DonationOut(Answer):
    """A donation. `donor` is given to readers of personal fields, and to all when the donor wants it shown."""

    id: UUID
    reference: str
    fund: str
    amount: str
    received_on: date
    division: str
    donor_ref: UUID | None
    anonymous: bool
    donor: str | None
    entry_id: UUID
    recorded_at: datetime


class DonationsOut(Answer):
    """A page of donations."""

    items: list[DonationOut]
    next: str | None


class TransferOut(Answer):
    """A transfer."""

    id: UUID
    reference: str
    from_fund: str
    to_fund: str
    amount: str
    entry_id: UUID


class LineOut(Answer):
    """A line of an entry; one of debit and credit is set."""

    account: str
    name: Words
    fund: str
    debit: str | None
    credit: str | None


class EntryOut(Answer):
    """A journal entry. `ordinal` counts in the order of booking."""

    id: UUID
    ordinal: int
    kind: str
    booked_on: date
    source: str
    source_id: UUID
    reverses: UUID | None
    lines: list[LineOut]
    booked_by: str
    booked_at: datetime
    digest: str


class EntriesOut(Answer):
    """A page of entries."""

    items: list[EntryOut]
    next: str | None


class BalanceRowOut(Answer):
    """An account in the trial balance."""

    account: str
    name: Words
    kind: str
    debit: str
    credit: str
    balance: str


class TrialBalanceOut(Answer):
    """The trial balance of a span of days."""

    first: date
    last: date
    fund: str | None
    rows: list[BalanceRowOut]
    debit: str
    credit: str
    balanced: bool
    breaches: list[str]


class MonthOut(Answer):
    """A closed month."""

    month: str
    entries: int
    debit: str
    digest: str
    closed_by: str
    closed_at: datetime


class MonthsOut(Answer):
    """Closed months, newest first."""

    items: list[MonthOut]


class PaymentOut(Answer):
    """A line of a batch."""

    line: int
    award_id: UUID
    number: str
    brand: str
    fund: str
    amount: str
    state: Literal["waiting", "paid", "returned"]
    settled_on: date | None


class BatchOut(Answer):
    """A payment batch. It is settled when nothing waits."""

    id: UUID
    reference: str
    status: Literal["open", "settled"]
    payments: int
    total: str
    waiting: int
    paid: int
    returned: int
    file_sha256: str
    created_by: str
    created_at: datetime


class BatchDetailOut(BatchOut):
    """A payment batch with its lines."""

    lines: list[PaymentOut]


class BatchesOut(Answer):
    """A page of batches."""

    items: list[BatchOut]
    next: str | None


class ReceiptLineOut(Answer):
    """What became of a receipt's line: `settled`, `same` as before, `unknown_line`, or in `conflict` with before."""

    line: int
    result: Literal["settled", "same", "unknown_line", "conflict"]


class ReceiptsOut(Answer):
    """The answer to receipts."""

    batch: BatchOut
    lines: list[ReceiptLineOut]


class DisclosedCell(Answer):
    """Money paid in a month, county and brand; "other" where cells were merged, None where too few were helped."""

    month: str
    county: str
    brand: str
    person_times: int | None
    amount: str | None


class DisclosedIncome(Answer):
    """Money received in a month for a brand ("" for free money); merged in the same way."""

    month: str
    brand: str
    donations: int | None
    amount: str | None


class DisclosureOut(Answer):
    """What donors and everyone may see."""

    cells_have_at_least: int
    paid: list[DisclosedCell]
    received: list[DisclosedIncome]
