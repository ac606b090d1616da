"""The gateway's own answers: health, and what is composed from several parts."""

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse, Response

from gateway.auth import Grant
from gateway.compose import Asking, compose_partner_referral, compose_record
from gateway.desk import Desk
from gateway.errors import PartAway
from services.contracts.codes import PARTS

router = APIRouter()
_SERVICES = tuple(part for part in PARTS if part != "gateway")
Uuid = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description="UUID")]


def asking_of(request: Request) -> Asking:
    """The caller whom the door let in, asking."""
    return Asking(request.app.state.desk, request.state.grant, request.state.request_id)


@router.get("/api/v1/health", tags=["health"], summary="各部分是否正常 / Which part is ill")
async def health(request: Request) -> Response:
    """Which part is well and which is ill. Open to everybody; holds nothing but states."""
    parts = await all_health(request.app.state.desk)
    well = all(state["status"] == "ready" for state in parts.values())
    return JSONResponse({"status": "ready" if well else "degraded", "parts": parts}, 200 if well else 503)


async def all_health(desk: Desk) -> dict[str, dict[str, Any]]:
    """The state of every part, the gateway's last."""
    states = await asyncio.gather(*(_part_health(desk, part) for part in _SERVICES))
    parts = dict(zip(_SERVICES, states, strict=True))
    ill = desk.audit.is_ill
    parts["gateway"] = {"status": "not_ready" if ill else "ready", "problems": ["audit"] if ill else []}
    return parts


async def _part_health(desk: Desk, part: str) -> dict[str, Any]:
    """A part's own /readyz, or `away`."""
    try:
        answer = await desk.upstream.send(part, "GET", "/readyz", timeout_s=4, is_repeatable=True)
        told: dict[str, Any] = answer.json()
    except (PartAway, json.JSONDecodeError):
        return {"status": "away", "problems": ["process"]}
    known = ("status", "problems", "outbox_oldest_s", "database_ms")
    return {name: told[name] for name in known if name in told}


@router.get(
    "/api/v1/intake/records/{record_id}", tags=["gateway"], summary="一条推送记录的去向 / What became of a record"
)
async def get_record(request: Request, record_id: Uuid) -> dict[str, Any]:
    """The record with its sum of the year, trigger, account, assessment, referrals and outcome, from three parts.

    A part that is away is named in `unavailable` and its piece is null.
    """
    return await compose_record(asking_of(request), record_id)


@router.get(
    "/partner/v1/referrals/{referral_id}",
    tags=["gateway"],
    summary="一件转介及允许查看的字段 / A referral with the allowed fields",
)
async def get_partner_referral(request: Request, referral_id: Uuid) -> dict[str, Any]:
    """A referral of this partner, with only those fields of the person that consent and purpose allow."""
    desk: Desk = request.app.state.desk
    grant: Grant = request.state.grant
    return await compose_partner_referral(desk, grant, referral_id, request_id=request.state.request_id)
