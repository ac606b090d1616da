"""Eligibility's loops: its relay, its consumers, screening runs, policy versions and rehearsals."""

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

from fastapi import FastAPI

from services.eligibility.actions.activation import bring_into_force, look_at_people
from services.eligibility.actions.books import keep_up
from services.eligibility.actions.rehearsal.work import LEASE
from services.eligibility.actions.rehearsal.work import Work as Rehearsing
from services.eligibility.actions.screening.runs import fail_run, order_nightly
from services.eligibility.actions.screening.work import Work
from services.eligibility.consumers import HANDLERS
from services.eligibility.settings import EligibilitySettings
from services.eligibility.store import rehearsals, screenings
from services.kit.clock import Clock
from services.kit.db import Database, is_passing
from services.kit.ids import new_id
from services.kit.worker import run_loops

log = logging.getLogger(__name__)

_LOOK_S = 0.5
"""Seconds between looks for a run that waits."""
_POLICY_S = 1.0
"""Seconds between looks for a policy version whose day has come, or that another process brought into force."""


async def loops(app: FastAPI) -> None:
    """Run until cancelled."""
    settings, database, clock = app.state.settings, app.state.database, Clock()
    await run_loops(
        settings,
        database,
        HANDLERS,
        clock,
        screening_loop(database, settings, clock),
        policy_loop(database, clock),
        rehearsal_loop(database, settings, clock),
    )


async def screening_loop(database: Database, settings: EligibilitySettings, clock: Clock) -> None:
    """Work off screening runs, one after another, for ever. With two replicas each takes runs the other has not."""
    worker = new_id()
    try:
        while True:
            try:
                if not await _work_one(database, settings, clock, worker):
                    await asyncio.sleep(_LOOK_S)
            except Exception as error:  # the database was away: the run stands as its last chunk left it
                log.warning("screening", extra={"error": type(error).__name__})
                await asyncio.sleep(_LOOK_S)
    finally:
        with suppress(Exception):  # whoever comes next need not wait for the claim to run out
            async with asyncio.timeout(2), database.transaction() as db:
                await screenings.release_runs(db, worker)


async def _work_one(database: Database, settings: EligibilitySettings, clock: Clock, worker: UUID) -> bool:
    """Take up a run and work on it; False when none waits."""
    async with database.transaction() as db:
        if settings.screen_nightly:
            await order_nightly(db, now=clock.now(), hour=settings.screen_hour)
        run = await screenings.claim_run(db, worker, clock.now())
    if run is None:
        return False
    try:
        if await Work(database, run, worker, clock, chunk=settings.screen_chunk).carry_out():
            async with database.transaction() as db:
                await screenings.forget_old_lists(db, keep=settings.screen_keep, now=clock.now())
    except Exception as error:
        if is_passing(error):
            raise
        log.error("screening failed", exc_info=error)
        await fail_run(database, run.run_id, type(error).__name__, clock.now())
    return True


async def policy_loop(database: Database, clock: Clock) -> None:
    """Keep the rule book in use the newest, bring due policy versions into force, and have people looked at again."""
    while True:
        try:
            await policies_once(database, clock)
        except Exception as error:  # the loop must live: whatever it was, look again later
            level = logging.WARNING if is_passing(error) else logging.ERROR
            log.log(level, "policies", extra={"error": type(error).__name__})
        await asyncio.sleep(_POLICY_S)


async def policies_once(database: Database, clock: Clock) -> None:
    """Do whatever is due now; each step in a transaction of its own."""
    async with database.transaction() as db:
        await keep_up(db)
        started = await bring_into_force(db, now=clock.now())
    if started:
        async with database.transaction() as db:
            await keep_up(db)
    for policy in started:
        log.info("policy in force", extra={"policy_id": str(policy.id)})
    is_more = True
    while is_more:
        async with database.transaction() as db:
            is_more = await look_at_people(db, now=clock.now())


async def rehearsal_loop(database: Database, settings: EligibilitySettings, clock: Clock) -> None:
    """Carry out rehearsals, one after another, for ever."""
    worker = new_id()
    while True:
        try:
            if not await rehearse_once(database, clock, worker, chunk=settings.screen_chunk):
                await asyncio.sleep(_LOOK_S)
        except Exception as error:  # it stands as its last chunk left it; its claim runs out
            level = logging.WARNING if is_passing(error) else logging.ERROR
            log.log(level, "rehearsal", extra={"error": type(error).__name__})
            await asyncio.sleep(_LOOK_S)


async def rehearse_once(database: Database, clock: Clock, worker: UUID, *, chunk: int) -> bool:
    """Take up a rehearsal and carry it out; False when none waits."""
    now = clock.now()
    async with database.transaction() as db:
        row = await rehearsals.claim_rehearsal(db, by=worker, now=now, until=now + LEASE)
    if row is None:
        return False
    work = Rehearsing(database, row, worker, clock, chunk=chunk)
    try:
        await work.carry_out()
    except Exception as error:
        if is_passing(error):
            raise
        log.error("rehearsal failed", exc_info=error)
        await work.fail()
    return True
