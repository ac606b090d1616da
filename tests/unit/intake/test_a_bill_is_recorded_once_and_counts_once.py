"""Hospital-cost records over HTTP: repeats, conflicts, corrections, refunds, sums, and the events that tell them."""

import asyncio
import json
from uuid import UUID

import pytest

from services.contracts.intake import CareChanged
from tests.support.apps import PartUnderTest, officer
from tests.unit.intake.posting import COSTS, bill, last_care, push, rows, year_sum

OTHER_NUMBER = "350627195907089994"


async def test_a_bill_is_taken_with_a_receipt_and_told_once(intake: PartUnderTest) -> None:
    client = intake.client()
    receipt = await push(client)
    assert receipt["result"] == "new" and receipt["settlement_year"] == 2025
    assert receipt["links"] == {"self": f"/api/v1/intake/records/{receipt['record_id']}"}
    (event,) = await intake.events_of(CareChanged)
    assert (event.version, event.division, event.provisional, event.in_city) == (1, "350623200207", True, True)
    assert (str(event.birth_date), event.gender) == ("1952-09-16", "male")
    (record,) = event.records
    assert (str(record.record_id), record.self_paid_fen, record.counted) == (receipt["record_id"], 4_000_000, True)
    shown = (await client.get(receipt["links"]["self"])).json()
    assert shown["person_ref"] == str(event.ref) and shown["household_ref"] == str(event.household_ref)
    assert shown["year_sum"] == "40000.00"


async def test_the_same_bill_again_answers_the_same_record_and_does_nothing(intake: PartUnderTest) -> None:
    client = intake.client()
    first = await push(client)
    again = await push(client)
    assert again == first | {"result": "same"}
    assert len(await intake.events_of(CareChanged)) == 1
    assert await year_sum(client, first["record_id"]) == "40000.00"


async def test_the_same_bill_pushed_six_times_at_once_is_one_record(intake: PartUnderTest) -> None:
    client = intake.client()
    receipts = await asyncio.gather(*(push(client) for _ in range(6)))
    assert len({receipt["record_id"] for receipt in receipts}) == 1
    assert sorted(receipt["result"] for receipt in receipts) == ["new"] + ["same"] * 5
    assert len(await rows(intake, "SELECT 1 FROM care_record")) == 1
    assert len(await rows(intake, "SELECT 1 FROM person")) == len(await rows(intake, "SELECT 1 FROM household")) == 1
    assert len(await intake.events_of(CareChanged)) == 1


async def test_many_bills_of_one_person_at_once_are_all_summed(intake: PartUnderTest) -> None:
    client = intake.client()
    receipts = await asyncio.gather(
        *(push(client, settlement_id=f"S{n}", total="100.00", self_paid="10.01") for n in range(12))
    )
    assert await year_sum(client, receipts[0]["record_id"]) == "120.12"
    newest = await last_care(intake)
    assert newest.version == len(await intake.events_of(CareChanged)) == 12 and len(newest.records) == 12


@pytest.mark.parametrize(
    "changes",
    [{"self_paid": "39999.99"}, {"name": "游示例"}, {"settled_on": "2025-05-18"}, {"hospital": "漳州示例第一医院"}],
)
async def test_the_same_key_with_other_content_is_a_conflict(intake: PartUnderTest, changes: dict[str, object]) -> None:
    client = intake.client()
    await push(client)
    answer = await client.post(COSTS, json=bill(**changes))
    assert (answer.status_code, answer.json()["code"]) == (409, "settlement_conflict")
    assert len(await rows(intake, "SELECT 1 FROM care_record")) == 1


async def test_a_correction_replaces_and_a_late_lower_version_changes_nothing(intake: PartUnderTest) -> None:
    client = intake.client()
    first = await push(client, version=2, self_paid="30000.00")
    late = await push(client, version=1)
    assert (first["result"], late["result"]) == ("new", "new")
    assert await year_sum(client, first["record_id"]) == "30000.00"
    third = await push(client, version=3, self_paid="20000.00")
    assert third["result"] == "correction"
    assert await year_sum(client, late["record_id"]) == "20000.00"
    notes = {str(record.record_id): record.note for record in (await last_care(intake)).records}
    assert notes == {first["record_id"]: "superseded", late["record_id"]: "superseded", third["record_id"]: ""}


async def test_a_correction_of_the_number_takes_the_bill_from_one_person_to_another(intake: PartUnderTest) -> None:
    client = intake.client()
    wrong = await push(client)
    right = await push(client, version=2, id_number=OTHER_NUMBER, name="王松林")
    assert await year_sum(client, wrong["record_id"]) == "0.00"
    assert await year_sum(client, right["record_id"]) == "40000.00"
    person = (await client.get(wrong["links"]["self"])).json()["person_ref"]
    (record,) = (await last_care(intake, UUID(person))).records
    assert (record.counted, record.note) == (False, "superseded")


