"""A partner's desk: fetches what it may see of a referral, answers step by step, tries again when nobody answers."""

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any
from urllib.parse import urljoin

import aiohttp

from deploy.local.practice.config import PartnerPlan
from deploy.local.practice.courses import Step, plan_course
from deploy.local.practice.memory import Memory

_TRY_AGAIN_S = 0.5
_LONGEST_S = 5.0
_TOKEN_TRIES = 10
_PASSING = (aiohttp.ClientError, TimeoutError, OSError)


class Overtaken(Exception):
    """The referral was taken back, or its consent ended, before the partner was done."""


class Desk:
    """Works on one partner's waiting referrals, a few at the same time."""

    def __init__(
        self,
        plan_of: Callable[[], PartnerPlan],
        memory: Memory,
        http: aiohttp.ClientSession,
        *,
        gateway_of: Callable[[], str],
    ) -> None:
        self._plan_of = plan_of
        self._memory = memory
        self._http = http
        self._gateway_of = gateway_of
        self._wake = asyncio.Event()
        self._busy: set[str] = set()

    def wake(self) -> None:
        """There may be new work."""
        self._wake.set()

    async def run(self) -> None:
        """Work for ever."""
        plan = self._plan_of()
        places = asyncio.Semaphore(plan.at_once)
        self.wake()
        async with asyncio.TaskGroup() as group:
            while True:
                await self._wake.wait()
                self._wake.clear()
                waiting = self._memory.partners[plan.code].waiting
                for referral_id, data in list(waiting.items()):
                    if referral_id not in self._busy:
                        self._busy.add(referral_id)
                        await places.acquire()
                        group.create_task(self._work(referral_id, data, places))

    async def _work(self, referral_id: str, data: dict[str, Any], places: asyncio.Semaphore) -> None:
        code = self._plan_of().code
        try:
            await self._see_through(referral_id, data)
        except Overtaken as error:
            self._memory.partners[code].counts[str(error)] += 1
            self._memory.answered(code, referral_id, "overtaken", outcome=None, last=True)
        except Exception as error:  # a desk must not stop because of one case; the report names it
            self._memory.problem(code, f"could not work on a referral: {type(error).__name__} {error}")
            self._memory.answered(code, referral_id, "given_up", outcome=None, last=True)
        finally:
            self._busy.discard(referral_id)
            places.release()

    async def _see_through(self, referral_id: str, data: dict[str, Any]) -> None:
        plan = self._plan_of()
        held = self._memory.partners[plan.code]
        detail = await self._fetch(referral_id, data["links"]["detail"])
        held.counts["fetched"] += 1
        course = plan_course(referral_id, data["need"], on=_today(), must_help=referral_id in held.first)
        steps = _left(course, detail["status"])
        if not steps:
            self._memory.answered(plan.code, referral_id, detail["status"], outcome=None, last=True)
        for step in steps:
            await self._answer(data["links"]["status"], step)
            outcome = step.outcome["kind"] if step.outcome else None
            self._memory.answered(plan.code, referral_id, step.status, outcome=outcome, last=step is steps[-1])

    async def _fetch(self, referral_id: str, link: str) -> dict[str, Any]:
        status, body = await self._call("GET", link, None)
        if status == 409:
            raise Overtaken("consent ended")
        if status != 200:
            raise RuntimeError(f"the details answered {status}")
        code = self._plan_of().code
        if body.get("referral_id") != referral_id:
            self._memory.problem(code, "the details are of another referral")
        if set(body.get("person", {})) - set(body.get("fields", ())):
            self._memory.problem(code, "the details hold more than the fields they name")
        return body

    async def _answer(self, link: str, step: Step) -> None:
        status, body = await self._call("POST", link, step.body())
        if status == 409:
            raise Overtaken("taken back")
        if status != 200:
            raise RuntimeError(f"the answer {step.status} was refused with {status} {body.get('code', '')}")

    async def _call(self, method: str, link: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        """One call of the partner door; waits and tries again while the office does not answer."""
        url = urljoin(self._gateway_of() + "/", link)
        pause_s = _TRY_AGAIN_S
        for tries in itertools.count(1):
            with suppress(*_PASSING):
                headers = {"Authorization": f"Bearer {self._plan_of().token}"}
                async with self._http.request(method, url, json=body, headers=headers, allow_redirects=False) as answer:
                    # A token may have run out while the partner was away; the next one is on its way then.
                    is_passing = answer.status >= 500 or answer.status == 429
                    if not is_passing and not (answer.status == 401 and tries < _TOKEN_TRIES):
                        return answer.status, await answer.json(content_type=None)
                    if answer.status == 500:
                        self._memory.problem(self._plan_of().code, f"the office answered {answer.status}")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_S)
        raise AssertionError


def _left(course: tuple[Step, ...], status: str) -> tuple[Step, ...]:
    """The steps that are still to be taken of a course, given where the referral stands."""
    for done, step in enumerate(course, start=1):
        if step.status == status:
            return course[done:]
    if status == "requested":
        return course
    if status in ("accepted", "in_progress"):  # it went further before the desk was interrupted
        return course[-1:]
    return ()


def _today() -> date:
    from services.kit.clock import Clock

    return Clock().today()
