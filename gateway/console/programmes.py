"""A page for each programme: what the law asks, the figures in each county, where they come from and what is not known.
All of it is generated from the rule book."""

from fastapi import Request
from starlette.responses import Response

from gateway.clients import Listing, may_ask, segment
from gateway.console import policy_words
from gateway.console.page_route import page_routes
from gateway.console.pages import VisitorDep, desk_of, page_scope, renderer
from gateway.console.reading import panel, parts_of
from services.kit.errors import NotFound

routes = page_routes()
PROGRAMMES = "/api/v1/eligibility/programmes"


@routes.get("/programmes", dependencies=[page_scope("eligibility:read")])
async def programme_list(request: Request, visitor: VisitorDep) -> Response:
    """The programmes that every household is checked against."""
    listed = await panel(parts_of(request, visitor).shown(Listing, PROGRAMMES))
    return renderer(request).page(request, "programmes.html", visitor=visitor, listed=listed)


@routes.get("/programmes/{code}", dependencies=[page_scope("eligibility:read")])
async def programme(request: Request, visitor: VisitorDep, code: str) -> Response:
    """One programme."""
    if not code.isascii() or not code.replace("_", "").isalnum() or len(code) > 40:
        raise NotFound()
    if not may_ask(desk_of(request), visitor.grant, f"GET {PROGRAMMES}/{{code}}"):
        raise NotFound()
    told = await parts_of(request, visitor).get(f"{PROGRAMMES}/{segment(code)}")
    return renderer(request).page(request, "programme.html", visitor=visitor, programme=told, words=policy_words)