async def test_a_refund_counts_once_its_original_is_there_in_either_order(intake: PartUnderTest) -> None:
    client = intake.client()
    refund = {
        "settlement_id": "R1",
        "refund_of": "S1",
        "total": "-3000",
        "self_paid": "-3000",
        "settled_on": "2025-06-01",
    }
    early = await push(client, **refund, admitted_on=None, discharged_on=None)
    assert await year_sum(client, early["record_id"]) == "0.00"
    await push(client)
    assert await year_sum(client, early["record_id"]) == "37000.00"
    assert {record.note for record in (await last_care(intake)).records} == {""}


async def test_years_are_those_of_the_settlement(intake: PartUnderTest) -> None:
    client = intake.client()
    before = {"admitted_on": "2024-12-01", "discharged_on": "2024-12-11", "settled_on": "2024-12-12"}
    first = await push(client, settlement_id="A", **before, self_paid="26000")
    second = await push(client, settlement_id="B", admitted_on="2024-12-28", settled_on="2025-05-17", self_paid="27500")
    assert (first["settlement_year"], second["settlement_year"]) == (2024, 2025)
    assert await year_sum(client, first["record_id"]) == "26000.00"
    assert await year_sum(client, second["record_id"]) == "27500.00"


async def test_an_old_number_of_fifteen_digits_is_the_same_person(intake: PartUnderTest) -> None:
    client = intake.client()
    await push(client, id_number="350605580719991", settlement_id="A", division="350605")
    new = await push(client, id_number="35060519580719991X", settlement_id="B", division="350605")
    assert len(await rows(intake, "SELECT 1 FROM person")) == 1
    assert await year_sum(client, new["record_id"]) == "80000.00"


async def test_fen_and_numbers_and_text_are_the_same_amount(intake: PartUnderTest) -> None:
    client = intake.client()
    first = await push(client)
    same = {**bill(), "unit": "fen", "total": 12500000, "self_paid": "4000000"}
    assert (await client.post(COSTS, json=same)).json() == first | {"result": "same"}
    content = raw(total="125000.00", self_paid="40000.0")
    answer = await client.post(COSTS, content=content, headers={"content-type": "application/json"})
    assert answer.json() == first | {"result": "same"}


async def test_amounts_that_look_like_fen_are_held_and_count_nothing(intake: PartUnderTest) -> None:
    client = intake.client()
    held = await push(client, total="14426230", self_paid="8800000")
    assert held["result"] == "held"
    assert await year_sum(client, held["record_id"]) == "0.00"
    (record,) = (await last_care(intake)).records
    assert (record.counted, record.note) == (False, "held")


async def test_somebody_registered_elsewhere_is_kept_by_the_city_and_marked(intake: PartUnderTest) -> None:
    client = intake.client(officer("3506", "intake:write", "intake:read"))
    receipt = await push(client, division="350203000000")
    (event,) = await intake.events_of(CareChanged)
    assert (event.division, event.in_city) == ("3506", False)
    assert (await client.get(receipt["links"]["self"])).json()["division"] == "350203"


async def test_somebody_not_in_a_household_belongs_where_the_latest_bill_says(intake: PartUnderTest) -> None:
    client = intake.client()
    await push(client, settlement_id="B", settled_on="2025-06-01", division="350622103206")
    await push(client, settlement_id="A")
    assert (await last_care(intake)).division == "350622103206"
    await push(client, settlement_id="C", settled_on="2025-07-01", division="350602007003")
    newest = await last_care(intake)
    assert newest.division == "350602007003"
    for table in ("person", "household", "care_record", "person_year"):
        assert {row.division for row in await rows(intake, f"SELECT division FROM {table}")} == {"350602007003"}


async def test_a_batch_answers_each_record_in_order_and_tells_each_person_once(intake: PartUnderTest) -> None:
    client = intake.client()
    await push(client, settlement_id="S0", self_paid="1.00")
    records = [
        bill(),
        bill(settlement_id="S2", self_paid="100.00"),
        bill(),
        bill(self_paid="7.00"),
        bill(settlement_id="S0", self_paid="2.00"),
        bill(settlement_id="S2", version=2, self_paid="50.00"),
        bill(settlement_id="S3", id_number=OTHER_NUMBER, name="王松林"),
    ]
    answer = await client.post(f"{COSTS}/batch", json={"records": records})
    assert answer.status_code == 202
    results = [receipt["result"] for receipt in answer.json()["receipts"]]
    assert results == ["new", "new", "same", "conflict", "conflict", "correction", "new"]
    assert answer.json()["counts"] == {"records": 7, "new": 3, "same": 1, "conflict": 2, "correction": 1}
    ids = [receipt["record_id"] for receipt in answer.json()["receipts"]]
    assert ids[0] == ids[2] == ids[3]
    assert await year_sum(client, ids[0]) == "40051.00"
    assert len(await intake.events_of(CareChanged)) == 3


