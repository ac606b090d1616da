"""The hospital trigger: strictly over the dated line, by person and settlement year."""

import pytest

from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import make_bill, make_care, make_household, make_member, ref


@pytest.mark.parametrize(
    ("yuan", "account", "fired"),
    [
        ("40000.00", "below_threshold", False),
        ("40000.01", "assessment", True),
        ("39999.99", "below_threshold", False),
    ],
)
async def test_forty_thousand_exactly_is_not_over_it(service: Service, yuan: str, account: str, fired: bool) -> None:
    await service.take(make_care("lin", make_bill("b1", yuan)))
    record = await service.record("b1")
    assert await service.account("b1") == account
    assert record["trigger"] == {"year": 2025, "sum": yuan, "threshold": "40000.00", "fired": fired}
    assert record["year_sum"] == yuan
    assert (await service.live("home of lin") is not None) is fired


async def test_a_registered_family_is_not_assessed_for_exactly_forty_thousand(service: Service) -> None:
    await service.take(make_household("lins", make_member("lin")))
    await service.take(make_care("lin", make_bill("b1", "40000.00"), household="lins"))
    assert await service.live("lins") is None
    assert await service.account("b1") == "below_threshold"


async def test_bills_that_cross_together_share_their_assessment(service: Service) -> None:
    bills = [make_bill(f"b{i}", "13000.00", f"2025-0{i}-05") for i in range(1, 5)]
    await service.take(make_care("lin", *bills))
    accounts = {(await service.record(f"b{i}"))["account"]["assessment_id"] for i in range(1, 5)}
    live = await service.live("home of lin")
    assert live is not None and accounts == {str(live["assessment_id"])}


async def test_two_halves_in_two_years_do_not_cross(service: Service) -> None:
    await service.take(
        make_care("lin", make_bill("b1", "26000.00", "2024-12-28"), make_bill("b2", "27500.00", "2025-01-05"))
    )
    assert [await service.account(b) for b in ("b1", "b2")] == ["below_threshold", "below_threshold"]


async def test_of_two_years_only_the_one_that_crosses_is_accounted_to_the_assessment(service: Service) -> None:
    await service.take(
        make_care("lin", make_bill("b1", "20000.00", "2024-12-28"), make_bill("b2", "50000.00", "2025-01-05"))
    )
    assert [await service.account(b) for b in ("b1", "b2")] == ["below_threshold", "assessment"]


async def test_a_refund_before_its_original_brings_the_sum_back(service: Service) -> None:
    refund, bill = make_bill("r1", "-20000.00"), make_bill("b1", "50000.00")
    await service.take(make_care("lin", refund))
    assert await service.account("r1") == "below_threshold"
    await service.take(make_care("lin", refund, bill, version=2))
    assert [await service.account(b) for b in ("r1", "b1")] == ["below_threshold", "below_threshold"]
    assert await service.live("home of lin") is None


async def test_what_is_not_counted_has_its_own_account(service: Service) -> None:
    await service.take(
        make_care(
            "lin",
            make_bill("b1", "50000.00", counted=False, note="superseded"),
            make_bill("b2", "45000.00"),
            make_bill("b3", "99000.00", counted=False, note="held"),
            make_bill("b4", "99000.00", counted=False, note="withdrawn"),
            make_bill("b5", "99000.00", counted=False, note="refunded"),
        )
    )
    accounts = [await service.account(f"b{i}") for i in range(1, 6)]
    assert accounts == ["superseded", "assessment", "data_error", "withdrawn", "refunded"]


async def test_somebody_registered_elsewhere_is_forwarded_and_the_dead_are_let_rest(service: Service) -> None:
    await service.take(
        make_care("chen", make_bill("b1", "90000.00"), in_city=False),
        make_care("wu", make_bill("b2", "90000.00"), deceased=True),
    )
    assert [await service.account(b) for b in ("b1", "b2")] == ["out_of_area", "deceased"]
    assert await service.rows("SELECT 1 FROM assessment") == []


async def test_survivors_of_somebody_who_died_are_assessed(service: Service) -> None:
    widow = make_member("widow", "spouse")
    await service.take(
        make_household("lins", make_member("lin", presence="deceased"), widow),
        make_care("lin", make_bill("b1", "90000.00"), household="lins", deceased=True),
    )
    assert await service.account("b1") == "assessment"


async def test_a_higher_line_calls_again_and_ahead_of_others(service: Service) -> None:
    first = make_bill("b1", "50000.00")
    await service.take(make_care("lin", first))
    visit = await service.visit("home of lin")
    assert visit is not None and visit["priority"] == "routine"
    await service.take(make_care("lin", first, make_bill("b2", "30000.01", "2025-04-01"), version=2))
    visit = await service.visit("home of lin")
    assert visit is not None and visit["priority"] == "urgent"
    assert "80,000.01" in visit["reasons"][0]["zh"]
    events = await service.completed("home of lin")
    assert [event.version for event in events] == [1, 2]


async def test_bills_of_twelve_months_count_where_the_family_said_less(service: Service) -> None:
    await service.take(
        make_household("lins", make_member("lin"), expenditures_12m={"medical_self_paid": "30000.00"}),
        make_care(
            "lin",
            make_bill("b1", "41000.00", "2024-07-01"),
            make_bill("b2", "45000.00", "2025-01-01"),
            household="lins",
        ),
    )
    live = await service.live("lins")
    assert live is not None
    assert live["facts"]["household"]["expenditures_12m"]["medical_self_paid"] == "45000.00"
    assert live["household_ref"] == ref("lins")
