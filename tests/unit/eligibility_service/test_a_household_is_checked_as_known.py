"""Of every household the rules can be asked what they say of it now, also of one that nothing brought up yet."""

from datetime import timedelta

from services.eligibility.rules.book import rule_book
from services.kit.clock import Clock
from tests.support.apps import officer
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import (
    make_bill,
    make_care,
    make_household,
    make_member,
    make_merge,
    ref,
)


def path_of(household: str) -> str:
    return f"/api/v1/eligibility/households/{ref(household)}/check"


async def test_a_household_that_nothing_brought_up_is_checked_with_every_programme(service: Service) -> None:
    await service.take(make_household("lins", make_member("lin")))
    answer = await service.http.get(path_of("lins"))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert [each["programme"] for each in told["findings"]] == [each.code for each in rule_book().programmes]
    assert told["status"] == "dibao" and told["steps"]["household"] and told["on_rolls"] == []
    assert await service.rows("SELECT 1 FROM assessment") == []


async def test_what_is_not_known_is_named_with_its_order_of_use(service: Service) -> None:
    await service.take(make_care("chen", make_bill("b1", "900.00"), household="chens"))
    told = (await service.http.get(path_of("chens"))).json()
    assert {each["outcome"] for each in told["findings"]} == {"unknown", "not_eligible"}
    assert told["missing_facts"][0]["fact"].endswith(".incomes")


async def test_a_bill_of_a_member_elsewhere_counts(service: Service) -> None:
    await service.take(make_household("lins", make_member("lin")))
    lately = make_bill("b1", "52000.00", (Clock().today() - timedelta(days=30)).isoformat())
    await service.take(make_care("lin", lately, division="350622", household="lins"))
    own = service.part.client(officer("350602", "eligibility:read"))
    told = (await own.get(path_of("lins"))).json()
    spending = next(each for each in told["findings"] if each["programme"] == "temp_spending")
    assert spending["tests"][0]["actual"] == "52000.00"


async def test_a_household_of_another_place_or_one_merged_away_is_not_found(service: Service) -> None:
    await service.take(make_household("lins", make_member("lin")), make_household("wus", make_member("wu")))
    await service.take(make_merge("wus", "lins"))
    foreign = service.part.client(officer("350622", "eligibility:read"))
    for http, household in ((foreign, "lins"), (service.http, "wus"), (service.http, "nobody")):
        answer = await http.get(path_of(household))
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_household")
