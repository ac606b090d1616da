"""A city officer raises the dibao standard of a county: rehearsed, approved by a second person, in force on its day."""

from services.eligibility.rules.book import file_book, rule_book
from services.eligibility.worker import policies_once
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import make_report
from tests.unit.eligibility_service.policy_office import FIRST, ROOT, SOURCE, Office, at, make_town, raise_of


async def test_a_raised_standard_finds_the_newly_eligible_by_itself(service: Service, office: Office) -> None:
    await make_town(service)
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
    scheduled = await office.approve_and_schedule(policy)
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
