"""A client that dawdles or floods is shown out; it never holds a connection or memory for long."""

import asyncio

import pytest

from gateway import deadlines, door
from tests.unit.gateway.conftest import Gateway


async def _closed_within(gateway: Gateway, sent: bytes, seconds: float) -> bytes:
    """What comes back until the gateway closes the connection."""
    host, _, port = gateway.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    await writer.drain()
    try:
        async with asyncio.timeout(seconds):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("sent", [b"", b"POST /api/v1/intake/hospital-costs HTTP/1.1\r\nHost: x\r\n"])
async def test_a_head_that_does_not_arrive_closes_the_connection(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(deadlines, "HEAD_S", 0.2)
    assert await _closed_within(gateway, sent, 5) == b""


async def test_a_body_that_does_not_arrive_is_answered_408(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_BODY_S", 0.2)
    token = await gateway.token("operator")
    head = (
        "POST /api/v1/intake/hospital-costs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: 10\r\n\r\nabc"
    )
    answer = await _closed_within(gateway, head.encode(), 10)
    assert answer.startswith(b"HTTP/1.1 408")
    assert gateway.parts["intake"].seen == []


async def test_a_form_that_is_too_large_is_refused(gateway: Gateway) -> None:
    client = gateway.client()
    await client.get("/sign-in")
    answer = await client.post("/sign-in", data={"csrf": "x", "username": "a" * 300_000})
    assert answer.status_code == 413


async def test_a_query_that_is_too_long_is_refused(gateway: Gateway) -> None:
    client = await gateway.as_role("operator")
    assert (await client.get("/api/v1/eligibility/parameters?q=" + "a" * 3000)).status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "abc", "９"])
async def test_a_length_that_is_no_number_is_refused(gateway: Gateway, length: str) -> None:
    token = await gateway.token("operator")
    head = (
        "POST /api/v1/intake/hospital-costs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n"
    )
    answer = await _closed_within(gateway, head.encode(), 10)
    assert answer[9:10] == b"4"


async def test_good_requests_pass_while_many_connections_hang(gateway: Gateway) -> None:
    host, _, port = gateway.url.removeprefix("http://").partition(":")
    hanging = [await asyncio.open_connection(host, int(port)) for _ in range(200)]
    for _, writer in hanging:
        writer.write(b"GET / HTTP/1.1\r\n")
    client = await gateway.as_role("operator")
    for _ in range(20):
        assert (await client.get("/api/v1/eligibility/parameters")).status_code == 200
    for _, writer in hanging:
        writer.close()
