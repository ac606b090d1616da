"""The books: entries with their postings, the funds' figures, closed months."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.charity.errors import Differs
from services.charity.ledger.entry import Entry, Posting
from services.charity.ledger.purpose import Purpose, Purse
from services.charity.models import ClosedMonth, Fund, FundBalance, JournalEntry, PostingRow
from services.charity.store.reading import among

_ADD_ENTRIES = text(
    "INSERT INTO journal_entry (id, kind, booked_on, source, source_id, reverses, digest, booked_by, booked_at)"
    " SELECT i, k, d, s, si, r, g, :booked_by, :booked_at FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]),"
    " CAST(:days AS date[]), CAST(:sources AS text[]), CAST(:source_ids AS uuid[]), CAST(:reverses AS uuid[]),"
    " CAST(:digests AS bytea[])) AS e(i, k, d, s, si, r, g) ON CONFLICT (id) DO NOTHING RETURNING id"
)
_ADD_POSTINGS = text(
    "INSERT INTO posting (entry_id, line, account, fund, amount_fen) SELECT * FROM unnest(CAST(:entries AS uuid[]),"
    " CAST(:lines AS int[]), CAST(:accounts AS text[]), CAST(:funds AS text[]), CAST(:amounts AS bigint[]))"
)
_LOCK_BALANCES = text(
    "SELECT fund, available_fen FROM fund_balance WHERE fund = ANY(CAST(:funds AS text[])) ORDER BY fund FOR UPDATE"
)
_LOCK_MONTH = text("SELECT pg_advisory_xact_lock(1798, month_key(CAST(:month AS date)))")
_TURNOVER = text(
    "SELECT p.account, coalesce(sum(p.amount_fen) FILTER (WHERE p.amount_fen > 0), 0)::bigint AS debit,"
    " coalesce(-sum(p.amount_fen) FILTER (WHERE p.amount_fen < 0), 0)::bigint AS credit"
    " FROM posting p JOIN journal_entry e ON e.id = p.entry_id"
    " WHERE e.booked_on BETWEEN :first AND :last AND (CAST(:fund AS text) IS NULL OR p.fund = :fund) GROUP BY p.account"
)


def guard_of(error: DBAPIError) -> str:
    """The name of the constraint or guard that refused, "" when the error is another one."""
    cause = getattr(error.orig, "__cause__", None)
    return str(getattr(cause, "constraint_name", None) or "")


async def add_entries(db: AsyncSession, entries: Sequence[Entry], *, booked_by: str, now: datetime) -> set[UUID]:
    """Book entries, in one statement each for heads and lines. Answers the ids that were not there before.

    Raises: Differs when an id is taken by an entry with other content; DBAPIError when a guard of the books refuses
    (`guard_of` names it).
    """
    by_id = {entry.id: entry for entry in entries}
    rows = list(by_id.values())
    answer = await db.execute(
        _ADD_ENTRIES,
        {
            "ids": [entry.id for entry in rows],
            "kinds": [entry.kind for entry in rows],
            "days": [entry.booked_on for entry in rows],
            "sources": [entry.source for entry in rows],
            "source_ids": [entry.source_id for entry in rows],
            "reverses": [entry.reverses for entry in rows],
            "digests": [entry.digest() for entry in rows],
            "booked_by": booked_by,
            "booked_at": now,
        },
    )
    added = set(answer.scalars())
    if len(added) < len(rows):
        await _check_same(db, [entry for entry in rows if entry.id not in added])
    lines = [(entry.id, n, p) for entry in rows if entry.id in added for n, p in enumerate(entry.postings, 1)]
    if lines:
        await db.execute(
            _ADD_POSTINGS,
            {
                "entries": [entry_id for entry_id, _, _ in lines],
                "lines": [number for _, number, _ in lines],
                "accounts": [posting.account for _, _, posting in lines],
                "funds": [posting.fund for _, _, posting in lines],
                "amounts": [posting.amount_fen for _, _, posting in lines],
            },
        )
    return added


async def _check_same(db: AsyncSession, entries: Sequence[Entry]) -> None:
    found = await db.execute(
        select(col(JournalEntry.id), col(JournalEntry.digest)).where(
            among(JournalEntry.id, [entry.id for entry in entries])
        )
    )
    known = {row.id: bytes(row.digest) for row in found}
    if any(known.get(entry.id) != entry.digest() for entry in entries):
        raise Differs()


async def lock_balances(db: AsyncSession, funds: Collection[str]) -> dict[str, int]:
    """Hold the funds' figures until the transaction ends; answers what each has available, in fen."""
    rows = await db.execute(_LOCK_BALANCES, {"funds": sorted(set(funds))})
    return {row.fund: row.available_fen for row in rows}


async def get_fund(db: AsyncSession, code: str) -> Fund | None:
    """The fund of a code."""
    return await db.get(Fund, code)


async def funds_by_code(db: AsyncSession, codes: Collection[str]) -> dict[str, Fund]:
    """Funds by code; unknown codes are left out."""
    rows = await db.execute(select(Fund).where(col(Fund.code).in_(sorted(set(codes)))))
    return {fund.code: fund for fund in rows.scalars()}


