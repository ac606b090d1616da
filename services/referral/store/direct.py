"""Statements of the hot paths straight through the driver, in the session's own transaction.

Through SQLAlchemy each statement costs some 0.2 ms of our own time; a single bill's way to its webhook takes a dozen of
them. What stays with SQLAlchemy is what people ask for: lists, endpoints, the partner door.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.errors import Unavailable

_NAME = re.compile(r"(?<![:\w]):([a-z_]+)")
_PASSING = {"08", "40", "53", "57", "58"}
_LOCK_TIMEOUT = "55P03"


class Statement:
    """SQL with `:names`, turned into the driver's numbered parameters once."""

    def __init__(self, text: str) -> None:
        self.names: list[str] = []
        self.text = _NAME.sub(self._number, text)

    def _number(self, match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in self.names:
            self.names.append(name)
        return f"${self.names.index(name) + 1}"

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """The parameters in the order of their numbers. Raises: KeyError."""
        return [parameters[name] for name in self.names]


async def fetch(db: AsyncSession, statement: Statement, parameters: Mapping[str, Any]) -> list[Any]:
    """Run a statement; its rows, read by column name. A jsonb parameter is text, a jsonb column comes parsed.

    Raises: Unavailable for what may work when tried again; the driver's own error otherwise.
    """
    connection = await _driver(db)
    try:
        rows: list[Any] = await connection.fetch(statement.text, *statement.values(parameters))
        return rows
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise _translated(error, connection) from error


async def run_many(db: AsyncSession, statement: Statement, parameters: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement once for each set of parameters, in one go.

    Raises: as fetch.
    """
    if not parameters:
        return
    connection = await _driver(db)
    try:
        await connection.executemany(statement.text, [statement.values(some) for some in parameters])
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise _translated(error, connection) from error


async def _driver(db: AsyncSession) -> Any:
    """The driver's connection of this transaction; found once for each session, which holds it to its end."""
    held = db.info.get("driver")
    if held is None:
        raw = await (await db.connection()).get_raw_connection()
        held = db.info["driver"] = raw.driver_connection
    return held


def _translated(error: Exception, connection: Any) -> Exception:
    """Unavailable for a server that was away and for a lost lock; a wrong value stays the driver's error."""
    state = getattr(error, "sqlstate", None) or ""
    is_passing = isinstance(error, OSError) or state[:2] in _PASSING or state == _LOCK_TIMEOUT
    return Unavailable() if is_passing or connection.is_closed() else error
