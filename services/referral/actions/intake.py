"""Take in what the parts above say: assessments and decisions on consent, in any order, each version once."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.eligibility import AssessmentCompleted
from services.contracts.event import Event
from services.contracts.intake import ConsentChanged
from services.referral.actions.cases import SYSTEM, open_cases, put_back
from services.referral.partners.settle import settle
from services.referral.partners.state import HouseholdState
from services.referral.store import households

E = TypeVar("E", bound=Event)


async def take_assessments(db: AsyncSession, events: Sequence[AssessmentCompleted], *, now: datetime) -> list[UUID]:
    """Open, keep, update and take back referrals by each household's newest assessment.

    Answers the ids of events that were not newer than what is known.
    """

    def take(household: HouseholdState, event: AssessmentCompleted) -> bool:
        if event.version <= household.assessment_version:
            return False
        household.assessment_version = event.version
        household.assessment_id = event.assessment_id
        household.division = event.division
        household.as_of = event.as_of
        household.cause = event.cause
        household.status = event.status
        household.household_size = event.household_size
        household.priority = event.priority
        household.safe_to_call = event.safe_to_call
        household.people = event.people
        household.needs = event.needs
        return True

    return await _take(db, events, take, now=now)


async def take_consents(db: AsyncSession, events: Sequence[ConsentChanged], *, now: datetime) -> list[UUID]:
    """Release, hold or take back referrals by each household's newest decisions.

    Answers the ids of events that were not newer than what is known.
    """

    def take(household: HouseholdState, event: ConsentChanged) -> bool:
        if event.version <= household.consent_version:
            return False
        household.consent_version = event.version
        household.decisions = event.decisions
        return True

    return await _take(db, events, take, now=now)


async def _take(
    db: AsyncSession, events: Sequence[E], take: Callable[[HouseholdState, E], bool], *, now: datetime
) -> list[UUID]:
    """Let each household take its newest event, and think again about those it changed. Answers the ids of stale
    events; `take` is False for one that told nothing new."""
    newest, stale = _newest(events)
    places = {ref: event.division for ref, event in newest.items()}
    held = await households.open_households(db, places, now=now)
    fresh: list[HouseholdState] = []
    for ref, event in newest.items():
        household = held[ref]
        if take(household, event):
            fresh.append(household)
        else:
            stale.append(event.id)
    await _rethink(db, fresh, now=now)
    return stale


def _newest(events: Sequence[E]) -> tuple[dict[UUID, E], list[UUID]]:
    """The newest event of each household, and the ids of the others."""
    newest: dict[UUID, E] = {}
    stale: list[UUID] = []
    for event in events:
        held = newest.get(event.ref)
        if held is not None and held.version >= event.version:
            stale.append(event.id)
            continue
        if held is not None:
            stale.append(held.id)
        newest[event.ref] = event
    return newest, stale


async def _rethink(db: AsyncSession, fresh: list[HouseholdState], *, now: datetime) -> None:
    await households.save_households(db, fresh, now=now)
    cases = await open_cases(db, [household for household in fresh if household.assessment_id is not None], now=now)
    for case in cases:
        settle(case)
    await put_back(db, cases, by=SYSTEM, now=now)
