"""What people do with the visit list: note what came of a visit, and note that a family asked."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.actions.assess import assess_again
from services.eligibility.errors import UnknownHousehold, VisitClosed, VisitMoved
from services.eligibility.store import households, visits
from services.kit.auth import Actor
from services.kit.clock import shanghai_date


async def record_result(
    db: AsyncSession, household_ref: UUID, *, result: str, version: int, on: date | None, actor: Actor, now: datetime
) -> None:
    """Note what came of a visit; the same result a second time changes nothing.

    Raises: UnknownHousehold, VisitClosed, VisitMoved when the caller saw another version.
    """
    await households.lock_households(db, {household_ref})
    visit = await visits.hold_visit(db, household_ref)
    if visit is None:
        raise UnknownHousehold()
    if visit.state == "done" and visit.result == result and visit.version == version + 1:
        return
    if visit.state not in ("open", "done"):
        raise VisitClosed()
    if visit.version != version:
        raise VisitMoved(extra={"version": visit.version})
    day = on or shanghai_date(now)
    await visits.write_result(db, household_ref, result=result, on=day, by=actor.subject, now=now)


async def take_application(db: AsyncSession, household_ref: UUID, *, on: date, now: datetime) -> None:
    """The family asked for help: from now on its household is assessed at every new fact.

    Raises: UnknownHousehold when there is none in the caller's territory.
    """
    if not await households.note_application(db, household_ref, on):
        raise UnknownHousehold()
    # A member's bills may lie in another place than the household; an assessment must see all of them.
    await households.see_everything(db)
    await assess_again(db, {household_ref}, now=now)
