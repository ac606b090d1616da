"""The books: entries, reversals, the trial balance, closed months."""

from datetime import date
from typing import Annotated

from fastapi import Path

from services.charity.actions import books as actions
from services.charity.api.common import PREFIX, ClockDep, PathRef, entries_out, entry_out, next_ordinal
from services.charity.errors import NotFound, UnknownCode
from services.charity.ledger.chart import chart
from services.charity.ledger.statements import trial_balance
from services.charity.models import ClosedMonth
from services.charity.schemas.bodies import ReverseIn
from services.charity.schemas.common import Words
from services.charity.schemas.money import BalanceRowOut, EntriesOut, EntryOut, MonthOut, MonthsOut, TrialBalanceOut
from services.charity.store import books
from services.contracts.money import yuan
from services.kit.application import router as new_router
from services.kit.auth import ActorDep, require
from services.kit.db import SessionDep
from services.kit.fields import Code, Day, Ref
from services.kit.pages import Cursor, Limit, only_number

router = new_router(prefix=PREFIX, tags=["books"])
Month = Annotated[str, Path(pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$", description="a month, as 2026-10")]
_FIRST = date(2000, 1, 1)


def _span(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    span = first or _FIRST, last or today
    if span[0] > span[1]:
        raise UnknownCode("first", "after_last", "起始日期在截止日期之后", "The first day is after the last")
    return span


@router.get("/entries", dependencies=[require("charity:read")])
async def get_entries(
    db: SessionDep,
    clock: ClockDep,
    first: Day | None = None,
    last: Day | None = None,
    about: Ref | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> EntriesOut:
    """Entries of a span of days, or about one donation, transfer or award, in the order they were booked."""
    start, end = _span(first, last, clock.today())
    heads = await books.entries_page(db, first=start, last=end, source_id=about, after=only_number(cursor), limit=limit)
    lines = await books.lines_of(db, [head.id for head in heads])
    return EntriesOut(items=entries_out(heads, lines), next=next_ordinal([head.ordinal for head in heads], limit))


@router.get("/entries/{entry_id}", dependencies=[require("charity:read")])
async def get_entry(entry_id: PathRef, db: SessionDep) -> EntryOut:
    """One entry."""
    found = await books.get_entry(db, entry_id)
    if found is None:
        raise NotFound()
    return entry_out(*found)


@router.post("/entries/{entry_id}/reverse", dependencies=[require("charity:decide")])
async def post_reverse(
    entry_id: PathRef, body: ReverseIn, db: SessionDep, actor: ActorDep, clock: ClockDep
) -> EntryOut:
    """Undo an entry by its mirror image, booked today. The same again answers the same reversal."""
    reversal_id = await actions.reverse_entry(db, entry_id, actor=actor, now=clock.now())
    found = await books.get_entry(db, reversal_id)
    assert found is not None  # it was booked above
    return entry_out(*found)


@router.get("/trial-balance", dependencies=[require("charity:read")])
async def get_trial_balance(
    db: SessionDep, clock: ClockDep, first: Day | None = None, last: Day | None = None, fund: Code | None = None
) -> TrialBalanceOut:
    """Debits, credits and balance of every account; `breaches` is empty while books, awards and payments agree."""
    start, end = _span(first, last, clock.today())
    balance = trial_balance(await books.turnover(db, first=start, last=end, fund=fund), chart=chart())
    return TrialBalanceOut(
        first=start,
        last=end,
        fund=fund,
        rows=[
            BalanceRowOut(
                account=row.account.code,
                name=Words(zh=row.account.name_zh, en=row.account.name_en),
                kind=row.account.kind,
                debit=yuan(row.debit_fen),
                credit=yuan(row.credit_fen),
                balance=yuan(row.balance_fen),
            )
            for row in balance.rows
        ],
        debit=yuan(balance.debit_fen),
        credit=yuan(balance.credit_fen),
        balanced=balance.is_balanced,
        breaches=[f"{breach}:{what}" for breach, what in await books.breaches(db)],
    )


def _month_out(closed: ClosedMonth) -> MonthOut:
    return MonthOut(
        month=closed.month.strftime("%Y-%m"),
        entries=closed.entries,
        debit=yuan(closed.debit_fen),
        digest=f"sha256:{bytes(closed.digest).hex()}",
        closed_by=closed.closed_by,
        closed_at=closed.closed_at,
    )


@router.post("/months/{month}/close", dependencies=[require("charity:decide")])
async def post_close(month: Month, db: SessionDep, actor: ActorDep, clock: ClockDep) -> MonthOut:
    """Close a month that is over. It takes no entry any more; mistakes are reversed in an open month."""
    first = date.fromisoformat(f"{month}-01")
    return _month_out(await actions.close_month(db, first, actor=actor, now=clock.now()))


@router.get("/months", dependencies=[require("charity:read")])
async def get_months(db: SessionDep) -> MonthsOut:
    """Closed months, newest first."""
    return MonthsOut(items=[_month_out(closed) for closed in await books.closed_months(db)])
