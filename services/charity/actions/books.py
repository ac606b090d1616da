"""The books themselves: money set aside, mistakes undone, months closed."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.charity.actions.donations import donation_event
from services.charity.actions.moves import book, kind_of
from services.charity.errors import Differs, FundExhausted, NotFound, UnknownCode
from services.charity.ledger.chart import chart
from services.charity.ledger.entry import Entry, digest_of_month
from services.charity.ledger.recipes import Deed, fund_transferred, reversal
from services.charity.ledger.statements import trial_balance
from services.charity.models import ClosedMonth, Transfer
from services.charity.schemas.bodies import TransferIn
from services.charity.store import books, donations
from services.contracts.money import yuan
from services.kit.auth import Actor
from services.kit.clock import shanghai_date
from services.kit.errors import Conflict
from services.kit.ids import derived_id
from services.kit.outbox import emit


async def transfer(db: AsyncSession, body: TransferIn, *, actor: Actor, now: datetime) -> tuple[Transfer, bool]:
    """Set free money aside for a purpose; answers the transfer and whether it is new.

    Raises: UnknownCode, FundExhausted, Differs.
    """
    await donations.reference_lock(db, "transfer", body.reference)
    known = await donations.get_transfer_by_reference(db, body.reference)
    if known is not None:
        if (known.giver, known.taker, known.amount_fen) != (body.from_fund, body.to_fund, body.amount):
            raise Differs()
        return known, False
    funds = await books.funds_by_code(db, [body.from_fund, body.to_fund])
    for field, code in (("from_fund", body.from_fund), ("to_fund", body.to_fund)):
        if code not in funds:
            raise UnknownCode(field, "unknown_fund", "没有这个资金", "There is no such fund")
    if funds[body.from_fund].restricted or body.from_fund == body.to_fund:
        raise UnknownCode("from_fund", "purpose_is_binding", "限定用途的资金不能转出", "Restricted money does not move")
    available = (await books.lock_balances(db, [body.from_fund, body.to_fund]))[body.from_fund]
    if available < body.amount:
        raise FundExhausted(yuan(available))
    transfer_id = derived_id("transfer", body.reference)
    deed = Deed(derived_id("entry", "transfer", transfer_id), shanghai_date(now), transfer_id)
    entry = fund_transferred(deed, kind_of(funds[body.from_fund]), kind_of(funds[body.to_fund]), body.amount)
    await book(db, [entry], booked_by=actor.subject, now=now)
    made = Transfer(
        id=transfer_id,
        reference=body.reference,
        giver=body.from_fund,
        taker=body.to_fund,
        amount_fen=body.amount,
        entry_id=entry.id,
        recorded_by=actor.subject,
        recorded_at=now,
    )
    await donations.add_transfer(db, made)
    return made, True


async def reverse_entry(db: AsyncSession, entry_id: UUID, *, actor: Actor, now: datetime) -> UUID:
    """Undo an entry by its mirror image, booked today; answers the reversal's id, the same for a repeat.

    An award's entries are undone by the award's own steps, so that books, award and payment keep agreeing.
    Raises: NotFound, FundExhausted when the money is already promised, Conflict.
    """
    found = await books.get_entry(db, entry_id)
    if found is None:
        raise NotFound()
    head, lines = found
    if head.reverses is not None:
        raise Conflict("冲正分录不能再冲正", "A reversal is not reversed", code="reversal_of_reversal")
    if head.source == "award":
        raise Conflict(
            "救助分录请通过驳回或回单更正", "Undo it by the award's own steps", code="entry_belongs_to_award"
        )
    reversal_id = derived_id("entry", "reversal", entry_id)
    if await books.get_entry(db, reversal_id) is not None:
        return reversal_id
    available = await books.lock_balances(db, {line.fund for line in lines})
    entry = reversal(books.as_entry(head, lines), entry_id=reversal_id, booked_on=shanghai_date(now))
    _check_covered(entry, available)
    await book(db, [entry], booked_by=actor.subject, now=now)
    if head.source == "donation":
        donation = await donations.get_donation(db, head.source_id)
        if donation is not None:
            await emit(db, donation_event(donation, version=2))
    return reversal_id


def _check_covered(entry: Entry, available: dict[str, int]) -> None:
    for fund, left in available.items():
        taken = sum(
            posting.amount_fen
            for posting in entry.postings
            if posting.fund == fund and chart().account(posting.account).role in ("net", "income", "expense")
        )
        if taken > left:
            raise FundExhausted(yuan(left))


async def check_books(db: AsyncSession) -> list[tuple[str, str]]:
    """(breach, what) where books, funds, awards and payments disagree; empty in true books."""
    return await books.breaches(db)


async def close_month(db: AsyncSession, month: date, *, actor: Actor, now: datetime) -> ClosedMonth:
    """Close a month for good: it takes no entry any more, and its digest is kept. `month` is its first day.

    Raises: UnknownCode while it is not over.
    """
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if last >= shanghai_date(now):
        raise UnknownCode("month", "month_not_over", "该月尚未结束", "The month is not over")
    await books.lock_month(db, month)
    known = await books.get_closed_month(db, month)
    if known is not None:
        return known
    digests = await books.digests_of(db, first=month, last=last)
    balance = trial_balance(await books.turnover(db, first=month, last=last, fund=None), chart=chart())
    closed = ClosedMonth(
        month=month,
        entries=len(digests),
        debit_fen=balance.debit_fen,
        digest=digest_of_month(digests),
        closed_by=actor.subject,
        closed_at=now,
    )
    await books.add_closed_month(db, closed)
    return closed
