"""A suite of its own for one measurement, with seven partners that answer 204, and eyes on its databases."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from deploy.local.parts import SERVICES
from deploy.local.practice.config import CODES, PartnerPlan
from deploy.local.practice.run import PracticePartners
from deploy.local.supervisor import Suite, SuiteOptions
from gateway.tokens import create_token

_WAITING = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
_UNDELIVERED = "SELECT count(*) FROM delivery WHERE state IN ('queued', 'sending', 'retrying')"


class Rig:
    """The running suite, an operator's client, and the databases as the superuser sees them."""

    def __init__(self, suite: Suite, partners: PracticePartners, http: aiohttp.ClientSession, token: str) -> None:
        self.suite = suite
        self.partners = partners
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}
        self._eyes: dict[str, asyncpg.Connection] = {}

    async def post(self, path: str, body: Any) -> dict[str, Any]:
        """POST as an operator. Raises: RuntimeError with the status when it is refused."""
        url = self.suite.gateway_url + path
        async with self._http.post(url, json=body, headers=self._headers) as reply:
            if reply.status >= 300:
                raise RuntimeError(f"{path} answered {reply.status}: {await reply.text()}")
            answer: dict[str, Any] = await reply.json()
            return answer

    async def get(self, path: str) -> dict[str, Any]:
        """GET as an operator. Raises: aiohttp.ClientResponseError."""
        url = self.suite.gateway_url + path
        async with self._http.get(url, headers=self._headers, raise_for_status=True) as reply:
            answer: dict[str, Any] = await reply.json()
            return answer

    async def number(self, part: str, query: str) -> int:
        """The one number a query on a part's database answers."""
        if part not in self._eyes:
            assert self.suite.postgres is not None
            url = self.suite.postgres.admin_url.rsplit("/", 1)[0] + f"/yiqijiu_{part}"
            self._eyes[part] = await asyncpg.connect(url)
        return int(await self._eyes[part].fetchval(query) or 0)

    async def settle(self, records: int, *, within_s: float = 300) -> float:
        """Wait until every record has its account, every event is in, and every webhook has its 2xx.

        Answers the moment it was found so (time.time()). Raises: TimeoutError.
        """
        async with asyncio.timeout(within_s):
            while True:
                accounts = await self.number("eligibility", "SELECT count(*) FROM record_account")
                if accounts >= records and not await self._moving():
                    return time.time()
                await asyncio.sleep(0.05)

    async def _moving(self) -> bool:
        for part in SERVICES[:3]:
            if await self.number(part, _WAITING):
                return True
        published = await self.number("eligibility", "SELECT count(*) FROM outbox")
        taken = await self.number("referral", "SELECT count(*) FROM inbox")
        consents = await self.number("intake", "SELECT count(*) FROM outbox WHERE subject LIKE 'intake.consent.%'")
        return taken < published + consents or bool(await self.number("referral", _UNDELIVERED))

    async def close(self) -> None:
        """Close the eyes."""
        for connection in self._eyes.values():
            await connection.close()


@asynccontextmanager
async def running() -> AsyncIterator[Rig]:
    """A rig in a data folder of its own, thrown away afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="yiqijiu-bench-"))
    environment = {"YIQIJIU_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    options = SuiteOptions(port=0, ephemeral=True, environment=environment)
    try:
        async with Suite(folder / "home", options) as suite, aiohttp.ClientSession() as http:
            secrets = suite.home.part_secrets("gateway")
            url, ttl = secrets["database_url"], timedelta(hours=2)
            operator = await create_token(url, "operator", "all", ttl=ttl)
            tokens = {code: await create_token(url, "partner_system", "3506", partner=code, ttl=ttl) for code in CODES}
            plans = [PartnerPlan(code=code, port=0, answer_only=True) for code in CODES]
            partners = PracticePartners(suite.home, plans=plans)
            await partners.start()
            try:
                await partners.connect(suite.gateway_url, operator=operator, tokens=tokens)
                rig = Rig(suite, partners, http, operator)
                try:
                    yield rig
                finally:
                    await rig.close()
            finally:
                await partners.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
