"""A screening run reads every household of a place once, whatever stops it in between."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.local.verify.screenings import check_screenings
from services.eligibility.actions.screening.work import Work
from services.eligibility.rules.screening.population import CODES
from services.eligibility.store import screenings
from tests.support.apps import officer
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import CLOCK, make_bill, make_care, make_member, ref
from tests.unit.eligibility_service.screening import (
    SCREENINGS,
    household,
    leads,
    neighbourhood,
    order,
    outcomes,
    programme,
    read,
    screen,
    wage,
    work,
)


async def test_every_household_is_counted_once_in_every_programme(service: Service) -> None:
    await service.take(*neighbourhood())
    run = await screen(service)
    assert run["state"] == "completed"
    assert run["progress"] == {"households_done": 6, "households_total": 6, "persons_done": 6}
    assert run["households"] == 6
    for each in run["programmes"]:
        assert each["eligible"] + each["not_eligible"] + each["unknown"] + each["already"] == 6, each["code"]
    assert {each["code"] for each in run["programmes"]} == set(CODES)
    assert sum(county["households"] for county in run["counties"]) == 6
    assert [county["division"] for county in run["counties"]] == ["350602", "350622"]


async def test_who_receives_a_programme_is_no_lead_for_it(service: Service) -> None:
    await service.take(*neighbourhood())
    run = await screen(service)
    dibao = programme(run, "dibao")
    assert (dibao["eligible"], dibao["already"], dibao["unknown"]) == (2, 1, 1)
    assert dibao["monthly_amount"] != "0.00"
    found = await leads(service, run["id"], programme="dibao", outcome="eligible")
    assert {each["household_ref"] for each in found} == {str(ref("poor")), str(ref("away"))}


async def test_a_lead_says_why_in_both_languages(service: Service) -> None:
    await service.take(*neighbourhood())
    run = await screen(service)
    poor = next(e for e in await leads(service, run["id"], programme="dibao") if e["household_ref"] == str(ref("poor")))
    assert "可能符合最低生活保障" in poor["reason"]["zh"] and "人均收入低于低保标准" in poor["reason"]["zh"]
    assert "每月约" in poor["reason"]["zh"]
    assert "Minimum living guarantee" in poor["reason"]["en"]
    near = (await leads(service, run["id"], outcome="near_miss"))[0]
    assert near["household_ref"] == str(ref("near"))
    assert "接近符合" in near["reason"]["zh"] and "元" in near["reason"]["zh"]
    dark = await leads(service, run["id"], outcome="unknown")
    assert {each["household_ref"] for each in dark} == {str(ref("dark"))}
    assert all(each["signals"] for each in dark)
    assert "severe_disability" in dark[0]["signals"]
    assert any("incomes" in each["missing"] and "收入" in each["reason"]["zh"] for each in dark)


async def test_leads_come_in_one_order_over_all_pages(service: Service) -> None:
    await service.take(*neighbourhood())
    run = await screen(service)
    found = await leads(service, run["id"])
    assert len(found) == run["leads"]
    assert [each["rank"] for each in found] == list(range(1, len(found) + 1))
    scores = await service.rows(f"SELECT score FROM lead WHERE run_id = '{run['id']}' ORDER BY score DESC")
    assert len(scores) == len(found)
    keys = [(each["household_ref"], each["programme"]) for each in found]
    assert len(set(keys)) == len(keys)
    dibao = next(i for i, each in enumerate(found) if each["programme"] == "dibao" and each["outcome"] == "eligible")
    medical = next(i for i, e in enumerate(found) if e["programme"] == "medical_aid" and e["outcome"] == "eligible")
    assert dibao < medical


async def test_signals_alone_are_enough_where_nobody_registered_a_household(service: Service) -> None:
    await service.take(make_care("ill", make_bill("b1", "95000.00")))
    run = await screen(service)
    found = await leads(service, run["id"], outcome="unknown")
    assert {each["programme"] for each in found} >= {"medical_aid", "rigid"}
    assert all("high_bills" in each["signals"] for each in found)
    assert [step["count"] for step in run["funnel"] if step["step"] in ("households", "told")] == [1, 0]


async def test_it_says_which_one_source_would_settle_most(service: Service) -> None:
    one = make_member("one", disability={"kind": "physical", "grade": 1})
    one.pop("incomes")
    two = make_member("two")
    two.pop("incomes")
    three = make_member("three", incomes=wage("500.00"))
    events = [household("h1", one), household("h2", two), household("h3", three)]
    events[2].facts.pop("assets")
    await service.take(*events)
    run = await screen(service)
    first = run["unknowns"][0]
    assert (first["fact"], first["source"], first["households"], first["resolves"]) == ("incomes", "income_check", 2, 2)
    assert run["sources"][0]["source"] == "income_check" and "税务" in run["sources"][0]["name"]["zh"]


async def test_a_pause_takes_effect_and_resuming_does_nothing_twice(service: Service) -> None:
    await service.take(*neighbourhood())
    whole = await screen(service)
    run_id = await order(service)
    worker = uuid4()
    async with service.database.transaction() as db:
        run = await screenings.claim_run(db, worker, CLOCK.now())
    assert run is not None
    under_way = _PausedAfterOneChunk(service, run, worker)
    assert not await under_way.carry_out()
    paused = await read(service, run_id)
    assert paused["state"] == "paused"
    assert paused["progress"]["households_done"] == 2
    assert not await work(service.database)
    answer = await service.http.post(f"{SCREENINGS}/{run_id}/resume")
    assert answer.json()["state"] == "queued"
    assert await work(service.database)
    resumed = await read(service, run_id)
    assert resumed["state"] == "completed"
    assert _counts(resumed) == _counts(whole)
    assert await outcomes(service, str(run_id)) == await outcomes(service, whole["id"])


class _PausedAfterOneChunk(Work):
    """A worker that meets somebody's pause while it thinks about its second chunk."""

    def __init__(self, service: Service, run: Any, worker: UUID) -> None:
        super().__init__(service.database, run, worker, CLOCK, chunk=2)
        self._service = service
        self._id = run.run_id
        self._chunks = 0

    async def _write(self, chunk: Any, thought: Any) -> bool:
        self._chunks += 1
        if self._chunks == 2:
            answer = await self._service.http.post(f"{SCREENINGS}/{self._id}/pause")
            assert answer.json()["state"] == "paused"
        return await super()._write(chunk, thought)


