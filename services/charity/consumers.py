"""What charity takes in. Newest version wins; what follows is decided anew each time, so order never matters."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.charity.actions.take_up import decide_on
from services.charity.models import Household, Referral, Unmet
from services.charity.store import known
from services.contracts.eligibility import AssessmentCompleted
from services.contracts.event import Event
from services.contracts.referral import NeedUnmet, ReferralChanged
from services.kit.inbox import Handlers

E = TypeVar("E", bound=Event)


def _newest(events: Iterable[E]) -> dict[UUID, E]:
    """Of several states of one aggregate the newest."""
    newest: dict[UUID, E] = {}
    for event in events:
        held = newest.get(event.ref)
        if held is None or held.version < event.version:
            newest[event.ref] = event
    return newest


def _stale(events: Sequence[E], kept: set[UUID], newest: dict[UUID, E]) -> list[UUID]:
    return [event.id for event in events if event.ref not in kept or newest[event.ref].id != event.id]


def _household(event: AssessmentCompleted) -> Household:
    born = [person.birth_date for person in event.people if person.birth_date is not None]
    everyone_known = len(born) == len(event.people) > 0
    return Household(
        household_ref=event.ref,
        division=event.division,
        version=event.version,
        assessment_id=event.assessment_id,
        as_of=event.as_of,
        status=event.status,
        size=event.household_size,
        # With one birth date unknown nobody can say that there is no elder or no minor, only that there is one.
        oldest=min(born) if everyone_known else None,
        youngest=max(born) if everyone_known else None,
        needs={need.code: {"gap_fen": need.gap_fen, "near_miss": need.near_miss} for need in event.needs},
        programmes=[
            [finding.programme, finding.one_off_fen or finding.monthly_fen or None]
            for finding in event.findings
            if finding.outcome == "eligible"
        ],
    )


async def on_assessment_completed(
    db: AsyncSession, events: Sequence[AssessmentCompleted], now: datetime
) -> Collection[UUID]:
    """Remember the households' needs and government aid; proposals on their way follow the new gaps."""
    newest = _newest(events)
    await known.lock_households(db, {event.ref: event.division for event in newest.values()})
    kept = await known.keep_households(db, [_household(event) for event in newest.values()])
    await decide_on(db, kept, now=now)
    return _stale(events, kept, newest)


def _referral(event: ReferralChanged) -> Referral:
    outcome = event.outcome
    return Referral(
        id=event.ref,
        version=event.version,
        household_ref=event.household_ref,
        division=event.division,
        subject_ref=event.subject_ref,
        partner=event.partner,
        bureau=event.bureau,
        need=event.need,
        near_miss=event.near_miss,
        status=event.status,
        gap_fen=event.gap_fen,
        outcome_kind=outcome.kind if outcome else None,
        outcome_fen=outcome.amount_fen if outcome else None,
        outcome_on=outcome.on if outcome else None,
        changed_at=event.changed_at,
    )


async def on_referral_changed(db: AsyncSession, events: Sequence[ReferralChanged], now: datetime) -> Collection[UUID]:
    """Remember the referrals; take up what was asked with the family's yes, stand back where another answers."""
    newest = _newest(events)
    await known.lock_households(db, {event.household_ref: event.division for event in newest.values()})
    kept = await known.keep_referrals(db, [_referral(event) for event in newest.values()])
    await decide_on(db, {event.household_ref for event in newest.values() if event.ref in kept}, now=now)
    return _stale(events, kept, newest)


async def on_need_unmet(db: AsyncSession, events: Sequence[NeedUnmet], now: datetime) -> Collection[UUID]:
    """Remember the unmet needs and take them up."""
    newest = _newest(events)
    await known.lock_households(db, {event.household_ref: event.division for event in newest.values()})
    rows = [
        Unmet(
            ref=event.ref,
            version=event.version,
            household_ref=event.household_ref,
            division=event.division,
            subject_ref=event.subject_ref,
            need=event.need,
            gap_fen=event.gap_fen,
            state=event.state,
            opened_version=event.version,
        )
        for event in newest.values()
    ]
    kept = await known.keep_unmet(db, rows)
    await decide_on(db, {event.household_ref for event in newest.values() if event.ref in kept}, now=now)
    return _stale(events, kept, newest)


HANDLERS: Handlers = {
    AssessmentCompleted: on_assessment_completed,
    ReferralChanged: on_referral_changed,
    NeedUnmet: on_need_unmet,
}
