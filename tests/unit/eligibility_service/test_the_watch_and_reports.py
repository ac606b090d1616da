"""The low-income watch, and the reports of grid workers."""

from typing import Any

import pytest

from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import make_bill, make_care, make_household, make_member, make_report, ref

CARD = {"kind": "visual", "grade": 1}
EARNER: dict[str, Any] = {"incomes": [{"kind": "wage", "monthly": "5000.00"}]}
NOT_AT_WORK: dict[str, Any] = {"employment": "none", "incomes": []}


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([make_member("lin", disability=CARD)], "disability_card"),
        ([make_member("lin", birth_date="1950-01-01")], "elder_alone"),
        (
            [
                make_member("lin", serious_illness=True, **EARNER),
                make_member("boy", "child", birth_date="2014-01-01", **NOT_AT_WORK),
            ],
            "sole_earner_ill",
        ),
    ],
)
async def test_a_family_on_the_watch_is_assessed_at_every_new_fact(
    service: Service, members: list[dict[str, Any]], reason: str
) -> None:
    await service.take(make_household("lins", *members))
    first = await service.live("lins")
    assert first is not None and first["cause"] == "household"
    await service.take(make_care("lin", make_bill("b1", "300.00"), household="lins"))
    live = await service.live("lins")
    assert live is not None and live["number"] == 2
    assert await service.account("b1") == "assessment"
    rows = await service.rows("SELECT reason FROM low_income_watch")
    assert reason in {row.reason for row in rows}


async def test_two_earners_or_a_couple_of_elders_are_not_on_the_watch(service: Service) -> None:
    await service.take(
        make_household("lins", make_member("lin", serious_illness=True), make_member("wu", "spouse")),
        make_household(
            "chens",
            make_member("chen", birth_date="1950-01-01", **NOT_AT_WORK),
            make_member("hong", "spouse", birth_date="1951-01-01", **NOT_AT_WORK),
        ),
    )
    assert await service.rows("SELECT 1 FROM assessment") == []


async def test_a_sum_over_ten_thousand_puts_a_family_on_the_watch_and_the_next_bill_is_assessed(
    service: Service,
) -> None:
    first, second = make_bill("b1", "12000.00", "2025-02-01"), make_bill("b2", "500.00", "2025-03-01")
    await service.take(make_household("lins", make_member("lin", **EARNER)))
    await service.take(make_care("lin", first, household="lins"))
    assert await service.account("b1") == "below_threshold"
    assert [row.reason for row in await service.rows("SELECT reason FROM low_income_watch")] == ["year_sum"]
    await service.take(make_care("lin", first, second, version=2, household="lins"))
    assert [await service.account(b) for b in ("b1", "b2")] == ["below_threshold", "assessment"]


async def test_a_stranger_under_the_threshold_is_watched_but_not_assessed(service: Service) -> None:
    await service.take(make_care("lin", make_bill("b1", "12000.00", "2025-02-01"), make_bill("b2", "500.00")))
    assert [await service.account(b) for b in ("b1", "b2")] == ["below_threshold", "below_threshold"]


async def test_a_red_report_overtakes_and_is_to_be_seen_within_a_day(service: Service) -> None:
    report = make_report("w1", "fire", household="h", urgency="red", household_size=4, provisional=True)
    await service.take(report)
    (event,) = await service.completed("h")
    assert event.urgent and event.priority == "stat" and event.household_size == 4
    assert {need.code for need in event.needs} >= {"disaster"}
    visit = await service.visit("h")
    assert visit is not None and visit["due_on"] == "2025-07-02" and visit["priority"] == "stat"
    assert visit["reasons"][0] == {"code": "report_red", "zh": "网格红色上报：火灾", "en": "Red grid report: fire"}
    assert visit["assignee"]["role"] == "village_worker"
    assert await service.account("w1") == "assessment"


async def test_yellow_and_blue_reports_have_three_and_ten_working_days(service: Service) -> None:
    await service.take(
        make_report("w1", "job_loss", household="h1", urgency="yellow"),
        make_report("w2", "utility_arrears", household="h2", urgency="blue"),
    )
    due = [visit["due_on"] for name in ("h1", "h2") if (visit := await service.visit(name))]
    assert due == ["2025-07-04", "2025-07-15"]
    (event,) = await service.completed("h1")
    assert event.priority == "asap" and not event.urgent


async def test_one_family_with_a_bill_and_a_report_has_one_assessment_in_force(service: Service) -> None:
    await service.take(make_care("lin", make_bill("b1", "52000.00")))
    await service.take(make_report("w1", "major_illness", household="home of lin", person="lin", provisional=True))
    live = await service.live("home of lin")
    assert live is not None and live["cause"] == "grid_report" and live["number"] == 2
    assert "temp_emergency" in live["unknown"]
    accounts = {(await service.record(r))["account"]["assessment_id"] for r in ("b1", "w1")}
    assert accounts == {str(live["assessment_id"])}


async def test_a_report_from_outside_the_city_is_forwarded(service: Service) -> None:
    await service.take(make_report("w1", "job_loss", household="h", in_city=False, division="3506"))
    assert await service.account("w1") == "out_of_area"
    assert await service.live("h") is None


async def test_nobody_calls_a_household_where_the_reporter_fears_for_the_victim(service: Service) -> None:
    await service.take(make_report("w1", "domestic_violence", household="h", urgency="red", safe_to_call=False))
    (event,) = await service.completed("h")
    visit = await service.visit("h")
    assert visit is not None and not event.safe_to_call and not visit["safe_to_call"]
    assert "do_not_call" in {reason["code"] for reason in visit["reasons"]}


async def test_a_higher_income_is_looked_at_and_nobody_else_hears_of_it(service: Service) -> None:
    await service.take(make_report("w1", "income_up_signal", household="h", urgency="blue"))
    (event,) = await service.completed("h")
    assert event.needs == ()


async def test_a_small_bill_of_a_family_assessed_for_a_report_changes_only_its_figures(service: Service) -> None:
    await service.take(make_household("lins", make_member("lin", **EARNER)))
    await service.take(make_report("w1", "job_loss", household="lins", person="lin"))
    await service.take(make_care("lin", make_bill("b1", "300.00"), household="lins"))
    assert await service.account("b1") == "already_assessed"
    live = await service.live("lins")
    assert live is not None
    assert live["facts"]["household"]["expenditures_12m"]["medical_self_paid"] == "300.00"


async def test_a_report_without_a_person_stands_for_somebody_unknown(service: Service) -> None:
    await service.take(make_report("w1", "homeless_person", household="h", birth_date=None, gender=None))
    live = await service.live("h")
    assert live is not None
    assert live["facts"]["household"]["members"] == [{"ref": str(ref("h")), "relation": "self"}]
