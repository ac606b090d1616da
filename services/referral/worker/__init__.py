"""Referral's own loops: the dispatcher, with a lane for each endpoint, and the one that follows the days."""

import asyncio
import logging
from datetime import timedelta

from fastapi import FastAPI

from services.kit.clock import Clock
from services.kit.db import Database, is_passing
from services.kit.worker import run_loops
from services.referral.actions import clock as days
from services.referral.consumers import HANDLERS
from services.referral.settings import ReferralSettings
from services.referral.worker.dispatcher import Dispatcher

log = logging.getLogger(__name__)

_DAY_LOOK_S = 60.0


async def follow_the_days(database: Database, clock: Clock) -> None:
    """Every minute, do what a day that has passed asks for."""
    cleaned = clock.now() - timedelta(days=1)
    while True:
        try:
            done = days.MOST
            while done == days.MOST:
                async with database.transaction() as db:
                    done = await days.follow_the_day(db, now=clock.now())
            if clock.now() - cleaned >= timedelta(hours=1):
                cleaned = clock.now()
                async with database.transaction() as db:
                    await days.forget_old_callbacks(db, now=cleaned)
        except Exception as error:  # the loop must live: try again in a minute
            log.log(logging.WARNING if is_passing(error) else logging.ERROR, "days", exc_info=error)
        await asyncio.sleep(_DAY_LOOK_S)


async def loops(app: FastAPI) -> None:
    """The relay, the consumers, the dispatcher and the days, until cancelled."""
    settings: ReferralSettings = app.state.settings
    database: Database = app.state.database
    clock = Clock()
    dispatcher = Dispatcher(database, settings, clock=clock, poll_s=settings.poll_s)
    await run_loops(settings, database, HANDLERS, clock, dispatcher.run(), follow_the_days(database, clock))
