"""An office that acts through the gateway with this machine's operator token, for which four eyes are waived."""

from typing import Any

import aiohttp


class Office:
    """Asks the gateway at `url`."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http = http
        self._base = f"{url}/api/v1"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer's JSON; a refusal's problem, which has a `code` and no `id`."""
        async with self._http.request(method, self._base + path, json=body, headers=self._headers) as answer:
            told: dict[str, Any] = await answer.json(content_type=None)
            return told
