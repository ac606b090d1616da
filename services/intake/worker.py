"""Intake's loops: the relay out of its outbox, and the imports."""

import asyncio
import logging
from contextlib import suppress

from fastapi import FastAPI

from services.intake.actions.import_runs import Runner, run_until_idle
from services.intake.consumers import HANDLERS
from services.intake.settings import IntakeSettings
from services.kit.worker import run_loops

log = logging.getLogger(__name__)


def runner_of(app: FastAPI) -> Runner:
    """What the import loop works with."""
    settings: IntakeSettings = app.state.settings
    return Runner(app.state.database, app.state.keys, app.state.clock, settings.limits())


async def run_imports(app: FastAPI) -> None:
    """Do what imports have to do, for ever. A restart goes on where the last process stopped."""
    settings: IntakeSettings = app.state.settings
    wake: asyncio.Event = app.state.import_wake
    while True:
        wake.clear()
        try:
            await run_until_idle(runner_of(app))
        except Exception as error:  # the loop must live: the job's lease runs out and it is tried again
            log.warning("import", extra={"error": type(error).__name__}, exc_info=error)
            await asyncio.sleep(settings.import_poll_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(settings.import_poll_s):
                await wake.wait()


async def loops(app: FastAPI) -> None:
    """Everything that runs beside the doors."""
    settings: IntakeSettings = app.state.settings
    await run_loops(settings, app.state.database, HANDLERS, app.state.clock, run_imports(app))
