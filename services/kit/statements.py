"""Statements of the hot paths: many rows in one of them, and straight through the driver.

COPY is refused into tables with row security, so many rows come as arrays and go out of `unnest`. Through SQLAlchemy
each statement costs some 0.2 ms of our own time, and a single bill's way to its webhook takes a dozen of them; `fetch`
and `run_many` speak to the driver, in the session's own transaction. What people ask for stays with SQLAlchemy: lists,
endpoints, the partner door.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import Row as SqlRow
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.db import DRIVER_ERRORS, driver_of, is_passing_state
from services.kit.errors import Unavailable

Row = tuple[Any, ...]
"""One row's values, in the order of its columns. Any: they are whatever the columns hold."""

Found = SqlRow[*tuple[Any, ...]]
"""One row that a statement of text answered, read by column name. Any: the statement does not say its types."""

_NAME = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")


def rows_of(columns: Mapping[str, str], prefix: str = "") -> str:
    """`unnest(…) AS r(…)` over one bound array a column. `columns` are names and PostgreSQL types; `prefix` tells the
    arrays of several tables in one statement apart.

    A column of arrays or of JSON travels as text: its type is then `text`, and the statement casts it.
    """
    arrays = ", ".join(f"CAST(:{prefix}{name} AS {kind}[])" for name, kind in columns.items())
    return f"unnest({arrays}) AS r({', '.join(columns)})"


def bound(columns: Mapping[str, str], rows: Sequence[Row], prefix: str = "") -> dict[str, list[Any]]:
    """The rows as one array for each column."""
    names = [prefix + name for name in columns]
    if not rows:
        return {name: [] for name in names}
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


@lru_cache(maxsize=4096)
def text_array(codes: tuple[str, ...]) -> str:
    """Codes as the text of a PostgreSQL array. The same lists of programmes come again and again."""
    quoted = (code.replace("\\", "\\\\").replace('"', '\\"') for code in codes)
    return "{" + ",".join(f'"{code}"' for code in quoted) + "}"


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


class Named(asyncpg.Record):  # type: ignore[misc]  # the driver has no types
    """A row whose columns are read by name, `row.version` like `row["version"]`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


async def fetch(db: AsyncSession, statement: Statement, parameters: Mapping[str, Any]) -> list[Any]:
    """Run a statement; its rows, read by column name. A jsonb parameter is text, a jsonb column comes parsed.

    Raises: Unavailable for what may work when tried again; the driver's own error otherwise.
    """
    connection = await driver_of(db)
    try:
        rows: list[Any] = await connection.fetch(statement.text, *statement.values(parameters), record_class=Named)
        return rows
    except DRIVER_ERRORS as error:
        raise _translated(error, connection) from error


async def run_many(db: AsyncSession, statement: Statement, parameters: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement once for each set of parameters, in one go.

    Raises: as fetch.
    """
    if not parameters:
        return
    connection = await driver_of(db)
    try:
        await connection.executemany(statement.text, [statement.values(some) for some in parameters])
    except DRIVER_ERRORS as error:
        raise _translated(error, connection) from error


def _translated(error: Exception, connection: Any) -> Exception:  # Any: the driver has no types
    """Unavailable for a server that was away and for a lost lock; a wrong value stays the driver's error."""
    state = getattr(error, "sqlstate", None) or ""
    lost = isinstance(error, OSError | asyncpg.InternalClientError) or connection.is_closed()
    return Unavailable() if lost or is_passing_state(state) else error
