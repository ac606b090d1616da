"""What programmes, needs, partners and brands are called: asked of the parts that own them, and remembered for a while.
Names are the same for everybody, so the gateway asks as itself."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from gateway.auth import Grant
from gateway.compose import Asking, piece
from gateway.console.texts import Words
from gateway.desk import Desk, new_request_id
from services.kit.auth import Actor

_FRESH_S = 300.0
_AGAIN_S = 5.0
_SELF = Actor("gateway", (), "all", frozenset({"eligibility:read", "referral:read", "charity:read"}))
_SOURCES = (
    ("programme", "eligibility", "/api/v1/eligibility/programmes"),
    ("need", "referral", "/api/v1/referral/needs"),
    ("partner", "referral", "/api/v1/referral/partners?kind=all"),
    ("brand", "charity", "/api/v1/charity/programmes"),
)
Both = Mapping[str, str]


class Vocabulary:
    """Names by family and code."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._names: dict[tuple[str, str], Both] = {}
        self._due = 0.0
        self._asking = asyncio.Lock()

    async def refreshed(self) -> "Vocabulary":
        """Itself, asked anew when old. A part that is away leaves its last names standing."""
        if time.monotonic() < self._due:
            return self
        async with self._asking:
            if time.monotonic() >= self._due:
                complete = await self._refresh()
                self._due = time.monotonic() + (_FRESH_S if complete else _AGAIN_S)
        return self

    def name(self, family: str, code: object) -> Both:
        """The name in both languages; the code itself while nobody has told."""
        return self._names.get((family, str(code)), {"zh": str(code), "en": str(code)})

    def family(self, family: str) -> list[tuple[str, Both]]:
        """The codes of a family with their names, as told."""
        return [(code, name) for (kind, code), name in self._names.items() if kind == family]

    def knows(self, family: str, code: str) -> bool:
        """Whether a code has been told."""
        return (family, code) in self._names

    def need(self, code: object, words: Words) -> str:
        """The name of a need; from the texts while referral has not told."""
        told = self._names.get(("need", str(code)))
        return words.pick(told) if told else words.code("need", code)

    async def _refresh(self) -> bool:
        grant = Grant(_SELF, float("inf"), 0.0)
        asking = Asking(self._desk, grant, new_request_id())
        answers = await asyncio.gather(*(piece(asking.get(part, path)) for _, part, path in _SOURCES))
        for (family, _, _), (body, _) in zip(_SOURCES, answers, strict=True):
            for row in (body or {}).get("items", ()):
                self._names[family, str(row["code"])] = _both(row)
        return all(error is None for _, error in answers)


def _both(row: Mapping[str, Any]) -> Both:
    name = row.get("name", row)
    return {"zh": str(name.get("zh", row["code"])), "en": str(name.get("en", row["code"]))}
