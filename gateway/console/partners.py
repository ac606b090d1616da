"""S11, the partner directory with the health of each one's deliveries; and a partner's own referrals."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from gateway.clients import Listing
from gateway.console.page_route import page_routes
from gateway.console.pages import VisitorDep, desk_of, page_scope, renderer
from gateway.console.reading import panel, panels, parts_of
from gateway.progress import read_progress

routes = page_routes()


@routes.get("/partners", dependencies=[page_scope("referral:read")])
async def partner_directory(request: Request, visitor: VisitorDep) -> Response:
    """Who helps with what, where webhooks go, and how they fare."""
    parts = parts_of(request, visitor)
    partners, deliveries = await panels(
        parts.shown(Listing, "/api/v1/referral/partners"),
        parts.shown(Listing, "/api/v1/referral/deliveries", limit="20"),
    )
    progress = await read_progress(desk_of(request), visitor.grant, request.state.request_id)
    return renderer(request).page(
        request,
        "partners.html",
        visitor=visitor,
        partners=partners,
        deliveries=deliveries,
        counts=progress.counts,
        names=await request.app.state.vocabulary.refreshed(),
    )


@routes.get("/partner", dependencies=[page_scope("partner:read")])
async def own_referrals(
    request: Request, visitor: VisitorDep, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    """What a partner's own people are asked: thin, nothing that identifies."""
    referrals = await panel(parts_of(request, visitor).shown(Listing, "/partner/v1/referrals", cursor=cursor))
    return renderer(request).page(
        request,
        "partner.html",
        visitor=visitor,
        referrals=referrals,
        is_first=cursor is None,
        names=await request.app.state.vocabulary.refreshed(),
    )
