"""What intake tells, taken in. Each handler calls one action with all fresh events of its class."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.intake import BenefitsChanged, CareChanged, GridReportRecorded, HouseholdChanged
from services.eligibility.actions.facts import take_benefits, take_care, take_households, take_reports
from services.kit.inbox import Handlers


async def on_household_changed(db: AsyncSession, events: Sequence[HouseholdChanged], now: datetime) -> Collection[UUID]:
    """Take in what households are."""
    return await take_households(db, events, now=now)


async def on_grid_report_recorded(
    db: AsyncSession, events: Sequence[GridReportRecorded], now: datetime
) -> Collection[UUID]:
    """Take in what grid workers saw."""
    return await take_reports(db, events, now=now)


async def on_care_changed(db: AsyncSession, events: Sequence[CareChanged], now: datetime) -> Collection[UUID]:
    """Take in what persons paid."""
    return await take_care(db, events, now=now)


async def on_benefits_changed(db: AsyncSession, events: Sequence[BenefitsChanged], now: datetime) -> Collection[UUID]:
    """Take in what persons receive by the rolls."""
    return await take_benefits(db, events)


HANDLERS: Handlers = {
    BenefitsChanged: on_benefits_changed,
    HouseholdChanged: on_household_changed,
    GridReportRecorded: on_grid_report_recorded,
    CareChanged: on_care_changed,
}
"""Households first, so that a bill in the same fetch is assessed once, with all that is known."""
