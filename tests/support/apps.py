"""A part's application in the test's own process, asked over HTTP as any actor. Its loops do not run: tests that need
events hand them to the part's inbox (`take_in`) or read its outbox (`events_of`)."""

import json
import os
import tempfile
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import OKPKey
from sqlalchemy import text

from services.contracts.catalogue import EVENTS
from services.contracts.event import Event
from services.kit.auth import Actor, mint
from services.kit.clock import Clock
from services.kit.db import Database
from services.kit.inbox import Envelope, Handlers, Inbox
from tests.support.postgres import PartDatabases

E = TypeVar("E", bound=Event)
KEY = OKPKey.generate_key("Ed25519")
PUBLIC_PEM = KEY.as_pem(private=False).decode()
OPERATOR = Actor("operator-1", ("operator",), "all", frozenset({"*"}))


def officer(territory: str, *scopes: str, subject: str = "officer-1", role: str = "county_officer") -> Actor:
    """Somebody signed in for one place."""
    return Actor(subject, (role,), territory, frozenset(scopes or {"*"}))


def partner(code: str, *, subject: str | None = None) -> Actor:
    """A partner's system."""
    scopes = frozenset({"partner:read", "partner:write"})
    return Actor(subject or f"system-{code}", ("partner_system",), "all", scopes, partner=code)


def secret_key() -> str:
    """32 random bytes, base64."""
    return b64encode(os.urandom(32)).decode()


class PartUnderTest:
    """A running application, its database, and clients of it."""

    def __init__(self, part: str, app: FastAPI, database: Database, owner_url: str) -> None:
        self.part = part
        self.app = app
        self.database = database
        self.owner_url = owner_url
        self._clients: list[httpx.AsyncClient] = []

    def client(self, actor: Actor | None = OPERATOR) -> httpx.AsyncClient:
        """A client signed in as `actor`; with None, one without a token."""
        headers = {}
        if actor is not None:
            headers["Authorization"] = f"Bearer {mint(KEY, self.part, actor, now=time.time())}"
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://part",
            headers=headers,
            timeout=30,
        )
        self._clients.append(client)
        return client

    async def events_of(self, kind: type[E]) -> list[E]:
        """Every event of a class in the outbox, oldest first."""
        async with self.database.transaction() as db:
            rows = await db.execute(text("SELECT body FROM outbox WHERE subject = :s ORDER BY id"), {"s": kind.SUBJECT})
            return [kind.from_cloud_event(json.loads(body)) for body in rows.scalars()]

    async def take_in(self, handlers: Handlers, events: Sequence[Event], *, clock: Clock | None = None) -> None:
        """Give events to the part as its consumer would, in one transaction."""
        inbox = Inbox(self.database, handlers, consumer=self.part, clock=clock or Clock())
        envelopes = []
        for event in events:
            body = json.loads(event.to_cloud_event())
            envelopes.append(Envelope(event.id, body, EVENTS[type(event).SUBJECT].from_cloud_event(body)))
        await inbox.apply(envelopes)

    async def close(self) -> None:
        """Close the clients."""
        for client in self._clients:
            await client.aclose()


Starter = Callable[..., Any]


@pytest.fixture
async def start_part(part_database: PartDatabases) -> AsyncIterator[Starter]:
    """Starts a part in this process: `await start_part("intake", seal_key=secret_key(), …)`; extra keyword arguments
    are fields of the part's settings. Answers a PartUnderTest."""
    async with AsyncExitStack() as stack:

        async def start(part: str, **fields: Any) -> PartUnderTest:
            made = await part_database(part)
            settings_module = import_module(f"services.{part}.settings" if part != "gateway" else "gateway.settings")
            settings_class = getattr(settings_module, f"{part.capitalize()}Settings")
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"yiqijiu-{part}-")))
            settings = settings_class(
                **{
                    "part": part,
                    "home": home,
                    "database_url": made.app_url,
                    "jwt_public_key": PUBLIC_PEM,
                    **fields,
                }
            )
            app_module = import_module(f"services.{part}.app" if part != "gateway" else "gateway.app")
            app = app_module.create_app(settings)
            # The loops would need a broker; tests of one part hand events in themselves.
            await app.state.database.close()
            app.state.database = made.database
            under_test = PartUnderTest(part, app, made.database, made.owner_url)
            stack.push_async_callback(under_test.close)
            return under_test

        yield start
