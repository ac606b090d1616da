"""Carry a rehearsal out: test the changed book, count the registry chunk by chunk, choose samples, write the answer.

After each chunk the tally and the place reached are written; whoever takes over after a kill goes on from there. Where
a policy version came into force since, other figures are compared with, and the counting begins anew.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from services.eligibility.actions.activation import onsets
from services.eligibility.actions.books import keep_up
from services.eligibility.actions.policies import note_rehearsed
from services.eligibility.actions.rehearsal.count import Case, Places, Tally, count
from services.eligibility.actions.rehearsal.read import cases_of
from services.eligibility.actions.rehearsal.regression import places_of, run_tests, tests_json
from services.eligibility.actions.rehearsal.tell import chosen, result_of, sample_of
from services.eligibility.models import Rehearsal
from services.eligibility.rules.book import BrokenRuleBook, RuleBook
from services.eligibility.rules.layers import Change, LayeredPolicy, read_changes, read_layer, write_layer
from services.eligibility.store import rehearsals as store
from services.eligibility.store.known import read_known
from services.eligibility.store.policies import policies_in
from services.eligibility.store.screenings import count_households, next_households
from services.kit.clock import Clock
from services.kit.db import Database

CHUNK: Final = 5_000
"""Households a chunk."""
LEASE: Final = timedelta(seconds=30)
MOST_ATTEMPTS: Final = 5
_MOST_DAYS: Final = 4


class Moved(Exception):
    """Somebody else took the rehearsal over."""


class Work:
    """One rehearsal in the hands of one worker."""

    def __init__(self, database: Database, row: Rehearsal, worker: UUID, clock: Clock, *, chunk: int = CHUNK) -> None:
        self._database = database
        self._row = row
        self._worker = worker
        self._clock = clock
        self._size = chunk

    async def carry_out(self) -> bool:
        """Work until it is completed or failed; False when somebody else has it.

        Raises: whatever the database raises; the row stands as the last chunk left it.
        """
        if self._row.attempts > MOST_ATTEMPTS:
            return await self._fail("failed")
        try:
            books = await self._books()
        except BrokenRuleBook:
            return await self._fail("broken_book")
        try:
            await self._test(books)
            tally = await self._count(books)
            samples = await self._samples(books, tally)
        except Moved:
            return False
        result = orjson.dumps(result_of(tally, books[0], samples)).decode()
        return await self._end("completed", result=result)

    async def _books(self) -> tuple[RuleBook, RuleBook]:
        """The book in force with what is scheduled besides, and the same with the changes rehearsed.

        Raises: BrokenRuleBook.
        """
        row = self._row
        async with self._database.transaction() as db:
            book = await keep_up(db)
            scheduled = [each for each in await policies_in(db, ("scheduled",)) if each.id != row.policy_id]
        base = [
            *read_layer(book.layer),
            *(LayeredPolicy(str(each.id), read_changes(each.changes)) for each in scheduled),
        ]
        before = await asyncio.to_thread(book.layered, write_layer(base))
        mine = LayeredPolicy(str(row.policy_id or row.id), read_changes(row.changes))
        after = await asyncio.to_thread(book.layered, write_layer([*base, mine]))
        if row.baseline_digest != before.digest:  # nothing counted so far is of this book
            row.baseline_digest, row.baseline_version = before.digest, before.version
            row.tally, row.tests, row.cursor_ref, row.households_done = "", "", None, 0
        return before, after

    async def _test(self, books: tuple[RuleBook, RuleBook]) -> None:
        row = self._row
        if row.tests:
            return
        changes = read_changes(row.changes)
        places = places_of([change.division for change in changes])
        outcomes = await asyncio.to_thread(run_tests, books[1], places, self._days(changes))
        row.tests = orjson.dumps(tests_json(outcomes)).decode()
        async with self._database.transaction() as db:
            row.households_total = await count_households(db, row.division)
        await self._note()

    def _days(self, changes: Sequence[Change]) -> list[date]:
        """The days to test: that of the rehearsal and those on which the changes change something."""
        return sorted({self._row.as_of, *onsets(changes)})[:_MOST_DAYS]

    async def _count(self, books: tuple[RuleBook, RuleBook]) -> Tally:
        row, tally = self._row, Tally.from_text(self._row.tally)
        places = Places(books[0], row.as_of), Places(books[1], row.as_of)
        while rows := await self._next():
            cursor = rows[-1].household_ref
            tally = await asyncio.to_thread(self._counted, rows, places, tally)
            row.cursor_ref, row.tally = cursor, tally.to_text()
            row.households_done += len(rows)
            await self._note()
        return tally

    def _counted(self, rows: Sequence[Any], places: tuple[Places, Places], tally: Tally) -> Tally:
        cases, unreadable = cases_of(rows, self._row.as_of)
        count(cases, places[0], places[1], tally)
        tally.unreadable += unreadable
        return tally

    async def _next(self) -> Sequence[Any]:
        row = self._row
        async with self._database.transaction() as db:
            marks = await next_households(
                db, division=row.division, since_run=None, after=row.cursor_ref, limit=self._size
            )
            refs = [mark.household_ref for mark in marks]
            return await read_known(db, refs, rule_digest=row.baseline_digest) if refs else []

    async def _samples(self, books: tuple[RuleBook, RuleBook], tally: Tally) -> list[dict[str, Any]]:
        refs = [UUID(ref) for ref in chosen(tally)]
        if not refs:
            return []
        async with self._database.transaction() as db:
            rows = await read_known(db, refs, rule_digest=self._row.baseline_digest)
        return await asyncio.to_thread(self._sampled, rows, refs, books)

    def _sampled(self, rows: Sequence[Any], refs: Sequence[UUID], books: tuple[RuleBook, RuleBook]) -> list[Any]:
        cases: dict[str, Case] = {case.ref: case for case in cases_of(rows, self._row.as_of)[0]}
        before, after = books
        told = []
        for ref in refs:
            case = cases.get(str(ref))
            if case is not None:
                p, q = (book.at(case.division[: book.finest], self._row.as_of) for book in books)
                told.append(sample_of(case, p, before, q, after))
        return told

    async def _note(self) -> None:
        """Raises: Moved."""
        async with self._database.transaction() as db:
            if not await store.note_progress(db, self._row, by=self._worker, until=self._until()):
                raise Moved

    def _until(self) -> datetime:
        return self._clock.now() + LEASE

    async def fail(self) -> None:
        """End it where going on makes no sense."""
        await self._fail("failed")

    async def _fail(self, problem: str) -> bool:
        return await self._end("failed", problem=problem)

    async def _end(self, state: str, *, result: str = "", problem: str | None = None) -> bool:
        now = self._clock.now()
        async with self._database.transaction() as db:
            done = await store.end_rehearsal(
                db, self._row, by=self._worker, state=state, result=result, problem=problem, now=now
            )
            if done and state == "completed":
                await note_rehearsed(db, self._row, now=now)
        return done
