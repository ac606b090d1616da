"""The events referral takes in: assessments from eligibility, decisions on consent from intake."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.eligibility import AssessmentCompleted
from services.contracts.intake import ConsentChanged
from services.kit.inbox import Handlers
from services.referral.actions.intake import take_assessments, take_consents


async def on_consent_changed(db: AsyncSession, events: Sequence[ConsentChanged], now: datetime) -> Collection[UUID]:
    """Release, hold or take back referrals by the family's word."""
    return await take_consents(db, events, now=now)


async def on_assessment_completed(
    db: AsyncSession, events: Sequence[AssessmentCompleted], now: datetime
) -> Collection[UUID]:
    """Open and keep referrals for the needs there are, take back those for needs that are gone."""
    return await take_assessments(db, events, now=now)


# Consents first: what comes with its assessment in one fetch leaves at once instead of being held for a moment.
HANDLERS: Handlers = {ConsentChanged: on_consent_changed, AssessmentCompleted: on_assessment_completed}
