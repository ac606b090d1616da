"""No webhook reaches inside, in whatever spelling: 60 and more URLs, a name that changes its mind, and a canary."""

import asyncio
import ipaddress
from collections.abc import Sequence

import pytest
from aiohttp import web

from services.referral.delivery.guard import (
    ForbiddenTarget,
    Networks,
    PinningResolver,
    check_url,
    is_internal,
    look_up,
    read_networks,
)
from services.referral.delivery.reply import Reply
from services.referral.delivery.send import Sender
from tests.unit.referral.made import Town
from tests.unit.referral.receiver import receiving

NONE = Networks()
LITERALS = [
    "https://127.0.0.1/", "https://127.0.0.1:8443/", "https://127.1.2.3/", "https://0.0.0.0/", "https://10.0.0.1/",
    "https://10.255.255.255/", "https://172.16.0.1/", "https://172.31.9.9/", "https://192.168.0.1/",
    "https://169.254.169.254/latest/meta-data/", "https://169.254.0.1/", "https://100.64.0.1/",
    "https://100.100.100.200/latest/meta-data/", "https://168.63.129.16/", "https://192.0.0.192/",
    "https://192.0.2.1/", "https://198.18.0.1/", "https://198.51.100.7/", "https://203.0.113.7/", "https://192.88.99.1/",
    "https://224.0.0.1/", "https://239.255.255.250/", "https://240.0.0.1/", "https://255.255.255.255/",
    "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/",
    "https://[::ffff:10.0.0.1]/", "https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/", "https://[2001::1]/", "https://[fe80::1]/", "https://[fec0::1]/", "https://[fc00::1]/",
    "https://[fd00:ec2::254]/", "https://[ff02::1]/", "https://[100::1]/", "https://[2001:db8::1]/",
    "https://[3fff::1]/", "https://[5f00::1]/", "https://[fe80::1%25eth0]/",
]  # fmt: skip
SPELLINGS = [
    "https://127.1/", "https://127.0.1/", "https://0177.0.0.1/", "https://2130706433/", "https://0x7f000001/",
    "https://0x7f.0.0.1/", "https://017700000001/", "https://１２７.0.0.1/", "https://127。0。0。1/",
    "https://127.0.0.1./", "https://0/", "https://0x0/", "https://169.254.43518/", "https://①②⑦.0.0.1/",
    "https://example.0x7f000001/", "https://3232235521/",
]  # fmt: skip
SHAPES = [
    "http://example.com/", "http://example.com:443/", "https://example.com:22/", "https://example.com:80/",
    "https://example.com:0/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
    "javascript:alert(1)",
    "//example.com/", "example.com", "", "https://", "https:///x", "https://user@example.com/",
    "https://user:pw@example.com/", "https://@example.com/", "https://example.com\\@127.0.0.1/",
    "https://example.com /", "https://exa\nmple.com/", "https://example.com/\r\nX: 1", "https://example.com/#x",
    "https://example.com:99999/", "https://exa%6dple.com%00.evil.example/", "https://[::1", "https://" + "a" * 600,
    "https://" + "a" * 300 + "/", "https://a..b/", "https://-a-/", "https://a_b-.example/", "https://exa mple/",
]  # fmt: skip


@pytest.mark.parametrize("url", LITERALS + SPELLINGS + SHAPES)
def test_a_url_that_leads_inside_or_is_odd_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenTarget):
        check_url(url, NONE)


def test_there_are_more_than_sixty_of_them() -> None:
    assert len({*LITERALS, *SPELLINGS, *SHAPES}) > 60


@pytest.mark.parametrize(
    "url",
    ["https://example.com/hooks", "https://example.com:8443/x?y=1", "https://8.8.8.8/", "https://[2606:4700::1]/",
     "https://慈善.中国/推送", "https://sub.domain.example.org"],
)  # fmt: skip
def test_an_ordinary_https_address_is_taken(url: str) -> None:
    assert not check_url(url, NONE).inside_only


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("http://10.1.2.3:9000/x", True),
        ("https://10.1.2.3/x", True),
        ("http://10.2.0.1/x", False),
        ("http://127.0.0.1/", False),
        ("http://[::ffff:10.1.2.3]/", True),
        ("http://partner.example:9000/", True),  # decided when it is resolved
    ],
)
def test_an_allowed_network_opens_itself_only(url: str, is_allowed: bool) -> None:
    networks = read_networks("10.1.0.0/16")
    if is_allowed:
        check_url(url, networks)
    else:
        with pytest.raises(ForbiddenTarget):
            check_url(url, networks)


