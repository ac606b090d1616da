"""The partner door: its own referrals, the allowed fields, signed answers once, polling as good as webhooks."""

import asyncio
import json
import time
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from services.contracts.referral import ReferralChanged
from services.kit.auth import Actor
from services.kit.clock import Clock
from services.kit.ids import new_id
from services.kit.signing import new_secret, sign
from tests.support.apps import officer, partner
from tests.unit.referral.made import Town, dispatching, lane_of, make_assessment, make_consent, make_decision, make_need
from tests.unit.referral.receiver import receiving

SEVEN = (
    "youth_league", "trade_union", "disabled_federation", "womens_federation", "red_cross",
    "next_generation_committee", "charity_federation",
)  # fmt: skip
SIGNED = Actor("partner-signature", ("partner_system",), "all", frozenset({"partner:signed"}))


async def open_one(town: Town, code: str = "red_cross", need: str = "medical_cost", **more: Any) -> str:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need(need, code), **more))
    found: str = (await town.referral(household, code, need))["id"]
    return found


# Own only


async def test_no_partner_sees_or_answers_anothers_referral(town: Town) -> None:
    needs = {
        "youth_league": "education_cost",
        "trade_union": "living",
        "disabled_federation": "disability_support",
        "womens_federation": "child_care",
        "red_cross": "medical_cost",
        "next_generation_committee": "child_care",
        "charity_federation": "housing",
    }
    ids = {code: await open_one(town, code, needs[code]) for code in SEVEN}
    leaks = []
    for code in SEVEN:
        client = town.part.client(partner(code))
        listed = (await client.get("/partner/v1/referrals")).json()["items"]
        assert [item["referral_id"] for item in listed] == [ids[code]]
        feed = (await client.get("/partner/v1/events")).json()["items"]
        assert {item["data"]["referral_id"] for item in feed} == {ids[code]}
        for other, referral in ids.items():
            detail = await client.get(f"/partner/v1/referrals/{referral}")
            body = {"status": "accepted"}
            answer = await client.post(f"/partner/v1/referrals/{referral}/status", json=body)
            wanted = 200 if other == code else 404
            if (detail.status_code, answer.status_code) != (wanted, wanted):
                leaks.append((code, other, detail.status_code, answer.status_code))
        absent = await client.get(f"/partner/v1/referrals/{uuid4()}")
        foreign = await client.get(f"/partner/v1/referrals/{ids[SEVEN[0] if code != SEVEN[0] else SEVEN[1]]}")
        assert absent.json() == foreign.json()
    assert leaks == []


async def test_case_refs_of_one_household_differ_between_partners(town: Town) -> None:
    household = uuid4()
    need = make_need("medical_cost", "red_cross", "charity_federation")
    await town.take_in(make_consent(household), make_assessment(household, need))
    refs = set()
    for code in ("red_cross", "charity_federation"):
        [item] = (await town.get("/partner/v1/referrals", actor=partner(code)))["items"]
        refs.add(item["case_ref"])
        assert str(household) not in json.dumps(item)
    assert len(refs) == 2


async def test_officers_have_no_business_at_the_partner_door(town: Town) -> None:
    referral = await open_one(town)
    client = town.part.client(officer("3506", "referral:read", "referral:write"))
    assert (await client.get("/partner/v1/referrals")).status_code == 403
    assert (await client.get(f"/partner/v1/referrals/{referral}")).status_code == 403
    answer = await client.post(f"/partner/v1/referrals/{referral}/status", json={"status": "accepted"})
    assert answer.status_code == 403
    assert (await town.part.client(None).get("/partner/v1/referrals")).status_code == 401


async def test_an_operator_looks_on_without_leaving_a_partners_trace(town: Town) -> None:
    referral = await open_one(town)
    assert (await town.get(f"/partner/v1/referrals/{referral}"))["referral_id"] == referral
    assert len((await town.get("/partner/v1/events", partner="red_cross"))["items"]) == 1
    assert (await town.get(f"/api/v1/referral/referrals/{referral}"))["acknowledged_at"] is None
    nobody = Actor("lost", ("partner_system",), "3506", frozenset({"partner:read", "partner:write"}))
    client = town.part.client(nobody)
    assert (await client.get("/partner/v1/referrals")).status_code == 403
    assert (await client.get(f"/partner/v1/referrals/{referral}")).status_code == 403
    answer = await client.post(f"/partner/v1/referrals/{referral}/status", json={"status": "accepted"})
    assert answer.status_code == 403


