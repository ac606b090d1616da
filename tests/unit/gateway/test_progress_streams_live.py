"""Live progress: each caller sees the counts of the own territory, nothing personal, and no longer than allowed."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway import stream as streaming
from tests.unit.gateway.conftest import Gateway, Seen

_FUNNEL = "GET /api/v1/eligibility/funnel"


async def _events(client: httpx.AsyncClient) -> AsyncIterator[dict[str, Any]]:
    async with client.stream("GET", "/api/v1/stream") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


async def _first(client: httpx.AsyncClient) -> dict[str, Any]:
    events = _events(client)
    try:
        async with asyncio.timeout(10):
            return await anext(events)
    finally:
        await events.aclose()  # type: ignore[attr-defined]  # an async generator


async def test_counts_arrive_and_change(gateway: Gateway) -> None:
    eligibility = gateway.parts["eligibility"]
    eligibility.reply(_FUNNEL, {"records": 3, "results": {"temp_aid_granted": 1}, "since": "2026-01-01"})
    client = await gateway.as_role("city_officer")
    events = _events(client)
    async with asyncio.timeout(15):
        first = await anext(events)
        assert first["counts"]["eligibility.records"] == 3
        assert first["counts"]["step.visited"] == 1
        eligibility.reply(_FUNNEL, {"records": 4, "results": {"temp_aid_granted": 2}})
        second = await anext(events)
        assert second["counts"]["step.visited"] == 2
    assert all(isinstance(value, int) for value in second["counts"].values())
    await events.aclose()  # type: ignore[attr-defined]  # an async generator


async def test_each_territory_is_asked_for_itself(gateway: Gateway) -> None:
    eligibility = gateway.parts["eligibility"]

    def by_territory(seen: Seen) -> Any:
        from aiohttp import web

        return web.json_response({"records": int(eligibility.actor(seen).territory)})

    eligibility.replies[_FUNNEL] = by_territory
    clients = [await gateway.as_role("county_officer", code) for code in ("350622", "350623")]
    answers = await asyncio.gather(*(_first(client) for client in clients))
    assert [answer["counts"]["eligibility.records"] for answer in answers] == [350622, 350623]


async def test_a_part_that_is_away_is_named(gateway: Gateway) -> None:
    gateway.parts["eligibility"].reply(_FUNNEL, {"records": 3})
    await gateway.parts["referral"].stop()
    answer = await _first(await gateway.as_role("county_officer"))
    assert answer["unavailable"] == ["referral"]


async def test_whoever_may_not_see_the_counts_gets_none(gateway: Gateway) -> None:
    for role in ("source_system", "auditor"):
        answer = await (await gateway.as_role(role)).get("/api/v1/stream")
        assert answer.status_code == 403
    assert (await gateway.client().get("/api/v1/stream")).status_code == 401


async def test_nobody_holds_more_than_five_streams(gateway: Gateway) -> None:
    gateway.parts["eligibility"].reply(_FUNNEL, {"records": 3})
    client = await gateway.as_role("city_officer")
    open_streams = [_events(client) for _ in range(streaming.MOST_STREAMS)]
    async with asyncio.timeout(15):
        await asyncio.gather(*(anext(events) for events in open_streams))
    assert (await client.get("/api/v1/stream")).status_code == 403
    for events in open_streams:
        await events.aclose()  # type: ignore[attr-defined]  # an async generator


async def test_a_stream_ends_when_its_token_is_taken_back(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncpg

    monkeypatch.setattr(streaming, "CHECK_S", 0.0)
    monkeypatch.setattr("gateway.auth.FRESH_S", 0.0)
    monkeypatch.setattr("gateway.auth.STALE_S", 0.0)
    numbers = iter(range(10_000))

    def ever_new(_: Seen) -> Any:
        from aiohttp import web

        return web.json_response({"records": next(numbers)})

    gateway.parts["eligibility"].replies[_FUNNEL] = ever_new
    client = await gateway.as_role("city_officer")
    events = _events(client)
    async with asyncio.timeout(20):
        await anext(events)
        connection = await asyncpg.connect(gateway.database.app_url)
        await connection.execute("UPDATE api_token SET revoked_at = now()")
        await connection.close()
        with pytest.raises(StopAsyncIteration):
            while True:
                await anext(events)


async def test_an_open_stream_does_not_keep_the_gateway_from_ending(gateway: Gateway) -> None:
    gateway.parts["eligibility"].reply(_FUNNEL, {"records": 3})
    events = _events(await gateway.as_role("city_officer"))
    async with asyncio.timeout(10):
        await anext(events)
        await gateway.stop()
        with pytest.raises((StopAsyncIteration, httpx.TransportError)):
            while True:
                await anext(events)
