"""Families on a roll: screening counts them as served, leads leave out what they have, and whoever reads is told so."""

from datetime import date, timedelta
from typing import Any

from services.contracts.intake import BenefitHeld, BenefitsChanged
from services.kit.clock import Clock
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import CLOCK, NOW, PLACE, make_bill, make_care, make_member, ref
from tests.unit.eligibility_service.screening import (
    SCREENINGS,
    household,
    leads,
    neighbourhood,
    outcomes,
    programme,
    screen,
    wage,
)

NEXT_DAY = Clock(lambda: NOW + timedelta(days=1))


def on_roll(
    person: str, *programmes: str, home: str | None = None, version: int = 1, until: date | None = None, fen: int = 0
) -> BenefitsChanged:
    """A person of a household (of the same name, unless told) who is on rolls since March."""
    since = date(2025, 3, 1)
    return BenefitsChanged(
        ref=ref(person),
        version=version,
        division=PLACE,
        occurred_at=NOW - timedelta(hours=1),
        household_ref=ref(home or person),
        provisional=False,
        benefits=tuple(
            BenefitHeld(programme=code, division="350602", since=since, until=until, monthly_fen=fen or None)
            for code in programmes
        ),
    )


async def lead_programmes(service: Service, run: dict[str, Any], name: str) -> set[str]:
    """The programmes that a run has leads on of a household."""
    return {x["programme"] for x in await leads(service, run["id"]) if x["household_ref"] == str(ref(name))}


async def test_a_family_on_the_roll_is_served_and_no_lead(service: Service) -> None:
    await service.take(*neighbourhood())
    before = await screen(service)
    assert {
        lead["programme"] for lead in await leads(service, before["id"]) if lead["household_ref"] == str(ref("poor"))
    }
    await service.take(on_roll("poor", "dibao"))
    run = await screen(service, basis="changed")
    assert (run["carried"], run["households"]) == (run["households"] - 1, before["households"])
    was, now = programme(before, "dibao"), programme(run, "dibao")
    assert (now["eligible"], now["already"]) == (was["eligible"] - 1, was["already"] + 1)
    of_poor = [lead for lead in await leads(service, run["id"]) if lead["household_ref"] == str(ref("poor"))]
    assert not {lead["programme"] for lead in of_poor} & {"dibao", "dibao_single", "margin", "rigid"}
    assert of_poor and all("已在册：最低生活保障（自2025-03）" in lead["reason"]["zh"] for lead in of_poor)
    answer = await service.http.get(
        f"{SCREENINGS}/{run['id']}/households", params={"programme": "dibao", "answer": "already"}
    )
    assert str(ref("poor")) in {item["household_ref"] for item in answer.json()["items"]}


async def test_a_roll_settles_what_could_not_be_told(service: Service) -> None:
    await service.take(*neighbourhood())
    before = await screen(service)
    assert "dibao" in {
        x["programme"] for x in await leads(service, before["id"]) if x["household_ref"] == str(ref("dark"))
    }
    await service.take(on_roll("dark", "dibao", "disability_living"))
    run = await screen(service, basis="changed")
    left = await lead_programmes(service, run, "dark")
    assert "dibao" not in left and "disability_living" not in left
    assert programme(run, "dibao")["unknown"] == programme(before, "dibao")["unknown"] - 1


async def test_a_family_on_a_roll_that_the_rules_refuse_is_to_review_and_no_lead(service: Service) -> None:
    await service.take(*neighbourhood(), on_roll("rich", "dibao"), on_roll("near", "dibao"))
    run = await screen(service)
    (step,) = [step for step in run["funnel"] if step["step"] == "review"]
    assert step["count"] == 2 and "复核" in step["name"]["zh"]
    answer = await service.http.get(f"{SCREENINGS}/{run['id']}/households", params={"review": "true"})
    assert {item["household_ref"] for item in answer.json()["items"]} == {str(ref("rich")), str(ref("near"))}
    on_dibao = {"dibao", "dibao_single", "margin", "rigid"}
    found = await leads(service, run["id"])
    assert not [x for x in found if x["household_ref"] == str(ref("near")) and x["programme"] in on_dibao]


async def test_whoever_leaves_the_roll_is_found_again(service: Service) -> None:
    await service.take(*neighbourhood(), on_roll("poor", "dibao", version=2))
    first = await screen(service)
    await service.take(on_roll("poor", version=3))
    second = await screen(service, basis="changed")
    assert second["carried"] == second["households"] - 1
    assert programme(second, "dibao")["eligible"] == programme(first, "dibao")["eligible"] + 1