async def test_partners_have_no_business_at_the_officers_door(town: Town) -> None:
    client = town.part.client(partner("red_cross"))
    for path in ("referrals", "partners", "deliveries", "needs"):
        assert (await client.get(f"/api/v1/referral/{path}")).status_code == 403


async def test_officers_see_their_own_territory_only(town: Town) -> None:
    referral = await open_one(town)
    scopes = ("referral:read", "referral:write", "referral:decide")
    for territory, count in (("350602", 1), ("350602001", 1), ("3506", 1), ("350603", 0), ("350602002", 0)):
        client = town.part.client(officer(territory, *scopes))
        listed = (await client.get("/api/v1/referral/referrals")).json()["items"]
        assert len(listed) == count
        one = await client.get(f"/api/v1/referral/referrals/{referral}")
        assert one.status_code == (200 if count else 404)
        replay = await client.post(f"/api/v1/referral/referrals/{referral}/replay")
        assert replay.status_code == (200 if count else 404)


# The allowed fields


async def test_a_partner_is_shown_the_fields_of_its_need_and_no_refs(town: Town) -> None:
    referral = await open_one(town, "charity_federation", "housing")
    detail = await town.get(f"/partner/v1/referrals/{referral}", actor=partner("charity_federation"))
    assert set(detail) == {"referral_id", "case_ref", "need", "status", "version", "fields", "person"}
    assert detail["fields"] == ["name", "need_sentence", "gap_amount", "township", "contact"]
    assert set(detail["person"]) == {"need_sentence", "gap_amount", "township"}
    assert detail["person"]["township"] == "芗城区东铺头街道"
    assert (await town.get(f"/api/v1/referral/referrals/{referral}"))["acknowledged_at"] is not None


async def test_only_the_gateway_that_composes_is_told_whom_to_ask_about(town: Town) -> None:
    referral = await open_one(town)
    composing = Actor(
        "system-red_cross", ("partner_system",), "3506", frozenset({"partner:read", "compose:disclosure"}), "red_cross"
    )
    detail = await town.get(f"/partner/v1/referrals/{referral}", actor=composing)
    assert UUID(detail["person_ref"]) and UUID(detail["household_ref"])


# Signed answers


