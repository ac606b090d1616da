"""Answers on brands, awards and households. Amounts are decimal yuan strings."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.charity.programmes.award_steps import AwardStatus
from services.charity.schemas.common import Answer, Words
from services.charity.schemas.money import EntryOut


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
    reasons: tuple[Words, ...] = ()
    missing: tuple[str, ...] = ()


class BrandsOut(Answer):
    """The nine brands."""

    on: date
    items: list[BrandOut]


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
