"""Never a second help beside another answer: whatever order the news arrives in."""

import itertools
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.contracts.charity import AwardChanged
from services.contracts.eligibility import FindingState, NeedState
from services.contracts.event import Event
from tests.unit.charity.make import (
    Hand,
    clients,
    give,
    make_assessment,
    make_charity,
    make_referral,
    make_unmet,
    only_proposal,
    step,
    tell,
)


async def awards_of(client: Any, household: UUID) -> list[dict[str, Any]]:
    """The household's proposals and awards."""
    return list((await client.get(f"/api/v1/charity/households/{household}")).json()["awards"])


async def test_a_near_miss_without_the_familys_yes_is_no_proposal(start_part: Any) -> None:
    part = await make_charity(start_part)
    household = uuid4()
    await tell(part, [make_referral(household, status="draft", held_for="consent")])
    assert await awards_of(clients(part)[0], household) == []


async def test_a_referral_of_a_household_with_a_status_is_the_federations_own(start_part: Any) -> None:
    part = await make_charity(start_part)
    household = uuid4()
    await tell(part, [make_referral(household, near_miss=False)])
    assert await awards_of(clients(part)[0], household) == []


async def test_a_near_miss_referral_to_another_partner_is_not_charitys(start_part: Any) -> None:
    part = await make_charity(start_part)
    household = uuid4()
    await tell(part, [make_referral(household, partner="red_cross")])
    assert await awards_of(clients(part)[0], household) == []


@pytest.mark.parametrize("status", ["accepted", "in_progress", "completed"])
async def test_when_the_partner_itself_answers_charity_withdraws(start_part: Any, status: str) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    household = uuid4()
    referral = make_referral(household)
    await tell(part, [referral])
    await tell(part, [make_referral(household, ref=referral.ref, version=2, status=status)])
    award = await only_proposal(reviewer, household)
    assert award["status"] == "withdrawn"
    assert award["reason"]["en"] == "The partner itself answered the referral; charity stands back"
    assert [event.status for event in await part.events_of(AwardChanged)] == ["proposed", "withdrawn"]


