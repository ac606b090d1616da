"""Whether each process does its work: tried every two seconds by doing (write, publish, answer), never by TCP alone."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg

from deploy.local.http import get
from deploy.local.keeper import Keeper
from deploy.local.nats import NatsServer
from deploy.local.provision import BROKER_ERRORS, Prober
from deploy.local.refusal import Refusal
from deploy.local.topology import Topology

EVERY_S = 2.0
DATABASE_PATIENCE_S = 10.0
BROKER_PATIENCE_S = 5.0
PART_PATIENCE_S = 10.0
PART_START_S = 60.0
_LOOK_AT_CONSUMERS_EVERY = 5
_QUICK_S = 0.05
_QUICK_FOR_S = 20.0
_ANSWER_S = 3.0

_PROBE_TABLE = "CREATE TABLE IF NOT EXISTS yiqijiu_probe (id int PRIMARY KEY, at timestamptz NOT NULL)"
_PROBE = "INSERT INTO yiqijiu_probe VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET at = excluded.at"
_DATABASE_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)

_SILENCE = (OSError, TimeoutError, EOFError)


class Patience:
    """How long something has been failing."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._since: float | None = None

    def succeeded(self) -> None:
        """It works."""
        self._since = None

    def failed(self) -> bool:
        """It does not. True when that has gone on for too long; then the count starts anew."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        if now - self._since < self._limit_s:
            return False
        self._since = None
        return True


class DatabaseProber:
    """Reads, then writes a row through one kept connection of the superuser."""

    def __init__(self, admin_url: str) -> None:
        self._url = admin_url
        self._connection: asyncpg.Connection | None = None

    async def try_it(self) -> str:
        """ "" when reading and writing work, else why writing does not. Raises: _DATABASE_ERRORS when nothing works."""
        async with asyncio.timeout(_ANSWER_S):
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._url, timeout=_ANSWER_S)
                with suppress(asyncpg.PostgresError):  # a full disk: the write below says so
                    await self._connection.execute(_PROBE_TABLE)
            await self._connection.fetchval("SELECT 1")
            try:
                await self._connection.execute(_PROBE)
            except asyncpg.PostgresError as error:
                return f"reads but does not write ({error.sqlstate})"
        return ""

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


async def watch_database(keeper: Keeper, admin_url: str) -> None:
    """Look for ever; end a server that does not answer. One that answers but cannot write is only reported: a restart
    would not give it a larger disk, and one that cannot write its log ends by itself and is brought back."""
    patience, prober = Patience(DATABASE_PATIENCE_S), DatabaseProber(admin_url)
    try:
        while True:
            if keeper.is_up:
                try:
                    trouble = await prober.try_it()
                    patience.succeeded()
                    await keeper.mark("failing" if trouble else "ok", trouble)
                except _DATABASE_ERRORS as error:
                    await prober.close()
                    if keeper.is_up:
                        await keeper.mark("failing", type(error).__name__)
                        if patience.failed():
                            keeper.end_for("does not answer")
            await asyncio.sleep(EVERY_S)
    finally:
        await prober.close()


async def watch_broker(
    keeper: Keeper, server: NatsServer, topology: Topology, *, provide: Callable[[], Awaitable[None]]
) -> None:
    """Look for ever; end a broker that does not store what is published, and one whose store was taken away.

    `provide` makes streams and consumers anew where only they are gone.
    """
    patience, prober, rounds = Patience(BROKER_PATIENCE_S), Prober(server.url("prober")), 0
    try:
        while True:
            if keeper.is_up:
                is_gone = bool(server.missing_folders())
                trouble = "its store is gone" if is_gone else await _broker_trouble(server, prober)
                if keeper.is_up:
                    await keeper.mark("failing" if trouble else "ok", trouble)
                    if is_gone or (trouble and patience.failed()):
                        keeper.end_for(trouble)
                    elif not trouble:
                        patience.succeeded()
                        if rounds % _LOOK_AT_CONSUMERS_EVERY == 0:
                            await _provide_absent(prober, topology, provide)
                        rounds += 1
            await asyncio.sleep(EVERY_S)
    finally:
        await prober.close()


async def _broker_trouble(server: NatsServer, prober: Prober) -> str:
    try:
        await prober.publish()
    except BROKER_ERRORS as error:
        return f"does not store ({type(error).__name__})"
    return "" if await server.is_well() else "says that it is not well"


async def _provide_absent(prober: Prober, topology: Topology, provide: Callable[[], Awaitable[None]]) -> None:
    with suppress(Refusal, *BROKER_ERRORS):  # the next round tells, and tries again
        if await prober.missing(topology):
            await provide()


async def keep_provided(provide: Callable[[], Awaitable[None]]) -> None:
    """Make streams and consumers anew where a broker of one's own has lost them. Its owner sees to its health."""
    while True:
        await asyncio.sleep(EVERY_S * _LOOK_AT_CONSUMERS_EVERY)
        with suppress(Refusal):  # away or full: the parts wait, and the next round tries again
            await provide()


async def watch_part(keeper: Keeper, port: int) -> None:
    """Look for ever; end a part that does not answer at all. One that says it is not ready is left to its retries."""
    watched, patience = 0.0, Patience(PART_START_S)
    while True:
        if keeper.is_up:
            if keeper.up_since != watched:  # a new process: it gets its time to start
                watched, patience = keeper.up_since, Patience(PART_START_S)
            said = await _part_says(port)
            if keeper.is_up and keeper.up_since == watched:
                if said is None:
                    if patience.failed():
                        keeper.end_for("does not answer")
                    elif keeper.health == "ok":
                        await keeper.mark("failing", "does not answer")
                else:
                    patience = Patience(PART_PATIENCE_S)
                    await keeper.mark("failing" if said else "ok", said)
        await asyncio.sleep(_pause_for(keeper))


def _pause_for(keeper: Keeper) -> float:
    """Look often while a new process comes up, for it to be used at once."""
    if keeper.health == "ok":
        return EVERY_S
    return _QUICK_S if time.monotonic() - keeper.up_since < _QUICK_FOR_S else EVERY_S / 2


async def _part_says(port: int) -> str | None:
    """ "" when the part is ready, a word when it lives and is not, None when it does not answer."""
    status = 0
    with suppress(*_SILENCE):
        status, _ = await get(port, "/readyz", timeout_s=2)
    if 200 <= status < 300:
        return ""
    with suppress(*_SILENCE):
        await get(port, "/livez", timeout_s=2)
        return f"not ready ({status})"
    return None
