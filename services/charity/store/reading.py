"""Rows read afresh and apart from the session: other statements of the same transaction may have changed them."""

from collections.abc import Collection
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, literal
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")


def among(column: Any, ids: Collection[UUID]) -> ColumnElement[bool]:  # Any: a column of UUIDs
    """Whether a column is one of the ids. One array parameter, however many they are."""
    condition: ColumnElement[bool] = column == any_(literal(sorted(ids), ARRAY(Uuid)))
    return condition


async def fresh(db: AsyncSession, query: Select[T]) -> list[T]:
    """The rows of a query as the database has them now, detached, so that changing one writes nothing by itself."""
    rows = list((await db.execute(query.execution_options(populate_existing=True))).scalars())
    for row in rows:
        db.expunge(row)
    return rows


async def fresh_one(db: AsyncSession, kind: type[T], key: Any) -> T | None:  # Any: whatever the primary key is
    """A row by its key as the database has it now, detached; None when absent or out of sight."""
    row = await db.get(kind, key, populate_existing=True)
    if row is not None:
        db.expunge(row)
    return row
