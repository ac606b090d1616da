"""From one part's outbox to another's inbox over a real broker, whatever the broker loses on the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.intake import GridReportRecorded
from services.kit.clock import Clock
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.inbox import Inbox
from services.kit.jetstream import Bus
from services.kit.outbox import emit
from services.kit.relay import run_relay
from services.kit.worker import run_consumer
from tests.support.broker import TestBroker


def report(*, urgent: bool = False) -> GridReportRecorded:
    return GridReportRecorded(
        ref=new_id(),
        version=1,
        division="350602007",
        urgent=urgent,
        household_ref=new_id(),
        person_ref=None,
        provisional=True,
        birth_date=None,
        gender=None,
        household_size=None,
        kinds=("fire",),
        urgency="red" if urgent else "blue",
        reported_on=date(2025, 7, 1),
        safe_to_call=True,
        informed=True,
        share_with_partners=True,
    )


async def write(database: Database, count: int, *, urgent: bool = False) -> list[UUID]:
    events = [report(urgent=urgent) for _ in range(count)]
    async with database.transaction() as db:
        await emit(db, *events)
    return [event.id for event in events]


async def seen(database: Database) -> list[UUID]:
    async with database.transaction() as db:
        return list((await db.execute(text("SELECT event_id FROM inbox ORDER BY received_at"))).scalars())


async def until(holds: Callable[[], Awaitable[bool]], *, within_s: float = 30) -> None:
    async with asyncio.timeout(within_s):
        while not await holds():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(database: Database, broker: TestBroker, *, pause: asyncio.Event | None = None) -> AsyncIterator[None]:
    """The relay as intake, and both lanes of the consumer as eligibility, on one database with both tables."""

    async def handle(db: AsyncSession, events: Sequence[GridReportRecorded], now: datetime) -> None:
        if pause is not None and not events[0].urgent:
            await pause.wait()

    sender = Bus(broker.server.url("intake"), part="intake")
    taker = Bus(broker.server.url("eligibility"), part="eligibility")
    await sender.connect()
    await taker.connect()
    inbox = Inbox(database, {GridReportRecorded: handle}, consumer="eligibility", clock=Clock())
    loops = [
        asyncio.create_task(run_relay(database, sender, poll_s=0.2)),
        asyncio.create_task(run_consumer(taker, inbox, "INTAKE", "eligibility")),
        asyncio.create_task(run_consumer(taker, inbox, "INTAKE", "eligibility-urgent")),
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.cancel()
            with suppress(asyncio.CancelledError):
                await loop
        await sender.close()
        await taker.close()


async def test_what_is_committed_arrives_once(database: Database, broker: TestBroker) -> None:
    async with running(database, broker):
        ids = await write(database, 1) + await write(database, 500)

        async def all_seen() -> bool:
            return len(await seen(database)) == 501

        await until(all_seen)
    assert sorted(await seen(database)) == sorted(ids)


async def test_what_is_rolled_back_never_leaves(database: Database, broker: TestBroker) -> None:
    async with running(database, broker):
        with suppress(RuntimeError):
            async with database.transaction() as db:
                await emit(db, report())
                raise RuntimeError("the action failed")
        ids = await write(database, 1)

        async def one_seen() -> bool:
            return len(await seen(database)) > 0

        await until(one_seen)
        assert await seen(database) == ids


async def test_a_broker_that_lost_its_whole_store_is_given_everything_again(
    database: Database, broker: TestBroker
) -> None:
    pause = asyncio.Event()
    async with running(database, broker, pause=pause):
        ids = await write(database, 300)

        async def sent() -> bool:
            async with database.transaction() as db:
                waiting = (await db.execute(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))).scalar()
            return waiting == 0

        await until(sent)
        await broker.lose_everything()
        ids += await write(database, 50)
        pause.set()

        async def all_seen() -> bool:
            return len(await seen(database)) == 350

        await until(all_seen, within_s=60)
    assert sorted(await seen(database)) == sorted(ids)


async def test_events_wait_while_the_broker_is_dead(database: Database, broker: TestBroker) -> None:
    async with running(database, broker):
        await broker.server.stop()
        ids = await write(database, 20)
        await broker.start()

        async def all_seen() -> bool:
            return len(await seen(database)) == len(ids)

        await until(all_seen, within_s=60)
    assert sorted(await seen(database)) == sorted(ids)


async def test_a_red_report_overtakes_a_bulk_load_that_is_stuck(database: Database, broker: TestBroker) -> None:
    pause = asyncio.Event()
    async with running(database, broker, pause=pause):
        bulk = await write(database, 1000)
        red = await write(database, 1, urgent=True)

        async def one_seen() -> bool:
            return len(await seen(database)) > 0

        await until(one_seen)
        assert await seen(database) == red
        pause.set()

        async def all_seen() -> bool:
            return len(await seen(database)) == len(bulk) + 1

        await until(all_seen)
    assert sorted(await seen(database)) == sorted(bulk + red)