async def add_fund(db: AsyncSession, fund: Fund) -> bool:
    """Open a fund. False when the code is taken."""
    added = await db.execute(
        text(
            "INSERT INTO fund (code, name_zh, name_en, restricted, brand, needs, division, created_by, created_at)"
            " VALUES (:code, :name_zh, :name_en, :restricted, :brand, :needs, :division, :created_by, :created_at)"
            " ON CONFLICT (code) DO NOTHING RETURNING code"
        ),
        fund.model_dump(),
    )
    return added.scalar() is not None


async def funds_with_figures(db: AsyncSession, code: str | None = None) -> list[tuple[Fund, FundBalance]]:
    """Every fund with its figures, the free money first; or the one of a code."""
    query = select(Fund, FundBalance).join(FundBalance, col(FundBalance.fund) == col(Fund.code))
    if code is not None:
        query = query.where(col(Fund.code) == code)
    query = query.order_by(col(Fund.restricted), col(Fund.code)).execution_options(populate_existing=True)
    rows = await db.execute(query)
    return [(row[0], row[1]) for row in rows]


async def purses(db: AsyncSession) -> list[Purse]:
    """Every fund as a payer of awards."""
    return [
        Purse(
            code=fund.code,
            restricted=fund.restricted,
            purpose=Purpose(fund.brand, tuple(fund.needs), fund.division),
            available_fen=balance.available_fen,
        )
        for fund, balance in await funds_with_figures(db)
    ]


async def get_entry(db: AsyncSession, entry_id: UUID) -> tuple[JournalEntry, list[PostingRow]] | None:
    """An entry with its lines in order."""
    head = await db.get(JournalEntry, entry_id)
    if head is None:
        return None
    return head, (await lines_of(db, [entry_id]))[entry_id]


async def lines_of(db: AsyncSession, entry_ids: Collection[UUID]) -> Mapping[UUID, list[PostingRow]]:
    """Lines of entries, in order, by entry."""
    rows = await db.execute(
        select(PostingRow)
        .where(among(PostingRow.entry_id, entry_ids))
        .order_by(col(PostingRow.entry_id), col(PostingRow.line))
    )
    lines: dict[UUID, list[PostingRow]] = {entry_id: [] for entry_id in entry_ids}
    for row in rows.scalars():
        lines[row.entry_id].append(row)
    return lines


def as_entry(head: JournalEntry, lines: Sequence[PostingRow]) -> Entry:
    """The stored entry as the ledger's own. Raises: BadEntry when the stored lines do not balance."""
    return Entry(
        id=head.id,
        kind=head.kind,  # type: ignore[arg-type]  # the column's check holds the same words
        booked_on=head.booked_on,
        source=head.source,  # type: ignore[arg-type]  # as above
        source_id=head.source_id,
        postings=tuple(Posting(line.account, line.fund, line.amount_fen) for line in lines),
        reverses=head.reverses,
    )


async def entries_page(
    db: AsyncSession,
    *,
    first: date,
    last: date,
    source_id: UUID | None,
    after: int | None,
    limit: int,
) -> list[JournalEntry]:
    """Entries booked in a span of days, or about one thing, in the order they were booked."""
    query = select(JournalEntry).where(col(JournalEntry.booked_on).between(first, last))
    if source_id is not None:
        query = query.where(col(JournalEntry.source_id) == source_id)
    if after is not None:
        query = query.where(col(JournalEntry.ordinal) > after)
    rows = await db.execute(query.order_by(col(JournalEntry.ordinal)).limit(limit))
    return list(rows.scalars())


async def entries_about(db: AsyncSession, source_id: UUID) -> list[JournalEntry]:
    """All entries about one donation, transfer or award, in the order they were booked."""
    query = select(JournalEntry).where(col(JournalEntry.source_id) == source_id)
    rows = await db.execute(query.order_by(col(JournalEntry.ordinal)))
    return list(rows.scalars())


async def turnover(db: AsyncSession, *, first: date, last: date, fund: str | None) -> list[tuple[str, int, int]]:
    """(account, debits, credits) of a span of days, of one fund or all. Units: fen."""
    rows = await db.execute(_TURNOVER, {"first": first, "last": last, "fund": fund})
    return [(row.account, row.debit, row.credit) for row in rows]


async def lock_month(db: AsyncSession, month: date) -> None:
    """Let no entry into the month until the transaction ends."""
    await db.execute(_LOCK_MONTH, {"month": month})


async def digests_of(db: AsyncSession, *, first: date, last: date) -> list[bytes]:
    """The digests of the entries of a span of days."""
    rows = await db.execute(select(col(JournalEntry.digest)).where(col(JournalEntry.booked_on).between(first, last)))
    return [bytes(digest) for digest in rows.scalars()]


async def get_closed_month(db: AsyncSession, month: date) -> ClosedMonth | None:
    """The closing of a month, None while it is open."""
    return await db.get(ClosedMonth, month)


async def add_closed_month(db: AsyncSession, closed: ClosedMonth) -> None:
    """Close a month."""
    db.add(closed)
    await db.flush()


async def closed_months(db: AsyncSession) -> list[ClosedMonth]:
    """All closings, newest month first."""
    return list((await db.execute(select(ClosedMonth).order_by(col(ClosedMonth.month).desc()))).scalars())


async def breaches(db: AsyncSession) -> list[tuple[str, str]]:
    """Where books, funds, awards and payments disagree; empty in true books."""
    rows = await db.execute(text("SELECT breach, what FROM books_breach ORDER BY breach, what LIMIT 100"))
    return [(row.breach, row.what) for row in rows]