async def test_a_worker_that_was_thought_dead_cannot_write_any_more(service: Service) -> None:
    await service.take(*neighbourhood())
    run_id = await order(service)
    first = uuid4()
    async with service.database.transaction() as db:
        run = await screenings.claim_run(db, first, CLOCK.now())
    async with service.database.transaction() as db:
        assert await screenings.claim_run(db, uuid4(), CLOCK.now()) is None
    await service.rows(
        f"UPDATE screening_run SET lease_until = now() - interval '1 s' WHERE run_id = '{run_id}' RETURNING 1"
    )
    assert await work(service.database)
    assert run is not None
    assert not await Work(service.database, run, first, CLOCK, chunk=2).carry_out()
    assert (await read(service, run_id))["progress"]["households_done"] == 6
    assert len(await outcomes(service, str(run_id))) == 6


async def test_a_run_that_was_cancelled_stays_so(service: Service) -> None:
    await service.take(*neighbourhood())
    run_id = await order(service)
    cancelled = await service.http.post(f"{SCREENINGS}/{run_id}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    assert (await service.http.post(f"{SCREENINGS}/{run_id}/cancel")).status_code == 200
    refused = await service.http.post(f"{SCREENINGS}/{run_id}/resume")
    assert refused.status_code == 409
    assert (refused.json()["code"], refused.json()["allowed"]) == ("screening_state", [])
    assert not await work(service.database)


async def test_the_same_order_twice_is_one_run(service: Service) -> None:
    assert await order(service) == await order(service)
    assert await order(service, division="350602") != await order(service)


async def test_runs_are_listed_newest_first_over_all_pages(service: Service) -> None:
    ordered = [str(await order(service, division=place)) for place in ("3506", "350602", "350622", "350603")]
    listed: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await service.http.get(SCREENINGS, params=params)).json()
        listed += [each["id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert listed == ordered[::-1]
    some = (await service.http.get(SCREENINGS, params={"division": "350602", "state": "queued"})).json()["items"]
    assert [each["id"] for each in some] == [ordered[1]]


async def test_a_county_sees_its_own_runs_and_leads_only(service: Service) -> None:
    await service.take(*neighbourhood())
    city = await screen(service)
    county = service.part.client(officer("350602"))
    assert (await county.get(f"{SCREENINGS}/{city['id']}")).status_code == 404
    assert (await county.get(f"{SCREENINGS}/{city['id']}/leads")).status_code == 404
    outside = await county.post(SCREENINGS, json={"division": "3506", "basis": "full"})
    assert outside.status_code == 422
    assert outside.json()["errors"][0]["code"] == "outside_territory"
    own = await county.post(SCREENINGS, json={"division": "350602", "basis": "full"})
    assert await work(service.database)
    run = (await county.get(f"{SCREENINGS}/{own.json()['id']}")).json()
    assert run["households"] == 5
    assert [each["id"] for each in (await county.get(SCREENINGS)).json()["items"]] == [run["id"]]
    found = (await county.get(f"{SCREENINGS}/{run['id']}/leads")).json()["items"]
    assert found and all(each["division"].startswith("350602") for each in found)
    other = service.part.client(officer("350622"))
    assert (await other.get(f"{SCREENINGS}/{run['id']}/leads")).status_code == 404
    assert (await other.post(f"{SCREENINGS}/{run['id']}/visits", json={})).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"basis": "full"}, "missing"),
        ({"division": "Zhangzhou", "basis": "full"}, "division"),
        ({"division": "3506", "basis": "some"}, "literal_error"),
        ({"division": "3506", "basis": "full", "note": "x" * 201}, "string_too_long"),
        ({"division": "3506", "basis": "changed", "since": "1"}, "ref"),
        ({"division": "3506", "basis": "full", "also": 1}, "extra_forbidden"),
    ],
)
async def test_a_wrong_order_is_refused_by_field(service: Service, body: dict[str, Any], code: str) -> None:
    answer = await service.http.post(SCREENINGS, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code


async def test_a_run_on_changes_needs_one_to_go_on_from(service: Service) -> None:
    answer = await service.http.post(SCREENINGS, json={"division": "3506", "basis": "changed"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_screening")


async def test_lists_refuse_what_they_do_not_know(service: Service) -> None:
    run_id = await order(service)
    for path in (
        f"{SCREENINGS}?cursor=nonsense",
        f"{SCREENINGS}?state=asleep",
        f"{SCREENINGS}/{run_id}/leads?programme=nothing",
        f"{SCREENINGS}/{run_id}/leads?cursor=WyJhIl0",
        f"{SCREENINGS}/{run_id}/compare?with=1",
    ):
        assert (await service.http.get(path)).status_code == 422, path
    assert (await service.http.get(f"{SCREENINGS}/{uuid4()}")).status_code == 404
    assert (await service.http.get(f"{SCREENINGS}/{run_id}/compare?with={run_id}")).status_code == 409


def _counts(run: dict[str, Any]) -> dict[str, Any]:
    return {key: run[key] for key in ("programmes", "funnel", "reasons", "unknowns", "counties", "leads", "progress")}


async def test_verify_proves_that_every_household_is_counted_once(service: Service) -> None:
    await service.take(*neighbourhood())
    run = await screen(service)
    connection = await asyncpg.connect(service.part.owner_url, server_settings={"yiqijiu.territory": "all"})
    try:
        (check,) = await check_screenings({"eligibility": connection})
        assert (check.looked_at, check.breaches) == (6, [])
        for wrong, breach in (
            ("DELETE FROM screening_outcome WHERE household_ref = $1", "another number of households"),
            ("DELETE FROM lead WHERE household_ref = $1", "other leads"),
            ("DELETE FROM household_facts WHERE household_ref = $1", "households that nobody knows"),
        ):
            undone = connection.transaction()
            await undone.start()
            await connection.execute(wrong, ref("poor"))
            (check,) = await check_screenings({"eligibility": connection})
            assert any(breach in each and run["id"] in each for each in check.breaches), wrong
            await undone.rollback()
    finally:
        await connection.close()
