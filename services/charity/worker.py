"""Charity's loops: relay and consumers, reports at the partner door, a second look at what waits for a season."""

import asyncio
import logging

import aiohttp
from fastapi import FastAPI

from services.charity.actions.books import check_books
from services.charity.actions.reports import Reply, claim_due, note_reply, report_body
from services.charity.actions.take_up import look_again
from services.charity.consumers import HANDLERS
from services.charity.models import Report
from services.charity.settings import CharitySettings
from services.kit.clock import Clock
from services.kit.db import Database, is_passing
from services.kit.worker import run_loops

log = logging.getLogger(__name__)

_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
_LOOK_AGAIN_S = 3600.0
_CHECK_BOOKS_S = 60.0
_LONGEST_WAIT_S = 3600.0
_TOKEN_WAIT_S = 30.0
"""A token that is not taken is for a person to mend."""

_GATHER_S = 0.1
"""Nobody waits for a proposal: what comes in that time is taken in together."""


async def loops(app: FastAPI) -> None:
    """Everything charity does by itself, until cancelled."""
    settings: CharitySettings = app.state.settings
    database: Database = app.state.database
    clock: Clock = app.state.clock
    await run_loops(
        settings,
        database,
        HANDLERS,
        clock,
        run_reports(settings, database, clock),
        run_second_looks(database, clock),
        run_book_checks(app),
        gather_s=_GATHER_S,
    )


async def run_reports(settings: CharitySettings, database: Database, clock: Clock) -> None:
    """Say what is due at the partner door, for ever. Without a token or a gateway reports wait, visibly."""
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as http:
        while True:
            said = 0
            try:
                if settings.door_state() == "ready":
                    said = await report_once(settings, database, http, clock)
            except Exception as error:  # the loop must live: whatever it was, look again later
                level = logging.WARNING if is_passing(error) else logging.ERROR
                log.log(level, "reports", extra={"error": type(error).__name__})
            if not said:
                await asyncio.sleep(settings.report_poll_s)


async def report_once(settings: CharitySettings, database: Database, http: aiohttp.ClientSession, clock: Clock) -> int:
    """Say every report that is due now; answers how many were tried. No transaction is open during the call."""
    async with database.transaction() as db:
        due = await claim_due(db, now=clock.now())
    token = settings.partner_token()

    async def say(report: Report) -> None:
        reply = await _say(settings.urls["gateway"], token, report, http)
        async with database.transaction() as db:
            await note_reply(db, report, reply, now=clock.now())
        log.info("report", extra={"referral_id": report.referral_id, "status": reply.answer, "attempt": report.tries})

    # Each is of another referral, so their order does not matter.
    await asyncio.gather(*(say(report) for report in due))
    return len(due)


async def _say(base: str, token: str, report: Report, http: aiohttp.ClientSession) -> Reply:
    """One call. The report's own id is the idempotency key, so a repeat after a lost answer is the same request."""
    url = f"{base}/partner/v1/referrals/{report.referral_id}/status"
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(report.id)}
    try:
        async with http.post(url, json=report_body(report), headers=headers, allow_redirects=False) as response:
            return reply_of(response.status, response.headers.get("Retry-After"))
    except aiohttp.ClientConnectorError as error:
        return Reply("not_heard", type(error).__name__)
    except (aiohttp.ClientError, TimeoutError) as error:
        return Reply("later", type(error).__name__)


def reply_of(status: int, retry_after: str | None) -> Reply:
    """What a status of the door means for a report."""
    wait_s = None
    if retry_after is not None and retry_after.isascii() and retry_after.isdigit():
        wait_s = min(float(retry_after), _LONGEST_WAIT_S)
    if 200 <= status < 300:
        return Reply("taken", str(status))
    if status in (401, 403):
        return Reply("not_heard", str(status), max(wait_s or 0.0, _TOKEN_WAIT_S))
    if status in (408, 425, 429) or status >= 500 or status < 400:
        return Reply("later", str(status), wait_s)
    return Reply("refused", str(status))


async def run_book_checks(app: FastAPI) -> None:
    """Once a minute: whether books, funds, awards and payments agree. While they do not, no batch is made."""
    while True:
        try:
            await look_at_books(app)
        except Exception as error:  # the loop must live: whatever it was, look again later
            level = logging.WARNING if is_passing(error) else logging.ERROR
            log.log(level, "book check", extra={"error": type(error).__name__})
        await asyncio.sleep(_CHECK_BOOKS_S)


async def look_at_books(app: FastAPI) -> None:
    """Look once, and keep what was found in `app.state.breaches`."""
    database: Database = app.state.database
    async with database.transaction() as db:
        found = await check_books(db)
    if found:
        log.error("books disagree", extra={"count": len(found), "where": found[0][0]})
    app.state.breaches = found


async def run_second_looks(database: Database, clock: Clock) -> None:
    """Once an hour: take up what had no open brand when it was asked for. A new season needs no event."""
    while True:
        try:
            async with database.transaction() as db:
                await look_again(db, now=clock.now())
        except Exception as error:  # the loop must live: whatever it was, look again later
            level = logging.WARNING if is_passing(error) else logging.ERROR
            log.log(level, "second look", extra={"error": type(error).__name__})
        await asyncio.sleep(_LOOK_AGAIN_S)
