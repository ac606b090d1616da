"""What must never break in the books is refused by the database itself, whoever asks."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text

from services.charity.ledger.recipes import Deed, FundKind, donation_received
from services.charity.store.books import add_entries
from services.charity.worker import look_at_books
from tests.support.postgres import PartDatabase, PartDatabases
from tests.unit.charity.make import clients, give, make_charity, make_referral, step, tell

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
GENERAL = FundKind("general", False)
APPEND_ONLY = ("journal_entry", "posting", "closed_month", "account", "fund", "donation", "transfer", "award_step")


@pytest.fixture
async def books(part_database: PartDatabases) -> PartDatabase:
    """A fresh database with 100 yuan of free money."""
    made = await part_database("charity")
    async with made.database.transaction() as db:
        entry = donation_received(Deed(uuid4(), date(2026, 11, 20), uuid4()), GENERAL, 10_000)
        await add_entries(db, [entry], booked_by="officer-a", now=NOW)
    return made


@pytest.fixture
async def app_role(books: PartDatabase) -> AsyncIterator[asyncpg.Connection]:
    """The application's own role, by itself."""
    connection = await asyncpg.connect(books.app_url)
    await connection.execute("SELECT set_config('yiqijiu.territory', 'all', false)")
    yield connection
    await connection.close()


@pytest.fixture
async def owner(books: PartDatabase) -> AsyncIterator[asyncpg.Connection]:
    """The role that owns the tables."""
    connection = await asyncpg.connect(books.owner_url)
    await connection.execute("SELECT set_config('yiqijiu.territory', 'all', false)")
    yield connection
    await connection.close()


async def add_head(connection: asyncpg.Connection, day: str = "2026-11-20", reverses: UUID | None = None) -> UUID:
    """An entry's head, with nothing under it yet."""
    entry = uuid4()
    await connection.execute(
        "INSERT INTO journal_entry (id, kind, booked_on, source, source_id, reverses, digest, booked_by, booked_at)"
        " VALUES ($1, $2, $3, 'donation', $1, $4, '', 'x', now())",
        entry,
        "reversal" if reverses else "donation_received",
        date.fromisoformat(day),
        reverses,
    )
    return entry


async def add_line(connection: asyncpg.Connection, entry: UUID, line: int, account: str, fen: int) -> None:
    """A line of an entry in the free money."""
    await connection.execute("INSERT INTO posting VALUES ($1, $2, $3, 'general', $4)", entry, line, account, fen)


def raises_guard(by: str) -> Any:
    """The block is refused by the guard of this name."""
    return pytest.raises(asyncpg.CheckViolationError, match=by)


async def test_an_entry_whose_postings_do_not_sum_to_zero_cannot_be_committed(app_role: asyncpg.Connection) -> None:
    with raises_guard("entry_balanced"):
        async with app_role.transaction():
            entry = await add_head(app_role)
            await add_line(app_role, entry, 1, "1002", 500)
            await add_line(app_role, entry, 2, "410101", -499)


async def test_an_entry_with_fewer_than_two_postings_cannot_be_committed(app_role: asyncpg.Connection) -> None:
    with raises_guard("entry_balanced"):
        async with app_role.transaction():
            await add_head(app_role)


async def test_checking_early_does_not_let_an_unbalanced_posting_in_later(app_role: asyncpg.Connection) -> None:
    with raises_guard("entry_balanced"):
        async with app_role.transaction():
            entry = await add_head(app_role)
            await add_line(app_role, entry, 1, "1002", 500)
            await add_line(app_role, entry, 2, "410101", -500)
            await app_role.execute("SET CONSTRAINTS ALL IMMEDIATE")
            await app_role.execute("SET CONSTRAINTS ALL DEFERRED")
            await add_line(app_role, entry, 3, "1002", 7)


async def test_two_funds_cannot_balance_each_other(owner: asyncpg.Connection) -> None:
    await owner.execute(
        "INSERT INTO fund (code, name_zh, name_en, restricted, brand, created_by, created_at)"
        " VALUES ('sunshine', 'x', 'x', true, 'charity_sunshine', 'x', now())"
    )
    with raises_guard("entry_balanced"):
        async with owner.transaction():
            entry = await add_head(owner)
            await add_line(owner, entry, 1, "1002", 500)
            await owner.execute("INSERT INTO posting VALUES ($1, 2, '410102', 'sunshine', -500)", entry)


