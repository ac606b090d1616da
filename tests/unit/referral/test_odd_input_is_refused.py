"""Odd input is refused with its field named and never answered with an internal error."""

import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from services.kit.pages import write_cursor
from tests.support.apps import partner
from tests.unit.referral.made import Town, make_assessment, make_consent, make_need

QUERIES = {
    "/partner/v1/statement": [
        *(f"date={quote(day)}" for day in ("9999-12-31", "0001-01-01", "2024-02-30", "0", "２０２６-03-04", "")),
        "",
    ],
    "/partner/v1/referrals": [
        "limit=0",
        "limit=201",
        "limit=１",
        "status=lost",
        "cursor=%00",
        "cursor=bm9uc2Vuc2U",
        "cursor=" + write_cursor("0001-01-01T00:00:00+14:00", uuid4()),
        "cursor=" + write_cursor("2026-03-04", uuid4()),
        "cursor=" + write_cursor("2026-03-04T00:00:00+00:00", "x"),
    ],
    "/partner/v1/events": [
        "wait=31",
        "wait=-1",
        "after=%00",
        "after=" + write_cursor("1"),
        "after=" + write_cursor(-1, 0),
    ],
    "/api/v1/referral/referrals": [
        "household=nil",
        "partner=%00",
        "need=" + "x" * 41,
        "held_for=love",
        "overdue=maybe",
    ],
    "/api/v1/referral/deliveries": ["state=lost", "partner=%00", "cursor=" + write_cursor("9" * 19)],
    "/api/v1/referral/partners": ["kind=charity"],
    "/api/v1/referral/needs/unmet": ["household=x", "cursor=" + write_cursor("x")],
}
ANSWERS = [
    "", "null", "[]", "1", "NaN", '{"status": NaN}', '{"status": "accepted", "status": "rejected"}',
    '{"status": "\\ud800"}', '{"status": "acc\\u0000epted"}', "[" * 100_000, "x" * 400_000, '{"status": true}',
    '{"status": "accepted", "outcome": {"kind": "cash", "on": "2026-03-04", "amount": 1e400}}',
    '{"status": "accepted", "outcome": {"kind": "cash", "on": "2026-03-04", "amount": "１２"}}',
    '{"status": "accepted", "outcome": {"kind": "Cash!", "on": "2026-03-04"}}',
    '{"status": "accepted", "outcome": {"kind": "cash", "on": 0}}',
    '{"status": "accepted", "partner": "red_cross"}',
]  # fmt: skip
ENDPOINTS: list[dict[str, Any]] = [
    {},
    {"url": "https://a.example/"},
    {"url": "https://a.example/", "division": "35"},
    {"url": "https://a.example/", "division": "３５０６"},
    {"url": "https://a.example/", "division": 3506},
    {"url": "https://a..b/", "division": "3506"},
    {"url": "https://a.example/", "division": "3506", "types": "referral.requested"},
    {"url": "https://a.example/", "division": "3506", "verify": "yes"},
    {"url": "https://a.example/", "division": "3506", "state": "active"},
    {"url": "https://a.example/", "division": "3506", "secret": "whsec_x"},
]


@pytest.mark.parametrize(("path", "query"), [(path, query) for path, queries in QUERIES.items() for query in queries])
async def test_an_odd_query_is_refused(town: Town, path: str, query: str) -> None:
    actor = partner("red_cross") if path.startswith("/partner") else None
    client = town.part.client(actor) if actor else town.part.client()
    assert (await client.get(f"{path}?{query}")).status_code == 422


async def test_an_odd_answer_is_refused_and_not_echoed(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need()))
    referral = (await town.referral(household))["id"]
    client = town.part.client(partner("red_cross"))
    for raw in ANSWERS:
        answer = await client.post(
            f"/partner/v1/referrals/{referral}/status",
            content=raw.encode(),
            headers={"content-type": "application/json"},
        )
        assert answer.status_code in (400, 413, 422), raw[:60]
        assert "Cash!" not in answer.text and "１２" not in answer.text
    assert (await town.referral(household))["status"] == "requested"


async def test_an_odd_registration_is_refused(town: Town) -> None:
    for body in ENDPOINTS:
        answer = await town.part.client().put(
            "/api/v1/referral/partners/red_cross/endpoint",
            content=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 422, body
    assert (await town.get("/api/v1/referral/partners"))["items"][0]["endpoints"] == []
