"""One bookkeeping recipe per deed: data in, a balanced entry out. Amounts in fen, always above zero.

    donation received    Dr cash        Cr income
    award reserved       Dr net         Cr reserved         nothing is owed yet; the money is spoken for
    award released       Dr reserved    Cr net
    award payable        Dr expense     Cr payable          with the release of its reservation
    award paid           Dr payable     Cr cash
    award returned       Dr payable     Cr expense          the bank could not pay; or Dr cash when it came back later
    fund transferred     from: Dr net   Cr cash    to: Dr cash   Cr net

Source: 民间非营利组织会计制度 (财会〔2004〕7号), chapters on net assets, income and expenses.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.charity.ledger.chart import FundRole, chart
from services.charity.ledger.entry import BadEntry, Entry, EntryKind, Posting, Source


@dataclass(frozen=True, slots=True)
class FundKind:
    """What a recipe must know of a fund."""

    code: str
    restricted: bool


@dataclass(frozen=True, slots=True)
class Deed:
    """The outside of an entry: its id, its day and what it is about."""

    id: UUID
    booked_on: date
    source_id: UUID


def _posting(fund: FundKind, role: FundRole, amount_fen: int) -> Posting:
    return Posting(chart().code_for(role, restricted=fund.restricted), fund.code, amount_fen)


def _move(fund: FundKind, amount_fen: int, *, debit: FundRole, credit: FundRole) -> tuple[Posting, Posting]:
    if amount_fen <= 0:
        raise BadEntry("an amount must be above zero")
    return _posting(fund, debit, amount_fen), _posting(fund, credit, -amount_fen)


def _entry(deed: Deed, kind: EntryKind, source: Source, *postings: Posting) -> Entry:
    return Entry(deed.id, kind, deed.booked_on, source, deed.source_id, postings)


def donation_received(deed: Deed, fund: FundKind, amount_fen: int) -> Entry:
    """Money came in for a fund. Raises: BadEntry."""
    return _entry(deed, "donation_received", "donation", *_move(fund, amount_fen, debit="cash", credit="income"))


def award_reserved(deed: Deed, fund: FundKind, amount_fen: int) -> Entry:
    """An award was approved: its amount can be promised to nobody else. Raises: BadEntry."""
    return _entry(deed, "award_reserved", "award", *_move(fund, amount_fen, debit="net", credit="reserved"))


def award_released(deed: Deed, fund: FundKind, amount_fen: int) -> Entry:
    """An approved award will not be paid: the amount is free again. Raises: BadEntry."""
    return _entry(deed, "award_released", "award", *_move(fund, amount_fen, debit="reserved", credit="net"))


def award_payable(deed: Deed, fund: FundKind, amount_fen: int) -> Entry:
    """An award went into a payment batch: it is owed, and its reservation has served its purpose. Raises: BadEntry."""
    return _entry(
        deed,
        "award_payable",
        "award",
        *_move(fund, amount_fen, debit="reserved", credit="net"),
        *_move(fund, amount_fen, debit="expense", credit="payable"),
    )


def award_paid(deed: Deed, fund: FundKind, amount_fen: int) -> Entry:
    """The bank paid an award out. Raises: BadEntry."""
    return _entry(deed, "award_paid", "award", *_move(fund, amount_fen, debit="payable", credit="cash"))


def award_returned(deed: Deed, fund: FundKind, amount_fen: int, *, was_paid: bool) -> Entry:
    """A payment came back: the cost is undone, against the debt, or against cash when it had left before.

    Raises: BadEntry.
    """
    debit: FundRole = "cash" if was_paid else "payable"
    return _entry(deed, "award_returned", "award", *_move(fund, amount_fen, debit=debit, credit="expense"))


def fund_transferred(deed: Deed, giver: FundKind, taker: FundKind, amount_fen: int) -> Entry:
    """Free money was set aside for a purpose. Money that a donor gave for a purpose never moves.

    Raises: BadEntry, also when the giving fund is restricted or both are the same.
    """
    if giver.restricted or giver.code == taker.code:
        raise BadEntry("only unrestricted money moves, and only to another fund")
    return _entry(
        deed,
        "fund_transferred",
        "transfer",
        *_move(giver, amount_fen, debit="net", credit="cash"),
        *_move(taker, amount_fen, debit="cash", credit="net"),
    )


def reversal(entry: Entry, *, entry_id: UUID, booked_on: date) -> Entry:
    """The entry that undoes another, line by line. Raises: BadEntry for the reversal of a reversal."""
    if entry.reverses is not None:
        raise BadEntry("a reversal is not reversed; book the deed anew")
    postings = tuple(Posting(p.account, p.fund, -p.amount_fen) for p in entry.postings)
    return Entry(entry_id, "reversal", booked_on, entry.source, entry.source_id, postings, reverses=entry.id)
