"""The people who make policy, what happens by itself, and a small town to try it on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from services.eligibility.settings import EligibilitySettings
from services.eligibility.worker import _work_one, policies_once, rehearse_once
from services.kit.clock import Clock
from services.kit.ids import new_id
from tests.support.apps import officer
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import make_household, make_member

ROOT = "/api/v1/eligibility"
SCOPES = ("eligibility:read", "eligibility:write", "policy:write")
TODAY = Clock().today()
FIRST = TODAY + timedelta(days=1)
SOURCE = {"title": "芗城区民政局关于提高最低生活保障标准的通知（芗民〔2026〕12号）", "article": "一"}


def at(day_offset: int) -> Clock:
    """Noon in Shanghai, some days from today."""
    day = TODAY + timedelta(days=day_offset)
    return Clock(lambda: datetime(day.year, day.month, day.day, 4, 0, tzinfo=UTC))


def raise_of(value: Any = "960.00", **fields: Any) -> dict[str, Any]:
    return {
        "parameter": "dibao_standard_month",
        "division": "350602",
        "from": FIRST.isoformat(),
        "value": value,
        "source": SOURCE,
        "illustrative": False,
        **fields,
    }


def body(*changes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"title": "提高芗城区低保标准", "reason": "物价上涨", "changes": list(changes), **fields}


class Office:
    """The people who make policy, and what happens by itself."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.author = service.part.client(officer("3506", *SCOPES, subject="author", role="city_officer"))
        self.second = service.part.client(officer("3506", *SCOPES, subject="second", role="city_officer"))
        self.county = service.part.client(officer("350602", *SCOPES, subject="county"))
        self.neighbour = service.part.client(officer("350603", *SCOPES, subject="neighbour"))

    async def draft(self, *changes: dict[str, Any], by: httpx.AsyncClient | None = None) -> dict[str, Any]:
        answer = await (by or self.author).post(f"{ROOT}/policies", json=body(*changes))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def rehearse(self, policy: dict[str, Any], chunk: int = 2) -> dict[str, Any]:
        answer = await self.author.post(f"{ROOT}/rehearsals", json={"policy_id": policy["id"]})
        assert answer.status_code == 202, answer.text
        return await self.carried_out(answer.json()["id"], chunk)

    async def carried_out(self, id: str, chunk: int = 2) -> dict[str, Any]:
        assert await rehearse_once(self.service.database, Clock(), new_id(), chunk=chunk)
        found: dict[str, Any] = (await self.author.get(f"{ROOT}/rehearsals/{id}")).json()
        return found

    async def approve(
        self, policy: dict[str, Any], by: httpx.AsyncClient | None = None, **fields: Any
    ) -> httpx.Response:
        return await (by or self.second).post(f"{ROOT}/policies/{policy['id']}/approve", json=fields)

    async def step(self, policy: dict[str, Any], step: str, by: httpx.AsyncClient | None = None) -> httpx.Response:
        return await (by or self.author).post(f"{ROOT}/policies/{policy['id']}/{step}", json={})

    async def approve_and_schedule(self, policy: dict[str, Any], **fields: Any) -> dict[str, Any]:
        answer = await self.approve(policy, **fields)
        assert answer.status_code == 200, answer.text
        answer = await self.step(policy, "schedule")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def in_force(self, *changes: dict[str, Any], offset: int = 1, **fields: Any) -> dict[str, Any]:
        """Draft, rehearse, approve, schedule, and let the day come."""
        policy = await self.draft(*changes)
        await self.rehearse(policy)
        await self.approve_and_schedule(policy, **fields)
        await policies_once(self.service.database, at(offset))
        return await self.read(policy)

    async def read(self, policy: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.author.get(f"{ROOT}/policies/{policy['id']}")).json()
        return found

    async def screen(self, clock: Clock) -> None:
        settings = EligibilitySettings(part="eligibility", home=".", database_url="postgresql://nobody@127.0.0.1/x")
        while await _work_one(self.service.database, settings, clock, new_id()):
            pass


async def make_town(service: Service) -> None:
    """Three families: on dibao already, just above the standard, and far above it."""
    await service.take(
        make_household("poor", make_member("wang", incomes=[{"kind": "transfer", "monthly": "500.00"}])),
        make_household("edge", make_member("lin", incomes=[{"kind": "transfer", "monthly": "930.00"}])),
        make_household("well", make_member("chen", incomes=[{"kind": "transfer", "monthly": "5000.00"}])),
    )
