"""The source article's three families under aliases, from discovery to what a partner did."""

from typing import Any

from deploy.local.town.stories import mother_of_three, sole_earner, widower
from tests.support.forms import bill, grid_report
from tests.support.suite import RunningSuite, is_answered


def partners_of(referrals: list[dict[str, Any]], need: str) -> set[str]:
    return {one["partner"] for one in referrals if one["need"] == need}


def helped(referrals: list[dict[str, Any]]) -> bool:
    """Every referral to a partner was answered, and somebody helped."""
    to_partners = [one for one in referrals if one["partner"] not in _BUREAUX]
    return bool(to_partners) and all(map(is_answered, to_partners)) and any(one["outcome"] for one in to_partners)


_BUREAUX = {
    "medical_insurance",
    "human_resources",
    "education",
    "housing",
    "health",
    "emergency",
    "justice",
    "public_security",
}


async def test_a_widower_with_cancer_is_found_on_a_visit(suite: RunningSuite) -> None:
    family = suite.family("350602007003")
    draft = widower(family, 0)
    found = await suite.post(
        "/api/v1/intake/grid-reports",
        grid_report(draft.patient, draft.village, suite.number(), "major_illness", reported_on=suite.today),
    )
    before = await suite.account_of(found["record_id"])
    assert before["account"]["kind"] == "assessment"

    household = await suite.register(draft.body(suite.rng))
    await suite.decide(household)
    referrals = await suite.referrals_when(household, helped)
    assert {"red_cross", "charity_federation"} <= partners_of(referrals, "medical_cost")
    after = await suite.account_of(found["record_id"])
    assert after["household_ref"] == household
    assert {one["id"] for one in after["referrals"]} == {one["id"] for one in referrals}

    case = await suite.get(f"/api/v1/households/{household}")
    assert draft.patient.id_number not in str(case)
    page = await suite.page(f"/cases/{household}")
    assert draft.patient.id_number not in page
    assert "最低生活保障" in page and "红十字会" in page


async def test_a_sole_earner_gets_a_bill_of_a_hundred_thousand_yuan(suite: RunningSuite) -> None:
    family = suite.family("350622100")
    draft = sole_earner(family, 100_000)
    household = await suite.register(draft.body(suite.rng))
    await suite.decide(household)
    pushed = await suite.post(
        "/api/v1/intake/hospital-costs",
        bill(draft.patient, draft.village, suite.number(), "100000.00", settled_on=suite.today),
    )
    assert pushed["result"] == "new" and pushed["settlement_year"] == suite.today.year
    referrals = await suite.referrals_when(household, helped)
    assert {"red_cross", "charity_federation", "medical_insurance"} <= partners_of(referrals, "medical_cost")
    assert {"youth_league", "next_generation_committee"} <= partners_of(referrals, "education_cost")
    record = await suite.account_of(pushed["record_id"])
    assert record["trigger"]["fired"] is True
    assert record["trigger"]["threshold"] == "40000.00"
    assert record["year_sum"] == "100000.00"
    assert record["household_ref"] == household
    assert record["account"]["kind"] == "assessment"
    page = await suite.page(f"/cases/{household}")
    assert "临时救助" in page and "红十字会" in page and "100,000" in page


async def test_a_divorced_mother_of_three_needs_a_job_near_home(suite: RunningSuite) -> None:
    family = suite.family("350623112")
    draft = mother_of_three(family, 0)
    household = await suite.register(draft.body(suite.rng))
    await suite.decide(household)
    await suite.post(
        "/api/v1/intake/grid-reports",
        grid_report(draft.patient, draft.village, suite.number(), "job_loss", reported_on=suite.today),
    )
    referrals = await suite.referrals_when(household, helped)
    assert {"trade_union", "human_resources"} <= partners_of(referrals, "employment")
    assert partners_of(referrals, "child_care") >= {"womens_federation"}
    assert {"youth_league", "next_generation_committee"} <= partners_of(referrals, "education_cost")
    page = await suite.page(f"/cases/{household}")
    assert "工会" in page and "妇联" in page
