"""The HTTP door: checks, the rule book, assessments in words, the visit list, the funnel; and whose rows are shown."""

from typing import Any
from uuid import uuid4

from sqlalchemy import text

from services.kit.clock import Clock
from tests.support.apps import officer
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import (
    make_bill,
    make_care,
    make_facts,
    make_household,
    make_member,
    make_report,
    ref,
)

ROOT = "/api/v1/eligibility"


async def _town(service: Service) -> None:
    await service.take(
        make_household("lins", make_member("lin", serious_illness=True)),
        make_care("lin", make_bill("b1", "52000.00"), household="lins"),
        make_care("wu", make_bill("b2", "41000.00"), division="350622"),
        make_care("chen", make_bill("b3", "900.00")),
        make_report("w1", "fire", household="h", urgency="red", division="350622100012"),
    )


async def test_a_check_answers_with_figure_article_and_sentence(service: Service) -> None:
    body = {"county": "350602", "as_of": "2025-03-01", "household": make_facts(make_member("m1"))}
    answer = await service.http.post(f"{ROOT}/checks", json=body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["status"] == "dibao" and told["monthly_total"] == "900.00"
    dibao = next(finding for finding in told["findings"] if finding["programme"] == "dibao")
    test = dibao["tests"][0]
    assert {"actual", "operator", "threshold", "unit", "citation", "text"} <= set(test)
    assert test["citation"]["article"] and test["text"]["zh"] and test["text"]["en"]
    assert await service.rows("SELECT 1 FROM assessment") == []


async def test_a_wrong_field_is_named_and_its_value_never_repeated(service: Service) -> None:
    member = make_member("m1") | {"birth_date": "1980-02-31", "income": "54321"}
    body = {"county": "350602", "household": make_facts(member)}
    answer = await service.http.post(f"{ROOT}/checks", json=body)
    assert answer.status_code == 422
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"household.members[0].birth_date", "household.members[0].income"}
    assert "1980-02-31" not in answer.text and "54321" not in answer.text


async def test_parameters_of_a_place_and_day_are_the_nearest_in_force(service: Service) -> None:
    answer = await service.http.get(f"{ROOT}/parameters", params={"division": "350602007003", "on": "2025-03-01"})
    items = {item["id"]: item for item in answer.json()["items"]}
    assert items["dibao_standard_month"]["value"] == "900.00"
    assert items["dibao_standard_month"]["division"] == "350602"
    assert items["dibao_standard_month"]["shown"]["zh"] == "每人每月900.00元"
    assert items["hospital_threshold"]["value"] == "40000.00" and items["hospital_threshold"]["illustrative"]
    before = await service.http.get(f"{ROOT}/parameters", params={"division": "350602", "on": "2020-03-01"})
    assert "hospital_threshold" not in {item["id"] for item in before.json()["items"]}
    wrong = await service.http.get(f"{ROOT}/parameters", params={"division": "35-06"})
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["field"] == "division"


async def test_parameters_of_the_nation_are_asked_for_by_the_code_they_are_listed_under(service: Service) -> None:
    answer = await service.http.get(f"{ROOT}/parameters", params={"division": "000000"})
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert items and {item["division"] for item in items} == {"000000"}


async def test_eighteen_programmes_are_named_in_both_languages(service: Service) -> None:
    items = (await service.http.get(f"{ROOT}/programmes")).json()["items"]
    assert len(items) == 18 and all(item["zh"] and item["en"] for item in items)


async def test_an_assessment_is_told_in_words_with_what_it_stands_on(service: Service) -> None:
    await _town(service)
    live = await service.live("lins")
    assert live is not None
    told = (await service.http.get(f"{ROOT}/assessments/{live['assessment_id']}")).json()
    assert told["status"] == "dibao" and told["state"] == "live" and told["counted_members"] == 1
    assert len(told["findings"]) == 18
    spending = next(finding for finding in told["findings"] if finding["programme"] == "temp_spending")
    assert spending["outcome"] == "eligible" and "52000.00" in str(spending["tests"])
    assert told["trigger"] == {"year": 2025, "sum": "52000.00", "threshold": "40000.00", "fired": True}
    assert told["certificate"]["facts"]["household"]["expenditures_12m"]["medical_self_paid"] == "52000.00"
    assert told["certificate"]["rule_book"]["digest"].startswith("sha256:")
    assert told["record_ids"] == [str(ref("b1"))]
    assert told["needs"][0]["why"]["zh"]


