"""A state machine of deeds on the real books beside a model that is a dict of integers."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy.exc import DBAPIError

from services.charity.actions.moves import book
from services.charity.errors import Differs, FundExhausted, MonthClosed
from services.charity.ledger import recipes
from services.charity.ledger.chart import chart
from services.charity.ledger.entry import BadEntry, Entry
from services.charity.ledger.recipes import Deed, FundKind
from services.charity.ledger.statements import fund_balance
from services.charity.models import ClosedMonth, Fund
from services.charity.store import books
from services.kit.db import Database
from tests.support.postgres import TestPostgres

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
FUNDS = (FundKind("general", False), FundKind("sunshine", True), FundKind("autumn", True))
MONTHS = (date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1))
AMOUNTS = st.integers(1, 500)
FUND = st.sampled_from(FUNDS)
MONTH = st.sampled_from(MONTHS)


class Books(RuleBasedStateMachine):
    """Deeds by chance. Whatever the model refuses the books refuse, and they agree on every figure."""

    loop: asyncio.AbstractEventLoop
    postgres: TestPostgres

    def __init__(self) -> None:
        super().__init__()
        self.database: Database = self.run(self._open())
        self.free = {fund.code: 0 for fund in FUNDS}
        self.reserved = {fund.code: 0 for fund in FUNDS}
        self.owed = {fund.code: 0 for fund in FUNDS}
        self.cash = {fund.code: 0 for fund in FUNDS}
        self.closed: set[date] = set()
        self.entries: list[Entry] = []
        self.reversed: set[UUID] = set()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _open(self) -> Database:
        url, _ = await self.postgres.part_url("charity")
        database = Database(url, name="charity", pool_size=1)
        async with database.transaction() as db:
            for code in ("sunshine", "autumn"):
                fields: dict[str, Any] = {
                    "name_zh": code,
                    "name_en": code,
                    "restricted": True,
                    "brand": code,
                }
                await books.add_fund(db, Fund(code=code, **fields, needs=[], created_by="x", created_at=NOW))
        return database

    def teardown(self) -> None:
        self.run(self.database.close())

    def try_to_book(self, entry: Entry, effect: dict[tuple[str, str], int]) -> bool:
        """Book an entry; the model says beforehand whether that may work. `effect`: (figure, fund) → fen."""
        allowed = entry.booked_on.replace(day=1) not in self.closed and all(
            getattr(self, figure)[fund] + fen >= 0 for (figure, fund), fen in effect.items()
        )
        done = self.run(self._book(entry))
        assert done is allowed, (entry.kind, effect)
        if done:
            self.entries.append(entry)
            for (figure, fund), fen in effect.items():
                getattr(self, figure)[fund] += fen
        return bool(done)

    async def _book(self, entry: Entry) -> bool:
        try:
            async with self.database.transaction() as db:
                await book(db, [entry], booked_by="x", now=NOW)
        except (FundExhausted, MonthClosed):
            return False
        except DBAPIError as error:
            if not books.guard_of(error).startswith("fund_balance_"):
                raise
            return False
        return True

    @rule(fund=FUND, amount=AMOUNTS, month=MONTH)
    def donate(self, fund: FundKind, amount: int, month: date) -> None:
        entry = recipes.donation_received(Deed(uuid4(), month, uuid4()), fund, amount)
        self.try_to_book(entry, {("free", fund.code): amount, ("cash", fund.code): amount})

    @rule(fund=FUND, amount=AMOUNTS, month=MONTH)
    def reserve(self, fund: FundKind, amount: int, month: date) -> None:
        entry = recipes.award_reserved(Deed(uuid4(), month, uuid4()), fund, amount)
        self.try_to_book(entry, {("free", fund.code): -amount, ("reserved", fund.code): amount})

    @rule(fund=FUND, amount=AMOUNTS, month=MONTH)
    def release(self, fund: FundKind, amount: int, month: date) -> None:
        entry = recipes.award_released(Deed(uuid4(), month, uuid4()), fund, amount)
        self.try_to_book(entry, {("free", fund.code): amount, ("reserved", fund.code): -amount})

    @rule(fund=FUND, amount=AMOUNTS, month=MONTH)
    def owe(self, fund: FundKind, amount: int, month: date) -> None:
        entry = recipes.award_payable(Deed(uuid4(), month, uuid4()), fund, amount)
        self.try_to_book(entry, {("reserved", fund.code): -amount, ("owed", fund.code): amount})

    @rule(fund=FUND, amount=AMOUNTS, month=MONTH)
    def pay(self, fund: FundKind, amount: int, month: date) -> None:
        entry = recipes.award_paid(Deed(uuid4(), month, uuid4()), fund, amount)
        self.try_to_book(entry, {("owed", fund.code): -amount, ("cash", fund.code): -amount})

    @rule(fund=FUND, amount=AMOUNTS, month=MONTH)
    def bring_back(self, fund: FundKind, amount: int, month: date) -> None:
        entry = recipes.award_returned(Deed(uuid4(), month, uuid4()), fund, amount, was_paid=False)
        self.try_to_book(entry, {("owed", fund.code): -amount, ("free", fund.code): amount})

    @rule(taker=st.sampled_from(FUNDS[1:]), amount=AMOUNTS, month=MONTH)
    def set_aside(self, taker: FundKind, amount: int, month: date) -> None:
        entry = recipes.fund_transferred(Deed(uuid4(), month, uuid4()), FUNDS[0], taker, amount)
        effect = {("free", "general"): -amount, ("cash", "general"): -amount}
        self.try_to_book(entry, effect | {("free", taker.code): amount, ("cash", taker.code): amount})

    @rule(giver=st.sampled_from(FUNDS[1:]), taker=FUND, amount=AMOUNTS)
    def restricted_money_never_moves(self, giver: FundKind, taker: FundKind, amount: int) -> None:
        with pytest.raises(BadEntry):
            recipes.fund_transferred(Deed(uuid4(), MONTHS[0], uuid4()), giver, taker, amount)

    @precondition(lambda self: self.entries)
    @rule(data=st.data(), month=MONTH)
    def reverse(self, data: st.DataObject, month: date) -> None:
        entry = data.draw(st.sampled_from(self.entries))
        if entry.reverses is not None:
            with pytest.raises(BadEntry):
                recipes.reversal(entry, entry_id=uuid4(), booked_on=month)
            return
        if entry.id in self.reversed:
            return
        undoing = recipes.reversal(entry, entry_id=uuid4(), booked_on=month)
        effect: dict[tuple[str, str], int] = {}
        for posting in undoing.postings:
            role = chart().account(posting.account).role
            figure = {"cash": "cash", "payable": "owed", "reserved": "reserved"}.get(role, "free")
            sign = 1 if figure == "cash" else -1
            key = (figure, posting.fund)
            effect[key] = effect.get(key, 0) + sign * posting.amount_fen
        if self.try_to_book(undoing, effect):
            self.reversed.add(entry.id)

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """The same entry again is no second one, even in a month that was closed meanwhile."""
        entry = data.draw(st.sampled_from(self.entries))
        if entry.booked_on.replace(day=1) not in self.closed:
            assert self.run(self._book(entry)) is True

    @precondition(lambda self: self.entries)
    @rule(data=st.data(), amount=AMOUNTS)
    def reuse_an_id(self, data: st.DataObject, amount: int) -> None:
        entry = data.draw(st.sampled_from(self.entries))
        other = recipes.donation_received(Deed(entry.id, MONTHS[-1], uuid4()), FUNDS[0], amount)
        if MONTHS[-1] not in self.closed:
            with pytest.raises(Differs):
                self.run(self._book(other))

    @rule(month=MONTH)
    def close(self, month: date) -> None:
        if month in self.closed:
            return

        async def work() -> None:
            async with self.database.transaction() as db:
                await books.lock_month(db, month)
                row = ClosedMonth(month=month, entries=0, debit_fen=0, digest=b"", closed_by="x", closed_at=NOW)
                await books.add_closed_month(db, row)

        self.run(work())
        self.closed.add(month)

    @invariant()
    def books_and_model_agree(self) -> None:
        async def look() -> tuple[list[Any], list[Any]]:
            async with self.database.transaction() as db:
                return await books.funds_with_figures(db), await books.breaches(db)

        figures, breaches = self.run(look())
        assert breaches == []
        for fund, balance in figures:
            expected = (self.free, self.reserved, self.owed, self.cash)
            found = (balance.available_fen, balance.reserved_fen, balance.payable_fen, balance.cash_fen)
            assert found == tuple(model[fund.code] for model in expected)
            assert balance.cash_fen == balance.payable_fen + balance.reserved_fen + balance.available_fen
            pure = fund_balance([p for entry in self.entries for p in entry.postings], fund.code, chart=chart())
            assert (pure.available_fen, pure.reserved_fen, pure.payable_fen, pure.cash_fen) == found


def check_machine(postgres: TestPostgres) -> None:
    """Run it in a thread of its own, on a loop of its own: a state machine cannot await."""
    Books.postgres = postgres
    Books.loop = asyncio.new_event_loop()
    try:
        run_state_machine_as_test(
            Books,
            settings=settings(
                max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    finally:
        Books.loop.close()


@pytest.mark.slow
async def test_every_run_of_deeds_leaves_books_and_model_alike(postgres: TestPostgres) -> None:
    await postgres.part_url("charity")
    await asyncio.to_thread(check_machine, postgres)
