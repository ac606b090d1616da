"""From events to proposals: remember what was told, then decide anew on every need it concerns."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.charity.actions.moves import award_event, book, deed_for, kind_of, move, report_on
from services.charity.actions.picture import Picture, look_at
from services.charity.ledger.recipes import award_released
from services.charity.models import Award, Household, Report
from services.charity.programmes.directory import directory
from services.charity.programmes.match import BrandMatch, Facts, choose, facts_of, match_brands, suggest_amount
from services.charity.programmes.policy import Policy, policy_on
from services.charity.programmes.take_up import GoOn, LeaveIt, Propose, Withdraw
from services.charity.store import awards as store
from services.charity.store import books, known, reports
from services.kit.clock import shanghai_date
from services.kit.ids import derived_id
from services.kit.outbox import emit

SYSTEM = "charity"
"""Who takes the steps that follow from events."""

_SAID_WHEN_WITHDRAWN = {"need_met": "need_met", "another_referral_open": "already_helped"}


async def decide_on(db: AsyncSession, refs: Collection[UUID], *, now: datetime) -> None:
    """Propose, stand back or go on for each need of held households where there is something to decide."""
    if not refs:
        return
    policy = policy_on(shanghai_date(now))
    todo = await known.concerned(db, refs, partners=policy.acts_for)
    if not todo:
        return
    picture = await look_at(db, todo, policy=policy, now=now)
    await _propose(db, picture, policy, now)
    await _stand_back(db, picture, now)
    await _go_on(db, picture, now)


async def _propose(db: AsyncSession, picture: Picture, policy: Policy, now: datetime) -> None:
    wanted = []
    for (ref, need), decision in picture.decisions.items():
        if isinstance(decision, Propose):
            chosen = brand_for(picture, ref, need, decision, policy, now)
            if chosen is not None:
                wanted.append(_proposal(picture.households[ref], need, decision, chosen, now))
    if not wanted:
        return
    added = await store.add_proposals(db, wanted, now=now)
    new = [award for award in wanted if award.id in added]
    if new:
        await store.add_steps(db, new, taken_by=SYSTEM, now=now)
        await emit(db, *(award_event(award) for award in new))


def brand_for(
    picture: Picture, ref: UUID, need: str, decision: Propose, policy: Policy, now: datetime
) -> BrandMatch | None:
    """The brand to propose for a need: one whose owner the family said yes to. None when none is open for it."""
    owners = set(policy.acts_for)
    if decision.referral_id is not None:
        owners = {picture.referrals[decision.referral_id].partner}
    facts = facts_of_household(picture.households.get(ref), near_miss=decision.near_miss, policy=policy, now=now)
    return choose(match_brands(directory(), need=need, facts=facts, on=shanghai_date(now)), owners=owners)


def facts_of_household(household: Household | None, *, near_miss: bool, policy: Policy, now: datetime) -> Facts:
    """What the brands are asked about; an unknown household has no known facts."""
    if household is None:
        return Facts(near_miss=near_miss)
    return facts_of(
        status=household.status,
        near_miss=near_miss,
        oldest=household.oldest,
        youngest=household.youngest,
        programmes=[programme for programme, *_ in household.programmes],
        on=shanghai_date(now),
        policy=policy,
    )


def _proposal(household: Household, need: str, decision: Propose, chosen: BrandMatch, now: datetime) -> Award:
    amounts = chosen.brand.amounts_on(shanghai_date(now))
    assert amounts is not None  # a brand without amounts does not fit
    return Award(
        id=derived_id("award", *decision.key),
        version=1,
        household_ref=household.household_ref,
        division=household.division,
        subject_ref=decision.subject_ref,
        need=need,
        brand=chosen.brand.code,
        amount_fen=suggest_amount(amounts, gap_fen=decision.gap_fen),
        gap_fen=decision.gap_fen,
        near_miss=decision.near_miss,
        cause=decision.cause,
        referral_id=decision.referral_id,
        status="proposed",
        proposed_at=now,
        changed_at=now,
    )


async def _stand_back(db: AsyncSession, picture: Picture, now: datetime) -> None:
    decided = [decision for decision in picture.decisions.values() if isinstance(decision, Withdraw)]
    if not decided:
        return
    held = {decision.award_id: (picture.live[decision.award_id], decision.reason) for decision in decided}
    await withdraw(db, list(held.values()), picture.said, now=now)


async def withdraw(
    db: AsyncSession, awards: Sequence[tuple[Award, str]], said: dict[UUID, frozenset[str]], *, now: datetime
) -> None:
    """Stand back from held awards, each for its reason: free what was reserved, and say so at the door where it is ours
    to say."""
    today = shanghai_date(now)
    reserved = [award for award, _ in awards if award.status == "approved"]
    funds = await books.funds_by_code(db, [award.fund for award in reserved if award.fund])
    entries = [
        award_released(deed_for(award, "released", today), kind_of(funds[award.fund or ""]), award.amount_fen)
        for award in reserved
    ]
    if entries:
        await book(db, entries, booked_by=SYSTEM, now=now)
    await reports.drop_untried(db, [award.id for award, _ in awards], now=now)
    spoken: list[Report] = []
    for award, reason in awards:
        code = _SAID_WHEN_WITHDRAWN.get(reason)
        if award.referral_id is not None and code is not None:
            status = "failed" if "accepted" in said.get(award.referral_id, frozenset()) else "rejected"
            spoken.append(report_on(award, status, now=now, reason_code=code))
        award.status = "withdrawn"
        award.reason = reason
    if spoken:
        await reports.add_reports(db, spoken, now=now)
    await move(db, [award for award, _ in awards], taken_by=SYSTEM, now=now)


async def _go_on(db: AsyncSession, picture: Picture, now: datetime) -> None:
    """Keep the gap of proposals fresh; an amount nobody has reviewed yet follows it."""
    moved: list[Award] = []
    noted: list[Award] = []
    for decision in picture.decisions.values():
        if not isinstance(decision, GoOn):
            continue
        award = picture.live[decision.award_id]
        if award.status not in ("proposed", "reviewed") or award.gap_fen == decision.gap_fen:
            continue
        award.gap_fen = decision.gap_fen
        brand = directory().get(award.brand)
        amounts = brand.amounts_on(shanghai_date(now)) if brand else None
        suggested = suggest_amount(amounts, gap_fen=decision.gap_fen) if amounts else award.amount_fen
        if award.status == "proposed" and suggested != award.amount_fen:
            award.amount_fen = suggested
            moved.append(award)
        else:
            noted.append(award)
    await move(db, moved, taken_by=SYSTEM, now=now)
    if noted:
        await store.change_awards(db, noted)


async def look_at_household(db: AsyncSession, ref: UUID, *, now: datetime) -> list[tuple[str, str]]:
    """(need, reason code) of what is asked of charity and not on its way. Changes nothing."""
    policy = policy_on(shanghai_date(now))
    pairs = await known.concerned(db, [ref], partners=policy.acts_for)
    if not pairs:
        return []
    picture = await look_at(db, pairs, policy=policy, now=now, hold=False)
    open_needs = []
    for (_, need), decision in picture.decisions.items():
        if isinstance(decision, LeaveIt):
            open_needs.append((need, decision.reason))
        elif isinstance(decision, Propose):
            brand = brand_for(picture, ref, need, decision, policy, now)
            open_needs.append((need, "no_brand_open" if brand is None else "proposed_before"))
    return open_needs


async def look_again(db: AsyncSession, *, now: datetime, most: int = 500) -> None:
    """Decide anew on what was asked of charity and never proposed: a season may have opened meanwhile."""
    policy = policy_on(shanghai_date(now))
    waiting = await known.waiting(db, partners=policy.acts_for, most=most)
    if waiting:
        await known.lock_households(db, waiting)
        await decide_on(db, waiting, now=now)
