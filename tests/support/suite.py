"""The whole real suite for scenario and fault tests: embedded servers, five parts, seven practice partners.

It starts once per test run, in a temporary home on free ports. Tests share it and keep apart by making new people.
"""

import asyncio
import random
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import aiohttp
import httpx
import pytest

from deploy.local.access import make_token
from deploy.local.demo.accounting import Reckoning, reckon
from deploy.local.demo.funnel import Funnel, read_funnel
from deploy.local.demo.journal import PushJournal
from deploy.local.demo.push import Pusher
from deploy.local.demo.stage import Stage, demo_partners
from deploy.local.first_account import first_account
from deploy.local.opened import opened_databases
from deploy.local.ports import free_port
from deploy.local.practice.config import CODES
from deploy.local.refusal import Refusal
from deploy.local.supervisor import SuiteOptions
from deploy.local.town import Town, make_town
from deploy.local.town.members import Family
from deploy.local.town.people import LOTS, People
from deploy.local.town.places import villages
from deploy.local.verify.check import Verdict
from services.kit.clock import Clock
from tests.support.waiting import until

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_FINAL = {"completed", "rejected", "failed", "cancelled", "on_hold"}


class RunningSuite:
    """A running installation and the ways a test deals with it."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        self.today: date = Clock().today()
        self.people = People(self.today, lot=LOTS - 1)
        self.rng = random.Random(time.time_ns())
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60), trust_env=False)
        self._clients: list[httpx.AsyncClient] = []
        self._operator: httpx.AsyncClient | None = None
        self._console: httpx.AsyncClient | None = None

    @property
    def client(self) -> httpx.AsyncClient:
        """A client of the gateway with the operator's token."""
        if self._operator is None:
            self._operator = self.client_of(self.stage.operator)
            self._clients.append(self._operator)
        return self._operator

    def client_of(self, token: str | None) -> httpx.AsyncClient:
        """A client of the gateway with a token, or none."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.stage.url, headers=headers, timeout=60, trust_env=False)

    async def token(self, role: str, territory: str, *, partner: str | None = None) -> str:
        """A token made on the machine."""
        return await make_token(self.stage.home, role, territory, partner=partner)

    def family(self, division: str = "350602") -> Family:
        """Somebody new, somewhere in a division: add members, then `draft(...).body(...)`."""
        village = self.rng.choice([one for one in villages(division[:6]) if one.code.startswith(division)])
        return Family(self.rng, self.people, village)

    def number(self) -> str:
        """A number nobody used yet, for settlements and reports."""
        return f"{time.time_ns():x}{self.rng.randrange(1000):03d}"

    async def post(self, path: str, body: Any, **headers: str) -> dict[str, Any]:
        """POST as the operator; the answer must be a success."""
        answer = await self.client.post(path, json=body, headers=headers)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        told: dict[str, Any] = answer.json()
        return told

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """GET as the operator; the answer must be a success."""
        answer = await self.client.get(path, params=query)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        told: dict[str, Any] = answer.json()
        return told

    async def register(self, body: dict[str, Any]) -> str:
        """Register a household; answers its household_ref."""
        return str((await self.post("/api/v1/intake/households", body))["household_ref"])

    async def decide(
        self, household_ref: str, decision: str = "given", *, partner: str = "any", purpose: str = "any"
    ) -> None:
        """Put a family's decision on record."""
        body = {
            "household_ref": household_ref,
            "partner": partner,
            "purpose": purpose,
            "decision": decision,
            "given_on": self.today.isoformat(),
            "basis": "consent",
        }
        await self.post("/api/v1/intake/consents", body, **{"Idempotency-Key": self.number()})

    async def page(self, path: str) -> str:
        """A page of the console, as the account of this machine sees it."""
        if self._console is None:
            username, password = await first_account(self.stage.home, "office")
            self._console = self.client_of(None)
            self._clients.append(self._console)
            form = dict(_HIDDEN.findall((await self._console.get("/sign-in")).text))
            signed_in = await self._console.post(
                "/sign-in", data=form | {"username": username, "password": password}, headers={"Origin": self.stage.url}
            )
            assert signed_in.status_code == 303, signed_in.text
        answer = await self._console.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    async def referrals_of(self, household_ref: str) -> list[dict[str, Any]]:
        """The household's referrals."""
        items: list[dict[str, Any]] = (
            await self.get("/api/v1/referral/referrals", household=household_ref, limit="100")
        )["items"]
        return items

    async def referrals_when(
        self, household_ref: str, condition: Any, *, within_s: float = 20.0
    ) -> list[dict[str, Any]]:
        """The household's referrals as soon as `condition(referrals)` holds."""
        found: list[dict[str, Any]] = []

        async def holds() -> bool:
            nonlocal found
            found = await self.referrals_of(household_ref)
            return bool(condition(found))

        try:
            await until(holds, within_s=within_s)
        except AssertionError:
            raise AssertionError(f"referrals never came to it: {[_short(one) for one in found]}") from None
        return found

    async def account_of(self, record_id: str) -> dict[str, Any]:
        """The record as the gateway composes it, once it has its account."""
        found: dict[str, Any] = {}

        async def is_there() -> bool:
            nonlocal found
            answer = await self.client.get(f"/api/v1/intake/records/{record_id}")
            found = answer.json() if answer.is_success else {}
            return bool(found.get("account"))

        await until(is_there, what="the record's account")
        return found

    def town(self, seed: int, records: int, reports: int) -> Town:
        """An invented town as of today."""
        return make_town(seed, records, reports, today=self.today)

    def pusher(self, name: str) -> Pusher:
        """A pusher with a journal of its own."""
        journal = PushJournal(self.folder / f"journal-{name}.jsonl")
        return Pusher(self._http, self.stage.url, self.stage.operator, journal)

    async def push(self, town: Town, pusher: Pusher, *, batch: int = 100) -> None:
        """Push a whole town: households and consents, then records and reports side by side."""
        await pusher.register(town)
        async with asyncio.TaskGroup() as group:
            group.create_task(pusher.push_records(town.records, batch=batch))
            group.create_task(pusher.push_reports(town.reports))

    async def until_accepted(self, pusher: Pusher, records: int, push: asyncio.Task[None]) -> None:
        """Wait until so many records of a push were accepted. Raises: what the push raises."""
        await until(lambda: push.done() or pusher.journal.rows.get("record", 0) >= records, within_s=60)
        if push.done():
            push.result()

    async def accounted(self, pusher: Pusher) -> int:
        """How many of a push's records and reports have their account."""
        return (await self._funnel(pusher)).accounted

    async def until_settled(self, pusher: Pusher, *, within_s: float = 90.0) -> None:
        """Wait until everything of a finished push has its account and every first delivery was answered."""
        wanted = len(_ids_of(pusher))
        last = Funnel()

        async def is_settled() -> bool:
            nonlocal last
            try:
                last = await self._funnel(pusher)
            except Refusal:  # the database is being brought back
                return False
            waiting = sum(line.waiting for line in last.partners.values())
            return last.accounted == wanted and not last.unsent and not waiting

        try:
            await until(is_settled, within_s=within_s, every_s=0.3)
        except AssertionError:
            waiting = {code: line.waiting for code, line in last.partners.items() if line.waiting}
            raise AssertionError(
                f"not settled: {last.accounted} of {wanted} accounted, {last.unsent} unsent, waiting {waiting}"
            ) from None

    async def _funnel(self, pusher: Pusher) -> Funnel:
        async with opened_databases(self.stage.home.path) as databases:
            ids = _ids_of(pusher)
            return await read_funnel(databases, pushed=len(ids), ids=ids, codes=CODES)

    async def reckon(self, pusher: Pusher) -> Reckoning:
        """What a push lost or did twice, by the pusher's journal and the partners' word."""
        async with opened_databases(self.stage.home.path) as databases:
            return await reckon(databases, pusher.journal, self.stage.practice)

    def pid_of(self, name: str) -> int:
        """The pid of a process of the suite, or of the practice partners."""
        pid = self.stage.practice.pid if name == "practice" else self.stage.suite.processes.get(name)
        assert pid is not None, f"{name} does not run"
        return pid

    async def lose_brokers_store(self) -> None:
        """Delete everything the broker holds while it runs."""
        nats = self.stage.suite.nats
        assert nats is not None
        await asyncio.to_thread(shutil.rmtree, nats.store, ignore_errors=True)

    async def point_elsewhere(self, code: str) -> None:
        """Register an endpoint for a partner where nobody listens."""
        body = {"url": f"http://127.0.0.1:{free_port()}/", "division": "3506", "verify": False}
        answer = await self.client.put(f"/api/v1/referral/partners/{code}/endpoint", json=body)
        assert answer.is_success, answer.text

    async def point_back(self, code: str) -> None:
        """Register the practice partner's own endpoint again."""
        practice = self.stage.practice
        await practice.connect(self.stage.url, operator=self.stage.operator, tokens={code: self.stage.tokens[code]})

    async def verify(self) -> Verdict:
        """What `./yiqijiu verify` says now."""
        from deploy.local.verify.run import verify_databases  # reaches into every part; other tests need none of it

        async with opened_databases(self.stage.home.path) as databases:
            return await verify_databases(databases, self.stage.home.path)

    async def close(self) -> None:
        """Close the clients."""
        await self._http.close()
        for client in self._clients:
            await client.aclose()