async def test_the_last_day_on_a_roll_is_a_change(service: Service) -> None:
    await service.take(*neighbourhood(), on_roll("poor", "dibao", until=CLOCK.today()))
    first = await screen(service)
    second = await screen(service, clock=NEXT_DAY, basis="changed")
    full = await screen(service, clock=NEXT_DAY)
    assert second["carried"] == second["households"] - 1
    assert programme(second, "dibao")["eligible"] == programme(first, "dibao")["eligible"] + 1
    assert await outcomes(service, second["id"]) == await outcomes(service, full["id"])


async def test_the_order_of_events_never_matters(service: Service) -> None:
    moved = on_roll("poor", "dibao", version=2)
    early = on_roll("poor", "dibao", home="home of poor", version=1)
    await service.take(moved)
    await service.take(early, *neighbourhood())
    assert await service.outcome_of(early.id) == "stale"
    run = await screen(service)
    assert programme(run, "dibao")["already"] == 2
    (row,) = await service.rows("SELECT household_ref, version FROM person_benefit")
    assert (row.household_ref, row.version) == (ref("poor"), 2)


async def test_people_known_from_a_roll_only_are_no_households_to_screen(service: Service) -> None:
    await service.take(*neighbourhood())
    first = await screen(service)
    await service.take(*(on_roll(f"stranger {n}", "dibao") for n in range(5)))
    assert (await screen(service))["households"] == first["households"]


async def _assessed(service: Service, name: str, *events: Any) -> dict[str, Any]:
    poor = household(name, make_member(name, incomes=wage("500.00")))
    await service.take(poor, make_care(name, make_bill(f"bill {name}", "50000.00"), household=name), *events)
    live = await service.live(name)
    assert live is not None
    answer = await service.http.get(f"/api/v1/eligibility/assessments/{live['assessment_id']}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_an_assessment_says_beside_its_findings_what_the_family_is_on_the_roll_of(service: Service) -> None:
    told = await _assessed(service, "poor", on_roll("poor", "dibao", "elderly_allowance", fen=81250))
    dibao, allowance = told["on_rolls"]
    assert dibao["programme"] == "dibao" and not dibao["to_review"] and dibao["monthly_amount"] == "812.50"
    assert dibao["text"]["zh"] == "在册：最低生活保障，自2025-03，每月812.50元"
    assert allowance["to_review"] and "请复核" in allowance["text"]["zh"]
    assert "dibao" in {finding["programme"] for finding in told["findings"] if finding["outcome"] == "eligible"}
    assert "on_rolls" not in str(told["certificate"])
    again = await service.http.post(f"/api/v1/eligibility/assessments/{told['assessment_id']}/rerun")
    assert again.json()["same"] is True


async def test_the_visit_list_and_the_plain_version_propose_nothing_that_the_family_has(service: Service) -> None:
    free = await _assessed(service, "free")
    told = await _assessed(service, "poor", on_roll("poor", "dibao"))
    visit, other = await service.visit("poor"), await service.visit("free")
    assert visit is not None and other is not None
    assert "dibao" in {each["code"] for each in other["programmes"]} and other["on_rolls"] == []
    assert "dibao" not in {each["code"] for each in visit["programmes"]}
    assert [each["code"] for each in visit["on_rolls"]] == ["dibao"]
    assert "最低生活保障" not in str(visit["reasons"]) and "最低生活保障" in str(other["reasons"])
    assert float(visit["money"]["monthly"]) < float(other["money"]["monthly"])
    listed = (await service.http.get("/api/v1/eligibility/visits")).json()["items"]
    assert {each["household_ref"]: each["on_rolls"] for each in listed}[str(ref("poor"))] == visit["on_rolls"]
    plain = (await service.http.get(f"/api/v1/eligibility/assessments/{told['assessment_id']}/plain")).json()
    plain_of_free = (await service.http.get(f"/api/v1/eligibility/assessments/{free['assessment_id']}/plain")).json()
    assert "最低生活保障" in plain_of_free["zh"] and "最低生活保障" not in plain["zh"]
    notice = (await service.http.get(f"/api/v1/eligibility/assessments/{told['assessment_id']}/notice-content")).json()
    (item,) = [item for item in notice["items"] if item["programme"] == "dibao"]
    assert "不必重复申请" in item["result"]["zh"] and item["amounts"] == []
    assert notice["on_rolls"][0]["zh"] == "在册：最低生活保障，自2025-03"


async def test_a_family_that_has_everything_is_told_not_to_apply_again(service: Service) -> None:
    told = await _assessed(service, "poor")
    proposed = [f["programme"] for f in told["findings"] if f["outcome"] != "not_eligible"]
    await service.take(on_roll("poor", *proposed))
    plain = (await service.http.get(f"/api/v1/eligibility/assessments/{told['assessment_id']}/plain")).json()
    assert "不必重复申请" in plain["zh"] and len(plain["zh"]) <= 120
