"""An invented neighbourhood and the worker that screens it, run by the test itself."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.contracts.intake import HouseholdChanged
from services.eligibility.actions.screening.work import Work
from services.eligibility.rules.book import rule_book
from services.eligibility.store import screenings
from services.kit.clock import Clock
from services.kit.db import Database
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import CLOCK, NOW, make_facts, make_member, ref

SCREENINGS = "/api/v1/eligibility/screenings"
LATER = Clock(lambda: NOW + timedelta(hours=1))


def wage(yuan: str) -> list[dict[str, Any]]:
    """One wage."""
    return [{"kind": "wage", "monthly": yuan}]


def household(
    name: str, *members: dict[str, Any], division: str = "350602007003", version: int = 1, **facts: Any
) -> Any:
    """A registered household of a place."""
    return HouseholdChanged(
        ref=ref(name),
        version=version,
        division=division,
        occurred_at=NOW - timedelta(days=1),
        facts=make_facts(*members, **facts),
    )


def neighbourhood() -> list[HouseholdChanged]:
    """Households that screening ought to tell apart, in two counties."""
    poor = household("poor", make_member("poor", incomes=wage("500.00")))
    rich = household("rich", make_member("rich", incomes=wage("90000.00")))
    near = household("near", make_member("near", incomes=wage("1700.00")))
    dark = household(
        "dark",
        {
            "ref": str(ref("dark")),
            "relation": "self",
            "birth_date": "1980-05-01",
            "disability": {"kind": "physical", "grade": 2},
        },
    )
    dark.facts.pop("assets")
    served = household(
        "served",
        make_member("served", incomes=[{"kind": "transfer", "item": "social_assistance", "monthly": "400.00"}]),
    )
    away = household("away", make_member("away", incomes=wage("500.00")), division="350622100")
    return [poor, rich, near, dark, served, away]


async def order(service: Service, *, as_of: date | None = None, **body: Any) -> UUID:
    """Order a run, for the day of the test unless another is said: the service's own clock shows the real day."""
    answer = await service.http.post(SCREENINGS, json={"division": "3506", "basis": "full", **body})
    assert answer.status_code == 202, answer.text
    assert answer.json()["links"]["self"].endswith(answer.json()["id"])
    run_id = UUID(answer.json()["id"])
    await service.rows(
        f"UPDATE screening_run SET as_of = '{as_of or CLOCK.today()}' WHERE run_id = '{run_id}' RETURNING 1"
    )
    return run_id


async def work(database: Database, *, clock: Clock = CLOCK, chunk: int = 2, worker: UUID | None = None) -> bool:
    """Take up the run that waits and work on it to its end; False when none waits or it was taken away."""
    me = worker or uuid4()
    async with database.transaction() as db:
        run = await screenings.claim_run(db, me, clock.now())
    return run is not None and await Work(database, run, me, clock, chunk=chunk).carry_out()


async def screen(service: Service, *, clock: Clock = CLOCK, chunk: int = 2, **body: Any) -> dict[str, Any]:
    """Order a run, work it off, and read it."""
    run_id = await order(service, as_of=clock.today(), **body)
    assert await work(service.database, clock=clock, chunk=chunk)
    return await read(service, run_id)


async def read(service: Service, run_id: UUID) -> dict[str, Any]:
    """A run as answered."""
    answer = await service.http.get(f"{SCREENINGS}/{run_id}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def leads(service: Service, run_id: str, **query: Any) -> list[dict[str, Any]]:
    """The leads of a run, all pages."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        params = {**query, "limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = await service.http.get(f"{SCREENINGS}/{run_id}/leads", params=params)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return items


async def outcomes(service: Service, run_id: str) -> Sequence[Any]:
    """What a run keeps of its households."""
    rows = await service.rows(
        "SELECT household_ref, division, mark, outcomes, found FROM screening_outcome"
        f" WHERE run_id = '{run_id}' ORDER BY household_ref"
    )
    return [tuple(row) for row in rows]


def programme(run: dict[str, Any], code: str) -> dict[str, Any]:
    """One programme's counts."""
    return next(each for each in run["programmes"] if each["code"] == code)


def digest() -> str:
    """The rule book in use."""
    return rule_book().digest
