"""What everyone may see, without signing in: where the money went."""

from datetime import timedelta

from fastapi import Request

from services.charity.api.common import PREFIX, ClockDep, optional_yuan
from services.charity.programmes.disclosure import Cell, merge_small
from services.charity.programmes.policy import policy_on
from services.charity.schemas.money import DisclosedCell, DisclosedIncome, DisclosureOut
from services.charity.store import figures
from services.kit.application import router as new_router
from services.kit.db import EVERYTHING, Database

router = new_router(prefix=f"{PREFIX}/public", tags=["public"])
_FRESH = timedelta(seconds=30)


@router.get("/disclosure")
async def get_disclosure(request: Request, clock: ClockDep) -> DisclosureOut:
    """Money received and paid by month, brand and county. Cells with fewer people than the least are merged."""
    state = request.app.state
    held = getattr(state, "disclosure", None)
    if held is not None and held[0] > clock.now() - _FRESH:
        answer: DisclosureOut = held[1]
        return answer
    least = policy_on(clock.today()).disclosure_least_people
    database: Database = state.database
    async with database.transaction(EVERYTHING) as db:
        paid = [Cell(*cell) for cell in await figures.paid_cells(db)]
        received = [
            Cell(month, "", brand, times, times, amount)
            for month, brand, times, amount in await figures.received_cells(db)
        ]
    answer = DisclosureOut(
        cells_have_at_least=least,
        paid=[_paid(cell) for cell in merge_small(paid, least=least)],
        received=[_received(cell) for cell in merge_small(received, least=least)],
    )
    state.disclosure = (clock.now(), answer)
    return answer


def _paid(cell: Cell) -> DisclosedCell:
    return DisclosedCell(
        month=cell.month,
        county=cell.division,
        brand=cell.brand,
        person_times=cell.times or None,
        amount=optional_yuan(cell.amount_fen),
    )


def _received(cell: Cell) -> DisclosedIncome:
    return DisclosedIncome(
        month=cell.month, brand=cell.brand, donations=cell.times or None, amount=optional_yuan(cell.amount_fen)
    )
