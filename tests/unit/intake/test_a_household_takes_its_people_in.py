"""Households over HTTP: registered, updated by the same people, taking people out of provisional homes; consents."""

import copy
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.contracts.intake import CareChanged, ConsentChanged, GridReportRecorded, HouseholdChanged
from tests.support.apps import PartUnderTest, officer
from tests.unit.intake.posting import last_care, push, rows
from tests.unit.intake.test_a_household_form_keeps_what_was_said import FORM
from tests.unit.intake.test_grid_reports_are_read_as_their_answer_key_says import LINES

HOUSEHOLDS = "/api/v1/intake/households"
HEAD = "350627195907089994"


def form(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(FORM) | changes


async def register(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(HOUSEHOLDS, json=body)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


async def newest(part: PartUnderTest, ref: str) -> HouseholdChanged:
    events = [event for event in await part.events_of(HouseholdChanged) if str(event.ref) == ref]
    return max(events, key=lambda event: event.version)


async def test_a_household_is_told_in_coded_facts_without_names(intake: PartUnderTest) -> None:
    receipt = await register(intake.client(), form())
    assert set(receipt["person_refs"]) == {"m1", "m2", "m3"}
    (event,) = await intake.events_of(HouseholdChanged)
    assert (str(event.ref), event.version, event.division) == (receipt["household_ref"], 1, "350622103206")
    refs = [member["ref"] for member in event.facts["members"]]
    assert refs == [receipt["person_refs"][ref] for ref in ("m1", "m2", "m3")]
    assert event.facts["members"][1]["disability"] is None and "disability" not in event.facts["members"][2]
    text = event.to_cloud_event()
    for secret in ("王松林", "何佳怡", HEAD, "15400000003", "示例路"):
        assert secret not in text


async def test_the_same_form_again_changes_nothing(intake: PartUnderTest) -> None:
    client = intake.client()
    first = await register(client, form())
    assert await register(client, form()) == first
    assert len(await intake.events_of(HouseholdChanged)) == 1


async def test_the_same_people_with_other_facts_update_their_household(intake: PartUnderTest) -> None:
    client = intake.client()
    first = await register(client, form())
    second = await register(client, form(housing={"kind": "safe"}, division="350602007003"))
    assert second == first
    event = await newest(intake, first["household_ref"])
    assert (event.version, event.division, event.facts["housing"]) == (2, "350602007003", {"kind": "safe"})
    assert {row.division for row in await rows(intake, "SELECT division FROM person")} == {"350602007003"}


async def test_a_newborn_joins_and_somebody_who_is_no_longer_on_the_form_moves_out(intake: PartUnderTest) -> None:
    client = intake.client()
    first = await register(client, form(members=FORM["members"][:2]))
    await push(client, id_number="350622195512269964", name="何佳怡")
    second = await register(client, form(members=[FORM["members"][0], FORM["members"][2]]))
    assert second["household_ref"] == first["household_ref"]
    wife = UUID(first["person_refs"]["m2"])
    moved = await last_care(intake, wife)
    assert moved.provisional and str(moved.household_ref) != first["household_ref"]
    left = await rows(intake, "SELECT left_on FROM membership WHERE person_id = :id", id=wife)
    assert len(left) == 1 and left[0].left_on is not None


async def test_a_bill_before_the_registration_moves_into_the_household(intake: PartUnderTest) -> None:
    client = intake.client()
    await push(client, id_number=HEAD, name="王松林", division="350622103206")
    (before,) = await intake.events_of(CareChanged)
    assert before.provisional
    receipt = await register(client, form())
    after = await last_care(intake)
    assert receipt["person_refs"]["m1"] == str(after.ref) == str(before.ref)
    assert (after.version, after.provisional, str(after.household_ref)) == (2, False, receipt["household_ref"])
    merged = await newest(intake, str(before.household_ref))
    assert (str(merged.merged_into), merged.facts) == (receipt["household_ref"], {})
    # A bill after it goes straight there, and a person's page shows the household of today.
    later = await push(client, id_number=HEAD, name="王松林", settlement_id="S2", division="350623")
    shown = (await client.get(later["links"]["self"])).json()
    assert shown["household_ref"] == receipt["household_ref"]
    assert (await last_care(intake)).division == "350622103206"


async def test_somebody_counted_in_another_household_is_a_conflict_and_nothing_is_written(
    intake: PartUnderTest,
) -> None:
    client = intake.client()
    await register(client, form())
    other = {
        "division": "350623",
        "members": [
            {"ref": "a", "id_number": "350623195209169991", "name": "游进财", "relation": "self"},
            {"ref": "b", "id_number": "350622195512269964", "name": "何佳怡", "relation": "child"},
        ],
    }
    answer = await client.post(HOUSEHOLDS, json=other)
    assert (answer.status_code, answer.json()["code"]) == (409, "membership_conflict")
    assert answer.json()["members"] == ["b"]
    assert len(await rows(intake, "SELECT 1 FROM household")) == 1
    assert len(await rows(intake, "SELECT 1 FROM person")) == 3


async def test_a_new_head_of_the_same_people_keeps_the_household(intake: PartUnderTest) -> None:
    client = intake.client()
    first = await register(client, form(members=FORM["members"][1:]))
    head = {"ref": "x", "id_number": "350623195209169991", "name": "游进财", "relation": "self"}
    again = await register(client, form(members=[head, *FORM["members"][1:]]))
    assert again["household_ref"] == first["household_ref"]


async def test_a_household_outside_the_city_or_the_callers_territory_is_refused(intake: PartUnderTest) -> None:
    assert (await intake.client().post(HOUSEHOLDS, json=form(division="350203"))).status_code == 422
    clerk = intake.client(officer("350602", "intake:write"))
    answer = await clerk.post(HOUSEHOLDS, json=form())
    assert (answer.status_code, answer.json()["code"]) == (403, "outside_territory")
    assert not await rows(intake, "SELECT 1 FROM person")


async def said(client: httpx.AsyncClient, household: str, **changes: Any) -> httpx.Response:
    body = {"household_ref": household, "partner": "red_cross", "purpose": "any", "decision": "given",
            "given_on": "2025-06-01", "basis": "consent"} | changes  # fmt: skip
    return await client.post("/api/v1/intake/consents", json=body)


async def test_each_decision_is_a_new_record_and_the_last_one_repeated_is_itself(intake: PartUnderTest) -> None:
    client = intake.client()
    home = (await register(client, form()))["household_ref"]
    first = (await said(client, home)).json()
    assert (await said(client, home)).json() == first and first["version"] == 1
    refused = (await said(client, home, decision="revoked", given_on="2025-07-01")).json()
    given = (await said(client, home, given_on="2025-08-01")).json()
    assert [refused["version"], given["version"]] == [2, 3]
    events = await intake.events_of(ConsentChanged)
    assert [event.version for event in events] == [1, 2, 3]
    assert [[d.decision for d in event.decisions] for event in events] == [["given"], ["revoked"], ["given"]]


async def test_a_paper_that_comes_late_does_not_undo_a_later_decision(intake: PartUnderTest) -> None:
    client = intake.client()
    home = (await register(client, form()))["household_ref"]
    await said(client, home, decision="refused", given_on="2025-07-01")
    await said(client, home, given_on="2025-06-01")
    newest_event = (await intake.events_of(ConsentChanged))[-1]
    assert [decision.decision for decision in newest_event.decisions] == ["refused"]


async def test_decisions_about_other_partners_and_persons_stand_side_by_side(intake: PartUnderTest) -> None:
    client = intake.client()
    receipt = await register(client, form())
    home, wife = receipt["household_ref"], receipt["person_refs"]["m2"]
    await said(client, home)
    await said(client, home, partner="any", decision="refused")
    await said(client, home, person_ref=wife, evidence={"kind": "paper", "sha256": "0" * 64})
    event = (await intake.events_of(ConsentChanged))[-1]
    assert {(d.partner, d.decision, str(d.person_ref)) for d in event.decisions} == {
        ("red_cross", "given", "None"),
        ("any", "refused", "None"),
        ("red_cross", "given", wife),
    }


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"household_ref": str(uuid4())}, 404), ({"person_ref": str(uuid4())}, 422), ({"decision": "maybe"}, 422),
        ({"given_on": "2099-01-01"}, 422), ({"expires_on": "2025-01-01"}, 422), ({"basis": "habit"}, 422),
        ({"partner": "Red Cross"}, 422), ({"evidence": {"kind": "paper", "sha256": "x"}}, 422), ({"by": "me"}, 422),
        ({"household_ref": "x"}, 422), ({"given_on": 0}, 422),
    ],
)  # fmt: skip
async def test_a_decision_that_cannot_be_is_refused(
    intake: PartUnderTest, changes: dict[str, Any], status: int
) -> None:
    client = intake.client()
    home = (await register(client, form()))["household_ref"]
    assert (await said(client, home, **changes)).status_code == status
    assert not await rows(intake, "SELECT 1 FROM consent_decision")


