"""A settlement that is sent again, corrected or refunded counts once, as it is now."""

from typing import Any

from deploy.local.town.recipes import sole_earner_ill
from tests.support.forms import bill
from tests.support.suite import RunningSuite
from tests.support.waiting import until

PATH = "/api/v1/intake/hospital-costs"


async def year_sum(suite: RunningSuite, record_id: str) -> str:
    return str((await suite.account_of(record_id))["year_sum"])


async def someone_with_a_bill(suite: RunningSuite, amount: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the record sent, its receipt) of somebody registered who said yes."""
    draft = sole_earner_ill(suite.family("350604"), 0)
    household = await suite.register(draft.body(suite.rng))
    await suite.decide(household)
    body = bill(draft.patient, draft.village, suite.number(), amount, settled_on=suite.today)
    return body, await suite.post(PATH, body)


async def test_the_same_settlement_again_answers_the_same_receipt_and_does_nothing(suite: RunningSuite) -> None:
    body, first = await someone_with_a_bill(suite, "46000.00")
    record = await suite.account_of(first["record_id"])
    before = await suite.referrals_when(record["household_ref"], lambda found: len(found) > 0)
    again = await suite.post(PATH, body)
    assert again["record_id"] == first["record_id"]
    assert again["result"] == "same"
    batch = await suite.post(f"{PATH}/batch", {"records": [body, body]})
    assert {receipt["record_id"] for receipt in batch["receipts"]} == {first["record_id"]}
    after = await suite.referrals_of(record["household_ref"])
    assert {one["id"] for one in after} == {one["id"] for one in before}
    assert await year_sum(suite, first["record_id"]) == "46000.00"


async def test_the_same_settlement_with_other_content_is_a_conflict(suite: RunningSuite) -> None:
    body, _ = await someone_with_a_bill(suite, "1200.00")
    answer = await suite.client.post(PATH, json=body | {"total": "1300.00", "self_paid": "1300.00"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "settlement_conflict"
    assert "1300" not in answer.text


async def test_a_correction_replaces_and_a_refund_takes_away(suite: RunningSuite) -> None:
    body, first = await someone_with_a_bill(suite, "50000.00")
    corrected = await suite.post(PATH, body | {"version": 2, "total": "48000.00", "self_paid": "48000.00"})
    assert corrected["result"] == "correction"

    async def is_corrected() -> bool:
        return await year_sum(suite, corrected["record_id"]) == "48000.00"

    await until(is_corrected, what="the corrected sum")
    account = (await suite.account_of(first["record_id"]))["account"]
    assert (account["kind"], account["reason"]) == ("none", "superseded")
    refund = {"settlement_id": f"{body['settlement_id']}R", "refund_of": body["settlement_id"]}
    back = await suite.post(PATH, body | refund | {"total": "-9000.00", "self_paid": "-9000.00"})

    async def is_refunded() -> bool:
        return await year_sum(suite, back["record_id"]) == "39000.00"

    await until(is_refunded, what="the sum after the refund")
    assert (await suite.account_of(corrected["record_id"]))["trigger"]["fired"] is False
