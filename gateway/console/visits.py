"""S3, the visit list: whom to visit next, and why them."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from gateway.console.listing import Asked, kept, link
from gateway.console.page_route import page_routes
from gateway.console.pages import VisitorDep, page_scope, renderer
from gateway.console.reading import panel, parts_of
from services.contracts.divisions import divisions

routes = page_routes()
STATES = ("open", "done", "withdrawn")


@routes.get("/visits", dependencies=[page_scope("eligibility:read")])
async def visit_list(
    request: Request,
    visitor: VisitorDep,
    state: str = "open",
    overdue: Asked = "",
    division: Annotated[str | None, Query(max_length=12)] = None,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Households in order of need."""
    asked = kept(state=state if state in STATES else "open", overdue="1" if overdue else "", division=division or "")
    reading = parts_of(request, visitor).visits(
        state=asked["state"], division=division or None, cursor=cursor, is_overdue=bool(overdue)
    )
    return renderer(request).page(
        request,
        "visits.html",
        visitor=visitor,
        visits=await panel(reading),
        state=asked["state"],
        overdue=bool(overdue),
        page_of=lambda **more: link("/visits", asked, **more),
        states=STATES,
        division=division or "",
        places=places_below(visitor.account.territory),
        is_first=cursor is None,
    )


def places_below(territory: str) -> list[tuple[str, str]]:
    """The divisions directly below a territory, as (code, name), for a filter."""
    code = "3506" if territory in ("", "all") else territory
    return [(place.code, place.name) for place in divisions().children(code)]
