"""A running eligibility service and a reader of what it holds."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from services.contracts.eligibility import AssessmentCompleted
from services.contracts.event import Event
from services.eligibility.consumers import HANDLERS
from services.eligibility.rules.book import file_book, use_book
from services.kit.clock import Clock
from services.kit.db import Database
from tests.support.apps import PartUnderTest, Starter
from tests.unit.eligibility_service.make import CLOCK, ref


class Service:
    """The service, fed with events and asked over HTTP."""

    def __init__(self, part: PartUnderTest) -> None:
        self.part = part
        self.http = part.client()

    @property
    def database(self) -> Database:
        """Its database."""
        return self.part.database

    async def take(self, *events: Event, clock: Clock = CLOCK) -> None:
        """Take events in, in one transaction."""
        await self.part.take_in(HANDLERS, events, clock=clock)

    async def account(self, record: str) -> str:
        """`assessment`, or the reason for none."""
        answer = await self.http.get(f"/api/v1/eligibility/records/{ref(record)}")
        assert answer.status_code == 200, answer.text
        account = answer.json()["account"]
        return str(account["reason"] or account["kind"])

    async def record(self, record: str) -> dict[str, Any]:
        """A record as the gateway reads it."""
        answer = await self.http.get(f"/api/v1/eligibility/records/{ref(record)}")
        body: dict[str, Any] = answer.json()
        return body

    async def live(self, household: str) -> dict[str, Any] | None:
        """The assessment in force of a household, as stored."""
        async with self.database.transaction() as db:
            query = text("SELECT * FROM assessment WHERE household_ref = :ref AND state = 'live'")
            row = (await db.execute(query, {"ref": ref(household)})).mappings().one_or_none()
        if row is None:
            return None
        return dict(row) | {"facts": orjson.loads(row["facts"]), "needs": orjson.loads(row["needs"])}

    async def visit(self, household: str) -> dict[str, Any] | None:
        """The visit to a household as answered, None when there is none."""
        answer = await self.http.get(f"/api/v1/eligibility/visits/{ref(household)}")
        body: dict[str, Any] = answer.json()
        return body if answer.status_code == 200 else None

    async def completed(self, household: str) -> list[AssessmentCompleted]:
        """What was published about a household, by version."""
        events = await self.part.events_of(AssessmentCompleted)
        return sorted((e for e in events if e.ref == ref(household)), key=lambda event: event.version)

    async def outcome_of(self, event_id: UUID) -> str:
        """What the inbox noted about an event."""
        async with self.database.transaction() as db:
            found = await db.execute(text("SELECT outcome FROM inbox WHERE event_id = :id"), {"id": event_id})
            return str(found.scalar())

    async def rows(self, sql: str) -> Sequence[Any]:
        """Any rows."""
        async with self.database.transaction() as db:
            return (await db.execute(text(sql))).all()


@pytest.fixture
async def service(start_part: Starter) -> AsyncIterator[Service]:
    """A fresh eligibility service."""
    yield Service(await start_part("eligibility"))
    use_book(file_book())


@pytest.fixture
async def office(service: Service) -> Any:
    """The people who make policy in that service."""
    from tests.unit.eligibility_service.policy_office import Office

    return Office(service)
