"""The public figures: no sign-in, no donor, no family to be recognised."""

from typing import Any
from uuid import uuid4

from tests.unit.charity.make import clients, give, make_charity, make_referral, step, tell

URL = "/api/v1/charity"
COUNTIES = {"350602001": 6, "350622001": 5, "350681001": 2}


async def test_small_cells_are_merged_and_nothing_personal_is_shown(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    for number in range(6):
        await give(reviewer, "20000", donor={"name": f"好心人{number}", "anonymous": number > 2})
    households = [(uuid4(), place) for place, families in COUNTIES.items() for _ in range(families)]
    await tell(part, [make_referral(ref, division=place) for ref, place in households])
    proposals = (await reviewer.get(f"{URL}/proposals?limit=200")).json()["items"]
    for item in proposals:
        await step(reviewer, item["id"], "review")
        await step(approver, item["id"], "approve")
    batch = (await approver.post(f"{URL}/payment-batches", json={"reference": "B-1"})).json()
    lines = [{"line": number, "result": "paid", "on": "2026-11-25"} for number in range(1, len(households) + 1)]
    body = {"reference": "BANK", "file_sha256": batch["file_sha256"], "lines": lines}
    await reviewer.post(f"{URL}/payment-batches/{batch['id']}/receipts", json=body)

    answer = await part.client(None).get(f"{URL}/public/disclosure")
    assert answer.status_code == 200
    shown = answer.json()
    assert [(cell["county"], cell["person_times"], cell["amount"]) for cell in shown["paid"]] == [
        ("350602", 6, "12000.00"),
        ("other", 7, "14000.00"),
    ]
    assert shown["received"] == [{"month": "2026-11", "brand": "", "donations": 6, "amount": "120000.00"}]
    for secret in ("好心人", *(str(ref) for ref, _ in households), *(item["id"] for item in proposals)):
        assert secret not in answer.text


async def test_too_few_altogether_are_told_without_a_number(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    await give(reviewer, "77", donor={"name": "好心人"})
    shown = (await part.client(None).get(f"{URL}/public/disclosure")).json()
    assert shown == {
        "cells_have_at_least": 5,
        "paid": [],
        "received": [{"month": "2026-11", "brand": "", "donations": None, "amount": None}],
    }


async def test_the_brands_are_shown_with_their_money_and_how_they_fit_a_need(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    await give(reviewer, "900", purpose={"brand": "autumn_bursary"})
    page = (await reviewer.get(f"{URL}/programmes?on=2026-08-15&need=education_cost")).json()
    brands = {item["code"]: item for item in page["items"]}
    assert len(brands) == 9
    autumn = brands["autumn_bursary"]
    assert (autumn["available"], autumn["is_open"], autumn["fit"], autumn["owner_certain"]) == (
        "900.00",
        True,
        "yes",
        False,
    )
    assert brands["charity_sunshine"]["fit"] == "yes"
    assert brands["fraternity_homes"]["fit"] == "no"
    for day in ("2026-02-30", "0001-01-15", "9999-12-31", "0"):
        assert (await reviewer.get(f"{URL}/programmes?on={day}")).status_code == 422


async def test_pages_of_proposals_lose_nobody(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    households = [uuid4() for _ in range(7)]
    await tell(part, [make_referral(ref) for ref in households])
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        url = f"{URL}/proposals?limit=3&status=proposed"
        page = (await reviewer.get(f"{url}&cursor={cursor}" if cursor else url)).json()
        seen += [item["household_ref"] for item in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == sorted(str(ref) for ref in households)
    assert (await reviewer.get(f"{URL}/proposals?status=lost")).status_code == 422
    assert (await reviewer.get(f"{URL}/proposals?household=nobody")).status_code == 422


async def test_a_batch_is_made_once_and_only_of_approved_awards(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    await give(reviewer, "90000")
    await tell(part, [make_referral(uuid4()) for _ in range(3)])
    ids = [item["id"] for item in (await reviewer.get(f"{URL}/proposals")).json()["items"]]
    nothing = await approver.post(f"{URL}/payment-batches", json={"reference": "B-0"})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_pay")
    for award_id in ids[:2]:
        await step(reviewer, award_id, "review")
        await step(approver, award_id, "approve")
    refused = await approver.post(f"{URL}/payment-batches", json={"reference": "B-1", "award_ids": ids})
    assert (refused.status_code, refused.json()["award_ids"]) == (409, [ids[2]])
    body = {"reference": "B-1", "award_ids": ids[:1]}
    first, second = [(await approver.post(f"{URL}/payment-batches", json=body)).json() for _ in range(2)]
    assert first == second and first["payments"] == 1
    other = await approver.post(f"{URL}/payment-batches", json={"reference": "B-1", "award_ids": ids[1:2]})
    assert (other.status_code, other.json()["code"]) == (409, "content_differs")
    detail = (await reviewer.get(f"{URL}/payment-batches/{first['id']}")).json()
    assert [(line["award_id"], line["amount"], line["state"]) for line in detail["lines"]] == [
        (ids[0], "2000.00", "waiting")
    ]
    strange = {
        "reference": "BANK",
        "file_sha256": "0" * 64,
        "lines": [{"line": 1, "result": "paid", "on": "2026-11-25"}],
    }
    url = f"{URL}/payment-batches/{first['id']}/receipts"
    assert (await reviewer.post(url, json=strange)).json()["code"] == "other_file"
    true_file = {**strange, "file_sha256": first["file_sha256"]}
    unknown = {**true_file, "lines": [{"line": 9, "result": "paid", "on": "2026-11-25"}]}
    assert (await reviewer.post(url, json=unknown)).json()["lines"] == [{"line": 9, "result": "unknown_line"}]
    twice = {**true_file, "lines": true_file["lines"] * 2}
    assert (await reviewer.post(url, json=twice)).json()["errors"][0]["code"] == "line_twice"
    future = {**true_file, "lines": [{"line": 1, "result": "paid", "on": "2026-11-26"}]}
    assert (await reviewer.post(url, json=future)).json()["errors"][0]["field"] == "lines[0].on"
    early = {**true_file, "lines": [{"line": 1, "result": "paid", "on": "2026-11-24"}]}
    assert (await reviewer.post(url, json=early)).json()["errors"][0]["code"] == "before_the_batch"
    assert len((await reviewer.get(f"{URL}/payment-batches")).json()["items"]) == 1


async def test_a_review_keeps_to_the_brands_limits_the_gap_and_the_owners_yes(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, _ = clients(part)
    await tell(part, [make_referral(uuid4(), gap_fen=300_000)])
    award_id = (await reviewer.get(f"{URL}/proposals")).json()["items"][0]["id"]
    for change, code in (
        ({"amount": "3000.01"}, "outside_limits"),
        ({"amount": "999.99"}, "outside_limits"),
        ({"brand": "fraternity_homes"}, "brand_does_not_fit"),
        ({"brand": "loving_mothers"}, "brand_does_not_fit"),
        ({"brand": "nobody"}, "unknown_brand"),
        ({"fund": "nobody"}, "unknown_fund"),
    ):
        answer = await step(reviewer, award_id, "review", **change)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code), change
    assert (await step(reviewer, award_id, "review", amount="3000")).status_code == 200
    illegal = await step(reviewer, award_id, "reject", reason_code="other")
    assert illegal.json()["status"] == "rejected"
    again = await step(reviewer, award_id, "review")
    assert (again.status_code, again.json()["code"], again.json()["allowed"]) == (409, "step_not_allowed", [])
