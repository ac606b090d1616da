"""The gateway's own answers: health, and what is composed from several parts."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from gateway.auth import Grant
from gateway.chain import compose_chain
from gateway.compose import Asking, compose_partner_referral, compose_record
from gateway.desk import Desk
from gateway.errors import PartAway
from gateway.notice import compose_notice
from gateway.store import audit_page
from gateway.stream import Streams
from services.contracts.codes import PARTS
from services.kit.pages import Cursor, Limit, only_number, write_cursor

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
        known = ("outbox_oldest_s", "database_ms")
        figures = {name: told[name] for name in known if name in told}
        return {"status": told["status"], "problems": list(told["problems"]), **figures}
    except (PartAway, ValueError, KeyError, TypeError):
        return {"status": "away", "problems": ["process"]}


@router.get("/api/v1/stream", tags=["gateway"], summary="实时进度 / Live progress", response_class=Response)
async def stream(request: Request) -> Response:
    """Server-sent events `progress` with the counts of the caller's territory, at most one a second. Nothing
    personal."""
    streams: Streams = request.app.state.streams
    return streams.response(request, request.state.grant)


@router.get(
    "/api/v1/intake/records/{record_id}", tags=["gateway"], summary="一条推送记录的去向 / What became of a record"
)
async def get_record(request: Request, record_id: Uuid) -> dict[str, Any]:
    """The record with its sum of the year, trigger, account, assessment, referrals and outcome, from three parts.

    A part that is away is named in `unavailable` and its piece is null.
    """
    return await compose_record(asking_of(request), record_id)


@router.get(
    "/api/v1/eligibility/assessments/{assessment_id}/notice",
    tags=["gateway"],
    summary="告知书（PDF） / The notice as a PDF",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def get_notice(request: Request, assessment_id: Uuid) -> Response:
    """What was checked, each failed test with its figure and article, what is missing, and the family's rights.

    It is a proposal: people decide. The applicant's name is read and written down like any reveal; it is left out where
    the caller may not read it.
    """
    desk: Desk = request.app.state.desk
    content = await compose_notice(desk, request.state.grant, assessment_id, request_id=request.state.request_id)
    headers = {"content-disposition": f'inline; filename="notice-{assessment_id[:8]}.pdf"', "cache-control": "no-store"}
    return Response(content, headers=headers, media_type="application/pdf")


@router.get(
    "/api/v1/households/{household_ref}", tags=["gateway"], summary="一户一条救助链 / One household, one chain of help"
)
async def get_household_chain(request: Request, household_ref: Uuid) -> dict[str, Any]:
    """The household as intake, eligibility, referral and charity know it, and what happened in order of time.

    A part that is away is named in `unavailable` and its piece is null.
    """
    return await compose_chain(asking_of(request), household_ref)


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


class AuditEntryOut(BaseModel):
    """One use: who, for what, why, and how it ended."""

    seq: int
    entry: dict[str, Any]
    status: int | None


class AuditPage(BaseModel):
    """Uses, the newest first."""

    items: list[AuditEntryOut]
    next: str | None


@router.get("/api/v1/audit/entries", tags=["gateway"], summary="访问留痕 / Who did and read what")
async def get_audit(
    request: Request,
    object_ref: Annotated[str, Query(alias="object", max_length=40)] = "",
    actor: Annotated[str, Query(max_length=60)] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> AuditPage:
    """The audit chain's uses within the auditor's territory."""
    grant: Grant = request.state.grant
    return await read_audit(request, grant, object_ref=object_ref, actor=actor, cursor=cursor, limit=limit)


async def read_audit(
    request: Request, grant: Grant, *, object_ref: str, actor: str, cursor: str | None, limit: int
) -> AuditPage:
    """A page of the audit for somebody who may read it. Raises: BadInput for a cursor that is none of ours."""
    territory = "" if grant.actor.territory == "all" else grant.actor.territory or "none"
    async with request.app.state.database.transaction() as db:
        rows = await audit_page(
            db,
            before=only_number(cursor),
            object_ref=object_ref,
            actor=actor,
            territory=territory,
            limit=limit + 1,
        )
    following = write_cursor(rows[limit - 1].seq) if len(rows) > limit else None
    items = [AuditEntryOut(seq=row.seq, entry=row.body, status=row.status) for row in rows[:limit]]
    return AuditPage(items=items, next=following)