async def test_an_assessment_runs_again_to_the_same_bytes(service: Service) -> None:
    await _town(service)
    for row in await service.rows("SELECT assessment_id FROM assessment"):
        again = (await service.http.post(f"{ROOT}/assessments/{row.assessment_id}/rerun")).json()
        assert again["same"] and again["findings_sha256"] == again["rerun_sha256"]


async def test_an_assessment_of_a_rule_book_that_was_never_used_here_says_so(service: Service) -> None:
    await _town(service)
    live = await service.live("lins")
    assert live is not None
    async with service.database.transaction() as db:
        await db.execute(text("UPDATE assessment SET rule_digest = 'sha256:older'"))
    answer = await service.http.post(f"{ROOT}/assessments/{live['assessment_id']}/rerun")
    assert answer.status_code == 409 and answer.json()["code"] == "rule_book_not_kept"
    told = await service.http.get(f"{ROOT}/assessments/{live['assessment_id']}")
    assert told.status_code == 200


async def test_the_visit_list_is_in_order_of_need_and_comes_in_pages(service: Service) -> None:
    await _town(service)
    first = (await service.http.get(f"{ROOT}/visits", params={"limit": 2})).json()
    assert [item["household_ref"] for item in first["items"]] == [str(ref("h")), str(ref("lins"))]
    second = (await service.http.get(f"{ROOT}/visits", params={"limit": 2, "cursor": first["next"]})).json()
    assert [item["household_ref"] for item in second["items"]] == [str(ref("home of wu"))] and second["next"] is None
    family = first["items"][1]
    assert family["money"]["monthly"] != "0.00" and family["place"] == "芗城区芝山街道惠民社区居委会"
    assert {"code": "dibao", "zh": "最低生活保障", "en": "Minimum living guarantee"} in family["programmes"]
    assert family["assignee"]["zh"].startswith("芗城区芝山街道") and family["due_on"] == "2025-07-08"
    bad = await service.http.get(f"{ROOT}/visits", params={"cursor": "bm9uZQ"})
    assert bad.status_code == 422


async def test_a_result_is_noted_once_and_only_on_the_visit_as_it_was_read(service: Service) -> None:
    await _town(service)
    path = f"{ROOT}/visits/{ref('lins')}/result"
    body: dict[str, Any] = {"result": "temp_aid_proposed", "version": 1}
    noted = await service.http.post(path, json=body)
    assert noted.status_code == 200 and noted.json()["state"] == "done" and noted.json()["version"] == 2
    assert (await service.http.post(path, json=body)).json() == noted.json()
    moved = await service.http.post(path, json={"result": "unreachable", "version": 1})
    assert moved.status_code == 409 and moved.json()["code"] == "visit_moved" and moved.json()["version"] == 2
    unknown = await service.http.post(path, json={"result": "all_good", "version": 2})
    assert unknown.status_code == 422 and unknown.json()["errors"][0]["field"] == "result"
    nobody = await service.http.post(f"{ROOT}/visits/{uuid4()}/result", json=body)
    assert nobody.status_code == 404


async def test_a_visited_family_comes_back_for_a_later_report_only(service: Service) -> None:
    await _town(service)
    path = f"{ROOT}/visits/{ref('lins')}"
    await service.http.post(f"{path}/result", json={"result": "dibao_or_margin_proposed", "version": 1})
    await service.take(make_care("lin", make_bill("b1", "52100.00"), household="lins", version=2))
    assert (await service.http.get(path)).json()["state"] == "done"
    later = (await service.rows("SELECT worked_at + interval '1 minute' AS at FROM visit WHERE state = 'done'"))[0].at
    await service.take(make_report("w9", "accident", household="lins", person="lin", occurred_at=later))
    again = (await service.http.get(path)).json()
    assert again["state"] == "open" and again["priority"] == "asap"


