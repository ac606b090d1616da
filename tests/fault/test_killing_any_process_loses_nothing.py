"""kill -9 of any one process in the middle of a push: afterwards everything is accounted for, nothing lost, nothing
twice, and every invariant holds."""

import asyncio
import os
import signal

import pytest

from tests.support.suite import RunningSuite

pytestmark = [pytest.mark.fault, pytest.mark.slow]
RECORDS = 400
PROCESSES = ("intake", "eligibility", "referral", "charity", "gateway", "nats", "postgres", "practice")


@pytest.mark.parametrize("victim", PROCESSES)
async def test_nothing_is_lost_and_nothing_happens_twice(suite: RunningSuite, victim: str) -> None:
    town = suite.town(692 + PROCESSES.index(victim), RECORDS, 20)
    pusher = suite.pusher(f"kill-{victim}")
    push = asyncio.create_task(suite.push(town, pusher, batch=50))
    await suite.until_accepted(pusher, RECORDS // 3, push)
    before = suite.pid_of(victim)
    os.kill(before, signal.SIGKILL)
    await push
    await suite.until_settled(pusher)
    assert suite.pid_of(victim) != before
    reckoning = await suite.reckon(pusher)
    assert reckoning.lost == []
    assert reckoning.twice == []
    assert (await suite.verify()).breaches() == []


async def test_the_brokers_store_is_deleted_in_the_middle(suite: RunningSuite) -> None:
    town = suite.town(700, RECORDS, 20)
    pusher = suite.pusher("store")
    push = asyncio.create_task(suite.push(town, pusher, batch=50))
    await suite.until_accepted(pusher, RECORDS // 3, push)
    await suite.lose_brokers_store()
    await push
    await suite.until_settled(pusher)
    reckoning = await suite.reckon(pusher)
    assert reckoning.lost == [] and reckoning.twice == []
    assert (await suite.verify()).breaches() == []
