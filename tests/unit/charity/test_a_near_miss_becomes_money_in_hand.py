"""One proposal walked to the end: from a family's yes to a paid award, the books and the word at the partner door."""

import csv
import hashlib
import io
from typing import Any
from uuid import uuid4

from services.contracts.charity import AwardChanged, DonationReceived
from tests.support.apps import OPERATOR
from tests.unit.charity.make import clients, give, make_charity, make_referral, only_proposal, step, tell

PURPOSE = {"brand": "charity_sunshine"}


async def test_a_near_miss_to_which_the_family_said_yes_is_paid_and_reported(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    await give(reviewer, "10000", purpose=PURPOSE, donor={"name": "陈好心"})
    household, referral = uuid4(), make_referral(uuid4())
    referral = referral.model_copy(update={"household_ref": household})
    await tell(part, [referral])

    proposal = await only_proposal(reviewer, household)
    assert proposal["status"] == "proposed"
    assert proposal["brand"] == "charity_sunshine"
    assert proposal["amount"] == "2000.00"
    assert proposal["referral_id"] == str(referral.ref)
    assert proposal["allowed"] == ["reviewed", "rejected", "withdrawn"]

    assert (await step(reviewer, proposal["id"], "review", amount="1500")).json()["status"] == "reviewed"
    approved = (await step(approver, proposal["id"], "approve")).json()
    assert approved["status"] == "approved"
    fund = (await reviewer.get(f"/api/v1/charity/funds/{approved['fund']}")).json()
    assert (fund["available"], fund["reserved"]) == ("8500.00", "1500.00")

    batch = (await approver.post("/api/v1/charity/payment-batches", json={"reference": "B-1"})).json()
    assert batch["status"] == "open"
    file = await approver.get(f"/api/v1/charity/payment-batches/{batch['id']}/file")
    assert hashlib.sha256(file.content).hexdigest() == batch["file_sha256"]
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert rows[1][2:5] == [proposal["number"], proposal["id"], "1500.00"]

    receipts = {
        "reference": "BANK-1",
        "file_sha256": batch["file_sha256"],
        "lines": [{"line": 1, "result": "paid", "on": "2026-11-25"}],
    }
    answer = await reviewer.post(f"/api/v1/charity/payment-batches/{batch['id']}/receipts", json=receipts)
    assert answer.json()["lines"] == [{"line": 1, "result": "settled"}]
    again = await reviewer.post(f"/api/v1/charity/payment-batches/{batch['id']}/receipts", json=receipts)
    assert again.json()["lines"] == [{"line": 1, "result": "same"}]
    assert again.json()["batch"]["status"] == "settled"

    award = (await reviewer.get(f"/api/v1/charity/awards/{proposal['id']}")).json()
    assert (award["status"], award["paid_on"]) == ("paid", "2026-11-25")
    assert [entry["kind"] for entry in award["entries"]] == ["award_reserved", "award_payable", "award_paid"]
    assert [line["status"] for line in award["steps"]] == ["proposed", "reviewed", "approved", "in_payment", "paid"]

    reports = (await reviewer.get("/api/v1/charity/reports")).json()
    assert [report["status"] for report in reports["items"]] == ["accepted", "in_progress", "completed"]
    assert reports["door"] == "no_gateway"

    books = (await reviewer.get("/api/v1/charity/trial-balance")).json()
    assert books["balanced"] and books["breaches"] == []
    balance = {row["account"]: row["balance"] for row in books["rows"]}
    assert balance["1002"] == "8500.00" and balance["510102"] == "1500.00" and balance["220901"] == "0.00"

    events = await part.events_of(AwardChanged)
    assert [event.status for event in events] == ["proposed", "reviewed", "approved", "in_payment", "paid"]
    assert [event.version for event in events] == [1, 2, 3, 4, 5]
    assert {event.household_ref for event in events} == {household}
    assert [event.amount_fen for event in await part.events_of(DonationReceived)] == [1_000_000]


async def test_a_returned_payment_frees_the_money_and_may_be_taken_up_again(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    await give(reviewer, "5000", purpose=PURPOSE)
    household = uuid4()
    await tell(part, [make_referral(household)])
    award = await only_proposal(reviewer, household)
    await step(reviewer, award["id"], "review")
    approved = (await step(approver, award["id"], "approve")).json()
    batch = (await approver.post("/api/v1/charity/payment-batches", json={"reference": "B-1"})).json()
    line = {"line": 1, "result": "returned", "on": "2026-11-25"}
    body = {"reference": "BANK-1", "file_sha256": batch["file_sha256"], "lines": [line]}
    url = f"/api/v1/charity/payment-batches/{batch['id']}/receipts"
    assert (await reviewer.post(url, json=body)).json()["lines"][0]["result"] == "settled"

    failed = await only_proposal(reviewer, household)
    assert (failed["status"], failed["allowed"]) == ("failed", ["reviewed", "rejected"])
    fund = (await reviewer.get(f"/api/v1/charity/funds/{approved['fund']}")).json()
    assert (fund["available"], fund["reserved"], fund["payable"]) == ("5000.00", "0.00", "0.00")

    assert (await step(approver, award["id"], "review")).json()["status"] == "reviewed"
    assert (await step(reviewer, award["id"], "approve")).json()["status"] == "approved"
    second = (await approver.post("/api/v1/charity/payment-batches", json={"reference": "B-2"})).json()
    line = {"line": 1, "result": "paid", "on": "2026-11-25"}
    body = {"reference": "BANK-2", "file_sha256": second["file_sha256"], "lines": [line]}
    await reviewer.post(f"/api/v1/charity/payment-batches/{second['id']}/receipts", json=body)
    assert (await only_proposal(reviewer, household))["status"] == "paid"
    reports = (await reviewer.get("/api/v1/charity/reports")).json()["items"]
    assert [report["status"] for report in reports] == [
        "accepted",
        "in_progress",
        "on_hold",
        "in_progress",
        "completed",
    ]
    assert (await reviewer.get("/api/v1/charity/trial-balance")).json()["breaches"] == []


async def test_money_that_came_back_after_it_was_paid_is_in_the_fund_again(start_part: Any) -> None:
    part = await make_charity(start_part)
    operator = part.client(OPERATOR)
    await give(operator, "5000", purpose=PURPOSE)
    household = uuid4()
    await tell(part, [make_referral(household)])
    award = await only_proposal(operator, household)
    await step(operator, award["id"], "review")
    assert (await step(operator, award["id"], "approve")).json()["four_eyes_waived"] is True
    batch = (await operator.post("/api/v1/charity/payment-batches", json={"reference": "B-1"})).json()
    url = f"/api/v1/charity/payment-batches/{batch['id']}/receipts"
    for result, on in (("paid", "2026-11-25"), ("returned", "2026-11-25")):
        line = {"line": 1, "result": result, "on": on}
        body = {"reference": f"BANK-{result}", "file_sha256": batch["file_sha256"], "lines": [line]}
        assert (await operator.post(url, json=body)).json()["lines"][0]["result"] == "settled"
    back = {"line": 1, "result": "paid", "on": "2026-11-25"}
    body = {"reference": "BANK-3", "file_sha256": batch["file_sha256"], "lines": [back]}
    assert (await operator.post(url, json=body)).json()["lines"][0]["result"] == "conflict"
    assert (await only_proposal(operator, household))["status"] == "failed"
    balance = (await operator.get("/api/v1/charity/trial-balance")).json()
    assert balance["breaches"] == []
    assert {row["account"]: row["balance"] for row in balance["rows"]}["1002"] == "5000.00"
