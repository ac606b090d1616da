"""The record of who did and read what: append-only rows in a hash chain that can be verified without the system
running.

`hash_n = HMAC-SHA256(key, hash_{n-1} ‖ body_n)`, `hash_0` is 32 zero bytes, a body is canonical JSON. A row says who
asked (an opaque id, roles, territory), for what (the route's template, the object's id), why (a purpose code) and
under which request id; an `answered` row adds the status. Never a name, a number or a text.

Source: RFC 8785 (canonical JSON), RFC 2104 (HMAC).
"""

import asyncio
import base64
import hashlib
import hmac
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from services.kit.errors import Unavailable

log = logging.getLogger(__name__)

GENESIS = bytes(32)
_WAIT_S = 3.0
_QUIET_S = 0.25
"""How long an `answered` row may wait for company; nobody waits for it."""
_MOST_WAITING = 20_000
_BATCH = 1_000
_HEAD = "SELECT seq, hash FROM audit_entry ORDER BY seq DESC LIMIT 1"
_INSERT = "INSERT INTO audit_entry (seq, body, hash) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[])"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row before it is chained. `at` is in UTC. `object` is an id, never a number or name that means a person
    outside."""

    kind: str
    at: datetime
    request_id: str = ""
    actor: str = ""
    roles: tuple[str, ...] = ()
    territory: str = ""
    partner: str = ""
    route: str = ""
    object: str = ""
    purpose: str = ""
    fields: tuple[str, ...] = ()
    operator: bool = False
    status: int = 0

    def body(self) -> str:
        """Canonical JSON of what is not empty. Strings and small integers only, so that sorting the keys is enough."""
        values: dict[str, object] = {"at": self.at.isoformat(timespec="milliseconds")}
        for name in _NAMES:
            value = getattr(self, name)
            if value:
                values[name] = value
        return orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()


_NAMES = tuple(field.name for field in fields(Entry) if field.name != "at")


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of the chain."""

    seq: int
    hash: bytes


class Chain:
    """Computes the hashes. The key never reaches the database."""

    def __init__(self, key_base64: str) -> None:
        self._key = base64.b64decode(key_base64)

    def hash(self, previous: bytes, body: str) -> bytes:
        """The hash of a row after the row with hash `previous`."""
        return hmac.digest(self._key, previous + body.encode(), hashlib.sha256)

    def extend(self, head: Head, bodies: Sequence[str]) -> list[tuple[int, str, bytes]]:
        """The rows (seq, body, hash) that follow `head`."""
        rows = []
        previous = head.hash
        for seq, body in enumerate(bodies, head.seq + 1):
            previous = self.hash(previous, body)
            rows.append((seq, body, previous))
        return rows


async def append(connection: asyncpg.Connection, chain: Chain, head: Head | None, bodies: Sequence[str]) -> Head:
    """Write rows after `head` (None: look for it) in one transaction; answers the new head.

    Writers take turns by the table's advisory lock. Another writer's row where ours should stand means that our head
    was old; the rows are chained anew to the true one.
    """
    while True:
        if head is None:
            found = await connection.fetchrow(_HEAD)
            head = Head(found["seq"], found["hash"]) if found else Head(0, GENESIS)
        rows = chain.extend(head, bodies)
        try:
            await connection.execute(_INSERT, *map(list, zip(*rows, strict=True)))
        except asyncpg.UniqueViolationError:
            head = None
            continue
        return Head(rows[-1][0], rows[-1][2])


async def write_once(database_url: str, audit_key: str, *entries: Entry) -> None:
    """Chain entries from outside the running gateway (the command line).

    Raises: Unavailable when the database does not answer.
    """
    async with connected(database_url) as connection:
        await append(connection, Chain(audit_key), None, [entry.body() for entry in entries])


