"""Messages that a part works on stay with it for as long as it lives, and not much longer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import nats
import pytest

from deploy.local.provision import provision
from services.kit import jetstream
from services.kit.db import Database
from services.kit.jetstream import Bus, Delivery, Inflow
from services.kit.outbox import emit
from services.kit.relay import run_relay
from tests.support.broker import TestBroker
from tests.unit.kit.test_the_outbox_is_the_truth import report

_ACK_WAIT_S = 2


@pytest.fixture
async def hasty(broker: TestBroker) -> TestBroker:
    """A broker that soon delivers again what nobody speaks of."""
    topology = broker.topology
    broker.topology = replace(
        topology, consumers=tuple(replace(consumer, ack_wait_s=_ACK_WAIT_S) for consumer in topology.consumers)
    )
    await provision(broker.server.url("provisioner"), broker.topology)
    return broker


@asynccontextmanager
async def connected(broker: TestBroker, part: str) -> AsyncIterator[Bus]:
    bus = Bus(broker.server.url(part), part=part)
    await bus.connect()
    yield bus
    await bus.close()


@asynccontextmanager
async def published(database: Database, broker: TestBroker, *, urgent: tuple[bool, ...]) -> AsyncIterator[None]:
    """Events of intake on the stream."""
    async with database.transaction() as db:
        await emit(db, *(report(urgent=one) for one in urgent))
    async with connected(broker, "intake") as bus:
        relay = asyncio.create_task(run_relay(database, bus, poll_s=0.05))
        yield
        relay.cancel()
        await asyncio.wait([relay])


async def first(inflow: Inflow, *, within_s: float = 10) -> Delivery:
    async with asyncio.timeout(within_s):
        while True:
            found = await inflow.fetch(1)
            if found:
                return found[0]


async def test_what_is_worked_on_for_long_is_not_delivered_again(
    database: Database, hasty: TestBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream, "STILL_S", _ACK_WAIT_S / 4)
    async with published(database, hasty, urgent=(False, True)), connected(hasty, "eligibility") as bus:
        inflow = await bus.subscribe("INTAKE", "eligibility")
        held = await first(inflow)
        async with database.transaction() as db:
            await emit(db, report())  # this one waits behind it, unfetched
        other = await nats.connect(hasty.server.url("eligibility"), inbox_prefix=b"_INBOX_eligibility")
        silent = await other.jetstream().pull_subscribe_bind("eligibility-urgent", "INTAKE")
        for attempt in (1, 2, 3):  # the other lane's message comes again twice, since nobody speaks of it
            (message,) = await silent.fetch(1, timeout=4 * _ACK_WAIT_S)
            assert message.metadata.num_delivered == attempt
        await message.ack()
        await other.close()
        waited = await first(inflow)
        assert (held.attempt, waited.attempt) == (1, 1)
        assert await inflow.fetch(1) == []
        await held.ack()
        await waited.ack()
        await inflow.close()


async def test_what_a_part_had_in_hand_goes_to_the_next_at_once(database: Database, broker: TestBroker) -> None:
    async with published(database, broker, urgent=(False,)):
        async with connected(broker, "eligibility") as bus:
            inflow = await bus.subscribe("INTAKE", "eligibility")
            assert (await first(inflow)).attempt == 1
            await inflow.close()
        async with connected(broker, "eligibility") as bus:
            inflow = await bus.subscribe("INTAKE", "eligibility")
            again = await first(inflow, within_s=5)
            assert again.attempt == 2
            await again.ack()
            await inflow.close()


async def test_what_a_dead_process_held_comes_back(database: Database, hasty: TestBroker) -> None:
    async with published(database, hasty, urgent=(False,)):
        dead = await nats.connect(hasty.server.url("eligibility"), inbox_prefix=b"_INBOX_eligibility")
        held = await dead.jetstream().pull_subscribe_bind("eligibility", "INTAKE")
        await held.fetch(1, timeout=10)
        await dead.close()
        async with connected(hasty, "eligibility") as bus:
            inflow = await bus.subscribe("INTAKE", "eligibility")
            again = await first(inflow)
            assert again.attempt == 2
            await again.ack()
            await inflow.close()
