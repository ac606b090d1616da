"""Pushes a town in at the gateway as bureaux, counters and grid workers would, and waits out what is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp

from deploy.local.demo.journal import Answer, PushJournal
from deploy.local.town import Town, TownHousehold

PATIENCE_S = 120.0
"""How long one request is tried again while the gateway or a part is away."""
_AWAY = (429, 502, 503, 504)
_AT_ONCE = 8


class Refused(Exception):
    """The office did not take something and never will. Says the path, the status and the problem's code."""


class Pusher:
    """Sends with bounded concurrency; each thing has a natural key, so that sending it again is safe."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str, journal: PushJournal) -> None:
        self._http = http
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self.journal = journal
        self.households: dict[int, str] = {}
        """Place in the town's list → household_ref."""

    async def register(self, town: Town) -> None:
        """Register the town's households, then what each family said about sharing."""
        await _each(list(enumerate(town.households)), lambda one: self._register(town, *one))
        asked = [
            (index, number, consent)
            for index, household in enumerate(town.households)
            for number, consent in enumerate(household.consents)
        ]
        await _each(asked, lambda one: self._consent(town, *one))

    async def push_records(self, records: Sequence[dict[str, Any]], *, batch: int) -> None:
        """Push hospital-cost records in batches, one after the other, as a bureau does."""
        for start in range(0, len(records), batch):
            some = records[start : start + batch]
            keys = [record_key(record) for record in some]
            path = "/api/v1/intake/hospital-costs/batch"
            sent_at, told = await self._send("record", keys, path, {"records": list(some)})
            answers = [
                Answer(key, receipt["record_id"], receipt["result"])
                for key, receipt in zip(keys, told["receipts"], strict=True)
            ]
            self.journal.accepted("record", answers, sent_at=sent_at, at=time.time())

    async def push_reports(self, reports: Sequence[dict[str, Any]]) -> None:
        """Send grid reports, a few at the same time."""
        await _each(list(reports), self._report)

    async def _register(self, town: Town, index: int, household: TownHousehold) -> None:
        key = f"{town.seed}-{index}"
        sent_at, told = await self._send("household", [key], "/api/v1/intake/households", household.body)
        self.households[index] = told["household_ref"]
        answers = [Answer(key, told["household_ref"], "registered")]
        self.journal.accepted("household", answers, sent_at=sent_at, at=time.time())

    async def _consent(self, town: Town, index: int, number: int, consent: dict[str, Any]) -> None:
        key = f"{town.seed}-{index}-{number}"
        if key in self.journal.ids.get("consent", {}):
            return  # said before; saying it again would make it the family's newest word
        body = {"household_ref": self.households[index], **consent}
        headers = {"Idempotency-Key": f"town-consent-{key}"}
        sent_at, told = await self._send("consent", [key], "/api/v1/intake/consents", body, headers)
        self.journal.accepted(
            "consent", [Answer(key, told["id"], consent["decision"])], sent_at=sent_at, at=time.time()
        )

    async def _report(self, report: dict[str, Any]) -> None:
        key = report["report_id"]
        sent_at, told = await self._send("report", [key], "/api/v1/intake/grid-reports", report)
        answers = [Answer(key, told["record_id"], told["result"])]
        self.journal.accepted("report", answers, sent_at=sent_at, at=time.time())

    async def _send(
        self, kind: str, keys: Sequence[str], path: str, body: Any, headers: dict[str, str] | None = None
    ) -> tuple[float, dict[str, Any]]:
        """Send until it is answered; answers (when it was sent last, the body). Raises: Refused."""
        until, pause_s = time.monotonic() + PATIENCE_S, 0.1
        while True:
            sent_at = time.time()
            self.journal.sending(kind, keys, at=sent_at)
            trouble = "no answer"
            try:
                async with self._http.post(
                    self._url + path, json=body, headers=self._headers | (headers or {})
                ) as answer:
                    told = await answer.json(content_type=None)
                    if answer.status < 300:
                        return sent_at, told
                    trouble = f"{answer.status} {told.get('code', '')} {_fields(told)}"
                    if answer.status not in _AWAY:
                        raise Refused(f"{path}: {trouble}")
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                trouble = type(error).__name__
            if time.monotonic() > until:
                raise Refused(f"{path}: {trouble} for {PATIENCE_S:.0f} s")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)


def record_key(record: dict[str, Any]) -> str:
    """What makes a hospital-cost record the same one."""
    return f"{record['settlement_id']}/{record['version']}"


def _fields(problem: dict[str, Any]) -> str:
    return ", ".join(f"{row.get('field')} {row.get('code')}" for row in problem.get("errors", ())[:5])


async def _each(things: Sequence[Any], work: Callable[[Any], Awaitable[None]]) -> None:
    """Work on all, a few at the same time; the first failure ends the rest."""
    waiting = iter(things)

    async def worker() -> None:
        for thing in waiting:
            await work(thing)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(_AT_ONCE, len(things))):
            group.create_task(worker())