@asynccontextmanager
async def connected(database_url: str) -> AsyncIterator[Any]:  # Any: the driver has no types
    """A connection of one's own to the chain's database, for the command line.

    Raises: Unavailable when the database does not answer.
    """
    try:
        connection = await asyncpg.connect(database_url, timeout=5)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise Unavailable() from error
    try:
        yield connection
    finally:
        await connection.close()


class AuditLog:
    """Collects entries and writes them in one transaction while the requests they belong to are being forwarded.

    While one commit runs, the next batch collects. `is_ill` is true from a failed write to the next good one: requests
    that must be audited are refused before they are forwarded.
    """

    def __init__(self, database_url: str, audit_key: str) -> None:
        self._url = database_url
        self._chain = Chain(audit_key)
        self._waiting: list[tuple[str, asyncio.Future[None] | None]] = []
        self._wake = asyncio.Event()
        self._connection: asyncpg.Connection | None = None
        self._head: Head | None = None
        self._writing = False
        self.is_ill = False

    @property
    def head(self) -> Head | None:
        """The last row this writer committed, if it still holds its connection."""
        return self._head

    @property
    def is_busy(self) -> bool:
        """Whether entries wait or are being written."""
        return bool(self._waiting) or self._writing

    def ask(self, entry: Entry) -> asyncio.Future[None]:
        """Put an entry in line; the future is done when it is committed.

        Raises: Unavailable when too many wait.
        """
        if len(self._waiting) >= _MOST_WAITING:
            raise Unavailable()
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry.body(), written))
        self._wake.set()
        return written

    def note(self, entry: Entry) -> None:
        """Put an entry in line that nobody waits for; it travels with the next ones, or alone after a moment."""
        if len(self._waiting) >= _MOST_WAITING:
            return
        if not self._waiting:
            asyncio.get_running_loop().call_later(_QUIET_S, self._wake.set)
        self._waiting.append((entry.body(), None))

    @staticmethod
    async def committed(written: asyncio.Future[None]) -> None:
        """Wait for an entry of `ask`.

        Raises: Unavailable when it could not be written in time. It stays in line and is written later.
        """
        if written.done():
            return written.result()
        try:
            async with asyncio.timeout(_WAIT_S):
                await asyncio.shield(written)
        except TimeoutError as error:
            raise Unavailable() from error

    async def run(self) -> None:
        """Write until cancelled, then write what still waits."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    await self._write_undisturbed()
        finally:
            with suppress(Exception):
                async with asyncio.timeout(2):
                    while self._waiting and not self.is_ill:
                        await self._write_batch()
            await self._let_go()

    async def _write_undisturbed(self) -> None:
        """A cancelled writer first ends the write it is in."""
        self._writing = True
        write = asyncio.create_task(self._write_batch())
        try:
            await asyncio.shield(write)
        except asyncio.CancelledError:
            await write
            raise
        finally:
            self._writing = False

    async def _write_batch(self) -> None:
        batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
        try:
            if self._connection is None or self._connection.is_closed():
                await self._connect()
            assert self._connection is not None
            self._head = await append(self._connection, self._chain, self._head, [body for body, _ in batch])
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            await self._failed(batch, error)
            return
        self.is_ill = False
        for _, written in batch:
            if written is not None and not written.done():
                written.set_result(None)

    async def _connect(self) -> None:
        self._connection = await asyncpg.connect(
            self._url,
            timeout=5,
            command_timeout=5,
            server_settings={"application_name": "yiqijiu-gateway-audit", "jit": "off"},
        )
        self._head = None

    async def _failed(self, batch: list[tuple[str, asyncio.Future[None] | None]], error: Exception) -> None:
        """Keep the batch for the next try. Whether it was committed after all is not known: it may then stand twice,
        which a log may; it must not be missing."""
        self.is_ill = True
        self._waiting = batch + self._waiting
        await self._let_go()
        log.warning("audit", extra={"error": type(error).__name__, "count": len(self._waiting)})
        await asyncio.sleep(0.2)

    async def _let_go(self) -> None:
        connection, self._connection, self._head = self._connection, None, None
        if connection is not None:
            connection.terminate()
