"""Work off a run, chunk by chunk.

A chunk is read, thought about in a thread, and written in one transaction together with the run's cursor and counts.
That transaction holds the run's row and looks whether the run is still this worker's and still running: a pause, a
cancel or another worker's claim throws the chunk away, a kill leaves the last one whole. So nothing is lost and nothing
is counted twice. While one chunk is thought about, the next is read.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from services.eligibility.actions.books import keep_up
from services.eligibility.actions.look import place_in_book
from services.eligibility.actions.screening.listing import list_households
from services.eligibility.actions.screening.think import Task, Thought, count_carried, same_values, think
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.screening.tally import Tally
from services.eligibility.store import leads, screenings
from services.eligibility.store.known import read_known
from services.kit.clock import Clock
from services.kit.db import Database
from services.kit.statements import Found

CHUNK: Final = 5_000
"""Households a chunk: some two seconds of work."""
_CARRIED_AT_ONCE: Final = 2
"""Chunks' worth of households looked through at once where most are taken over as they are."""
_VISITS_AT_ONCE: Final = 200


@dataclass(slots=True)
class _Chunk:
    """Households read. `rows` are those to think about, `carried` those whose answers still hold."""

    marks: Sequence[Any]
    rows: Sequence[Any]
    carried: Sequence[Any]


class Work:
    """One run in the hands of one worker."""

    def __init__(self, database: Database, run: Found, worker: UUID, clock: Clock, *, chunk: int = CHUNK) -> None:
        self._database = database
        self._run: Any = run
        self._worker = worker
        self._clock = clock
        self._size = chunk
        self._is_incremental = False

    async def carry_out(self) -> bool:
        """Work until the run is completed (True), or is not this worker's any more (False).

        Raises: whatever the database or a household's facts raise; the run stays as the last chunk left it.
        """
        if not await self._begin():
            return False
        cursor: UUID | None = self._run.cursor_ref
        ahead = asyncio.create_task(self._read(cursor))
        try:
            while True:
                chunk = await ahead
                if not chunk.marks:
                    return await self._finish()
                cursor = chunk.marks[-1].household_ref
                ahead = asyncio.create_task(self._read(cursor))
                if not await self._do(chunk):
                    return False
                if rule_book().digest != self._run.rule_digest:  # a policy version came into force: begin anew
                    return await self.carry_out()
        finally:
            ahead.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await ahead

    async def _begin(self) -> bool:
        """Make ready; from the first household where nothing is done yet or the rule book is another one now."""
        async with self._database.transaction() as db:
            run: Any = await screenings.find_run(db, self._run.run_id, hold=True)
            if run is None or run.state != "running" or run.lease_by != self._worker:
                return False
            book = await keep_up(db)
            if run.cursor_ref is None or run.rule_digest != book.digest:
                run = await screenings.begin_run(
                    db,
                    run.run_id,
                    division=run.division,
                    since_run=run.since_run or await screenings.latest_completed(db, run.division),
                    version=book.version,
                    digest=book.digest,
                )
            self._run = run
            earlier = await screenings.find_run(db, run.since_run) if run.since_run else None
        self._is_incremental = run.basis == "changed" and earlier is not None and earlier.rule_digest == run.rule_digest
        self._since_day = earlier.as_of if earlier is not None else run.as_of
        return True

    async def _read(self, after: UUID | None) -> _Chunk:
        """The next households, and all that is known of those to think about."""
        run = self._run
        size = self._size * _CARRIED_AT_ONCE if self._is_incremental else self._size
        async with self._database.transaction() as db:
            marks = await screenings.next_households(
                db, division=run.division, since_run=run.since_run, after=after, limit=size
            )
            carried = self._carried(marks) if self._is_incremental else []
            kept = {row.household_ref for row in carried}
            asked = [row.household_ref for row in marks if row.household_ref not in kept]
            rows = await read_known(db, asked, rule_digest=run.rule_digest) if asked else []
        return _Chunk(marks, rows, carried)

    def _carried(self, marks: Sequence[Any]) -> list[Any]:
        """Households of which nothing changed: not their facts, not their place's values, not what time alone does."""
        run = self._run
        places = {place_in_book(row.division) for row in marks}
        steady = same_values(rule_book(), self._since_day, run.as_of, places)
        return [
            row
            for row in marks
            if row.mark == row.mark_before and row.fresh_until > run.as_of and place_in_book(row.division) in steady
        ]

    async def _do(self, chunk: _Chunk) -> bool:
        """Think about a chunk and write it; False when the run is not this worker's any more."""
        run = self._run
        task = Task(rule_book(), run.as_of, asks_day_before=run.cause == "policy")
        marks = {row.household_ref: row for row in chunk.marks}
        thought = await asyncio.to_thread(think, chunk.rows, marks, task)
        thought.tally.merge(await asyncio.to_thread(count_carried, chunk.carried))
        return await self._write(chunk, thought)

    async def _write(self, chunk: _Chunk, thought: Thought) -> bool:
        run_id, counted = self._run.run_id, thought.tally
        async with self._database.transaction() as db:
            standing = await screenings.hold_standing(db, run_id)
            if standing is None or standing.state != "running" or standing.lease_by != self._worker:
                return False
            await screenings.keep_outcomes(db, run_id, thought.outcomes)
            await leads.keep_leads(db, run_id, thought.leads)
            if chunk.carried:
                refs = [row.household_ref for row in chunk.carried]
                await screenings.carry_outcomes(db, run_id, self._run.since_run, refs)
                await leads.carry_leads(db, run_id, self._run.since_run, refs)
            total = Tally.from_text(standing.tally) if standing.tally != "{}" else Tally()
            total.merge(counted)
            await screenings.advance(
                db,
                run_id,
                cursor=chunk.marks[-1].household_ref,
                households=counted.households,
                persons=counted.persons,
                carried=len(chunk.carried),
                leads=counted.leads,
                tally=total.to_text(),
                now=self._clock.now(),
            )
        return True

    async def _finish(self) -> bool:
        """Complete the run; of one that a policy version called for, who is newly eligible goes on the visit list."""
        run_id = self._run.run_id
        if self._run.cause == "policy":
            visited: UUID | None = self._run.visits_ref
            try:
                while (last := await self._list_next(visited)) is not None:
                    visited = last
            except _Gone:
                return False
        async with self._database.transaction() as db:
            return await screenings.complete_run(db, run_id, self._worker, self._clock.now())

    async def _list_next(self, visited: UUID | None) -> UUID | None:
        """List the next newly eligible households; answers the last of them, None when there are no more.

        Raises: _Gone.
        """
        run_id, now = self._run.run_id, self._clock.now()
        async with self._database.transaction() as db:
            refs = await leads.new_households(db, run_id, after=visited, limit=_VISITS_AT_ONCE)
            if not refs:
                return None
            # households first, as everybody who assesses does; then the run
            await list_households(db, run_id, refs, now=now)
            standing = await screenings.hold_standing(db, run_id)
            if standing is None or standing.state != "running" or standing.lease_by != self._worker:
                raise _Gone
            await screenings.note_visited(db, run_id, refs[-1], now)
        return refs[-1]


class _Gone(Exception):
    """The run was paused, cancelled or taken over while households were put on the list: that batch is undone."""
