"""Each number of a screening run and of the funnel opens the list of the households that it counts."""

from datetime import timedelta
from typing import Any

from tests.support.apps import officer
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import CLOCK, make_bill, make_care, make_household, make_member, ref
from tests.unit.eligibility_service.screening import SCREENINGS, neighbourhood, screen

ROOT = "/api/v1/eligibility"


async def households(service: Service, run: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    """The households of a run, all pages."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        params = {**query, "limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await service.http.get(f"{SCREENINGS}/{run['id']}/households", params=params)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return found


async def test_every_count_of_a_run_is_the_length_of_its_list(service: Service) -> None:
    await service.take(*neighbourhood())
    run = await screen(service)
    for row in run["programmes"]:
        for told in ("eligible", "not_eligible", "unknown", "already"):
            found = await households(service, run, programme=row["code"], answer=told)
            assert len(found) == row[told], (row["code"], told)
            assert {each["answer"] for each in found} <= {told}
    for row in run["reasons"]:
        found = await households(service, run, programme=row["programme"], reason=row["code"])
        assert len(found) == row["count"], row
        assert all(row["text"] in each["reasons"] for each in found)
    for row in run["unknowns"]:
        found = await households(service, run, missing=row["fact"])
        assert len(found) == row["households"] and all(row["name"] in each["missing"] for each in found)
    for row in run["counties"]:
        assert len(await households(service, run, division=row["division"])) == row["households"]


async def test_the_list_is_a_file_as_well_and_keeps_to_the_territory(service: Service) -> None:
    await service.take(*neighbourhood())
    run = await screen(service)
    path = f"{SCREENINGS}/{run['id']}/households"
    file = await service.http.get(path, params={"programme": "dibao"}, headers={"accept": "text/csv"})
    assert file.headers["content-type"].startswith("text/csv")
    assert len(file.text.splitlines()) == 7 and "可能符合" in file.text
    elsewhere = service.part.client(officer("350622", "eligibility:read"))
    items = (await elsewhere.get(path)).json().get("items", [])
    assert {each["household_ref"] for each in items} <= {str(ref("away"))}


async def test_a_code_that_does_not_exist_is_refused(service: Service) -> None:
    await service.take(*neighbourhood())
    run = await screen(service)
    for query in (
        {"programme": "nothing"},
        {"answer": "eligible"},
        {"programme": "dibao", "reason": "x"},
        {"missing": "x"},
    ):
        answer = await service.http.get(f"{SCREENINGS}/{run['id']}/households", params=query)
        assert answer.status_code == 422, query


async def test_the_funnel_tells_the_median_days_to_a_result(service: Service) -> None:
    assert (await service.http.get(f"{ROOT}/funnel")).json()["days_to_result"] is None
    for name, days in (("one", 2), ("two", 3), ("three", 9)):
        home, bill = make_household(name, make_member(name)), make_bill(f"b-{name}", "52000.00")
        await service.take(home, make_care(name, bill, household=name))
        on = CLOCK.today() + timedelta(days=days)
        body = {"result": "unreachable", "version": 1, "on": on.isoformat()}
        answer = await service.http.post(f"{ROOT}/visits/{ref(name)}/result", json=body)
        assert answer.status_code == 200, answer.text
    assert (await service.http.get(f"{ROOT}/funnel")).json()["days_to_result"] == 3
    elsewhere = await service.http.get(f"{ROOT}/funnel", params={"division": "350629"})
    assert elsewhere.json()["days_to_result"] is None


async def test_the_late_visits_are_as_many_as_the_funnel_says(service: Service) -> None:
    for name in ("one", "two"):
        bill = make_bill(f"b-{name}", "52000.00")
        await service.take(make_household(name, make_member(name)), make_care(name, bill, household=name))
    await service.rows(f"UPDATE visit SET due_on = '2020-01-02' WHERE household_ref = '{ref('one')}' RETURNING 1")
    await service.rows(f"UPDATE visit SET due_on = '2099-01-02' WHERE household_ref = '{ref('two')}' RETURNING 1")
    late = (await service.http.get(f"{ROOT}/visits", params={"overdue": "true"})).json()["items"]
    assert [visit["household_ref"] for visit in late] == [str(ref("one"))]
    assert (await service.http.get(f"{ROOT}/funnel")).json()["visits_late"] == 1
    assert len((await service.http.get(f"{ROOT}/visits")).json()["items"]) == 2
