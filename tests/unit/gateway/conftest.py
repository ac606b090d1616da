"""A gateway served on loopback by uvicorn, on its own database, before stand-ins for the four parts: small real servers
that remember what reached them and answer what a test tells them to."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gateway.app import create_app
from gateway.deadlines import DeadlineProtocol
from gateway.settings import GatewaySettings
from gateway.tokens import create_token
from services.kit.auth import Actor, TokenVerifier
from tests.support.postgres import PartDatabase, PartDatabases

SERVICES = ("intake", "eligibility", "referral", "charity")
Reply = Callable[["Seen"], web.Response]


@dataclass(frozen=True)
class Seen:
    """A request that reached a part."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class StandIn:
    """A part's stand-in. `replies` answers by `METHOD path`; what is not there gets 200 and `{"part": name}`."""

    part: str
    public_pem: str
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free loopback port."""
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", int(self.url.rpartition(":")[2] or 0) if self.url else 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening; the port refuses connections from now on."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Seen(request.method, request.path, request.query_string, headers, await request.read())
        if seen.path not in ("/openapi.json", "/readyz"):  # what the gateway asks by itself
            self.seen.append(seen)
        reply = self.replies.get(f"{seen.method} {seen.path}")
        return reply(seen) if reply else web.json_response({"part": self.part})

    def reply(self, route: str, body: Any, status: int = 200) -> None:
        """Answer JSON to a route."""
        self.replies[route] = lambda _: web.json_response(body, status=status)

    def actor(self, seen: Seen) -> Actor:
        """Who the inner token of a request says is asking; verified as the part would."""
        token = seen.headers["authorization"].removeprefix("Bearer ")
        return TokenVerifier(self.public_pem, self.part).verify(token)


@dataclass
class Gateway:
    """The gateway under test."""

    url: str
    settings: GatewaySettings
    database: PartDatabase
    parts: dict[str, StandIn]
    app: Any
    stop: Callable[[], Awaitable[None]]
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    async def token(self, role: str, territory: str = "3506", partner: str | None = None, **more: Any) -> str:
        """A bearer token as `./yiqijiu token` makes them."""
        return await create_token(self.database.app_url, role, territory, partner, **more)

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        """A client with a bearer token, or without."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        client = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)
        self._clients.append(client)
        return client

    async def as_role(self, role: str, territory: str = "3506", partner: str | None = None) -> httpx.AsyncClient:
        """A client with a fresh token of a role."""
        return self.client(await self.token(role, territory, partner))

    async def audit_rows(self) -> list[dict[str, Any]]:
        """Every body of the audit chain, in order, once no entry waits any more."""
        import json

        import asyncpg

        async with asyncio.timeout(5):
            while self.app.state.desk.audit.is_busy:
                await asyncio.sleep(0.01)
        connection = await asyncpg.connect(self.database.app_url)
        try:
            return [
                json.loads(row["body"]) for row in await connection.fetch("SELECT body FROM audit_entry ORDER BY seq")
            ]
        finally:
            await connection.close()

    async def close(self) -> None:
        """Close the clients."""
        for client in self._clients:
            await client.aclose()


def signing_key() -> tuple[str, str]:
    """A fresh Ed25519 key: (private PEM, public PEM)."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
async def gateway(part_database: PartDatabases, tmp_path: Path) -> AsyncIterator[Gateway]:
    """The gateway, its stand-in parts and its database; all fresh."""
    private, public = signing_key()
    parts = {part: StandIn(part, public) for part in SERVICES}
    for part in parts.values():
        await part.start()
    made = await part_database("gateway")
    settings = GatewaySettings(
        part="gateway",
        home=tmp_path,
        database_url=made.app_url,
        jwt_public_key=public,
        jwt_private_key=private,
        audit_key=base64.b64encode(os.urandom(32)).decode(),
        urls={part.part: part.url for part in parts.values()},
    )
    app = create_app(settings)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            port=0,
            http=DeadlineProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
        )
    )
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.01)
            if serving.done():
                serving.result()
    port = server.servers[0].sockets[0].getsockname()[1]

    async def stop() -> None:
        server.should_exit = True
        await serving

    under_test = Gateway(f"http://127.0.0.1:{port}", settings, made, parts, app, stop)
    try:
        yield under_test
    finally:
        await under_test.close()
        await stop()
        for part in parts.values():
            await part.stop()
