"""From leads to visits: what screening found is assessed like anything else, and so comes onto the visit list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.actions.assess import assess_again
from services.eligibility.actions.screening.runs import found_lists
from services.eligibility.store import households, leads
from services.kit.clock import shanghai_date

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """How many households came onto the visit list, and how many of those asked for were there."""

    added: int
    already: int


async def list_leads_for_visits(
    db: AsyncSession, run_id: UUID, *, division: str, programme: str | None, most: int, now: datetime
) -> Listed:
    """Put the most pressing leads of a run on the visit list, as many as `most` households that are not on it.

    Raises: UnknownScreening; ScreeningForgotten.
    """
    await found_lists(db, run_id)
    found = await leads.lead_households(db, run_id, division=division, programme=programme)
    already = [row.household_ref for row in found if row.on_visit_list]
    fresh = [row.household_ref for row in found if not row.on_visit_list][:most]
    # A member's bills may lie in another place than the household; an assessment must see all of them.
    await households.see_everything(db)
    added = 0
    for start in range(0, len(fresh), _AT_ONCE):
        added += await list_households(db, run_id, fresh[start : start + _AT_ONCE], now=now)
    return Listed(added, len(already))


async def list_households(db: AsyncSession, run_id: UUID, refs: Sequence[UUID], *, now: datetime) -> int:
    """Have households assessed because screening found them. Answers how many there still are."""
    await households.lock_households(db, refs)
    found = await leads.mark_screened(db, refs, run_id, shanghai_date(now))
    await assess_again(db, found, now=now)
    return len(found)
