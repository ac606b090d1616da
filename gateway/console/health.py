"""S24, health: which part is well and which is ill."""

from fastapi import Request
from starlette.responses import Response

from gateway.api import all_health
from gateway.console.page_route import page_routes
from gateway.console.pages import VisitorDep, desk_of, renderer

routes = page_routes()


@routes.get("/health")
async def health_page(request: Request, visitor: VisitorDep) -> Response:
    """Every part's state as it is now."""
    parts = await all_health(desk_of(request))
    return renderer(request).page(request, "health.html", visitor=visitor, parts=parts)
