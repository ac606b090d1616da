"""S14 and S15 in one page: the nine brands with what is left, the funds, and the latest awards."""

from fastapi import Request
from starlette.responses import Response

from gateway.clients import Listing
from gateway.console.page_route import page_routes
from gateway.console.pages import VisitorDep, page_scope, renderer
from gateway.console.reading import panels, parts_of

routes = page_routes()


@routes.get("/charity", dependencies=[page_scope("charity:read")])
async def charity_page(request: Request, visitor: VisitorDep) -> Response:
    """How much may still be promised, for what purpose, and what was."""
    parts = parts_of(request, visitor)
    brands, funds, proposals, awards = await panels(
        parts.shown(Listing, "/api/v1/charity/programmes"),
        parts.shown(Listing, "/api/v1/charity/funds"),
        parts.shown(Listing, "/api/v1/charity/proposals", status="proposed", limit="10"),
        parts.shown(Listing, "/api/v1/charity/awards", limit="10"),
    )
    return renderer(request).page(
        request,
        "charity.html",
        visitor=visitor,
        brands=brands,
        funds=funds,
        proposals=proposals,
        awards=awards,
        names=await request.app.state.vocabulary.refreshed(),
    )
