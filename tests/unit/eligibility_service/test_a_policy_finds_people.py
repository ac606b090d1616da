"""A city officer raises the dibao standard of a county: rehearsed, approved by a second person, in force on its day."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.eligibility.rules.book import file_book, rule_book
from services.eligibility.settings import EligibilitySettings
from services.eligibility.worker import _work_one, policies_once, rehearse_once
from services.kit.clock import Clock
from services.kit.ids import new_id
from tests.support.apps import officer
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import make_household, make_member, make_report

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

    async def approved(self, policy: dict[str, Any]) -> dict[str, Any]:
        await self.rehearse(policy)
        answer = await self.second.post(f"{ROOT}/policies/{policy['id']}/approve", json={})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def scheduled(self, policy: dict[str, Any]) -> dict[str, Any]:
        await self.approved(policy)
        answer = await self.author.post(f"{ROOT}/policies/{policy['id']}/schedule", json={})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def read(self, policy: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.author.get(f"{ROOT}/policies/{policy['id']}")).json()
        return found

    async def screen(self, clock: Clock) -> None:
        settings = EligibilitySettings(part="eligibility", home=".", database_url="postgresql://nobody@127.0.0.1/x")
        while await _work_one(self.service.database, settings, clock, new_id()):
            pass


@pytest.fixture
async def office(service: Service) -> AsyncIterator[Office]:
    yield Office(service)


async def _town(service: Service) -> None:
    """Three families: on dibao already, just above the standard, and far above it."""
    await service.take(
        make_household("poor", make_member("wang", incomes=[{"kind": "transfer", "monthly": "500.00"}])),
        make_household("edge", make_member("lin", incomes=[{"kind": "transfer", "monthly": "930.00"}])),
        make_household("well", make_member("chen", incomes=[{"kind": "transfer", "monthly": "5000.00"}])),
    )


async def test_a_raised_standard_finds_the_newly_eligible_by_itself(service: Service, office: Office) -> None:
    await _town(service)
    await service.take(make_report("g", "low_income", household="poor", person="wang"), clock=at(0))
    old = await service.live("poor")
    assert old is not None and await service.visit("edge") is None

    policy = await office.draft(raise_of())
    assert policy["state"] == "draft" and policy["division"] == "350602"
    (change,) = policy["changes"]
    assert (change["value"], change["current_value"], change["unit"]) == ("960.00", "900.00", "yuan/person/month")

    rehearsed = await office.rehearse(policy)
    assert rehearsed["state"] == "completed", rehearsed
    assert rehearsed["tests"]["failed"] == 0 and rehearsed["tests"]["passed"] >= 10
    figures = rehearsed["figures"]
    assert (figures["gained"], figures["more"], figures["lost"], figures["less"]) == (0, 2, 0, 0)
    assert figures["monthly_change"] == "90.00" and figures["yearly_change"] == "1080.00"
    (sample, *_) = rehearsed["samples"]
    assert sample["why"]["zh"] and sample["why"]["en"]
    (county,) = rehearsed["counties"]
    assert county["name"] == "芗城区" and county["households"] == 3 and county["change"] == "90.00"

    own = await office.author.post(f"{ROOT}/policies/{policy['id']}/approve", json={})
    assert own.status_code == 409 and own.json()["code"] == "same_person"
    scheduled = await _approve_and_schedule(office, policy)
    assert scheduled["state"] == "scheduled" and scheduled["scheduled_for"] == FIRST.isoformat()

    await policies_once(service.database, at(0))
    assert (await office.read(policy))["state"] == "scheduled" and rule_book().layer == ""
    await policies_once(service.database, at(1))
    await policies_once(service.database, at(1))  # doing it again does nothing
    told = await office.read(policy)
    assert told["state"] == "in_force" and [step["state"] for step in told["history"]] == [
        *("draft", "rehearsed", "approved", "scheduled", "in_force")
    ]
    assert len(told["screenings"]) == 1 and rule_book().at("350602", FIRST).dibao_standard_month == 96_000

    await office.screen(at(1))
    visit = await service.visit("edge")
    assert visit is not None and {"dibao"} <= {each["code"] for each in visit["programmes"]}
    assert await service.visit("well") is None

    again = (await service.http.post(f"{ROOT}/assessments/{old['assessment_id']}/rerun")).json()
    assert again["same"] and again["rule_book"]["digest"] == file_book().digest
    new = await service.live("edge")
    assert new is not None and new["rule_digest"] == rule_book().digest
    again = (await service.http.post(f"{ROOT}/assessments/{new['assessment_id']}/rerun")).json()
    assert again["same"]
    listed = (
        await service.http.get(f"{ROOT}/parameters", params={"division": "350602", "on": FIRST.isoformat()})
    ).json()
    (row,) = [item for item in listed["items"] if item["id"] == "dibao_standard_month"]
    assert row["value"] == "960.00" and row["source"]["title"] == SOURCE["title"]


async def _approve_and_schedule(office: Office, policy: dict[str, Any]) -> dict[str, Any]:
    answer = await office.second.post(f"{ROOT}/policies/{policy['id']}/approve", json={})
    assert answer.status_code == 200, answer.text
    assert answer.json()["approved_by"] == "second"
    answer = await office.author.post(f"{ROOT}/policies/{policy['id']}/schedule", json={})
    found: dict[str, Any] = answer.json()
    return found
