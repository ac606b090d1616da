"""kill -9 of the worker in the middle of a run: another goes on from the last chunk, and nothing is counted twice."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from services.eligibility.consumers import HANDLERS
from tests.support.apps import Starter
from tests.support.waiting import until
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import make_member, ref
from tests.unit.eligibility_service.screening import household, order, outcomes, read, screen, wage, work

pytestmark = [pytest.mark.fault]
HOUSEHOLDS = 400
ROOT = Path(__file__).parents[2]


async def test_a_killed_run_comes_to_the_same_as_one_that_was_left_alone(start_part: Starter) -> None:
    service = Service(await start_part("eligibility"))
    events = [
        household(f"h{number}", make_member(f"p{number}", incomes=wage(f"{300 + number * 10}.00")))
        for number in range(HOUSEHOLDS)
    ]
    await service.part.take_in(HANDLERS, events)
    alone = await screen(service, chunk=50)
    run_id = await order(service)
    url = service.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.screening_worker", url, "10"), cwd=ROOT
    )

    async def is_under_way() -> bool:
        done: int = (await read(service, run_id))["progress"]["households_done"]
        return 0 < done < HOUSEHOLDS

    await until(is_under_way, within_s=60)
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()
    killed = await read(service, run_id)
    done = killed["progress"]["households_done"]
    assert killed["state"] == "running" and 0 < done < HOUSEHOLDS
    assert len(await outcomes(service, str(run_id))) == done
    await service.rows(f"UPDATE screening_run SET lease_until = now() WHERE run_id = '{run_id}' RETURNING 1")
    assert await work(service.database, chunk=50)
    whole = await read(service, run_id)
    assert whole["state"] == "completed" and whole["progress"]["households_done"] == HOUSEHOLDS
    for key in ("programmes", "funnel", "reasons", "unknowns", "counties", "leads"):
        assert whole[key] == alone[key], key
    assert await outcomes(service, str(run_id)) == await outcomes(service, alone["id"])
    assert str(ref("h0")) in {str(row[0]) for row in await outcomes(service, str(run_id))}
