"""The charity side of the demo: a gift comes in, what stayed open is proposed, seen by two, paid, and receipted."""

import asyncio
import time
from datetime import date
from typing import Any

from deploy.local.demo.office import Office

_GIFT = "300000.00"
_PATIENCE_S = 5.0
_MOST = 20
"""Proposals the demo takes to the end; a real round is for people to decide."""


class Giving:
    """The charity office at work."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def run(self, day: date) -> int:
        """Book a gift, then take proposals from proposal to receipt. Answers how many were paid."""
        gift = {"reference": f"DEMO-GIFT-{day}", "amount": _GIFT, "received_on": day.isoformat()}
        await self._ask("POST", "/donations", gift)
        approved = [one for one in await self._proposals() if await self._approve(one)]
        return await self._pay(approved, day) if approved else 0

    async def _proposals(self) -> list[str]:
        """Proposals that wait; the newest needs take a moment to come down the hill."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            listed = await self._ask("GET", f"/proposals?status=proposed&limit={_MOST}")
            found = [one["id"] for one in listed.get("items", ())]
            if found or time.monotonic() > until:
                return found
            await asyncio.sleep(0.2)

    async def _approve(self, award_id: str) -> bool:
        """Review and approve; a proposal that meanwhile was answered elsewhere is left."""
        for step in ("review", "approve"):
            if "id" not in await self._ask("POST", f"/proposals/{award_id}/{step}", {}):
                return False
        return True

    async def _pay(self, approved: list[str], day: date) -> int:
        reference = f"DEMO-{approved[0][:8]}"
        batch = await self._ask("POST", "/payment-batches", {"reference": reference})
        if "id" not in batch:
            return 0
        batch = await self._ask("GET", f"/payment-batches/{batch['id']}")
        lines = [{"line": line["line"], "result": "paid", "on": day.isoformat()} for line in batch["lines"]]
        receipts = {"reference": f"{reference}-R", "file_sha256": batch["file_sha256"], "lines": lines}
        done = await self._ask("POST", f"/payment-batches/{batch['id']}/receipts", receipts)
        return len(lines) if "code" not in done else 0

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return await self._office.ask(method, f"/charity{path}", body)
