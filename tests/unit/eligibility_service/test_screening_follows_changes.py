"""Screening again: only what changed, two runs side by side, and a new policy version that finds people by itself."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from services.eligibility.actions.screening.runs import order_nightly, screen_for_policy
from services.eligibility.store import screenings
from services.kit.clock import Clock
from services.kit.ids import new_id
from tests.support.apps import officer
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import CLOCK, NOW, make_bill, make_care, make_member, make_report, ref
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

NEXT_DAY = Clock(lambda: NOW + timedelta(days=1))


def _crowd(random: Random, count: int, *, version: int = 1) -> list[Any]:
    """Registered households with wages around the lines; born on days all over the year."""
    events = []
    for number in range(count):
        born = f"{random.choice((1940, 1955, 1980, 2009, 2010))}-0{random.randint(1, 9)}-0{random.randint(1, 9)}"
        member = make_member(
            f"p{number}", birth_date=born, incomes=wage(f"{random.choice((300, 1000, 1400, 4000))}.00")
        )
        if random.random() < 0.2:
            member.pop("incomes")
        if random.random() < 0.2:
            member["disability"] = {"kind": "mental", "grade": 2}
        place = random.choice(("350602007003", "350622100", "350603"))
        events.append(household(f"h{number}", member, division=place, version=version))
    return events


async def test_looking_at_changes_only_comes_to_the_same_as_looking_at_all(service: Service) -> None:
    random = Random(4)
    crowd = _crowd(random, 60)
    await service.take(*crowd, make_care("p3", make_bill("b1", "50000.00"), household="h3"))
    first = await screen(service, chunk=7)
    await service.take(
        *_crowd(random, 9, version=2),
        household("newcomer", make_member("newcomer", incomes=[])),
        make_care("p20", make_bill("b2", "61000.00"), household="h20"),
        make_report("g1", "fire", household="h30", urgency="red"),
        clock=NEXT_DAY,
    )
    changed = await screen(service, clock=NEXT_DAY, chunk=3, basis="changed", since=first["id"])
    full = await screen(service, clock=NEXT_DAY, chunk=11)
    assert 0 < changed["carried"] < 60 - 9
    assert changed["households"] == 61
    for key in ("programmes", "funnel", "reasons", "unknowns", "sources", "counties", "leads"):
        assert changed[key] == full[key], key
    assert await outcomes(service, changed["id"]) == await outcomes(service, full["id"])
    keys = ("household_ref", "programme", "outcome", "rank", "at_stake_month", "signals", "missing", "reason")
    one, other = await leads(service, changed["id"]), await leads(service, full["id"])
    assert [[each[key] for key in keys] for each in one] == [[each[key] for key in keys] for each in other]


async def test_a_birthday_is_a_change(service: Service) -> None:
    day = (NOW + timedelta(days=1)).date()
    born = day.replace(year=day.year - 60).isoformat()
    turning = make_member("turning", birth_date=born, incomes=[], obligors=[], able_to_work=True)
    await service.take(household("turning", turning), household("other", make_member("other", incomes=[])))
    first = await screen(service)
    assert programme(first, "tekun")["eligible"] == 0
    second = await screen(service, clock=NEXT_DAY, basis="changed")
    assert (second["since"], second["carried"]) == (first["id"], 1)
    assert programme(second, "tekun")["eligible"] == 1


async def test_two_runs_are_compared_household_by_household(service: Service) -> None:
    await service.take(*neighbourhood())
    first = await screen(service)
    known = make_member("dark", disability={"kind": "physical", "grade": 2}, incomes=wage("90000.00"))
    await service.take(
        household("poor", make_member("poor", incomes=wage("50000.00")), version=2),
        household("rich", make_member("rich", incomes=[]), version=2),
        household("dark", known, version=2),
        household("newcomer", make_member("newcomer", incomes=[])),
    )
    second = await screen(service, basis="changed")
    answer = await service.http.get(f"{SCREENINGS}/{second['id']}/compare", params={"with": first["id"]})
    body = answer.json()
    assert (body["from"], body["to"]) == (first["id"], second["id"])
    dibao = next(each for each in body["programmes"] if each["code"] == "dibao")
    counts = {key: dibao[key] for key in ("gained", "lost", "became_known", "became_unknown", "same")}
    assert counts == {"gained": 2, "lost": 1, "became_known": 1, "became_unknown": 0, "same": 3}
    changed = {(each["household_ref"], each["programme"]): each for each in body["households"]["items"]}
    assert changed[str(ref("poor")), "dibao"]["before"] == "eligible"
    assert changed[str(ref("poor")), "dibao"]["after"] == "not_eligible"
    assert changed[str(ref("newcomer")), "dibao"]["before"] == "absent"
    pages = []
    cursor = None
    while True:
        params = {"with": first["id"], "limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await service.http.get(f"{SCREENINGS}/{second['id']}/compare", params=params)).json()["households"]
        pages += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert pages == body["households"]["items"]


async def test_leads_become_visits_with_an_ordinary_assessment(service: Service) -> None:
    await service.take(*neighbourhood())
    run = await screen(service)
    assert await service.visit("poor") is None
    county = service.part.client(officer("350602"))
    assert (await county.post(f"{SCREENINGS}/{run['id']}/visits", json={"programme": "dibao"})).status_code == 404
    answer = await service.http.post(f"{SCREENINGS}/{run['id']}/visits", json={"programme": "dibao", "most": 2})
    assert answer.json() == {"added": 2, "already": 1}  # who holds a card is on the list for that
    again = await service.http.post(f"{SCREENINGS}/{run['id']}/visits", json={"programme": "dibao", "most": 2000})
    assert again.json() == {"added": 0, "already": 3}
    visit = await service.visit("poor")
    assert visit is not None
    assert "screened" in [reason["code"] for reason in visit["reasons"]]
    live = await service.live("poor")
    assert live is not None and live["cause"] == "screening"
    assert live["facts"]["grounds"]["is_screened"] is True
    event = (await service.completed("poor"))[-1]
    assert event.cause == "screening" and any(finding.programme == "dibao" for finding in event.findings)
    listed = next(each for each in await leads(service, run["id"], programme="dibao") if each["on_visit_list"])
    assert listed["household_ref"] in {str(ref(name)) for name in ("poor", "away", "dark")}
    assert next(s["count"] for s in (await read(service, run["id"]))["funnel"] if s["step"] == "on_visit_list") > 0


async def test_a_policy_that_comes_into_force_puts_the_newly_eligible_on_the_list(service: Service) -> None:
    await service.take(*neighbourhood())
    await screen(service)
    await service.take(household("rich", make_member("rich", incomes=[]), version=2))
    policy = new_id()
    async with service.database.transaction() as db:
        run_id = await screen_for_policy(
            db, policy_ref=policy, division="3506", parameters=["dibao_standard_month"], now=CLOCK.now()
        )
    assert await work(service.database)
    run = await read(service, run_id)
    assert (run["cause"], run["state"], run["policy_id"]) == ("policy", "completed", str(policy))
    found = [each for each in await leads(service, run["id"]) if each["is_new"] and each["outcome"] == "eligible"]
    assert {each["household_ref"] for each in found} == {str(ref("rich"))}
    visit = await service.visit("rich")
    assert visit is not None and "dibao" in [each["code"] for each in visit["programmes"]]
    assert await service.visit("poor") is None


async def test_without_an_earlier_run_only_what_the_new_values_brought_is_new(service: Service) -> None:
    await service.take(*neighbourhood())
    before = await service.rows("SELECT household_ref, version FROM visit")
    async with service.database.transaction() as db:
        await screen_for_policy(db, policy_ref=new_id(), division="3506", parameters=["child_benefit"], now=CLOCK.now())
    assert await work(service.database)
    assert await service.rows("SELECT household_ref, version FROM visit") == before
    first_day = Clock(lambda: datetime(2024, 1, 1, 4, 0, tzinfo=UTC))
    async with service.database.transaction() as db:
        run_id = await screen_for_policy(
            db, policy_ref=new_id(), division="350622", parameters=["dibao_standard_month"], now=first_day.now()
        )
    await service.rows("UPDATE screening_run SET state = 'cancelled' WHERE state = 'completed' RETURNING 1")
    assert await work(service.database, clock=first_day)
    assert any(each["is_new"] for each in await leads(service, str(run_id), programme="dibao"))
    assert await service.visit("away") is not None


async def test_at_night_what_changed_is_looked_at_once_a_day(service: Service) -> None:
    await service.take(*neighbourhood())
    await screen(service)
    for clock, runs in ((CLOCK, 1), (NEXT_DAY, 2), (NEXT_DAY, 2)):
        async with service.database.transaction() as db:
            await order_nightly(db, now=clock.now(), hour=2)
        assert len(await service.rows("SELECT 1 FROM screening_run")) == runs
    assert len(await service.rows("SELECT 1 FROM screening_run WHERE cause = 'facts' AND basis = 'changed'")) == 1


async def test_the_register_of_the_watch(service: Service) -> None:
    card = make_member("card", disability={"kind": "mental", "grade": 2}, incomes=[])
    elder = make_member("elder", birth_date="1940-01-01", incomes=wage("9000.00"))
    await service.take(
        household("card", card),
        household("elder", elder, division="350622100"),
        make_care("card", make_bill("b1", "12000.00"), household="card"),
    )
    body = (await service.http.get("/api/v1/eligibility/watch")).json()
    assert body["counts"] == {"disability_card": 1, "elder_alone": 1, "status": 1, "year_sum": 1}
    assert body["households"] == 2
    row = next(each for each in body["items"] if each["household_ref"] == str(ref("card")))
    assert row["reasons"] == ["disability_card", "status", "year_sum"]
    assert row["year_sum_max"] == "12000.00" and row["status"] == "dibao" and row["last_assessed_on"] == "2025-07-01"
    one = (await service.http.get("/api/v1/eligibility/watch", params={"reason": "elder_alone"})).json()["items"]
    assert [each["household_ref"] for each in one] == [str(ref("elder"))]
    county = await service.part.client(officer("350622")).get("/api/v1/eligibility/watch")
    assert [each["household_ref"] for each in county.json()["items"]] == [str(ref("elder"))]
    assert (await service.http.get("/api/v1/eligibility/watch", params={"reason": "bad"})).status_code == 422
    first = (await service.http.get("/api/v1/eligibility/watch", params={"limit": 1})).json()
    second = (await service.http.get("/api/v1/eligibility/watch", params={"limit": 1, "cursor": first["next"]})).json()
    assert {first["items"][0]["household_ref"], second["items"][0]["household_ref"]} == {
        str(ref("card")),
        str(ref("elder")),
    }
    assert second["next"] is None


async def test_lists_come_as_a_file_that_a_spreadsheet_opens(service: Service) -> None:
    await service.take(*neighbourhood())
    run = await screen(service)
    for path in (f"{SCREENINGS}/{run['id']}/leads", "/api/v1/eligibility/watch"):
        answer = await service.http.get(path, headers={"Accept": "text/csv"})
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.content.startswith("\ufeff".encode())
        assert "家庭编号" in answer.content.decode("utf-8-sig").splitlines()[0]
    lines = (
        await service.http.get(f"{SCREENINGS}/{run['id']}/leads", headers={"Accept": "text/csv"})
    ).text.splitlines()
    assert len(lines) == run["leads"] + 1


async def test_of_old_runs_only_the_counts_are_kept(service: Service) -> None:
    await service.take(*neighbourhood())
    first, second, third = [await screen(service) for _ in range(3)]
    waiting = await order(service, basis="changed", since=second["id"])
    async with service.database.transaction() as db:
        await screenings.forget_old_lists(db, keep=1, now=NOW)
    old = await read(service, UUID(first["id"]))
    assert old["has_lists"] is False and old["programmes"] == first["programmes"]
    assert (await read(service, UUID(second["id"])))["has_lists"] is True  # a run that waits goes on from it
    assert (await read(service, UUID(third["id"])))["has_lists"] is True
    assert await outcomes(service, first["id"]) == []
    for answer in (
        await service.http.get(f"{SCREENINGS}/{first['id']}/leads"),
        await service.http.post(f"{SCREENINGS}/{first['id']}/visits", json={}),
        await service.http.get(f"{SCREENINGS}/{third['id']}/compare", params={"with": first["id"]}),
        await service.http.post(SCREENINGS, json={"division": "3506", "basis": "changed", "since": first["id"]}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "screening_forgotten")
    assert await work(service.database)
    assert (await read(service, waiting))["carried"] == 6