async def test_the_funnel_counts_from_records_to_results(service: Service) -> None:
    await _town(service)
    await service.http.post(f"{ROOT}/visits/{ref('lins')}/result", json={"result": "temp_aid_granted", "version": 1})
    counts = (await service.http.get(f"{ROOT}/funnel")).json()
    assert (counts["records"], counts["reports"], counts["persons"], counts["over_threshold"]) == (4, 1, 3, 2)
    assert counts["accounts"] == {"assessment": 3, "below_threshold": 1}
    assert counts["assessments_live"] == 3 and counts["visits"] == {"open": 2, "done": 1}
    assert counts["results"] == {"temp_aid_granted": 1}
    assert counts["programmes"]["dibao"]["eligible"] == 1
    assert sum(counts["outcomes"].values()) == 3 * 18
    county = (await service.http.get(f"{ROOT}/funnel", params={"division": "350622"})).json()
    assert county["records"] == 2
    none = (await service.http.get(f"{ROOT}/funnel", params={"to": "2001-01-01"})).json()
    assert none["records"] == 0


async def test_a_family_that_asks_is_assessed_though_nothing_else_says_so(service: Service) -> None:
    mother = make_member("lin", incomes=[{"kind": "wage", "monthly": "800.00"}])
    await service.take(make_household("lins", mother))
    assert await service.live("lins") is None
    path = f"{ROOT}/households/{ref('lins')}/applications"
    first = await service.http.post(path, json={})
    assert first.status_code == 200 and first.json()["assessment_id"] is not None
    assert (await service.http.post(path, json={})).json() == first.json()
    live = await service.live("lins")
    assert live is not None and live["cause"] == "household" and live["facts"]["event"]["kind"] == "application"
    assert (await service.http.post(f"{ROOT}/households/{uuid4()}/applications", json={})).status_code == 404


async def test_nobody_sees_another_territory(service: Service) -> None:
    await _town(service)
    live = await service.live("home of wu")
    assert live is not None
    other = service.part.client(officer("350602", "eligibility:read", "eligibility:write"))
    for path in (
        f"{ROOT}/records/{ref('b2')}",
        f"{ROOT}/assessments/{live['assessment_id']}",
        f"{ROOT}/visits/{ref('home of wu')}",
    ):
        assert (await other.get(path)).status_code == 404
    visits = (await other.get(f"{ROOT}/visits")).json()["items"]
    assert [visit["household_ref"] for visit in visits] == [str(ref("lins"))]
    assert (await other.get(f"{ROOT}/funnel", params={"division": "350622"})).json()["records"] == 0
    looked = await other.post(f"{ROOT}/records/lookup", json={"record_ids": [str(ref("b1")), str(ref("b2"))]})
    assert [item["record_id"] for item in looked.json()["items"]] == [str(ref("b1"))]
    assert (await other.post(f"{ROOT}/households/{ref('home of wu')}/applications", json={})).status_code == 404
    nobody = service.part.client(None)
    assert (await nobody.get(f"{ROOT}/visits")).status_code == 401
    reader = service.part.client(officer("350602", "eligibility:read"))
    assert (await reader.post(f"{ROOT}/visits/{ref('lins')}/result", json={})).status_code == 403


async def test_an_application_of_a_township_counts_bills_of_members_registered_elsewhere(service: Service) -> None:
    await service.take(
        make_household("lins", make_member("lin"), make_member("wu", "spouse")),
        make_care("wu", make_bill("b1", "8000.00", Clock().today().isoformat()), household="lins", division="350622"),
    )
    clerk = service.part.client(officer("350602007", "eligibility:write"))
    answer = await clerk.post(f"{ROOT}/households/{ref('lins')}/applications", json={})
    assert answer.status_code == 200, answer.text
    live = await service.live("lins")
    assert live is not None
    assert live["facts"]["household"]["expenditures_12m"]["medical_self_paid"] == "8000.00"
