"""One attempt to deliver one webhook. It ends within its deadline whatever the other side does, and never raises for
what an endpoint answers.

aiohttp: 17,000 posts a second where httpx made 540 (docs/reference/figures.md).
"""

import asyncio
import email.utils
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from services.referral.delivery.guard import (
    ForbiddenTarget,
    Lookup,
    Networks,
    PinningResolver,
    Target,
    check_url,
    look_up,
    read_networks,
)
from services.referral.delivery.reply import Reply

DEADLINE_S = 15.0
_READ_MOST = 64 * 1024
_MOST_REMEMBERED = 1000
_BODY_GRACE_S = 1.0
"""Once the status is here the body is read only to keep the connection; one that drips is closed."""
_HEADERS = {
    "content-type": "application/json",
    "accept-encoding": "identity",
    "user-agent": "Yiqijiu-Webhooks/1 (+https://www.standardwebhooks.com)",
}


class Sender:
    """Posts webhooks, each to an address that was checked. Holds two connectors: one for outside, one for inside."""

    def __init__(
        self,
        networks: Networks,
        *,
        lookup: Lookup = look_up,
        deadline_s: float = DEADLINE_S,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._networks = networks
        self._targets: dict[str, Target] = {}
        self._deadline_s = deadline_s
        self._sessions = {
            inside_only: _session(PinningResolver(networks, inside_only=inside_only, lookup=lookup), trust)
            for inside_only in (False, True)
        }

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Post `body` once. Redirects are not followed, cookies not kept, compression not asked for."""
        return await self._attempt("POST", url, headers, body)

    async def challenge(self, url: str, token: str) -> bool:
        """Whether a GET of the URL with `?challenge=` answers 2xx and echoes the token."""
        reply, text = await self._ask("GET", url, {}, None, {"challenge": token})
        return reply.status is not None and 200 <= reply.status < 300 and token.encode() in text

    async def _attempt(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        reply, _ = await self._ask(method, url, headers, body, None)
        return reply

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, query: dict[str, str] | None
    ) -> tuple[Reply, bytes]:
        started = time.monotonic()
        try:
            target = self._target(url)
            where = target.url.update_query(query) if query else target.url
            async with asyncio.timeout(self._deadline_s):
                return await self._exchange(method, where, headers, body, target.inside_only, started)
        except Exception as error:  # whatever it was, it is this attempt's outcome
            return Reply(None, error=_word(error), ms=_ms(started)), b""

    def _target(self, url: str) -> Target:
        """The checked URL. A name is resolved and checked again for each connection; the text needs to be read once."""
        target = self._targets.get(url)
        if target is None:
            target = check_url(url, self._networks)
            if len(self._targets) >= _MOST_REMEMBERED:
                self._targets.clear()
            self._targets[url] = target
        return target

    async def _exchange(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        inside_only: bool,
        started: float,
    ) -> tuple[Reply, bytes]:
        session = self._sessions[inside_only]
        response = await session.request(method, url, data=body, headers={**_HEADERS, **headers}, allow_redirects=False)
        try:
            reply = Reply(
                response.status,
                retry_after_s=_retry_after(response.headers.get("retry-after")),
                stop=response.headers.get("webhook-delivery", "").strip().lower() == "abort-message",
                ms=_ms(started),
            )
            return reply, await _read(response)
        finally:
            # Keeps the connection when the body was read to its end, closes it otherwise.
            response.release() if response.content.at_eof() else response.close()

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()


def make_sender(allowed_networks: str, ca_file: Path | None) -> Sender:
    """A sender with the operator's networks, and further authorities to trust where a file names them.

    Raises: ValueError, OSError.
    """
    trust = None
    if ca_file is not None:
        trust = ssl.create_default_context()
        trust.load_verify_locations(ca_file)
    return Sender(read_networks(allowed_networks), trust=trust)


def _session(resolver: PinningResolver, trust: ssl.SSLContext | None) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        limit=0,
        ssl=trust if trust is not None else True,
        keepalive_timeout=30,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body's first 64 KiB, or what of it came within the grace."""
    if response.content.at_eof():
        return b""
    read = bytearray()
    try:
        async with asyncio.timeout(_BODY_GRACE_S):
            while len(read) <= _READ_MOST:
                chunk = await response.content.read(_READ_MOST + 1 - len(read))
                if not chunk:
                    break
                read += chunk
    except (TimeoutError, aiohttp.ClientError, OSError):
        response.close()
    return bytes(read[:_READ_MOST])


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header, given as seconds or as an HTTP date; None when absent or unreadable."""
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(time.time(), UTC)).total_seconds())


_WORDS: tuple[tuple[Any, str], ...] = (
    (ForbiddenTarget, "forbidden"),
    (TimeoutError, "timeout"),
    (aiohttp.ClientConnectorCertificateError, "tls"),
    (aiohttp.ClientSSLError, "tls"),
    (ssl.SSLError, "tls"),
    (aiohttp.ClientConnectorDNSError, "dns"),
    (aiohttp.ClientConnectorError, "refused"),
    (aiohttp.ServerDisconnectedError, "disconnected"),
    (aiohttp.InvalidURL, "forbidden"),
    (aiohttp.ClientResponseError, "bad_answer"),
    (aiohttp.ClientError, "disconnected"),
    (OSError, "disconnected"),
)


def _word(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ForbiddenTarget):
        return "forbidden"
    return next((word for kind, word in _WORDS if isinstance(error, kind)), "failed")


def _ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