async def test_an_approved_award_frees_its_money_when_the_referral_is_taken_back(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    household = uuid4()
    referral = make_referral(household)
    await tell(part, [referral])
    await give(reviewer, "5000")
    award = await only_proposal(reviewer, household)
    await step(reviewer, award["id"], "review")
    await step(approver, award["id"], "approve")
    await tell(part, [make_referral(household, ref=referral.ref, version=2, status="cancelled")])
    assert (await only_proposal(reviewer, household))["status"] == "withdrawn"
    fund = (await reviewer.get("/api/v1/charity/funds/general")).json()
    assert (fund["available"], fund["reserved"]) == ("5000.00", "0.00")
    reports = (await reviewer.get("/api/v1/charity/reports")).json()["items"]
    assert [(report["status"], report["state"]) for report in reports] == [("accepted", "dropped")]
    assert (await reviewer.get("/api/v1/charity/trial-balance")).json()["breaches"] == []


async def test_every_order_of_the_same_news_ends_alike(start_part: Any) -> None:
    """A need is found, one partner refuses, one helped in part, the rest is unmet: in any order, one proposal of it."""
    part = await make_charity(start_part)
    for order in itertools.permutations(range(4)):
        household, refused = uuid4(), uuid4()
        red_cross: dict[str, Any] = {"partner": "red_cross", "need": "medical_cost", "near_miss": False}
        union: dict[str, Any] = {"partner": "trade_union", "need": "medical_cost", "near_miss": False}
        news: list[list[Event]] = [
            [make_assessment(household, needs=(NeedState(code="medical_cost", gap_fen=500_000),))],
            [
                make_referral(household, ref=refused, status="rejected", version=3, **red_cross),
                make_referral(household, ref=refused, **red_cross),
            ],
            [make_referral(household, status="completed", version=4, gap_fen=500_000, outcome_fen=120_000, **union)],
            [make_unmet(household, need="medical_cost", gap_fen=380_000)],
        ]
        for index in order:
            await tell(part, news[index])
        award = await only_proposal(clients(part)[0], household)
        assert (award["status"], award["amount"], award["cause"]) == ("proposed", "3800.00", "need_unmet"), order


async def test_an_unmet_need_waits_while_another_referral_is_open(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    household = uuid4()
    other = make_referral(household, partner="red_cross", near_miss=False, status="accepted")
    await tell(part, [other, make_unmet(household)])
    view = (await reviewer.get(f"/api/v1/charity/households/{household}")).json()
    assert view["awards"] == []
    assert view["open_needs"][0]["reason"]["en"] == "Another referral for the same need is open"
    failed = make_referral(household, ref=other.ref, partner="red_cross", near_miss=False, status="failed", version=2)
    await tell(part, [failed])
    assert (await only_proposal(reviewer, household))["amount"] == "3000.00"


async def test_a_proposal_gives_way_to_a_referral_somebody_answers(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    household = uuid4()
    await tell(part, [make_unmet(household)])
    await step(reviewer, (await only_proposal(reviewer, household))["id"], "review")
    await tell(part, [make_referral(household, partner="red_cross", near_miss=False)])
    assert (await only_proposal(reviewer, household))["status"] == "withdrawn"


async def test_a_need_that_opens_again_is_proposed_again_and_no_opening_twice(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    household, need = uuid4(), uuid4()
    opened = make_unmet(household, ref=need)
    await tell(part, [opened])
    await tell(part, [opened.model_copy(update={"id": uuid4()})])
    await step(reviewer, (await only_proposal(reviewer, household))["id"], "reject", reason_code="no_capacity")
    await tell(part, [make_unmet(household, ref=need, version=2, gap_fen=250_000)])
    assert [award["status"] for award in await awards_of(reviewer, household)] == ["rejected"]
    await tell(part, [make_unmet(household, ref=need, version=3, state="closed")])
    await tell(part, [make_unmet(household, ref=need, version=4)])
    assert sorted(award["status"] for award in await awards_of(reviewer, household)) == ["proposed", "rejected"]


async def test_help_by_others_lessens_a_proposal_and_fills_it(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    household, other = uuid4(), uuid4()
    await tell(part, [make_referral(household, gap_fen=400_000)])
    assert (await only_proposal(reviewer, household))["amount"] == "4000.00"
    for version, fen, amount, status in ((1, 150_000, "2500.00", "proposed"), (2, 400_000, "2500.00", "withdrawn")):
        helped = make_referral(
            household,
            ref=other,
            partner="red_cross",
            near_miss=False,
            status="completed",
            version=version,
            gap_fen=None,
            outcome_fen=fen,
        )
        await tell(part, [helped])
        award = await only_proposal(reviewer, household)
        assert (award["amount"], award["status"]) == (amount, status)
    reports = (await reviewer.get("/api/v1/charity/reports")).json()["items"]
    assert [(report["status"], report["reason_code"]) for report in reports] == [("rejected", "need_met")]


async def test_a_stale_state_changes_nothing_and_is_noted_as_stale(start_part: Any) -> None:
    part = await make_charity(start_part)
    household, ref = uuid4(), uuid4()
    await tell(part, [make_referral(household, ref=ref, version=5, status="cancelled")])
    await tell(part, [make_referral(household, ref=ref, version=4)])
    assert await awards_of(clients(part)[0], household) == []
    async with part.database.transaction() as db:
        outcomes = list((await db.execute(text("SELECT outcome FROM inbox ORDER BY outcome"))).scalars())
    assert outcomes == ["applied", "stale"]


async def test_the_same_help_twice_in_a_season_needs_the_reviewers_word(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    household = uuid4()
    await give(reviewer, "9000")
    await tell(part, [make_unmet(household, version=1)])
    first = (await awards_of(reviewer, household))[0]
    await step(reviewer, first["id"], "review", amount="1000")
    await step(approver, first["id"], "approve")
    batch = (await approver.post("/api/v1/charity/payment-batches", json={"reference": "B-1"})).json()
    line = {"line": 1, "result": "paid", "on": "2026-11-25"}
    body = {"reference": "BANK", "file_sha256": batch["file_sha256"], "lines": [line]}
    await reviewer.post(f"/api/v1/charity/payment-batches/{batch['id']}/receipts", json=body)

    await tell(part, [make_referral(household, gap_fen=500_000)])
    second = next(award for award in await awards_of(reviewer, household) if award["id"] != first["id"])
    assert second["status"] == "proposed"
    answer = await step(reviewer, second["id"], "review")
    assert (answer.status_code, answer.json()["code"]) == (409, "same_help_twice")
    assert answer.json()["same_help"][0]["giver"] == "charity_sunshine"
    assert (await step(reviewer, second["id"], "review", accept_same_help=True)).json()["status"] == "reviewed"


async def test_the_reviewer_sees_government_aid_and_partners_help_beside_a_proposal(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    household = uuid4()
    findings = (
        FindingState(programme="medical_aid", outcome="eligible", one_off_fen=90_000),
        FindingState(programme="dibao", outcome="not_eligible"),
    )
    helped = make_referral(
        household, partner="red_cross", need="medical_cost", near_miss=False, status="completed", outcome_fen=50_000
    )
    unmet = make_unmet(household, need="medical_cost")
    await tell(part, [make_assessment(household, findings=findings), helped, unmet])
    award = await only_proposal(reviewer, household)
    detail = (await reviewer.get(f"/api/v1/charity/proposals/{award['id']}")).json()
    lines = [(line["source"], line["giver"], line["amount"], line["needs_word"]) for line in detail["same_help"]]
    assert lines == [("government", "medical_aid", "900.00", False), ("partner", "red_cross", "500.00", False)]


async def test_the_brand_made_for_the_need_is_proposed_in_its_season(start_part: Any) -> None:
    hand = Hand(datetime(2026, 8, 10, 2, tzinfo=UTC))
    part = await make_charity(start_part, hand=hand)
    household = uuid4()
    await tell(part, [make_referral(household, need="education_cost", gap_fen=600_000)])
    award = await only_proposal(clients(part)[0], household)
    assert (award["brand"], award["amount"]) == ("autumn_bursary", "5000.00")


async def test_a_need_no_brand_serves_stays_visible_with_its_reason(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    household = uuid4()
    await tell(part, [make_referral(household, need="legal_rights")])
    view = (await reviewer.get(f"/api/v1/charity/households/{household}")).json()
    assert view["awards"] == []
    assert view["open_needs"] == [
        {
            "need": "legal_rights",
            "reason": {"zh": "目前没有受理期内且适用的品牌", "en": "No brand that fits is open now"},
        }
    ]