async def signed(
    town: Town,
    referral: str,
    body: Any,
    secret: str,
    *,
    message_id: str | None = None,
    at: float | None = None,
    instead: dict[str, str] | None = None,
) -> httpx.Response:
    """A signed callback as the gateway forwards it; `instead` are headers that replace the good ones."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    made = sign([secret], message_id or f"msg_{new_id()}", int(at or town.hand.at.timestamp()), raw)
    return await town.part.client(SIGNED).post(
        f"/partner/v1/referrals/{referral}/status",
        content=raw,
        headers={"content-type": "application/json", **made, **(instead or {})},
    )


async def secret_of(town: Town, code: str, division: str = "3506") -> str:
    body = {"url": "http://127.0.0.1:9/x", "division": division}
    answer = await town.part.client().put(f"/api/v1/referral/partners/{code}/endpoint", json=body)
    secret: str = answer.json()["secret"]
    return secret


async def test_an_answer_may_be_signed_instead(town: Town) -> None:
    secret = await secret_of(town, "red_cross")
    referral = await open_one(town)
    answer = await signed(town, referral, {"status": "accepted"}, secret)
    assert (answer.status_code, answer.json()) == (200, {"id": referral, "status": "accepted", "version": 2})


async def test_the_same_callback_a_hundred_times_changes_once(town: Town) -> None:
    secret = await secret_of(town, "red_cross")
    referral = await open_one(town)
    answers = await asyncio.gather(
        *(signed(town, referral, {"status": "accepted"}, secret, message_id="msg_1") for _ in range(100))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.text for answer in answers} == {answers[0].text}
    assert len(await town.part.events_of(ReferralChanged)) == 2


async def test_an_old_callback_played_back_has_no_effect(town: Town) -> None:
    secret = await secret_of(town, "red_cross")
    referral = await open_one(town)
    await town.answers("red_cross", referral, "accepted")
    first = await signed(town, referral, {"status": "in_progress"}, secret, message_id="msg_2")
    await town.answers("red_cross", referral, "on_hold", reason_code="other")
    again = await signed(town, referral, {"status": "in_progress"}, secret, message_id="msg_2")
    assert again.json() == first.json()
    assert (await town.get(f"/api/v1/referral/referrals/{referral}"))["status"] == "on_hold"
    other = await signed(town, referral, {"status": "completed"}, secret, message_id="msg_2")
    assert (other.status_code, other.json()["code"]) == (409, "webhook_id_reused")


@pytest.mark.parametrize("off_s", [-301, 301])
async def test_a_callback_five_minutes_off_is_refused(town: Town, off_s: int) -> None:
    secret = await secret_of(town, "red_cross")
    referral = await open_one(town)
    at = town.hand.at.timestamp() + off_s
    assert (await signed(town, referral, {"status": "accepted"}, secret, at=at)).status_code == 401
    at = town.hand.at.timestamp() + off_s * 0.98
    assert (await signed(town, referral, {"status": "accepted"}, secret, at=at)).status_code == 200


async def test_no_signature_but_the_partners_own_over_these_bytes_is_good(town: Town) -> None:
    secret = await secret_of(town, "red_cross")
    others = await secret_of(town, "charity_federation")
    referral = await open_one(town)
    raw = b'{"status": "accepted"}'
    made = sign([secret], "msg_3", int(town.hand.at.timestamp()), raw)
    instead: list[dict[str, str]] = [
        {"webhook-signature": ""},
        {"webhook-signature": "v1," + "A" * 44},
        {"webhook-signature": " ".join(["v1,x"] * 200)},
        {"webhook-signature": made["webhook-signature"].replace("v1,", "v1a,")},
        {"webhook-id": "other"},
        {"webhook-timestamp": "x"},
    ]
    refused = [
        await signed(town, referral, raw, others),
        await signed(town, referral, raw, new_secret()),
        await signed(town, referral, b'{"status":"accepted"}', secret, message_id="msg_3", instead=made),
        *[await signed(town, referral, raw, secret, instead=headers) for headers in instead],
    ]
    assert [answer.status_code for answer in refused] == [401] * len(refused)
    assert (await town.get(f"/api/v1/referral/referrals/{referral}"))["status"] == "requested"
    assert (await signed(town, str(uuid4()), raw, secret)).status_code == 404


async def test_a_bad_signature_costs_little(town: Town) -> None:
    secret = await secret_of(town, "red_cross")
    referral = await open_one(town)
    headers = {"webhook-signature": " ".join(["v1," + "A" * 44] * 150)}
    await signed(town, referral, {"status": "accepted"}, secret, instead=headers)
    started = time.perf_counter()
    for _ in range(20):
        await signed(town, referral, {"status": "accepted"}, secret, instead=headers)
    assert (time.perf_counter() - started) / 20 < 0.05


async def test_a_former_secret_signs_for_a_day_after_it_was_replaced(town: Town) -> None:
    old = await secret_of(town, "red_cross")
    await secret_of(town, "red_cross")
    first, second = await open_one(town), await open_one(town)
    town.hand.forward(hours=23)
    assert (await signed(town, first, {"status": "accepted"}, old)).status_code == 200
    town.hand.forward(hours=2)
    assert (await signed(town, second, {"status": "accepted"}, old)).status_code == 401


# Polling


async def test_the_feed_has_the_webhooks_bodies_in_their_order(town: Town) -> None:
    async with receiving() as receiver:
        made = await receiver.register(town.part, "red_cross")
        household = uuid4()
        await town.take_in(make_consent(household), make_assessment(household, make_need(gap_fen=5)))
        async with lane_of(town, made["id"]) as lane:
            await lane.send_round()
            await town.take_in(make_assessment(household, make_need(gap_fen=900_000), version=2))
            await lane.send_round()
            await town.take_in(make_consent(household, make_decision("revoked"), version=2))
            await lane.send_round()
        feed = await town.feed("red_cross")
        sent = [(arrived.id, arrived.body) for arrived in receiver.arrived]
        assert [(item.pop("id"), item) for item in feed["items"]] == sent
        assert [body["type"] for _, body in sent] == ["referral.requested", "referral.updated", "referral.revoked"]
        assert (await town.feed("red_cross", feed["next"]))["items"] == []


async def test_a_reader_waits_for_the_next_message_and_gets_it_at_once(town: Town) -> None:
    client = town.part.client(partner("red_cross"))
    waiting = asyncio.create_task(client.get("/partner/v1/events", params={"wait": 30}))
    await asyncio.sleep(0)
    started = time.monotonic()
    referral = await open_one(town)
    answer = await waiting
    assert time.monotonic() - started < 5
    assert [item["data"]["referral_id"] for item in answer.json()["items"]] == [referral]


async def test_a_partner_that_polls_has_what_it_asks_beyond(town: Town) -> None:
    referral = await open_one(town)
    feed = await town.feed("red_cross")
    assert (await _notice(town, referral))["state"] == "held"
    await town.feed("red_cross", feed["next"])
    assert (await _notice(town, referral))["state"] == "delivered"


async def test_reading_page_after_page_skips_nothing_while_others_write(town: Town) -> None:
    async def write() -> None:
        for _ in range(30):
            await open_one(town)

    seen: list[str] = []
    writers = [asyncio.create_task(write()) for _ in range(3)]
    place: str | None = None
    idle = 0
    while idle < 3:
        feed = await town.feed("red_cross", place)
        seen += [item["id"] for item in feed["items"]]
        place = feed["next"]
        idle = idle + 1 if not feed["items"] and all(writer.done() for writer in writers) else 0
    assert len(seen) == len(set(seen)) == 90


async def _notice(town: Town, referral: str) -> dict[str, Any]:
    item: dict[str, Any] = (await town.get("/api/v1/referral/deliveries", referral=referral))["items"][0]
    return item


async def test_the_lists_are_read_page_after_page(town: Town) -> None:
    made = [await open_one(town) for _ in range(7)]
    client = town.part.client(partner("red_cross"))
    found: list[str] = []
    cursor = None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/partner/v1/referrals", params=query)).json()
        found += [item["referral_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == made[::-1]
    assert (await client.get("/partner/v1/referrals", params={"cursor": "bm9uc2Vuc2U"})).status_code == 422


async def test_the_statement_of_a_day_has_what_changed_on_it(town: Town) -> None:
    first, second = await open_one(town), await open_one(town)
    await town.answers("red_cross", first, "accepted")
    outcome = {"kind": "cash", "amount": "500.00", "on": "2026-03-04"}
    await town.answers("red_cross", first, "completed", outcome=outcome)
    town.hand.forward(days=1)
    await town.answers("red_cross", second, "accepted")
    actor = partner("red_cross")
    today = await town.get("/partner/v1/statement", actor=actor, date="2026-03-04")
    states = {line["referral_id"]: (line["status"], line["amount"]) for line in today["items"]}
    assert states == {first: ("completed", "500.00"), second: ("requested", None)}
    assert (today["count"], today["amount"]) == (2, "500.00")
    tomorrow = await town.get("/partner/v1/statement", actor=actor, date="2026-03-05")
    assert [(line["referral_id"], line["status"]) for line in tomorrow["items"]] == [(second, "accepted")]


async def test_nothing_personal_is_in_what_is_kept_for_sending(town: Town) -> None:
    await open_one(town)
    await town.feed("red_cross")
    async with town.part.database.transaction() as db:
        bodies = (await db.execute(text("SELECT body FROM delivery"))).scalars().all()
        sealed = (await db.execute(text("SELECT secret_sealed FROM endpoint"))).scalars().all()
    assert bodies and all("household_ref" not in body for body in bodies)
    assert all(b"whsec_" not in bytes(secret) for secret in sealed)


async def test_polling_and_sending_agree_on_one_body(town: Town) -> None:
    town.hand.at = Clock().now()
    async with receiving() as receiver, dispatching(town):
        await receiver.register(town.part, "red_cross")
        await open_one(town)
        feed = await town.feed("red_cross")
        while not receiver.arrived:
            await asyncio.sleep(0.01)
        assert feed["items"][0]["data"] == receiver.arrived[0].body["data"]
