"""Donations, donors, funds, reversals and closed months, over HTTP."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.contracts.charity import DonationReceived
from tests.support.apps import OPERATOR, officer
from tests.unit.charity.make import (
    REVIEWER,
    Hand,
    clients,
    give,
    make_charity,
    make_referral,
    only_proposal,
    step,
    tell,
)

URL = "/api/v1/charity"


async def test_the_same_donation_twice_is_booked_once(start_part: Any) -> None:
    part = await make_charity(start_part)
    client, _ = clients(part)
    body = {"reference": "R-1", "amount": "88.80", "received_on": "2026-11-20", "donor": {"name": "陈好心"}}
    first, second = [await client.post(f"{URL}/donations", json=body) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert (await client.get(f"{URL}/funds/general")).json()["cash"] == "88.80"
    assert len(await part.events_of(DonationReceived)) == 1
    for change in ({"amount": "88.81"}, {"received_on": "2026-11-19"}, {"donor": {"name": "别人"}}, {"donor": None}):
        answer = await client.post(f"{URL}/donations", json={**body, **change})
        assert (answer.status_code, answer.json()["code"]) == (409, "content_differs")


async def test_two_offices_may_use_the_same_receipt_number(start_part: Any) -> None:
    part = await make_charity(start_part)
    body = {"reference": "R-1", "amount": "5", "received_on": "2026-11-20"}
    for place in ("350602", "350622"):
        client = part.client(officer(place, "charity:read", "charity:write", subject=place))
        answers = [await client.post(f"{URL}/donations", json=body) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 200]
        assert answers[0].json()["division"] == place
        elsewhere = await client.post(f"{URL}/donations", json={**body, "reference": "R-2", "division": "350681"})
        assert elsewhere.json()["errors"][0]["code"] == "outside_territory"
        assert len((await client.get(f"{URL}/donations")).json()["items"]) == 1
    assert (await part.client().get(f"{URL}/funds/general")).json()["cash"] == "10.00"


async def test_money_given_for_a_purpose_goes_to_a_fund_of_that_purpose(start_part: Any) -> None:
    part = await make_charity(start_part)
    client, _ = clients(part)
    purpose = {"brand": "charity_sunshine", "need": "medical_cost", "division": "350622"}
    first = await give(client, "100", purpose=purpose)
    second = await give(client, "50", purpose={**purpose, "division": "350622000000"})
    assert first["fund"] == second["fund"]
    fund = (await client.get(f"{URL}/funds/{first['fund']}")).json()
    assert fund["restricted"] and fund["available"] == "150.00"
    assert (fund["brand"], fund["needs"], fund["division"]) == ("charity_sunshine", ["medical_cost"], "350622")


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"amount": "0"}, "amount", "greater_than"),
        ({"amount": "-5"}, "amount", "greater_than"),
        ({"amount": "1e9"}, "amount", "amount"),
        ({"amount": "１２"}, "amount", "amount"),
        ({"amount": True}, "amount", "amount"),
        ({"received_on": "2026-11-26"}, "received_on", "in_the_future"),
        ({"received_on": "1999-12-31"}, "received_on", "too_early"),
        ({"fund": "nobody"}, "fund", "unknown_fund"),
        ({"fund": "general", "purpose": {"brand": "charity_sunshine"}}, "body", "fund_and_purpose"),
        ({"purpose": {}}, "purpose", "empty_purpose"),
        ({"purpose": {"brand": "nobody"}}, "purpose.brand", "unknown_brand"),
        ({"purpose": {"need": "nothing"}}, "purpose.need", "unknown_need"),
        ({"purpose": {"division": "350699"}}, "purpose.division", "unknown_division"),
        ({"division": "110101"}, "division", "unknown_division"),
        ({"reference": "=1+1"}, "reference", "string_pattern_mismatch"),
        ({"colour": "red"}, "colour", "extra_forbidden"),
    ],
)
async def test_a_wrong_donation_is_refused_by_field_and_books_nothing(
    start_part: Any, change: dict[str, Any], field: str, code: str
) -> None:
    part = await make_charity(start_part)
    client = part.client(OPERATOR)
    body = {"reference": "R-1", "amount": "5", "received_on": "2026-11-20", **change}
    answer = await client.post(f"{URL}/donations", json=body)
    assert answer.status_code == 422, answer.text
    assert (answer.json()["errors"][0]["field"], answer.json()["errors"][0]["code"]) == (field, code)
    assert (await client.get(f"{URL}/entries")).json()["items"] == []
    assert (await client.get(f"{URL}/funds")).json()["items"][0]["cash"] == "0.00"


async def test_a_donors_name_is_sealed_apart_and_shown_as_the_donor_wants(start_part: Any) -> None:
    part = await make_charity(start_part)
    client, _ = clients(part)
    kept = await give(client, "100", donor={"name": "陈好心人"})
    assert (kept["anonymous"], kept["donor"]) == (True, None)
    shown = await client.put(f"{URL}/donations/{kept['id']}/donor", json={"anonymous": False})
    assert shown.json()["donor"] == "陈好心人"
    hidden = await client.put(f"{URL}/donations/{kept['id']}/donor", json={"anonymous": True})
    assert hidden.json()["donor"] is None
    reader = part.client(officer("3506", "charity:read", "people:read", subject="reader"))
    assert (await reader.get(f"{URL}/donations")).json()["items"][0]["donor"] == "陈好心人"
    async with part.database.transaction() as db:
        names = text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        tables = list((await db.execute(names)).scalars())
        assert "donor" in tables
        for table in tables:
            rows = (await db.execute(text(f"SELECT t::text FROM {table} t"))).scalars()
            assert all("陈好心人" not in row for row in rows), table


async def test_without_a_seal_key_no_donor_is_named_and_nothing_is_booked(start_part: Any) -> None:
    part = await make_charity(start_part, seal_key=None)
    client, _ = clients(part)
    body = {"reference": "R-1", "amount": "5", "received_on": "2026-11-20", "donor": {"name": "陈好心"}}
    answer = await client.post(f"{URL}/donations", json=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "no_seal_key")
    assert (await give(client, "5"))["anonymous"] is True


async def test_a_reversal_undoes_a_donation_once_and_is_itself_final(start_part: Any) -> None:
    part = await make_charity(start_part)
    client, _ = clients(part)
    given = await give(client, "100")
    url = f"{URL}/entries/{given['entry_id']}/reverse"
    first, second = [(await client.post(url, json={"reason": "wrong_amount"})).json() for _ in range(2)]
    assert first["id"] == second["id"] and first["reverses"] == given["entry_id"]
    assert (await client.get(f"{URL}/funds/general")).json()["cash"] == "0.00"
    answer = await client.post(f"{URL}/entries/{first['id']}/reverse", json={"reason": "other"})
    assert (answer.status_code, answer.json()["code"]) == (409, "reversal_of_reversal")
    assert [(event.version, event.amount_fen) for event in await part.events_of(DonationReceived)] == [
        (1, 10_000),
        (2, 0),
    ]


async def test_money_that_is_promised_cannot_be_taken_back_by_a_reversal(start_part: Any) -> None:
    part = await make_charity(start_part)
    reviewer, approver = clients(part)
    given = await give(reviewer, "2500")
    household = uuid4()
    await tell(part, [make_referral(household)])
    award = await only_proposal(reviewer, household)
    await step(reviewer, award["id"], "review")
    await step(approver, award["id"], "approve")
    answer = await approver.post(f"{URL}/entries/{given['entry_id']}/reverse", json={"reason": "donation_returned"})
    assert (answer.status_code, answer.json()["code"], answer.json()["available"]) == (409, "fund_exhausted", "500.00")
    reserved = (await reviewer.get(f"{URL}/awards/{award['id']}")).json()["entries"][0]
    answer = await approver.post(f"{URL}/entries/{reserved['id']}/reverse", json={"reason": "other"})
    assert (answer.status_code, answer.json()["code"]) == (409, "entry_belongs_to_award")


async def test_free_money_is_set_aside_and_restricted_money_is_not(start_part: Any) -> None:
    part = await make_charity(start_part)
    client, _ = clients(part)
    fund = {"code": "sunshine", "name_zh": "慈善阳光", "name_en": "Sunshine", "purpose": {"brand": "charity_sunshine"}}
    assert (await client.post(f"{URL}/funds", json=fund)).status_code == 201
    assert (await client.post(f"{URL}/funds", json=fund)).status_code == 200
    other = await client.post(f"{URL}/funds", json={**fund, "purpose": {"brand": "autumn_bursary"}})
    assert (other.status_code, other.json()["code"]) == (409, "content_differs")
    await give(client, "100")
    move = {"reference": "T-1", "from_fund": "general", "to_fund": "sunshine", "amount": "60"}
    assert [(await client.post(f"{URL}/transfers", json=move)).status_code for _ in range(2)] == [201, 200]
    figures = {item["code"]: item["available"] for item in (await client.get(f"{URL}/funds")).json()["items"]}
    assert figures == {"general": "40.00", "sunshine": "60.00"}
    back = {"reference": "T-2", "from_fund": "sunshine", "to_fund": "general", "amount": "1"}
    answer = await client.post(f"{URL}/transfers", json=back)
    assert answer.json()["errors"][0]["code"] == "purpose_is_binding"
    too_much = {**move, "reference": "T-3", "amount": "41"}
    assert (await client.post(f"{URL}/transfers", json=too_much)).json()["available"] == "40.00"


async def test_a_closed_month_stays_closed_and_its_digest_tells_a_change(start_part: Any) -> None:
    hand = Hand(datetime(2026, 11, 25, 2, tzinfo=UTC))
    part = await make_charity(start_part, hand=hand)
    client, _ = clients(part)
    given = await give(client, "100", received_on="2026-10-31")
    assert (await client.post(f"{URL}/months/2026-11/close")).json()["errors"][0]["code"] == "month_not_over"
    closed = (await client.post(f"{URL}/months/2026-10/close")).json()
    assert (closed["entries"], closed["debit"]) == (1, "100.00")
    hand.at = datetime(2026, 12, 1, tzinfo=UTC)
    assert (await client.post(f"{URL}/months/2026-10/close")).json() == closed
    late = {"reference": "R-9", "amount": "5", "received_on": "2026-10-30"}
    answer = await client.post(f"{URL}/donations", json=late)
    assert (answer.status_code, answer.json()["code"], answer.json()["month"]) == (409, "month_closed", "2026-10")
    reversal = (await client.post(f"{URL}/entries/{given['entry_id']}/reverse", json={"reason": "other"})).json()
    assert reversal["booked_on"] == "2026-12-01"
    assert [item["month"] for item in (await client.get(f"{URL}/months")).json()["items"]] == ["2026-10"]
    october = (await client.get(f"{URL}/trial-balance?first=2026-10-01&last=2026-10-31")).json()
    assert october["debit"] == "100.00" and october["balanced"]
    for month in ("2026-13", "0000-01", "10-2026", "２０２６-10"):
        assert (await client.post(f"{URL}/months/{month}/close")).status_code == 422


async def test_pages_of_donations_and_entries_lose_nothing(start_part: Any) -> None:
    part = await make_charity(start_part)
    client, _ = clients(part)
    given = [(await give(client, "1"))["id"] for _ in range(5)]
    for what, key in (("donations", "id"), ("entries", "source_id")):
        seen: list[str] = []
        cursor = ""
        while cursor is not None:
            page = (await client.get(f"{URL}/{what}?limit=2{cursor and f'&cursor={cursor}'}")).json()
            seen += [item[key] for item in page["items"]]
            cursor = page["next"]
        assert sorted(seen) == sorted(given)
        assert (await client.get(f"{URL}/{what}?cursor=!!")).status_code == 422


async def test_nobody_sees_or_touches_the_households_of_another_place(start_part: Any) -> None:
    part = await make_charity(start_part)
    household = uuid4()
    await tell(part, [make_referral(household, division="350622001")])
    own = part.client(officer("350622", "charity:read", "charity:write", subject="own"))
    parent = part.client(REVIEWER)
    sibling = part.client(officer("350602", "charity:read", "charity:write", subject="sibling"))
    award = await only_proposal(own, household)
    assert (await only_proposal(parent, household))["id"] == award["id"]
    assert (await sibling.get(f"{URL}/households/{household}")).json()["awards"] == []
    assert (await sibling.get(f"{URL}/proposals")).json()["items"] == []
    assert (await sibling.get(f"{URL}/proposals/{award['id']}")).status_code == 404
    assert (await step(sibling, award["id"], "review")).status_code == 404
    assert (await own.get(f"{URL}/counts")).json()["awards"] == {"proposed": 1}
    assert (await sibling.get(f"{URL}/counts")).json()["awards"] == {}


async def test_each_step_wants_its_scope(start_part: Any) -> None:
    part = await make_charity(start_part)
    reader = part.client(officer("3506", "charity:read"))
    nobody = part.client(None)
    some = uuid4()
    writes = {
        f"{URL}/donations": {"reference": "R", "amount": "1", "received_on": "2026-11-20"},
        f"{URL}/proposals/{some}/review": {},
        f"{URL}/proposals/{some}/approve": {},
        f"{URL}/proposals/{some}/reject": {"reason_code": "other"},
        f"{URL}/payment-batches": {"reference": "B"},
        f"{URL}/entries/{some}/reverse": {"reason": "other"},
        f"{URL}/months/2026-10/close": {},
    }
    for url, body in writes.items():
        assert (await reader.post(url, json=body)).status_code == 403, url
        assert (await nobody.post(url, json=body)).status_code == 401, url
    writer = part.client(officer("3506", "charity:read", "charity:write"))
    assert (await writer.post(f"{URL}/proposals/{some}/approve", json={})).status_code == 403
    assert (await nobody.get(f"{URL}/funds")).status_code == 401