async def test_one_unreadable_record_refuses_the_batch_and_names_its_place(intake: PartUnderTest) -> None:
    client = intake.client()
    records = [bill(), bill(settlement_id="S2", self_paid="1e9999"), bill(settlement_id="S3", name="<b>"), 5]
    answer = await client.post(f"{COSTS}/batch", json={"records": records})
    assert answer.status_code == 422
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"records[1].self_paid", "records[2].name", "records[3]"}
    assert not await rows(intake, "SELECT 1 FROM care_record")


@pytest.mark.parametrize("body", [{}, {"records": []}, {"records": {}}, {"records": None}, {"records": [1], "x": 1}])
async def test_a_batch_is_a_list_of_records(intake: PartUnderTest, body: object) -> None:
    assert (await intake.client().post(f"{COSTS}/batch", json=body)).status_code == 422
    too_many = {"records": [bill()] * 5_001}
    assert (await intake.client().post(f"{COSTS}/batch", json=too_many)).status_code == 422


def raw(**changes: str) -> bytes:
    """A body whose changed values are raw JSON text."""
    parts = {name: json.dumps(value, ensure_ascii=False) for name, value in bill().items()} | changes
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in parts.items()) + "}").encode(
        "utf-8", "surrogatepass"
    )


BAD = {
    "NaN": (raw(total="NaN"), {400}, None),
    "Infinity": (raw(self_paid="-Infinity"), {400}, None),
    "1e9999 number": (raw(total="1e9999"), {422}, "total"),
    "1e9999 text": (raw(total='"1e9999"'), {422}, "total"),
    "true": (raw(self_paid="true"), {422}, "self_paid"),
    "lone surrogate": (raw(name='"\\ud800"'), {400, 422}, None),
    "raw surrogate": (raw(name='"\ud800"'), {400, 422}, None),
    "NUL": (raw(name='"\\u0000"'), {400, 422}, None),
    "check digit": (raw(id_number='"350623195209169992"'), {422}, "id_number"),
    "full width": (raw(id_number='"３５０６２３１９５２０９１６９９９１"'), {422}, "id_number"),
    "full width amount": (raw(total='"１２３"'), {422}, "total"),
    "self-paid over total": (raw(self_paid='"125000.01"'), {422}, "self_paid"),
    "unknown field": (raw(status='"x"'), {422}, "status"),
    "key twice": (raw()[:-1] + b', "name": "x"}', {400}, None),
    "deep": (b"[" * 100_000 + b"]" * 100_000, {400, 422}, None),
    "large": (raw(name='"' + "x" * 5_000_000 + '"'), {413}, None),
    "long integer": (raw(total="9" * 6_000), {400, 422}, None),
    "scalar": (b"5", {422}, None),
    "list": (b"[]", {422}, None),
    "empty": (b"", {400, 422}, None),
    "not utf-8": (raw().decode().encode("gbk"), {400}, None),
    "future": (raw(settled_on='"2099-01-01"'), {422}, "settled_on"),
    "no such day": (raw(settled_on='"2025-02-30"'), {422}, "settled_on"),
    "epoch": (raw(settled_on="0"), {422}, "settled_on"),
    "timestamp": (raw(settled_on='"2025-05-17T00:00:00"'), {422}, "settled_on"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_nasty_body_is_refused_with_its_field_and_without_its_value(intake: PartUnderTest, name: str) -> None:
    body, statuses, field = BAD[name]
    answer = await intake.client().post(COSTS, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["message"]["zh"] and problem["message"]["en"]
    if field:
        assert field in {error["field"] for error in problem["errors"]}
    for value in ("350623195209169992", "1e9999", "游进财", "125000.01", "３５０６"):
        assert value not in answer.text
    assert not await rows(intake, "SELECT 1 FROM care_record")


async def test_a_body_that_is_not_json_is_another_media_type(intake: PartUnderTest) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await intake.client().post(COSTS, content=b"{}", headers={"content-type": kind})
        assert answer.status_code == 415


async def test_an_idempotency_key_answers_the_first_receipt_and_refuses_another_body(intake: PartUnderTest) -> None:
    client = intake.client()
    headers = {"Idempotency-Key": "push-1"}
    first = await client.post(COSTS, json=bill(), headers=headers)
    assert (await client.post(COSTS, json=bill(), headers=headers)).json() == first.json()
    other = await client.post(COSTS, json=bill(settlement_id="S2"), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
