"""The gateway's own answers: health, and what is composed from several parts."""

import asyncio
import json
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from gateway.desk import Desk
from gateway.errors import PartAway
from services.contracts.codes import PARTS

router = APIRouter()
_SERVICES = tuple(part for part in PARTS if part != "gateway")


@router.get("/api/v1/health", tags=["health"], summary="各部分是否正常")
async def health(request: Request) -> Response:
    """Which part is well and which is ill. Open to everybody; holds nothing but states."""
    desk: Desk = request.app.state.desk
    states = await asyncio.gather(*(part_health(desk, part) for part in _SERVICES))
    parts = dict(zip(_SERVICES, states, strict=True))
    parts["gateway"] = {"status": "not_ready" if desk.audit.is_ill else "ready", "problems": ["audit"] * desk.audit.is_ill}
    well = all(state["status"] == "ready" for state in parts.values())
    return JSONResponse({"status": "ready" if well else "degraded", "parts": parts}, 200 if well else 503)


async def part_health(desk: Desk, part: str) -> dict[str, Any]:
    """A part's own /readyz, or `away`."""
    try:
        answer = await desk.upstream.send(part, "GET", "/readyz", timeout_s=4, is_repeatable=True)
        told: dict[str, Any] = answer.json()
    except (PartAway, json.JSONDecodeError):
        return {"status": "away", "problems": ["process"]}
    known = ("status", "problems", "outbox_oldest_s", "database_ms")
    return {name: told[name] for name in known if name in told}
