"""A step of awards: rows, history and events together, so that none is without the others."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.charity.errors import FundExhausted, MonthClosed
from services.charity.ledger.entry import Entry
from services.charity.ledger.recipes import Deed, FundKind
from services.charity.models import Award, Fund, Report
from services.charity.store import awards as store
from services.charity.store import books
from services.contracts.charity import AwardChanged
from services.contracts.divisions import CITY
from services.kit.auth import Actor
from services.kit.ids import derived_id
from services.kit.outbox import emit


def home_division(actor: Actor) -> str:
    """The division of rows that belong to an office: the actor's own place, the city's for the whole installation."""
    return actor.territory if actor.territory[:1].isdigit() else CITY


def award_event(award: Award) -> AwardChanged:
    """The award's whole state, for the outbox."""
    return AwardChanged(
        ref=award.id,
        version=award.version,
        division=award.division,
        household_ref=award.household_ref,
        brand=award.brand,
        need=award.need,
        amount_fen=award.amount_fen,
        status=award.status,
        referral_id=award.referral_id,
        paid_on=award.paid_on,
    )


async def move(db: AsyncSession, awards: Sequence[Award], *, taken_by: str, now: datetime) -> None:
    """Write held awards at their next version, with their history and their events."""
    if not awards:
        return
    for award in awards:
        award.version += 1
        award.changed_at = now
    await store.change_awards(db, awards)
    await store.add_steps(db, awards, taken_by=taken_by, now=now)
    await emit(db, *(award_event(award) for award in awards))


async def book(db: AsyncSession, entries: Sequence[Entry], *, booked_by: str, now: datetime) -> set[UUID]:
    """Book entries; answers the ids that are new.

    Raises: FundExhausted, MonthClosed, Differs.
    """
    try:
        return await books.add_entries(db, entries, booked_by=booked_by, now=now)
    except IntegrityError as error:
        guard = books.guard_of(error)
        if guard == "month_closed":
            raise MonthClosed(entries[0].booked_on.strftime("%Y-%m")) from error
        if guard in ("fund_not_overspent", "fund_balance_cash_fen_check"):
            raise FundExhausted(None) from error
        raise


def deed_for(award: Award, kind: str, booked_on: date) -> Deed:
    """The outside of an award's entry: one entry of a kind for each round of payment, so that a repeat is the same."""
    return Deed(derived_id("entry", kind, award.id, award.round), booked_on, award.id)


def kind_of(fund: Fund) -> FundKind:
    """A fund as the recipes see it."""
    return FundKind(fund.code, fund.restricted)


def report_on(
    award: Award,
    status: str,
    *,
    now: datetime,
    reason_code: str | None = None,
    outcome: tuple[str, int, date] | None = None,
) -> Report:
    """What to say at the partner door of an award's referral: once for each status and round of payment.

    `outcome`: (kind, fen, day).
    """
    assert award.referral_id is not None
    kind, amount_fen, day = outcome or (None, None, None)
    return Report(
        id=derived_id("report", award.id, award.round, status),
        ordinal=0,
        referral_id=award.referral_id,
        award_id=award.id,
        division=award.division,
        status=status,
        reason_code=reason_code,
        outcome_kind=kind,
        outcome_fen=amount_fen,
        outcome_on=day,
        next_try_at=now,
        created_at=now,
    )
