"""All four services behind the gateway, each on its own database, their events handed on by hand (no broker): what the
access test walks over. One invented household lives in one township; everything in the table's paths is about it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from deploy.local.town import make_town
from gateway.app import create_app
from gateway.settings import GatewaySettings
from gateway.tokens import create_token
from services.contracts.catalogue import CONSUMERS
from tests.support.apps import KEY, PUBLIC_PEM, PartUnderTest, secret_key
from tests.support.postgres import PartDatabases, TestPostgres

OWN = "350622100"
"""A township; the household lives in one of its villages."""
VILLAGE = "350622100001"
PLACES = {"own": OWN, "parent": "350622", "sibling": "350622101", "other": "350623"}
_KEYS = {
    "intake": ("seal_key", "index_key"),
    "eligibility": (),
    "referral": ("case_key", "seal_key"),
    "charity": ("seal_key",),
}


@dataclass
class Whole:
    """The running whole, and the ids of what was made."""

    url: str
    database_url: str
    parts: dict[str, PartUnderTest]
    ids: dict[str, str] = field(default_factory=dict)
    _clients: dict[tuple[str, str, str | None], httpx.AsyncClient] = field(default_factory=dict)

    async def as_role(self, role: str, territory: str, partner: str | None = None) -> httpx.AsyncClient:
        """A client of a role and place; the same one again for the same."""
        key = (role, territory, partner)
        if key not in self._clients:
            token = await create_token(self.database_url, role, territory, partner)
            headers = {"Authorization": f"Bearer {token}"}
            self._clients[key] = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)
        return self._clients[key]

    async def hand_on(self) -> None:
        """Give every event of the outboxes to those who consume it, downhill."""
        for taker in ("eligibility", "referral", "charity"):
            handlers = import_module(f"services.{taker}.consumers").HANDLERS
            for event in (kind for kind, takers in CONSUMERS.items() if taker in takers):
                told = await self.parts[event.part()].events_of(event)
                if told:
                    await self.parts[taker].take_in(handlers, told)

    async def close(self) -> None:
        """Close the clients."""
        for client in self._clients.values():
            await client.aclose()


@asynccontextmanager
async def served(app: Any, *, lifespan: str) -> AsyncIterator[str]:
    """An ASGI application on a loopback port; its base URL."""
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, server_header=False, lifespan=lifespan)  # type: ignore[arg-type]  # a literal
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


@asynccontextmanager
async def whole_system(postgres: TestPostgres, home: Path) -> AsyncIterator[Whole]:
    """Start everything and make the household."""
    databases = PartDatabases(postgres)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(databases.close)
        parts: dict[str, PartUnderTest] = {}
        urls: dict[str, str] = {}
        for part, keys in _KEYS.items():
            parts[part] = await _start(part, databases, home, {name: secret_key() for name in keys})
            urls[part] = await stack.enter_async_context(served(parts[part].app, lifespan="off"))
        made = await databases("gateway")
        settings = GatewaySettings(
            part="gateway",
            home=home,
            database_url=made.app_url,
            jwt_public_key=PUBLIC_PEM,
            jwt_private_key=KEY.as_pem(private=True).decode(),
            audit_key=secret_key(),
            urls=urls,
        )
        url = await stack.enter_async_context(served(create_app(settings), lifespan="on"))
        whole = Whole(url, made.app_url, parts)
        stack.push_async_callback(whole.close)
        await _settle(whole)
        yield whole


async def _start(part: str, databases: PartDatabases, home: Path, keys: dict[str, str]) -> PartUnderTest:
    """A service on a fresh database, its loops not running."""
    made = await databases(part)
    settings_class = getattr(import_module(f"services.{part}.settings"), f"{part.capitalize()}Settings")
    settings = settings_class(part=part, home=home, database_url=made.app_url, jwt_public_key=PUBLIC_PEM, **keys)
    app = import_module(f"services.{part}.app").create_app(settings)
    await app.state.database.close()
    app.state.database = made.database
    return PartUnderTest(part, app, made.database, made.owner_url)


async def _settle(whole: Whole) -> None:
    """One household with a bill over the line, a report and a yes; then whatever follows from it."""
    operator = await whole.as_role("operator", "all")
    town = make_town(7, 30, 3, today=date(2026, 11, 25))
    household = town.households[0]
    body = household.body | {"division": VILLAGE}
    registered = _good(await operator.post("/api/v1/intake/households", json=body))
    whole.ids["household_ref"] = registered["household_ref"]
    person = body["members"][0]
    whole.ids["person_ref"] = registered["person_refs"][person["ref"]]
    consent = {"household_ref": registered["household_ref"], "partner": "any", "purpose": "any", "decision": "given"}
    dated = {"given_on": "2026-01-10", "basis": "consent"}
    _good(await operator.post("/api/v1/intake/consents", json=consent | dated))
    named = {name: person[name] for name in ("id_type", "id_number", "name")}
    bill = town.records[0] | named | {"division": VILLAGE}
    whole.ids["record_id"] = _good(await operator.post("/api/v1/intake/hospital-costs", json=bill))["record_id"]
    endpoint = {"url": "http://127.0.0.1:9/hook", "division": OWN}
    answer = await operator.put("/api/v1/referral/partners/red_cross/endpoint", json=endpoint)
    if answer.is_success:
        whole.ids["endpoint_id"] = answer.json()["id"]
    await whole.hand_on()
    account = _good(await operator.get(f"/api/v1/eligibility/records/{whole.ids['record_id']}"))
    whole.ids["assessment_id"] = account["account"]["assessment_id"]
    rows = _good(await operator.get("/api/v1/referral/referrals"))["items"]
    whole.ids["referral_id"] = next(row["id"] for row in rows if row["partner"] == "red_cross")
    deliveries = _good(await operator.get("/api/v1/referral/deliveries"))["items"]
    whole.ids["delivery_id"] = deliveries[0]["id"]


def _good(answer: httpx.Response) -> Any:
    assert answer.is_success, (answer.request.url.path, answer.status_code, answer.text[:500])
    return answer.json()
