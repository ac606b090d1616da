"""A request passes the door, is written down and reaches its part with nothing of the outside but what it may carry."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.routes import route_table
from tests.unit.gateway.conftest import Gateway

_COST = "/api/v1/intake/hospital-costs"
_RECORD = "8d1e0a52-41a9-4b6c-9a51-4a7a4e1b2c3d"


async def test_a_bill_reaches_intake_with_the_senders_role_and_place(gateway: Gateway) -> None:
    gateway.parts["intake"].reply(f"POST {_COST}", {"record_id": _RECORD}, status=202)
    client = await gateway.as_role("source_system", "350622")
    answer = await client.post(_COST, content=b'{"amount": 1.10}', headers={"Content-Type": "application/json"})
    assert answer.status_code == 202
    assert answer.json() == {"record_id": _RECORD}
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers
    (seen,) = gateway.parts["intake"].seen
    assert seen.body == b'{"amount": 1.10}'
    actor = gateway.parts["intake"].actor(seen)
    assert actor.roles == ("source_system",)
    assert actor.territory == "350622"
    assert actor.scopes == {"intake:write"}
    assert actor.subject.startswith("token:")


async def test_identity_headers_from_outside_do_not_get_in(gateway: Gateway) -> None:
    client = await gateway.as_role("operator")
    forged = {
        "X-User-Id": "1",
        "X-Forwarded-User": "a",
        "X-Request-Id": "mine",
        "Cookie": "yqj=x",
        "X-Territory": "all",
    }
    answer = await client.post(_COST, json={}, headers=forged)
    (seen,) = gateway.parts["intake"].seen
    assert set(seen.headers) <= {
        "host",
        "authorization",
        "content-type",
        "content-length",
        "accept",
        "x-request-id",
        "accept-encoding",
    }
    assert seen.headers["x-request-id"] == answer.headers["x-request-id"] != "mine"


async def test_without_a_token_or_with_a_wrong_one_nothing_is_forwarded(gateway: Gateway) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer yqj_" + "x" * 43},
        {"Authorization": "Basic abc"},
        {"Authorization": ""},
    ):
        answer = await gateway.client(**headers).post(_COST, json={})
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "not_signed_in"
        assert set(answer.json()["message"]) == {"zh", "en"}
    assert gateway.parts["intake"].seen == []


async def test_a_token_whose_time_is_over_is_refused(gateway: Gateway) -> None:
    from datetime import UTC, datetime, timedelta

    from services.kit.clock import Clock

    long_ago = Clock(lambda: datetime.now(UTC) - timedelta(hours=13))
    client = gateway.client(await gateway.token("operator", clock=long_ago))
    assert (await client.post(_COST, json={})).status_code == 401


async def test_a_role_without_the_scope_is_refused_and_the_refusal_is_written_down(gateway: Gateway) -> None:
    client = await gateway.as_role("auditor")
    assert (await client.post(_COST, json={})).status_code == 403
    assert [row["kind"] for row in await gateway.audit_rows()] == ["refused"]
    assert gateway.parts["intake"].seen == []


async def test_a_part_that_is_down_is_named_and_may_be_asked_again(gateway: Gateway) -> None:
    await gateway.parts["intake"].stop()
    client = await gateway.as_role("operator")
    answer = await client.post(_COST, json={})
    assert answer.status_code == 503
    assert answer.json()["part"] == "intake"
    assert int(answer.headers["retry-after"]) > 0
    await gateway.parts["intake"].start()
    assert (await client.post(_COST, json={})).status_code == 200


async def test_what_would_be_done_twice_needs_a_key_and_nothing_else_does(gateway: Gateway) -> None:
    client = await gateway.as_role("operator")
    path = "/api/v1/referral/endpoints/00000000-0000-4000-8000-000000000000/test"
    for headers in ({}, {"Idempotency-Key": ""}):
        answer = await client.post(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (428, "idempotency_key_needed")
    assert gateway.parts["referral"].seen == []
    assert (await client.post(path, headers={"Idempotency-Key": "once"})).status_code == 200
    assert gateway.parts["referral"].seen[0].headers["idempotency-key"] == "once"
    assert (await client.post(_COST, json={})).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "intake/hospital-costs",
        "intake/hospital-costs/batch",
        "intake/grid-reports",
        "intake/households",
        "intake/consents",
        "intake/imports",
        "intake/imports/{import_id}/commit",
        "eligibility/checks",
        "referral/endpoints/{endpoint_id}/approve",
        "referral/referrals/{referral_id}/release",
        "referral/referrals/{referral_id}/cancel",
        "referral/referrals/{referral_id}/replay",
        "charity/donations",
        "charity/payment-batches",
    ],
)
def test_what_has_a_natural_key_needs_no_other(address: str) -> None:
    assert f"POST /api/v1/{address}" in {route.template for route in route_table().routes if not route.needs_key}


async def test_bodies_over_the_routes_limit_are_refused_before_they_are_read_on(gateway: Gateway) -> None:
    client = await gateway.as_role("operator")
    assert (await client.post(_COST, content=b"x" * 300_000)).status_code == 413

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 50_000

    assert (await client.post(_COST, content=stream())).status_code == 413
    assert gateway.parts["intake"].seen == []
    assert (await client.post(f"{_COST}/batch", content=b"x" * 300_000)).status_code == 200


async def test_other_paths_and_methods_are_problem_json_too(gateway: Gateway) -> None:
    client = await gateway.as_role("operator")
    for path in ("/api/v1/intake/nothing", "/api/v1/intake/imports/..%2f..%2fsecret", "/api/v1/intake/imports/a.b"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = await client.delete(_COST)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_sender_over_its_rate_is_told_when_to_come_again_and_an_operator_never_is(gateway: Gateway) -> None:
    sender, operator = await gateway.as_role("source_system"), await gateway.as_role("operator")

    async def post(client: httpx.AsyncClient) -> int:
        return (await client.post(_COST, json={})).status_code

    started = time.monotonic()
    statuses = await asyncio.gather(*(post(sender) for _ in range(260)))
    allowed = 200 + 200 * (time.monotonic() - started)
    assert statuses.count(200) <= allowed + 1
    assert statuses.count(200) >= 200
    if time.monotonic() - started < 0.25:
        assert 429 in statuses
    assert set(await asyncio.gather(*(post(operator) for _ in range(260)))) == {200}


async def test_a_part_that_was_restarted_is_asked_again_without_the_caller_noticing(gateway: Gateway) -> None:
    client = await gateway.as_role("operator")
    eligibility = gateway.parts["eligibility"]
    for _ in range(3):
        assert (await client.get("/api/v1/eligibility/parameters")).status_code == 200
        await eligibility.stop()
        await eligibility.start()
    assert (await client.get("/api/v1/eligibility/parameters")).status_code == 200


async def test_a_signed_callback_comes_in_without_a_token_and_only_as_a_signed_partner(gateway: Gateway) -> None:
    path = f"/partner/v1/referrals/{_RECORD}/status"
    body = b'{"status":  "accepted"}'
    signature = {"webhook-id": "m1", "webhook-timestamp": "1", "webhook-signature": "v1,abc"}
    answer = await gateway.client().post(path, content=body, headers={**signature, "Content-Type": "application/json"})
    assert answer.status_code == 200
    (seen,) = gateway.parts["referral"].seen
    assert seen.body == body
    assert {name: seen.headers[name] for name in signature} == signature
    actor = gateway.parts["referral"].actor(seen)
    assert (actor.roles, actor.territory, actor.scopes, actor.partner) == (
        ("partner_system",),
        "all",
        frozenset({"partner:signed"}),
        None,
    )
    assert (await gateway.client().get(f"/partner/v1/referrals/{_RECORD}", headers=signature)).status_code == 401
