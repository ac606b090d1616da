"""Short ways to post to intake and to look into its database."""

from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from services.contracts.intake import CareChanged
from tests.support.apps import PartUnderTest
from tests.unit.intake.samples import GOOD_BODY

COSTS = "/api/v1/intake/hospital-costs"


def bill(**changes: object) -> dict[str, object]:
    """A good bill with some fields changed; None takes a field out. Of the parts only self_paid is given."""
    body: dict[str, object] = {n: v for n, v in GOOD_BODY.items() if not n.endswith("_paid") or n == "self_paid"}
    return {name: value for name, value in (body | changes).items() if value is not None}


async def push(client: httpx.AsyncClient, **changes: object) -> dict[str, Any]:
    """Push a bill that must be taken; its receipt."""
    answer = await client.post(COSTS, json=bill(**changes))
    assert answer.status_code == 202, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


async def rows(part: PartUnderTest, sql: str, **values: object) -> list[Any]:
    """Rows of the part's database, seen by the part's own loops."""
    async with part.database.transaction() as db:
        return list((await db.execute(text(sql), values)).all())


async def year_sum(client: httpx.AsyncClient, record_id: str) -> str:
    """The person-year sum as a record shows it."""
    answer = await client.get(f"/api/v1/intake/records/{record_id}")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["year_sum"])


async def last_care(part: PartUnderTest, person: UUID | None = None) -> CareChanged:
    """The newest event about somebody's bills."""
    events = [event for event in await part.events_of(CareChanged) if person in (None, event.ref)]
    return max(events, key=lambda event: event.version)