async def test_sixty_reports_come_in_and_are_told_red_ones_on_the_urgent_lane(intake: PartUnderTest) -> None:
    client = intake.client()
    for line in LINES:
        answer = await client.post("/api/v1/intake/grid-reports", json=line)
        assert answer.status_code == 202 and answer.json()["result"] == "new", answer.text
    again = await client.post("/api/v1/intake/grid-reports", json=LINES[0])
    assert again.json()["result"] == "same"
    other = await client.post("/api/v1/intake/grid-reports", json=LINES[0] | {"urgency": "blue"})
    assert (other.status_code, other.json()["code"]) == (409, "report_conflict")
    events = await intake.events_of(GridReportRecorded)
    assert len(events) == 60 and sum(event.urgent for event in events) == 18
    assert all(event.urgent == (event.urgency == "red") for event in events)
    assert sum(event.person_ref is None for event in events) == 2
    shares = sum(line["consent"]["share_with_partners"] for line in LINES)
    assert len(await intake.events_of(ConsentChanged)) == shares
    text = "".join(event.to_cloud_event() for event in events)
    assert not [line["person"]["name"] for line in LINES if line["person"]["name"] and line["person"]["name"] in text]


async def test_a_report_about_somebody_with_a_bill_is_the_same_household(intake: PartUnderTest) -> None:
    client = intake.client()
    line = next(line for line in LINES if line["report_id"] == "WG202507080054")
    person = line["person"]
    bill = await push(client, id_number=person["id_number"], name=person["name"], division=line["division_code"])
    answer = await client.post("/api/v1/intake/grid-reports", json=line)
    assert [notice["code"] for notice in answer.json()["notices"]] == ["SAME_PERSON"]
    shown = (await client.get(bill["links"]["self"])).json()
    (event,) = await intake.events_of(GridReportRecorded)
    assert str(event.household_ref) == shown["household_ref"]
    assert (await client.get(answer.json()["links"]["self"])).json()["household_ref"] == shown["household_ref"]


