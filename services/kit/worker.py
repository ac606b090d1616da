"""A part's loops: the relay out of its outbox, and one loop for each durable consumer into its inbox."""

import asyncio
import gc
import logging
from collections.abc import Coroutine
from typing import Any

from services.contracts.catalogue import CONSUMERS
from services.kit.clock import Clock
from services.kit.db import Database
from services.kit.inbox import Handlers, Inbox
from services.kit.jetstream import BrokerAway, Bus
from services.kit.relay import run_relay
from services.kit.settings import PartSettings

log = logging.getLogger(__name__)

_FETCH = 10
"""Messages a fetch; each may hold 200 events, and one transaction takes them all."""


def sources(part: str) -> list[str]:
    """The parts whose events `part` takes in."""
    return sorted({event.part() for event, takers in CONSUMERS.items() if part in takers})


async def run_loops(
    settings: PartSettings,
    database: Database,
    handlers: Handlers,
    clock: Clock,
    *more: Coroutine[Any, Any, None],
    gather_s: float = 0.0,
) -> None:
    """Run the relay, the consumers and the part's own loops until cancelled.

    `gather_s`: what is not urgent waits that long for more to come, and is taken in together. A transaction an event is
    wasted on a part that nobody waits for.
    Raises: the first error a loop could not live with; the process then ends and is started again.
    """
    assert settings.nats_url is not None
    collect_seldom()
    bus = Bus(settings.nats_url.get_secret_value(), part=settings.part)
    await bus.connect()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(run_relay(database, bus, poll_s=settings.poll_s))
            for source in sources(settings.part):
                for durable in (settings.part, f"{settings.part}-urgent"):
                    inbox = Inbox(database, handlers, consumer=settings.part, clock=clock)
                    wait_s = gather_s if durable == settings.part else 0.0
                    group.create_task(run_consumer(bus, inbox, source.upper(), durable, gather_s=wait_s))
            if handlers:
                group.create_task(_retry_dead(Inbox(database, handlers, consumer=settings.part, clock=clock)))
            for loop in more:
                group.create_task(loop)
    finally:
        await bus.close()


def collect_seldom() -> None:
    """Let the garbage collector leave alone what start-up loaded, and come seldom.

    A batch makes a hundred thousand small objects that counting alone frees; walking them, and the code, again and
    again took a fifth to two fifths of a part's time (15,313 bills, measured).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def run_consumer(bus: Bus, inbox: Inbox, stream: str, durable: str, *, gather_s: float = 0.0) -> None:
    """Fetch and take in for ever; bind again whenever the broker was away or the consumer was made anew."""
    while True:
        try:
            inflow = await bus.subscribe(stream, durable)
        except BrokerAway as error:
            log.info("consumer waits", extra={"stream": stream, "error": str(error)})
            await asyncio.sleep(0.2)
            continue
        try:
            while True:
                deliveries = await inflow.fetch(_FETCH, gather_s=gather_s)
                if deliveries and not await inbox.take(deliveries):
                    while not await inbox.database_answers():
                        await asyncio.sleep(0.5)
        except Exception as error:  # the loop must live: bind again and go on
            log.warning("consumer", extra={"stream": stream, "error": type(error).__name__})
            await asyncio.sleep(0.2)
        finally:
            await inflow.close()


async def _retry_dead(inbox: Inbox) -> None:
    while True:
        await asyncio.sleep(2.0)
        try:
            await inbox.retry_dead()
        except Exception as error:  # the database is away; look again later
            log.warning("dead letters", extra={"error": type(error).__name__})
