"""Wakes whoever waits for webhooks to be queued, at once after the commit that queued them.

One bell belongs to one database engine, so that whoever writes needs to know only its session.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.db import Database, after_commit
from services.referral.delivery.payload import Letterhead


@dataclass(frozen=True, slots=True)
class Handed:
    """A message that was claimed in the transaction that wrote it, for an endpoint that does well."""

    id: UUID
    endpoint_id: UUID
    claim: UUID
    division: str
    partner: str
    body: str
    url: str
    secret_sealed: bytes
    previous_secret_sealed: bytes | None
    previous_until: datetime | None
    claimed_at: datetime


class Bell:
    """Rings for everybody who took an `Event` before, and keeps what they find: queues that grew, messages handed over.

    `letterhead` is there while a dispatcher of this process sends: then a message may be claimed as it is written.
    """

    def __init__(self) -> None:
        self.letterhead: Letterhead | None = None
        self._handed: list[Handed] = []
        self._event = asyncio.Event()
        self._endpoints: set[UUID] = set()

    def next_ring(self) -> asyncio.Event:
        """The next ring. Take it before looking at the queue, then wait on it: nothing is missed in between."""
        return self._event

    def ring(self, endpoints: Iterable[UUID] = (), handed: Iterable[Handed] = ()) -> None:
        """Wake everybody who waits."""
        self._endpoints.update(endpoints)
        self._handed.extend(handed)
        rung, self._event = self._event, asyncio.Event()
        rung.set()

    def take_endpoints(self) -> set[UUID]:
        """Endpoints whose queues grew, forgetting them here."""
        taken, self._endpoints = self._endpoints, set()
        return taken

    def take_handed(self) -> list[Handed]:
        """Messages claimed as they were written, forgetting them here."""
        taken, self._handed = self._handed, []
        return taken


_bells: WeakKeyDictionary[Engine, Bell] = WeakKeyDictionary()


def bell_of(database: Database) -> Bell:
    """The bell of a database."""
    return _bell(database.engine.sync_engine)


def _bell(engine: Engine) -> Bell:
    return _bells.setdefault(engine, Bell())


def bell_beside(db: AsyncSession) -> Bell:
    """The bell of the database a session is of."""
    engine = db.get_bind()
    assert isinstance(engine, Engine)
    return _bell(engine)


def ring_after_commit(db: AsyncSession, endpoints: Iterable[UUID], handed: Iterable[Handed] = ()) -> None:
    """Ring when this transaction has committed; never when it has not."""
    waiting: tuple[set[UUID], list[Handed]] | None = db.info.get("rings")
    if waiting is None:
        rings: tuple[set[UUID], list[Handed]] = (set(), [])
        waiting = db.info["rings"] = rings
        bell = bell_beside(db)
        after_commit(db, lambda: bell.ring(*rings))
    waiting[0].update(endpoints)
    waiting[1].extend(handed)
