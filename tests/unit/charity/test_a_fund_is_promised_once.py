"""Sixty-four people promise the last hundred yuan of a fund at the same moment."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.support.apps import OPERATOR
from tests.unit.charity.make import APPROVER, clients, give, make_charity, make_referral, only_proposal, step, tell

BRAND = {"brand": "charity_sunshine"}


@pytest.mark.load
@pytest.mark.parametrize("each_yuan", ["100", "60", "7"])
async def test_of_64_concurrent_approvals_exactly_as_many_succeed_as_the_money_covers(
    start_part: Any, each_yuan: str
) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    households = [uuid4() for _ in range(64)]
    # Gaps as small as the amounts make such small awards legal.
    gap = int(each_yuan) * 100
    await tell(part, [make_referral(household, gap_fen=gap) for household in households])
    await give(reviewer, "100", purpose=BRAND)
    page = (await reviewer.get("/api/v1/charity/proposals?limit=200")).json()
    ids = [item["id"] for item in page["items"]]
    assert len(ids) == 64
    for award_id in ids:
        assert (await step(reviewer, award_id, "review")).status_code == 200

    answers = await asyncio.gather(*(step(approver, award_id, "approve") for award_id in ids))

    codes = [answer.status_code for answer in answers]
    assert codes.count(200) == 100 // int(each_yuan)
    assert codes.count(409) == 64 - codes.count(200)
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refused["code"] == "fund_exhausted"
    funds = (await reviewer.get("/api/v1/charity/funds")).json()["items"]
    fund = next(item for item in funds if item["brand"] == "charity_sunshine")
    assert fund["available"] == f"{100 % int(each_yuan)}.00"
    assert (await reviewer.get("/api/v1/charity/trial-balance")).json()["breaches"] == []


async def test_the_same_approval_sent_twice_at_once_reserves_once(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    household = uuid4()
    await tell(part, [make_referral(household)])
    await give(reviewer, "9000", purpose=BRAND)
    award = await only_proposal(reviewer, household)
    await step(reviewer, award["id"], "review")
    answers = await asyncio.gather(*(step(approver, award["id"], "approve") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    assert next(a for a in answers if a.status_code == 409).json()["allowed"] == ["in_payment", "rejected", "withdrawn"]
    funds = (await reviewer.get("/api/v1/charity/funds")).json()["items"]
    assert [item["reserved"] for item in funds] == ["0.00", "2000.00"]


async def test_one_person_alone_cannot_review_and_approve(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    household = uuid4()
    await tell(part, [make_referral(household)])
    await give(reviewer, "9000", purpose=BRAND)
    award = await only_proposal(reviewer, household)
    await step(reviewer, award["id"], "review")
    answer = await step(reviewer, award["id"], "approve")
    assert (answer.status_code, answer.json()["code"]) == (409, "same_person")
    # Somebody else reviewing anew does not help the first either: the last reviewer counts.
    other = part.client(APPROVER)
    await step(other, award["id"], "review")
    assert (await step(other, award["id"], "approve")).json()["code"] == "same_person"
    assert (await step(reviewer, award["id"], "approve")).status_code == 200


async def test_the_database_itself_wants_two_people(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    household = uuid4()
    await tell(part, [make_referral(household)])
    await step(reviewer, (await only_proposal(reviewer, household))["id"], "review")
    for values in ("approved_by = reviewed_by, fund = 'general'", "fund = 'general'", "approved_by = 'officer-b'"):
        with pytest.raises(IntegrityError, match=r"award_(four_eyes|two_people)"):
            async with part.database.transaction() as db:
                await db.execute(text(f"UPDATE award SET status = 'approved', {values}"))


async def test_what_two_people_signed_cannot_be_changed_afterwards(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    household = uuid4()
    await tell(part, [make_referral(household)])
    await give(reviewer, "9000", purpose=BRAND)
    award = await only_proposal(reviewer, household)
    await step(reviewer, award["id"], "review")
    await step(approver, award["id"], "approve")
    for change in ("amount_fen = 1", "fund = 'general'", "household_ref = gen_random_uuid()", "reviewed_by = 'x'"):
        with pytest.raises(IntegrityError, match="award_as_signed"):
            async with part.database.transaction() as db:
                await db.execute(text(f"UPDATE award SET {change}"))


async def test_an_approver_who_saw_another_version_is_told_so(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    household = uuid4()
    await tell(part, [make_referral(household)])
    await give(reviewer, "9000", purpose=BRAND)
    award = await only_proposal(reviewer, household)
    seen = (await step(reviewer, award["id"], "review", amount="1200")).json()["version"]
    await step(reviewer, award["id"], "review", amount="1900")
    answer = await step(approver, award["id"], "approve", version=seen)
    assert (answer.status_code, answer.json()["code"]) == (409, "version_changed")


async def test_an_operator_may_waive_the_second_person_and_it_shows(start_part: Any) -> None:
    part = await make_charity(start_part)
    operator = part.client(OPERATOR)
    household = uuid4()
    await tell(part, [make_referral(household)])
    await give(operator, "9000", purpose=BRAND)
    award = await only_proposal(operator, household)
    await step(operator, award["id"], "review")
    assert (await step(operator, award["id"], "approve")).json()["four_eyes_waived"] is True
    detail = (await operator.get(f"/api/v1/charity/awards/{award['id']}")).json()
    assert [line["four_eyes_waived"] for line in detail["steps"]] == [False, False, True]


async def test_restricted_money_is_spent_before_free_money_and_only_on_its_purpose(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    households = [uuid4() for _ in range(3)]
    await tell(part, [make_referral(household) for household in households])
    await give(reviewer, "9000", purpose={"brand": "autumn_bursary"})
    await give(reviewer, "9000", purpose={"division": "350622"})
    awards = [await only_proposal(reviewer, household) for household in households]
    for award in awards:
        await step(reviewer, award["id"], "review")
    refused = await step(approver, awards[0]["id"], "approve")
    assert (refused.status_code, refused.json()["available"]) == (409, "0.00")

    await give(reviewer, "3000")
    await give(reviewer, "2500", purpose={"brand": "charity_sunshine", "need": "living"})
    first = (await step(approver, awards[0]["id"], "approve")).json()
    second = (await step(approver, awards[1]["id"], "approve")).json()
    third = await step(approver, awards[2]["id"], "approve")
    assert first["fund"].startswith("for_")
    assert second["fund"] == "general"
    assert third.json()["code"] == "fund_exhausted"
    wrong = await step(approver, awards[2]["id"], "approve", fund="nobody")
    assert wrong.json()["errors"][0]["code"] == "unknown_fund"
