"""What people receive by the rolls, told: after a new roll, a roll taken back, or a move to another household."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.event import new_event_id
from services.contracts.intake import BenefitHeld, BenefitsChanged
from services.intake.actions.work import Work
from services.intake.store import rolls
from services.intake.store.rolls import HeldRow, ToldRow
from services.kit.outbox import emit


async def tell_benefits(db: AsyncSession, people: Collection[UUID], *, is_news: bool, work: Work) -> None:
    """Tell what people stand on now, one event each.

    With `is_news` what they stand on changed; without it only where they live did, which is told of those of whom
    anything was told before.
    """
    told = await rolls.raise_versions(db, people, is_news=is_news)
    held: dict[UUID, list[HeldRow]] = {}
    for row in await rolls.held_by(db, [one.id for one in told]):
        held.setdefault(row.person_id, []).append(row)
    await emit(db, *(_event(one, held.get(one.id, []), work) for one in told))


def _event(told: ToldRow, held: list[HeldRow], work: Work) -> BenefitsChanged:
    benefits = tuple(
        BenefitHeld(
            programme=row.programme, division=row.division, since=row.since, until=row.until, monthly_fen=row.month_fen
        )
        for row in held
    )
    return BenefitsChanged(
        id=new_event_id(),
        occurred_at=work.now,
        ref=told.id,
        version=told.version,
        division=told.division,
        household_ref=told.household_id,
        provisional=told.provisional,
        benefits=benefits,
    )
