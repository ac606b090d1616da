"""S21, audit: who looked at whom, why, and is the log whole."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from gateway.api import read_audit
from gateway.console.page_route import page_routes
from gateway.console.pages import Visitor, VisitorDep, checked_form, desk_of, language_of, page_scope, renderer
from gateway.routes import Match
from gateway.verify import ChainReport, heads_file, verify_chain

routes = page_routes()
_ROWS = 50


@routes.get("/audit", dependencies=[page_scope("audit:read")])
async def audit_list(
    request: Request,
    visitor: VisitorDep,
    object_ref: Annotated[str, Query(alias="object", max_length=40)] = "",
    actor: Annotated[str, Query(max_length=60)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Uses, the newest first."""
    return await _show(request, visitor, object_ref=object_ref.strip(), actor=actor.strip(), cursor=cursor)


@routes.post("/audit/verify", dependencies=[page_scope("audit:read")])
async def audit_verify(request: Request, visitor: VisitorDep) -> Response:
    """Recompute the whole chain now."""
    await checked_form(request, visitor.csrf)
    settings = request.app.state.settings
    report = await verify_chain(
        settings.database_url.get_secret_value(), settings.audit_key.get_secret_value(), heads_file(settings.home)
    )
    return await _show(request, visitor, object_ref="", actor="", cursor=None, report=report)


async def _show(
    request: Request,
    visitor: Visitor,
    *,
    object_ref: str,
    actor: str,
    cursor: str | None,
    report: ChainReport | None = None,
) -> Response:
    desk = desk_of(request)
    match = desk.table.find("GET", "/api/v1/audit/entries")
    assert isinstance(match, Match)
    desk.admit(visitor.grant, match.route)
    desk.check_audit(match.route)
    written = desk.audit.ask(desk.entry(visitor.grant, match, request_id=request.state.request_id, purpose="audit"))
    page = await read_audit(request, visitor.grant, object_ref=object_ref, actor=actor, cursor=cursor, limit=_ROWS)
    await desk.audit.committed(written)
    return renderer(request).page(
        request,
        "audit.html",
        visitor=visitor,
        entries={"rows": page.items, "next": page.next},
        object_ref=object_ref,
        actor=actor,
        report=report,
        is_first=cursor is None,
        route_words=_route_words(request),
        names=await request.app.state.vocabulary.refreshed(),
    )


def _route_words(request: Request) -> dict[str, str]:
    """What an address is for, by its route; the table says it in Chinese only."""
    if language_of(request) != "zh-CN":
        return {}
    return {f"{route.method} {route.path}": route.zh for route in desk_of(request).table.routes}
