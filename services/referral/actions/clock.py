"""What a day that has passed changes: answers and outcomes that are late, consents that have run out."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.clock import shanghai_date
from services.referral.actions.cases import SYSTEM, open_cases, put_back
from services.referral.partners.settle import settle
from services.referral.store import door, households, referrals

MOST = 500
CALLBACKS_KEPT = timedelta(days=90)
"""A callback's id is remembered for this long, so that an old one played back has no effect."""


async def follow_the_day(db: AsyncSession, *, now: datetime) -> int:
    """Think again about up to MOST households with something due. Answers how many there were."""
    due = await referrals.households_due(db, today=shanghai_date(now), most=MOST)
    locked = await households.lock_households(db, sorted(due))
    cases = await open_cases(db, locked.values(), now=now)
    for case in cases:
        settle(case)
    await put_back(db, cases, by=SYSTEM, now=now)
    return len(cases)


async def forget_old_callbacks(db: AsyncSession, *, now: datetime) -> None:
    """Drop ids of callbacks older than they have to be remembered."""
    await door.forget_callbacks(db, before=now - CALLBACKS_KEPT)