@pytest.mark.parametrize("spelling", ["127.1", "0177.0.0.1", "2130706433", "0x7f000001", "localhost"])
async def test_whatever_getaddrinfo_makes_of_a_name_is_checked(spelling: str) -> None:
    with pytest.raises(ForbiddenTarget):
        await PinningResolver(NONE, inside_only=False, lookup=look_up).resolve(spelling, 443)


async def test_a_name_with_one_inner_answer_is_refused_whole() -> None:
    async def both(host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14", "10.0.0.1"]

    with pytest.raises(ForbiddenTarget):
        await PinningResolver(NONE, inside_only=False, lookup=both).resolve("example.com", 443)


async def test_a_name_for_plain_http_must_lie_wholly_inside() -> None:
    async def public(host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14"]

    resolver = PinningResolver(read_networks("10.0.0.0/8"), inside_only=True, lookup=public)
    with pytest.raises(ForbiddenTarget):
        await resolver.resolve("example.com", 80)


async def test_a_name_that_changes_its_mind_reaches_no_canary() -> None:
    """The first answer is public, every later one is loopback; the connection goes to what was checked, or nowhere."""
    seen = 0
    asked = 0

    async def canary(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        writer.close()

    server = await asyncio.start_server(canary, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def rebinding(host: str, port: int) -> Sequence[str]:
        nonlocal asked
        asked += 1
        return ["192.0.2.1"] if asked == 1 else ["127.0.0.1"]

    networks = read_networks("192.0.2.0/24")
    sender = Sender(networks, lookup=rebinding, deadline_s=0.5)
    try:
        for _ in range(3):
            reply = await sender.send(f"http://rebind.example:{port}/", {}, b"{}")
            assert reply.status is None
        assert asked == 3
        assert reply.error == "forbidden"
        assert seen == 0
    finally:
        await sender.close()
        server.close()


async def test_a_forbidden_address_is_refused_at_the_door_with_the_field_named(town: Town) -> None:
    for url in ("https://169.254.169.254/", "http://example.com/", "https://10.0.0.1/"):
        answer = await town.part.client().put(
            "/api/v1/referral/partners/red_cross/endpoint", json={"url": url, "division": "3506"}
        )
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "url"
        assert url not in answer.text


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2400:3200::1"])
def test_public_addresses_are_not_inside(text: str) -> None:
    assert not is_internal(ipaddress.ip_address(text))


# What a receiver may do to the sender


async def test_a_slow_drip_ends_within_the_deadline() -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        for _ in range(600):
            await response.write(b".")
            await asyncio.sleep(0.1)
        return response

    async with receiving() as receiver:
        receiver.then = drip
        reply = await _send_once(receiver.url)
        assert reply.status == 500 and reply.ms < 2500


async def test_a_hang_before_the_answer_ends_as_a_timeout() -> None:
    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with receiving() as receiver:
        receiver.then = hang
        reply = await _send_once(receiver.url, deadline_s=0.4)
        assert (reply.status, reply.error) == (None, "timeout")


async def test_a_giant_answer_is_read_for_64_kib_only() -> None:
    sent = 0

    async def giant(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(status=200, headers={"content-encoding": "gzip"})
        await response.prepare(request)
        for _ in range(4096):
            await response.write(b"\0" * 65536)
            sent += 65536
        return response

    async with receiving() as receiver:
        receiver.then = giant
        reply = await _send_once(receiver.url)
        assert reply.status == 200
        assert sent < 64 * 1024 * 1024


async def test_a_connection_cut_in_the_middle_is_a_failure_in_a_word() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.transport.abort()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    try:
        reply = await _send_once(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        assert reply.status is None and reply.error == "disconnected"
    finally:
        server.close()


async def test_a_server_that_speaks_no_http_is_a_failure_in_a_word() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"\x16\x03\x01 what?\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    try:
        reply = await _send_once(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        assert reply.status is None and reply.error == "bad_answer"
    finally:
        server.close()


async def test_nobody_listening_is_a_refused_connection() -> None:
    reply = await _send_once("http://127.0.0.1:9/")
    assert (reply.status, reply.error) == (None, "refused")


async def _send_once(url: str, *, deadline_s: float = 5.0) -> Reply:
    sender = Sender(read_networks("127.0.0.0/8"), deadline_s=deadline_s)
    try:
        return await sender.send(url, {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,x"}, b"{}")
    finally:
        await sender.close()
