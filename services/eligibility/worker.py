"""Eligibility's loops: its relay, its consumers, and the one that works off screening runs."""

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

from fastapi import FastAPI

from services.eligibility.actions.screening.runs import fail_run, order_nightly
from services.eligibility.actions.screening.work import Work
from services.eligibility.consumers import HANDLERS
from services.eligibility.settings import EligibilitySettings
from services.eligibility.store import screenings
from services.kit.clock import Clock
from services.kit.db import Database, is_passing
from services.kit.ids import new_id
from services.kit.worker import run_loops

log = logging.getLogger(__name__)

_LOOK_S = 0.5
"""Seconds between looks for a run that waits."""


async def loops(app: FastAPI) -> None:
    """Run until cancelled."""
    settings, database, clock = app.state.settings, app.state.database, Clock()
    await run_loops(settings, database, HANDLERS, clock, screening_loop(database, settings, clock))


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
        await Work(database, run, worker, clock, chunk=settings.screen_chunk).carry_out()
    except Exception as error:
        if is_passing(error):
            raise
        log.error("screening failed", exc_info=error)
        await fail_run(database, run.run_id, type(error).__name__, clock.now())
    return True
