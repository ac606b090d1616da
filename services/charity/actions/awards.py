"""From a proposal to a promise: one person reviews, another approves, and only then is money reserved."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.charity.actions.moves import book, deed_for, kind_of, move, report_on
from services.charity.actions.picture import look_at
from services.charity.actions.take_up import facts_of_household
from services.charity.errors import (
    AlreadyHelped,
    Differs,
    FundExhausted,
    NotFound,
    SamePerson,
    StandBack,
    StepNotAllowed,
    UnknownCode,
)
from services.charity.ledger.purpose import Purpose, Purse, paying_fund
from services.charity.ledger.recipes import award_released, award_reserved
from services.charity.models import Award
from services.charity.programmes.award_steps import HELPED, AwardStatus, allowed, may
from services.charity.programmes.directory import Brand, directory
from services.charity.programmes.match import is_allowed, match_brand
from services.charity.programmes.policy import policy_on
from services.charity.programmes.same_help import OtherAward, OtherHelp, SameHelp, same_help
from services.charity.programmes.take_up import GoOn, LeaveIt, Propose, Withdraw
from services.charity.schemas.bodies import ApproveIn, RejectIn, ReviewIn
from services.charity.store import awards as store
from services.charity.store import books, known, reports
from services.contracts.money import yuan
from services.kit.auth import Actor
from services.kit.clock import shanghai_date

_NOT_ENDED = ("requested", "accepted", "in_progress", "on_hold")


async def _held(db: AsyncSession, award_id: UUID, step: AwardStatus, version: int | None) -> Award:
    """The award, held, if the step is legal and it is still what the caller saw."""
    found = await store.lock_awards(db, [award_id])
    if not found:
        raise NotFound()
    award = found[0]
    if not may(award.status, step):  # type: ignore[arg-type]  # the column's check holds the same words
        raise StepNotAllowed(award.status, allowed(award.status))  # type: ignore[arg-type]  # as above
    if version is not None and version != award.version:
        raise Differs("内容已被更改，请重新查看", "It was changed meanwhile; look again", code="version_changed")
    return award


async def review(db: AsyncSession, award_id: UUID, body: ReviewIn, *, actor: Actor, now: datetime) -> Award:
    """A first person looks at a proposal and says how much, from which brand.

    Raises: NotFound, StepNotAllowed, StandBack, AlreadyHelped, UnknownCode.
    """
    award = await _held(db, award_id, "reviewed", body.version)
    award.gap_fen = await _still_ours(db, award, now=now)
    brand = await _brand(db, award, body.brand, now=now)
    amounts = brand.amounts_on(shanghai_date(now))
    amount_fen = award.amount_fen if body.amount is None else body.amount
    if amounts is None or not is_allowed(amounts, amount_fen, gap_fen=award.gap_fen):
        raise UnknownCode(
            "amount", "outside_limits", "金额超出该品牌限额或缺口", "Outside the brand's limits or the gap"
        )
    if body.fund is not None:
        await _check_fund(db, award, brand.code, body.fund)
    alike = await same_help_of(db, award, brand, now=now)
    if any(line.needs_word for line in alike) and not body.accept_same_help:
        raise AlreadyHelped(extra={"same_help": [_line(line) for line in alike if line.needs_word]})
    if award.status == "failed":
        award.round += 1
    award.status, award.reason, award.brand, award.amount_fen, award.fund = (
        "reviewed",
        None,
        brand.code,
        amount_fen,
        body.fund,
    )
    award.same_help_accepted = body.accept_same_help
    award.reviewed_by, award.reviewed_at = actor.subject, now
    award.approved_by, award.approved_at, award.four_eyes_waived = None, None, False
    award.batch_id, award.paid_on = None, None
    await move(db, [award], taken_by=actor.subject, now=now)
    return award


def _line(line: SameHelp) -> dict[str, str | None]:
    return {
        "source": line.source,
        "giver": line.giver,
        "kind": line.kind,
        "amount": None if line.amount_fen is None else yuan(line.amount_fen),
        "on": None if line.on is None else line.on.isoformat(),
    }


async def _still_ours(db: AsyncSession, award: Award, *, now: datetime) -> int | None:
    """The gap as it is now.

    Raises: StandBack when the need has another answer or is gone.
    """
    policy = policy_on(shanghai_date(now))
    pair = (award.household_ref, award.need)
    picture = await look_at(db, [pair], policy=policy, now=now)
    decision = picture.decisions[pair]
    if isinstance(decision, Withdraw):
        raise StandBack(decision.reason)
    if isinstance(decision, GoOn):
        if decision.award_id != award.id:
            raise StandBack("another_award")
        return decision.gap_fen
    # A payment that came back: nothing is on its way, and the referral waits on hold where there is one.
    if isinstance(decision, LeaveIt) and decision.reason != "not_asked":
        raise StandBack(decision.reason)
    if award.referral_id is None and not isinstance(decision, Propose):
        raise StandBack("need_closed")
    if award.referral_id is not None and picture.referrals[award.referral_id].status not in _NOT_ENDED:
        raise StandBack("referral_closed")
    return decision.gap_fen if isinstance(decision, Propose) else award.gap_fen


async def _brand(db: AsyncSession, award: Award, code: str | None, *, now: datetime) -> Brand:
    """The brand that gives: the proposed one, or another that fits, is open, and whose owner the family said yes to."""
    brand = directory().get(code or award.brand)
    if brand is None:
        raise UnknownCode("brand", "unknown_brand", "没有这个品牌", "There is no such brand")
    if brand.code == award.brand:
        return brand
    policy = policy_on(shanghai_date(now))
    household = await known.get_household(db, award.household_ref)
    facts = facts_of_household(household, near_miss=award.near_miss, policy=policy, now=now)
    match = match_brand(brand, need=award.need, facts=facts, on=shanghai_date(now))
    if match.fit == "no" or not match.is_open or brand.aid == "service" or brand.owner not in policy.acts_for:
        raise UnknownCode(
            "brand", "brand_does_not_fit", "该品牌不适用或不在受理期", "The brand does not fit or is closed"
        )
    return brand


async def _check_fund(db: AsyncSession, award: Award, brand: str, code: str) -> None:
    fund = await books.get_fund(db, code)
    if fund is None:
        raise UnknownCode("fund", "unknown_fund", "没有这个资金", "There is no such fund")
    purpose = Purpose(fund.brand, tuple(fund.needs), fund.division)
    if not purpose.covers(brand=brand, need=award.need, division=award.division):
        raise UnknownCode("fund", "outside_purpose", "不符合该资金的限定用途", "Outside the fund's purpose")


async def same_help_of(db: AsyncSession, award: Award, brand: Brand, *, now: datetime) -> tuple[SameHelp, ...]:
    """Who else helps the household with the same need, or gave of the same brand this season."""
    today = shanghai_date(now)
    household = await known.get_household(db, award.household_ref)
    referrals = await known.referrals_of(db, [award.household_ref])
    others = await store.awards_of(db, [award.household_ref])
    return same_help(
        brand=brand,
        need=award.need,
        on=today,
        programmes=[(code, amount) for code, amount in (household.programmes if household else [])],
        partners=[
            OtherHelp(referral.partner, referral.outcome_kind or "", referral.outcome_fen, referral.outcome_on)
            for referral in referrals
            if referral.need == award.need and referral.outcome_on is not None and referral.id != award.referral_id
        ],
        awards=[
            OtherAward(other.brand, other.need, other.amount_fen, other.paid_on or shanghai_date(other.changed_at))
            for other in others
            if other.id != award.id and other.status in HELPED
        ],
        directory=directory(),
        policy=policy_on(today),
    )


async def approve(db: AsyncSession, award_id: UUID, body: ApproveIn, *, actor: Actor, now: datetime) -> Award:
    """A second person approves: the amount is reserved in a fund whose purpose covers it, and the door is told.

    Raises: NotFound, StepNotAllowed, SamePerson, StandBack, FundExhausted, UnknownCode.
    """
    award = await _held(db, award_id, "approved", body.version)
    award.four_eyes_waived = False
    if award.reviewed_by == actor.subject:
        if "operator" not in actor.roles:
            raise SamePerson()
        award.four_eyes_waived = True
    award.gap_fen = await _still_ours(db, award, now=now)
    if award.gap_fen is not None and award.amount_fen > award.gap_fen:
        raise StandBack("gap_is_smaller")
    wanted = body.fund or award.fund
    if wanted is not None:
        await _check_fund(db, award, award.brand, wanted)
    purse = await _purse(db, award, wanted)
    award.fund, award.status = purse.code, "approved"
    award.approved_by, award.approved_at = actor.subject, now
    fund = (await books.funds_by_code(db, [purse.code]))[purse.code]
    entry = award_reserved(deed_for(award, "reserved", shanghai_date(now)), kind_of(fund), award.amount_fen)
    await book(db, [entry], booked_by=actor.subject, now=now)
    if award.referral_id is not None and award.round == 1:
        await reports.add_reports(db, [report_on(award, "accepted", now=now)], now=now)
    await move(db, [award], taken_by=actor.subject, now=now)
    return award


async def _purse(db: AsyncSession, award: Award, wanted: str | None) -> Purse:
    """The fund to pay from, held until the transaction ends, so that what it has left cannot be promised twice."""
    fitting = [
        purse
        for purse in await books.purses(db)
        if wanted in (None, purse.code)
        and purse.purpose.covers(brand=award.brand, need=award.need, division=award.division)
    ]
    available = await books.lock_balances(db, [purse.code for purse in fitting])
    held = [Purse(p.code, p.restricted, p.purpose, available[p.code]) for p in fitting]
    chosen = paying_fund(held, brand=award.brand, need=award.need, division=award.division, amount_fen=award.amount_fen)
    if chosen is None:
        raise FundExhausted(yuan(max(available.values(), default=0)))
    return chosen


async def reject(db: AsyncSession, award_id: UUID, body: RejectIn, *, actor: Actor, now: datetime) -> Award:
    """Somebody says no, with a reason: what was reserved is free again, and the door is told.

    Raises: NotFound, StepNotAllowed.
    """
    award = await _held(db, award_id, "rejected", None)
    was = award.status
    if was == "approved":
        fund = (await books.funds_by_code(db, [award.fund or ""]))[award.fund or ""]
        entry = award_released(deed_for(award, "released", shanghai_date(now)), kind_of(fund), award.amount_fen)
        await book(db, [entry], booked_by=actor.subject, now=now)
    if award.referral_id is not None:
        await reports.drop_untried(db, [award.id], now=now)
        said = (await reports.said_of(db, [award.referral_id])).get(award.referral_id, frozenset())
        status = "failed" if "accepted" in said else "rejected"
        spoken = report_on(award, status, now=now, reason_code=body.reason_code)
        await reports.add_reports(db, [spoken], now=now)
    award.status, award.reason = "rejected", body.reason_code
    await move(db, [award], taken_by=actor.subject, now=now)
    return award
