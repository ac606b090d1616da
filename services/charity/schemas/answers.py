"""What charity's door answers. Amounts are decimal yuan strings."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.charity.programmes.award_steps import AwardStatus


class Words(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class Answer(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(frozen=True)


class AmountsOut(Answer):
    """Limits of one award, and where they come from."""

    least: str
    most: str
    illustrative: bool
    source: str


class BrandOut(Answer):
    """A brand on a day, with its money within sight. `fit` and `reasons` are set when a need was asked about."""

    code: str
    name: Words
    owner: str
    owner_certain: bool
    owner_note: Words | None
    beneficiaries: Words
    needs: list[str]
    aid: str
    season: Words
    is_open: bool
    season_from: date
    season_to: date
    amounts: AmountsOut | None
    available: str
    promised: str
    paid: str
    households: int
    waiting: int
    fit: Literal["yes", "no", "cannot_tell"] | None = None
    reasons: list[Words] = []
    missing: list[str] = []


class BrandsOut(Answer):
    """The nine brands."""

    on: date
    items: list[BrandOut]


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


class SameHelpOut(Answer):
    """Other help with the same need. `needs_word`: the reviewer has to accept it."""

    source: Literal["government", "partner", "brand"]
    giver: str
    kind: str
    amount: str | None
    on: date | None
    needs_word: bool


class StepOut(Answer):
    """One step of an award's history."""

    version: int
    status: str
    amount: str
    brand: str
    fund: str | None
    reason: str | None
    four_eyes_waived: bool
    taken_by: str
    taken_at: datetime


class AwardOut(Answer):
    """A proposal or award. `number` is what it is called outside; `allowed` are the statuses a step may lead to."""

    id: UUID
    number: str
    household_ref: UUID
    division: str
    need: str
    brand: str
    brand_name: Words
    fund: str | None
    amount: str
    gap: str | None
    near_miss: bool
    cause: Literal["referral", "need_unmet"]
    referral_id: UUID | None
    status: AwardStatus
    reason: Words | None
    why: Words
    reviewed_by: str | None
    reviewed_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    four_eyes_waived: bool
    batch_id: UUID | None
    paid_on: date | None
    proposed_at: datetime
    changed_at: datetime
    version: int
    allowed: list[AwardStatus]


class AwardDetailOut(AwardOut):
    """An award with what a reviewer looks at."""

    same_help: list[SameHelpOut]
    steps: list[StepOut]
    entries: list[EntryOut]


class AwardsOut(Answer):
    """A page of proposals or awards."""

    items: list[AwardOut]
    next: str | None


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


class ReportOut(Answer):
    """Something said, or to be said, at the partner door."""

    id: UUID
    referral_id: UUID
    award_id: UUID
    status: str
    reason_code: str | None
    state: Literal["waiting", "sent", "refused", "dropped"]
    tries: int
    next_try_at: datetime | None
    answer: str | None
    created_at: datetime


class ReportsOut(Answer):
    """A page of reports."""

    items: list[ReportOut]
    next: str | None
    door: Literal["ready", "no_token", "no_gateway"]


class OpenNeedOut(Answer):
    """A need asked of charity and not on its way, with the reason."""

    need: str
    reason: Words


class HouseholdOut(Answer):
    """Charity's part of a household's chain of help."""

    household_ref: UUID
    awards: list[AwardOut]
    promised: str
    paid: str
    open_needs: list[OpenNeedOut]


class CountsOut(Answer):
    """How much is where."""

    awards: dict[str, int]
    reports: dict[str, int]
    donations: int


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