def _ids_of(pusher: Pusher) -> list[UUID]:
    ids = {one for kind in ("record", "report") for one in pusher.journal.ids.get(kind, {}).values()}
    return [UUID(one) for one in ids]


def is_answered(referral: dict[str, Any]) -> bool:
    """Whether the partner has done all it will for now."""
    return referral["status"] in _FINAL


def _short(referral: dict[str, Any]) -> str:
    shown = ("partner", "need", "status", "held_for", "delivery_state")
    return " ".join(str(referral[name]) for name in shown)


@asynccontextmanager
async def running_suite(environment: Mapping[str, str] = MappingProxyType({})) -> AsyncIterator[RunningSuite]:
    """A suite of its own in a temporary home, with these settings besides."""
    folder = Path(tempfile.mkdtemp(prefix="yiqijiu-suite-"))
    folder.chmod(0o755)  # PostgreSQL's own user passes through when root runs the tests
    try:
        options = SuiteOptions(port=0, ephemeral=True, environment=environment)
        stage = Stage(folder / "home", options, plans=demo_partners())
        async with stage:
            running = RunningSuite(stage, folder)
            try:
                yield running
            finally:
                await running.close()
    finally:
        with suppress(OSError):
            await asyncio.to_thread(shutil.rmtree, folder)


@pytest.fixture(scope="session")
async def suite() -> AsyncIterator[RunningSuite]:
    """The run's suite."""
    async with running_suite({"YIQIJIU_WEBHOOK_TIME_SCALE": "0.005"}) as running:
        yield running
