"""What the rules say of one household as it is known now, asked or not. Stores nothing."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.actions.explain import Json, explained
from services.eligibility.actions.look import place_in_book
from services.eligibility.actions.rehearsal.read import cases_of
from services.eligibility.errors import UnknownHousehold
from services.eligibility.rules.book import rule_book
from services.eligibility.store.households import see_everything
from services.eligibility.store.known import read_known


async def check_now(db: AsyncSession, household_ref: UUID, *, today: date) -> Json:
    """The answer of `POST /checks` with its advice, from all that is stored of a household.

    Raises: UnknownHousehold when there is none in the caller's territory, it was merged, or nobody is known to live
    there.
    """
    book = rule_book()
    if not await read_known(db, {household_ref}, rule_digest=book.digest):
        raise UnknownHousehold()
    # A member's bills may lie in another place than the household; an answer must see all of them.
    await see_everything(db)
    (row,) = await read_known(db, {household_ref}, rule_digest=book.digest)
    cases, _ = cases_of([row], today)
    if not cases or row.merged_into is not None:
        raise UnknownHousehold()
    case = cases[0]
    return explained(case.facts, case.event, case.history, book.at(place_in_book(case.division), today), book)
