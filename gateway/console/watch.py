"""The low-income watch (低收入人口动态监测) as a register: who is looked at again at every new fact, and why."""

from fastapi import Request
from starlette.responses import Response

from gateway.console.listing import Asked, csv_file, export_purpose, kept, link
from gateway.console.page_route import page_routes
from gateway.console.pages import VisitorDep, page_scope, renderer
from gateway.console.reading import panel, parts_of
from gateway.console.visits import places_below

routes = page_routes()
WATCH = "/api/v1/eligibility/watch"
REASONS = ("status", "disability_card", "elder_alone", "sole_earner_ill", "year_sum")


@routes.get("/watch", dependencies=[page_scope("eligibility:read")])
async def watch(
    request: Request, visitor: VisitorDep, reason: Asked = "", division: Asked = "", cursor: Asked = ""
) -> Response:
    """The register, by reason and place; a reason is a filter that shows how many it has."""
    asked = kept(reason=reason if reason in REASONS else "", division=division)
    parts = parts_of(request, visitor, purpose="casework")
    told = await panel(parts.get(WATCH, **asked, cursor=cursor or None, limit="50"))
    return renderer(request).page(
        request,
        "watch.html",
        visitor=visitor,
        told=told,
        asked=asked,
        reasons=REASONS,
        places=places_below(visitor.account.territory),
        page_of=lambda **more: link("/watch", asked, **more),
        is_first=not cursor,
    )


@routes.get("/watch.csv", dependencies=[page_scope("eligibility:read")])
async def watch_file(
    request: Request, visitor: VisitorDep, reason: Asked = "", division: Asked = "", purpose: Asked = ""
) -> Response:
    """The register as a file for a spreadsheet; the purpose is written down."""
    parts = parts_of(request, visitor, purpose=export_purpose(purpose))
    return csv_file(request, await parts.file(WATCH, **kept(reason=reason, division=division)), "watch")
