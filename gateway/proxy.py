"""Asks a part over HTTP: pooled connections, only the headers that a part may see, one deadline for the whole."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from gateway.errors import PartAway

PASSED_ON = frozenset(
    {
        b"content-type",
        b"accept",
        b"accept-language",
        b"idempotency-key",
        b"if-match",
        b"if-none-match",
        b"webhook-id",
        b"webhook-timestamp",
        b"webhook-signature",
        b"x-purpose",
    }
)
"""All that a part sees of the request's headers. Who asks is told by the inner token alone."""
PASSED_BACK = frozenset(
    {"content-type", "content-disposition", "etag", "retry-after", "www-authenticate", "allow", "location", "link"}
)
_IDLE_S = 30.0
"""Less than the parts keep an idle connection (75 s), so that none is used while its other end closes it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a part answered."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether the status says so."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The parsed body.

        Raises: ValueError.
        """
        return json.loads(self.body)


class Upstream:
    """Connections to the parts. The session is opened at first use, in the loop that uses it."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = {part: url.rstrip("/") for part, url in urls.items()}
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self,
        part: str,
        method: str,
        target: str,
        *,
        token: str | None = None,
        request_id: str = "",
        headers: Iterable[tuple[bytes, bytes]] = (),
        body: bytes | None = None,
        timeout_s: float = 60.0,
        is_repeatable: bool = False,
    ) -> Answer:
        """One request to a part. `target` is the path with its query, as it came.

        Raises: PartAway when the part does not answer. What was sent may have been done: only a repeatable request is
        tried once more after a connection broke.
        """
        base = self._urls.get(part)
        if base is None:
            raise PartAway(part)
        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if request_id:
            sent["X-Request-Id"] = request_id
        url = URL(base + target, encoded=True)
        try:
            async with asyncio.timeout(timeout_s):
                try:
                    return await self._once(method, url, sent, body)
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                    if not is_repeatable or isinstance(error, aiohttp.ClientConnectorError):
                        raise
                    return await self._once(method, url, sent, body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PartAway(part) from error

    async def _once(self, method: str, url: URL, headers: dict[str, str], body: bytes | None) -> Answer:
        async with self._open().request(method, url, headers=headers, data=body, allow_redirects=False) as response:
            content = await response.read()
            kept = tuple(
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in response.headers.items()
                if name.lower() in PASSED_BACK
            )
            return Answer(response.status, kept, content)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, limit_per_host=200, keepalive_timeout=_IDLE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=3),
                skip_auto_headers=("User-Agent", "Accept", "Content-Type"),
                auto_decompress=False,
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
