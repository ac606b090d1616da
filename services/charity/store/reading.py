"""Rows read afresh and apart from the session: other statements of the same transaction may have changed them."""

from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")


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
