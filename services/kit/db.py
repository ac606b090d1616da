"""The part's own database: one transaction per request or message, limited to a territory by row-level security."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends, Request
from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from services.kit.auth import ActorDep
from services.kit.errors import Unavailable

_NAMES = {
    "ix": "%(table_name)s_%(column_0_N_name)s",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


def service_base(part: str) -> type[SQLModel]:
    """The table base of one part, with its own registry and metadata.

    SQLModel keeps one global metadata; two parts in one test process would both declare an `outbox` in it.
    """

    class Base(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
        pass

    Base.__name__ = f"{part.capitalize()}Base"
    return Base


@dataclass(frozen=True, slots=True)
class FreshEvent:
    """An event just committed: what the relay needs to publish it without reading it back."""

    id: UUID
    subject: str
    urgent: bool
    body: str


_MOST_FRESH = 20_000


DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What the driver raises. InternalClientError comes when the server's farewell arrived between two statements."""


class TransactionLost(Exception):
    """A statement had failed, its error was swallowed, and the server rolled the transaction back at its commit."""


@dataclass(frozen=True)
class Scope:
    """What rows a transaction may see: a division prefix (or "all"), and one partner's only when `partner` is set."""

    territory: str
    partner: str = ""


EVERYTHING = Scope("all")
"""For the part's own loops. Requests take their scope from the signed-in actor."""


class Database:
    """An engine and its transactions.

    After each commit that put events into the outbox, they wait in `fresh` for the relay, and `written` is set.
    """

    def __init__(self, url: str, *, name: str, pool_size: int = 10) -> None:
        self.engine: AsyncEngine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            hide_parameters=True,
            isolation_level="AUTOCOMMIT",  # `transaction` says BEGIN itself, together with the scope, in one round trip
            pool_size=pool_size,
            max_overflow=5,
            pool_use_lifo=True,  # the connection used last has its statements prepared and its caches warm
            pool_timeout=10,
            connect_args={
                "timeout": 5,
                "server_settings": {
                    "application_name": f"yiqijiu-{name}",
                    "statement_timeout": "15000",
                    "idle_in_transaction_session_timeout": "10000",
                    "timezone": "UTC",
                    "jit": "off",
                },
            },
        )
        self.written = asyncio.Event()
        self.fresh: deque[FreshEvent] = deque()

    @asynccontextmanager
    async def transaction(self, scope: Scope = EVERYTHING) -> AsyncIterator[AsyncSession]:
        """Open a transaction; commit when the block ends, roll back when it raises.

        Raises: Unavailable when the database cannot be reached.
        """
        session = await self._begin(scope)
        try:
            yield session
            await session.flush()
            await _say(session, "COMMIT")
        except BaseException:
            await self._take_back(session)
            raise
        finally:
            await session.close()
        for callback in session.info.get("after_commit", ()):
            callback()
        events: list[FreshEvent] = session.info.get("events", [])
        if events:
            if len(self.fresh) < _MOST_FRESH:  # else the relay reads them from the outbox
                self.fresh.extend(events)
            self.written.set()

    async def _begin(self, scope: Scope) -> AsyncSession:
        """A session whose first statement went through; one retry covers a pooled connection that had died."""
        for last in (False, True):
            session = AsyncSession(self.engine, expire_on_commit=False, autoflush=False)
            try:
                await _say(session, _begin(scope))
                return session
            except (*DRIVER_ERRORS, DBAPIError, PoolTimeout) as error:
                await session.invalidate()
                if last:
                    raise Unavailable() from error
            except BaseException:
                await session.invalidate()
                raise
        raise AssertionError

    async def _take_back(self, session: AsyncSession) -> None:
        """Roll back; a connection that cannot is thrown away, and the server rolls back."""
        try:
            await _say(session, "ROLLBACK")
        except Exception:  # whatever it is, this connection is of no more use
            await session.invalidate()

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


# What loops ask has a handful of shapes with a few keys each: planning them anew every time took half of the database's
# work for a single bill. What people ask (lists with filters) is planned for what they ask.
_PLANNED_ONCE = ", set_config('plan_cache_mode', 'force_generic_plan', true)"
_WORD = re.compile(r"[a-z0-9_]*")


def _begin(scope: Scope) -> str:
    """The text that opens a transaction of a scope. Raises: ValueError when it is more than a plain word."""
    if not _WORD.fullmatch(scope.territory) or not _WORD.fullmatch(scope.partner):
        raise ValueError("a territory or partner is a plain word")
    words = (
        f"BEGIN; SELECT set_config('yiqijiu.territory', '{scope.territory}', true),"
        f" set_config('yiqijiu.partner', '{scope.partner}', true)"
    )
    return words + _PLANNED_ONCE if scope == EVERYTHING else words


def after_commit(session: AsyncSession, callback: Callable[[], None]) -> None:
    """Call this when the session's transaction has committed; never when it has not."""
    session.info.setdefault("after_commit", []).append(callback)


async def driver_of(session: AsyncSession) -> Any:  # the driver has no types
    """The driver's connection of a session; found once, for the session holds it to its end."""
    held = session.info.get("driver")
    if held is None:
        raw = await (await session.connection()).get_raw_connection()
        held = session.info["driver"] = raw.driver_connection
    return held


async def _say(session: AsyncSession, word: str) -> None:
    """Open or end a transaction. Raises: the driver's error; TransactionLost."""
    connection = await driver_of(session)
    status: str = await connection.execute(word)
    if word == "COMMIT" and status != "COMMIT":
        raise TransactionLost("the server rolled back what was to be committed")


def is_passing(error: BaseException) -> bool:
    """Whether trying the same again may work: the server was away, a lock or a serialisation failed."""
    if isinstance(error, asyncpg.PostgresError):
        return is_passing_state(error.sqlstate or "")
    if isinstance(error, (Unavailable, TimeoutError, PoolTimeout, OperationalError, *DRIVER_ERRORS)):
        return True
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or is_passing_state(state)
    return False


def is_passing_state(sqlstate: str) -> bool:
    """Whether PostgreSQL says so itself: connections, serialisation, resources, an operator, the system, a lost lock.

    Source: PostgreSQL's error codes, appendix A: classes 08, 40, 53, 57, 58 and lock_not_available.
    """
    return sqlstate[:2] in {"08", "40", "53", "57", "58"} or sqlstate == "55P03"


async def transaction(request: Request, actor: ActorDep) -> AsyncIterator[AsyncSession]:
    """A request's transaction, limited to the actor's territory and partner."""
    database: Database = request.app.state.database
    async with database.transaction(Scope(actor.territory or "none", actor.partner or "")) as session:
        yield session


# "function" scope: the commit happens before the answer leaves. With FastAPI's default it happens after, and a commit
# that fails would still have answered 201.
SessionDep = Annotated[AsyncSession, Depends(transaction, scope="function")]