async def test_the_same_name_in_the_same_village_is_asked_about_and_never_merged(intake: PartUnderTest) -> None:
    client = intake.client()
    first = next(line for line in LINES if line["report_id"] == "WG202507080054")
    second = next(line for line in LINES if line["report_id"] == "WG202507090056")
    await client.post("/api/v1/intake/grid-reports", json=first)
    answer = await client.post("/api/v1/intake/grid-reports", json=second)
    assert [notice["code"] for notice in answer.json()["notices"]] == ["POSSIBLE_DUPLICATE"]
    one, two = await intake.events_of(GridReportRecorded)
    assert one.household_ref != two.household_ref


async def test_what_was_said_to_a_grid_worker_holds_after_the_registration(intake: PartUnderTest) -> None:
    client = intake.client()
    line = copy.deepcopy(next(line for line in LINES if line["person"]["id_number"]))
    line["person"] |= {"id_number": HEAD, "gender": "male"}
    line["consent"]["share_with_partners"] = True
    await client.post("/api/v1/intake/grid-reports", json=line)
    receipt = await register(client, form())
    event = (await intake.events_of(ConsentChanged))[-1]
    assert (str(event.ref), [d.decision for d in event.decisions]) == (receipt["household_ref"], ["given"])
    page = (await client.get(f"{HOUSEHOLDS}/{receipt['household_ref']}")).json()
    assert [consent["decision"] for consent in page["consents"]] == ["given"]
    assert [report["report_id"] for report in page["reports"]] == [line["report_id"]]
