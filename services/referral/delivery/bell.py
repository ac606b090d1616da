"""Wakes whoever waits for webhooks to be queued, at once after the commit that queued them.

One bell belongs to one database engine, so that whoever writes needs to know only its session.
"""

import asyncio
from collections.abc import Iterable
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.db import Database, after_commit


class Bell:
    """Rings for everybody who took an `Event` before. `endpoints` collects whose queues grew since last taken."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._endpoints: set[UUID] = set()

    def next_ring(self) -> asyncio.Event:
        """The next ring. Take it before looking at the queue, then wait on it: nothing is missed in between."""
        return self._event

    def ring(self, endpoints: Iterable[UUID] = ()) -> None:
        """Wake everybody who waits."""
        self._endpoints.update(endpoints)
        rung, self._event = self._event, asyncio.Event()
        rung.set()

    def take_endpoints(self) -> set[UUID]:
        """Endpoints whose queues grew, forgetting them here."""
        taken, self._endpoints = self._endpoints, set()
        return taken


_bells: WeakKeyDictionary[Engine, Bell] = WeakKeyDictionary()


def bell_of(database: Database) -> Bell:
    """The bell of a database."""
    return _bell(database.engine.sync_engine)


def _bell(engine: Engine) -> Bell:
    return _bells.setdefault(engine, Bell())


def ring_after_commit(db: AsyncSession, endpoints: Iterable[UUID]) -> None:
    """Ring when this transaction has committed; never when it has not."""
    waiting: set[UUID] | None = db.info.get("rings")
    if waiting is not None:
        waiting.update(endpoints)
        return
    rings = db.info["rings"] = set(endpoints)
    engine = db.get_bind()
    assert isinstance(engine, Engine)
    after_commit(db, lambda: _bell(engine).ring(rings))
