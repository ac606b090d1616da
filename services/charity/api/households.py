"""Charity's part of one household's chain of help."""

from services.charity.actions.take_up import look_at_household
from services.charity.api.common import PREFIX, ClockDep, PathRef, award_out, why
from services.charity.schemas.answers import HouseholdOut, OpenNeedOut
from services.charity.store import awards
from services.contracts.money import yuan
from services.kit.application import router as new_router
from services.kit.auth import require
from services.kit.db import SessionDep

router = new_router(prefix=f"{PREFIX}/households", tags=["households"])


@router.get("/{household_ref}", dependencies=[require("charity:read")])
async def get_household(household_ref: PathRef, db: SessionDep, clock: ClockDep) -> HouseholdOut:
    """Proposals, awards and amounts of a household, and needs asked of charity that are not on their way, with why.

    A household charity never heard of has an empty chain: that is an answer, not an error.
    """
    rows = await awards.awards_of(db, [household_ref])
    open_needs = await look_at_household(db, household_ref, now=clock.now())
    return HouseholdOut(
        household_ref=household_ref,
        awards=[award_out(award) for award in rows],
        promised=yuan(sum(award.amount_fen for award in rows if award.status in ("approved", "in_payment"))),
        paid=yuan(sum(award.amount_fen for award in rows if award.status == "paid")),
        open_needs=[OpenNeedOut(need=need, reason=why(reason)) for need, reason in open_needs],
    )
