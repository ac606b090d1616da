"""A partner's receiver: a real HTTP server on loopback that does as it is told and remembers what came."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook

from tests.support.apps import PartUnderTest

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Arrived:
    """One request as it came."""

    id: str
    timestamp: str
    raw: bytes
    headers: dict[str, str]

    @property
    def body(self) -> dict[str, Any]:
        """The body, parsed."""
        answer: dict[str, Any] = json.loads(self.raw)
        return answer


@dataclass
class Receiver:
    """What arrived, and how to answer: `answers` are used up one by one, then `then` for ever."""

    url: str = ""
    secret: str = ""
    arrived: list[Arrived] = field(default_factory=list)
    answers: list[Behaviour] = field(default_factory=list)
    then: Behaviour | None = None
    echoes: bool = True

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A challenge is echoed, a webhook remembered and answered."""
        if request.method == "GET":
            return web.Response(text=request.query.get("challenge", "") if self.echoes else "hello")
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.arrived.append(Arrived(headers["webhook-id"], headers["webhook-timestamp"], raw, headers))
        behaviour = self.answers.pop(0) if self.answers else self.then
        return await behaviour(request) if behaviour else web.Response(status=204)

    def verify(self, arrived: Arrived) -> Any:
        """Check a signature with the independent library. Raises: WebhookVerificationError."""
        return Webhook(self.secret).verify(arrived.raw, arrived.headers)

    async def register(self, part: PartUnderTest, code: str, **more: Any) -> dict[str, Any]:
        """Register this receiver as a partner's endpoint, by an operator."""
        body = {"url": self.url, "division": "3506", **more}
        answer = await part.client().put(f"/api/v1/referral/partners/{code}/endpoint", json=body)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        self.secret = made["secret"]
        return made


def status(code: int, **headers: str) -> Behaviour:
    """Answer with a status."""

    async def behave(request: web.Request) -> web.StreamResponse:
        return web.Response(status=code, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return behave


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that runs."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    receiver.url = f"http://127.0.0.1:{port}/hooks"
    try:
        yield receiver
    finally:
        await runner.cleanup()
