"""A policy version is checked at each step: values, places, days, two people, rehearsal, tests, losers."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.eligibility.rules.book import rule_book
from services.eligibility.worker import policies_once
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.policy_office import (
    FIRST,
    ROOT,
    SOURCE,
    TODAY,
    Office,
    at,
    body,
    make_town,
    raise_of,
)

NO_SOURCE: dict[str, Any] = {"source": {"title": " "}}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        (raise_of(**NO_SOURCE), "changes[0].source.title", "missing_source"),
        (raise_of(source=None), "changes[0].source.title", "missing_source"),
        (raise_of("-1.00"), "changes[0].value", "negative"),
        (raise_of("9,000"), "changes[0].value", "value"),
        (raise_of("900.001"), "changes[0].value", "value"),
        (raise_of(True), "changes[0].value", "value"),
        (raise_of([["1", "2"]]), "changes[0].value", "value"),
        (raise_of("1.2", parameter="job_cost_rate"), "changes[0].value", "above_one"),
        (raise_of("maybe", parameter="grant_mode"), "changes[0].value", "value"),
        (raise_of([["2", "1"], ["1", "2"]], parameter="temp_spending_bands"), "changes[0].value", "table_order"),
        (raise_of(parameter="no_such"), "changes[0].parameter", "unknown_parameter"),
        (raise_of(division="350699"), "changes[0].division", "unknown_division"),
        (raise_of(division="110101"), "changes[0].division", "unknown_division"),
        (raise_of(to=(FIRST - timedelta(days=1)).isoformat()), "changes[0].to", "date"),
        (raise_of(source={"title": "t", "href": "javascript:1"}), "changes[0].source.href", "href"),
    ],
)
async def test_a_value_outside_the_guard_rails_is_refused_by_its_field(
    office: Office, change: dict[str, Any], field: str, code: str
) -> None:
    answer = await office.author.post(f"{ROOT}/policies", json=body(change))
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == (field, code)
    assert error["message"]["zh"] and error["message"]["en"]


async def test_a_version_needs_a_title_a_reason_and_a_change(office: Office) -> None:
    answer = await office.author.post(f"{ROOT}/policies", json=body(title="", reason=" "))
    assert {error["field"] for error in answer.json()["errors"]} == {"title", "reason", "changes"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (raise_of("9600.00"), "ten_times"),
        (raise_of("90.00"), "tenth"),
        (raise_of("900.00"), "same"),
        (raise_of(**{"from": "2026-01-01"}), "retroactive"),
        (raise_of(illustrative=True), "illustrative"),
        (raise_of("860.00", division="3506"), "own_values"),
    ],
)
async def test_an_odd_value_is_warned_of(office: Office, change: dict[str, Any], code: str) -> None:
    policy = await office.draft(change)
    warned = {each["code"]: each["text"] for each in policy["changes"][0]["warnings"]}
    assert code in warned
    if code == "ten_times":
        assert warned[code]["zh"] == "比现行高10倍，是否多打了一个0？"


async def test_an_author_does_not_approve_and_an_operator_who_does_is_written_down(
    service: Service, office: Office
) -> None:
    policy = await office.draft(raise_of())
    await office.rehearse(policy)
    refused = await office.approve(policy, by=office.author)
    assert refused.status_code == 409 and refused.json()["code"] == "same_person"
    own = await service.http.post(f"{ROOT}/policies", json=body(raise_of(division="350603")))
    await office.rehearse(own.json())
    approved = await office.approve(own.json(), by=service.http)
    assert approved.status_code == 200 and approved.json()["four_eyes_waived"]
    assert [step["four_eyes_waived"] for step in approved.json()["history"]] == [False, False, True]


async def test_nothing_is_approved_without_a_fresh_rehearsal_of_just_these_changes(
    service: Service, office: Office
) -> None:
    policy = await office.draft(raise_of())
    assert (await office.approve(policy)).json()["code"] == "not_rehearsed"
    await office.rehearse(policy)
    told = await office.read(policy)
    assert told["state"] == "rehearsed" and len(told["rehearsals"]) == 1
    changed = await office.author.put(
        f"{ROOT}/policies/{policy['id']}", json=body(raise_of("970.00"), version=told["version"])
    )
    assert changed.json()["state"] == "draft"
    assert (await office.approve(policy)).json()["code"] == "not_rehearsed"
    await office.rehearse(policy)
    async with service.database.transaction() as db:
        await db.execute(text("UPDATE rehearsal SET finished_at = finished_at - interval '25 hours'"))
    old = await office.approve(policy)
    assert old.status_code == 409 and old.json()["code"] == "rehearsal_old"


async def test_whoever_read_an_older_version_changes_nothing(office: Office) -> None:
    policy = await office.draft(raise_of())
    path = f"{ROOT}/policies/{policy['id']}"
    assert (await office.author.put(path, json=body(raise_of("970.00")))).status_code == 422
    assert (
        await office.author.put(path, json=body(raise_of("970.00")), headers={"If-Match": '"1"'})
    ).status_code == 200
    late = await office.second.put(path, json=body(raise_of("980.00"), version=1))
    assert late.status_code == 409 and late.json()["code"] == "policy_moved" and late.json()["version"] == 2


async def test_losers_need_a_reason_in_writing(service: Service, office: Office) -> None:
    await make_town(service)
    policy = await office.draft(raise_of("450.00"))
    rehearsed = await office.rehearse(policy)
    assert rehearsed["figures"]["less"] + rehearsed["figures"]["lost"] >= 1
    refused = await office.approve(policy)
    assert refused.status_code == 409 and refused.json()["code"] == "losers_need_reason"
    given = await office.approve(policy, losers_reason="上级统一调整")
    assert given.status_code == 200 and given.json()["losers_reason"] == "上级统一调整"


async def test_a_book_that_fails_its_tests_is_not_approved(office: Office) -> None:
    policy = await office.draft(raise_of("0.9", parameter="margin_multiple"))
    rehearsed = await office.rehearse(policy)
    assert rehearsed["tests"]["failed"] == 1
    assert rehearsed["tests"]["names"][0]["code"] == "margin_line_above_dibao"
    assert rehearsed["tests"]["names"][0]["name"]["zh"] == "低保边缘线高于低保标准"
    refused = await office.approve(policy)
    assert refused.status_code == 409 and refused.json()["code"] == "tests_failed"


async def test_two_versions_do_not_settle_the_same_days(office: Office) -> None:
    first, second = await office.draft(raise_of()), await office.draft(raise_of("970.00"))
    assert "overlaps_draft" in {each["code"] for each in second["changes"][0]["warnings"]}
    await office.rehearse(first)
    await office.rehearse(second)
    assert (await office.approve(first)).status_code == 200
    assert (await office.approve(second)).json()["code"] == "overlap"
    third = await office.author.post(f"{ROOT}/policies", json=body(raise_of("980.00")))
    assert third.status_code == 422 and third.json()["errors"][0]["code"] == "overlap"
    assert (await office.step(first, "withdraw")).json()["state"] == "withdrawn"
    assert (await office.approve(second)).status_code == 200


async def test_rows_of_one_version_do_not_overlap(office: Office) -> None:
    answer = await office.author.post(f"{ROOT}/policies", json=body(raise_of(), raise_of("970.00")))
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("changes[1].from", "overlap")


async def test_a_version_is_seen_where_it_is_law_and_written_in_its_own_place(office: Office) -> None:
    city = await office.draft(raise_of(division="3506"))
    own = await office.draft(raise_of(), by=office.county)
    path = f"{ROOT}/policies/{{}}"
    assert (await office.county.get(path.format(city["id"]))).status_code == 200
    assert (await office.neighbour.get(path.format(own["id"]))).status_code == 404
    refused = await office.county.post(f"{ROOT}/policies", json=body(raise_of(division="3506")))
    assert refused.json()["errors"][0]["code"] == "outside_territory"
    assert (await office.step(city, "withdraw", by=office.county)).status_code == 404
    assert (await office.county.post(f"{ROOT}/rehearsals", json={"policy_id": city["id"]})).status_code == 404
    rehearsed = await office.rehearse(city)
    assert (await office.county.get(f"{ROOT}/rehearsals/{rehearsed['id']}")).status_code == 404
    listed = (await office.neighbour.get(f"{ROOT}/policies")).json()["items"]
    assert [item["id"] for item in listed] == [city["id"]]


async def test_the_list_comes_in_pages_newest_first(office: Office) -> None:
    made = [(await office.draft(raise_of(division=place)))["id"] for place in ("350602", "350603", "350604")]
    first = (await office.author.get(f"{ROOT}/policies", params={"limit": 2})).json()
    second = (await office.author.get(f"{ROOT}/policies", params={"limit": 2, "cursor": first["next"]})).json()
    assert [item["id"] for item in [*first["items"], *second["items"]]] == made[::-1] and second["next"] is None
    drafts = (await office.author.get(f"{ROOT}/policies", params={"state": "in_force"})).json()["items"]
    assert drafts == []


async def test_a_later_version_supersedes_and_earlier_days_keep_their_value(service: Service, office: Office) -> None:
    first = await office.in_force(raise_of())
    later = (TODAY + timedelta(days=3)).isoformat()
    second = await office.in_force(raise_of("990.00", **{"from": later}), offset=3)
    assert second["state"] == "in_force" and (await office.read(first))["state"] == "superseded"
    assert rule_book().at("350602", FIRST).dibao_standard_month == 96_000
    assert rule_book().at("350602", TODAY + timedelta(days=3)).dibao_standard_month == 99_000
    assert rule_book().at("350602", TODAY).dibao_standard_month == 90_000
    assert rule_book().version.endswith("+2")
    assert (await office.step(second, "withdraw")).json()["code"] == "policy_state"


async def test_a_value_with_an_end_gives_way_to_the_one_before_and_people_are_looked_at_again(
    service: Service, office: Office
) -> None:
    last = FIRST + timedelta(days=1)
    policy = await office.in_force(raise_of(to=last.isoformat()))
    assert rule_book().at("350602", last).dibao_standard_month == 96_000
    assert rule_book().at("350602", last + timedelta(days=1)).dibao_standard_month == 90_000
    await policies_once(service.database, at(3))
    told = await office.read(policy)
    assert told["state"] == "superseded" and len(told["screenings"]) == 2


async def test_two_workers_bring_a_version_into_force_once(service: Service, office: Office) -> None:
    policy = await office.draft(raise_of())
    await office.rehearse(policy)
    await office.approve_and_schedule(policy)
    await asyncio.gather(*(policies_once(service.database, at(1)) for _ in range(4)))
    told = await office.read(policy)
    assert [step["state"] for step in told["history"]].count("in_force") == 1 and len(told["screenings"]) == 1
    (row,) = await service.rows("SELECT count(*) AS n FROM rule_layer")
    assert row.n == 1


async def test_what_two_people_signed_does_not_change(service: Service, office: Office) -> None:
    policy = await office.in_force(raise_of())
    with pytest.raises(Exception, match="does not change"):
        async with service.database.transaction() as db:
            await db.execute(text("UPDATE policy SET changes = '[]' WHERE id = :id"), {"id": policy["id"]})
    assert SOURCE["title"] in (await office.read(policy))["changes"][0]["source"]["title"]