async def test_a_posting_cannot_join_an_entry_of_another_transaction(app_role: asyncpg.Connection) -> None:
    old = await app_role.fetchval("SELECT id FROM journal_entry")
    with raises_guard("posting_with_its_entry"):
        async with app_role.transaction():
            await add_line(app_role, old, 3, "1002", 500)
            await add_line(app_role, old, 4, "410101", -500)


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_the_application_has_no_right_to_change_what_was_written(
    app_role: asyncpg.Connection, table: str
) -> None:
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app_role.execute(statement)
    column = await app_role.fetchval("SELECT column_name FROM information_schema.columns WHERE table_name = $1", table)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app_role.execute(f"UPDATE {table} SET {column} = {column}")


async def test_not_even_the_owner_changes_a_posting_or_a_funds_figures(owner: asyncpg.Connection) -> None:
    with raises_guard("posting_append_only"):
        await owner.execute("UPDATE posting SET amount_fen = amount_fen * 2")
    with raises_guard("posting_append_only"):
        await owner.execute("DELETE FROM posting")
    with raises_guard("posting_append_only"):
        await owner.execute("TRUNCATE posting")
    with raises_guard("fund_balance_from_postings"):
        await owner.execute("UPDATE fund_balance SET net_fen = 99999999")


async def test_a_fund_never_goes_below_zero(app_role: asyncpg.Connection) -> None:
    with raises_guard("fund_not_overspent"):
        async with app_role.transaction():
            entry = await add_head(app_role)
            await add_line(app_role, entry, 1, "310101", 10_001)
            await add_line(app_role, entry, 2, "310102", -10_001)


async def test_a_closed_month_takes_no_entry(app_role: asyncpg.Connection) -> None:
    await app_role.execute("INSERT INTO closed_month VALUES ('2026-10-01', 0, 0, '', 'x', now())")
    with raises_guard("month_closed"):
        await add_head(app_role, "2026-10-31")
    async with app_role.transaction():
        entry = await add_head(app_role, "2026-11-01")
        await add_line(app_role, entry, 1, "1002", 5)
        await add_line(app_role, entry, 2, "410101", -5)


async def test_an_entry_on_its_way_makes_the_closing_of_its_month_wait(
    app_role: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    entering = app_role.transaction()
    await entering.start()
    entry = await add_head(app_role, "2026-10-31")
    await owner.execute("SET lock_timeout = '50ms'")
    with pytest.raises(asyncpg.LockNotAvailableError):
        await owner.execute("INSERT INTO closed_month VALUES ('2026-10-01', 0, 0, '', 'x', now())")
    await add_line(app_role, entry, 1, "1002", 5)
    await add_line(app_role, entry, 2, "410101", -5)
    await entering.commit()
    await owner.execute("INSERT INTO closed_month VALUES ('2026-10-01', 1, 5, '', 'x', now())")


async def test_a_reversal_is_not_reversed_and_undoes_everything(app_role: asyncpg.Connection) -> None:
    first = await app_role.fetchval("SELECT id FROM journal_entry")
    with raises_guard("reversal_undoes_all"):
        async with app_role.transaction():
            partial = await add_head(app_role, reverses=first)
            await add_line(app_role, partial, 1, "1002", -9_999)
            await add_line(app_role, partial, 2, "410101", 9_999)
    async with app_role.transaction():
        undoing = await add_head(app_role, reverses=first)
        await add_line(app_role, undoing, 1, "1002", -10_000)
        await add_line(app_role, undoing, 2, "410101", 10_000)
    with raises_guard("reversal_of_reversal"):
        await add_head(app_role, reverses=undoing)
    with pytest.raises(asyncpg.UniqueViolationError):
        await add_head(app_role, reverses=first)


async def test_nothing_is_paid_while_awards_and_books_disagree(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    await give(reviewer, "9000")
    await tell(part, [make_referral(uuid4()) for _ in range(2)])
    first, second = (await reviewer.get("/api/v1/charity/proposals")).json()["items"]
    for award in (first, second):
        await step(reviewer, award["id"], "review")
        await step(approver, award["id"], "approve")
    forge = "UPDATE award SET status = 'paid', paid_on = '2026-11-25' WHERE id = :id"
    async with part.database.transaction() as db:
        await db.execute(text(forge), {"id": UUID(first["id"])})
    await look_at_books(part.app)
    answer = await approver.post("/api/v1/charity/payment-batches", json={"reference": "B-1"})
    assert (answer.status_code, answer.json()["code"]) == (409, "books_disagree")
    breaches = (await reviewer.get("/api/v1/charity/trial-balance")).json()["breaches"]
    assert breaches == [f"award_and_books:{first['id']}", f"award_and_payment:{first['id']}"]
    async with part.database.transaction() as db:
        await db.execute(text("UPDATE award SET status = 'approved', paid_on = NULL"))
    await look_at_books(part.app)
    assert (await approver.post("/api/v1/charity/payment-batches", json={"reference": "B-1"})).status_code == 201
