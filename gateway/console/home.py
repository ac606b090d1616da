"""The first page: what waits for this person today. A partner's people land on their own referrals."""

from datetime import date

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from gateway.clients import ReferralPage, VisitPage
from gateway.console.page_route import page_routes
from gateway.console.pages import PAGE_HEADERS, Visitor, VisitorDep, desk_of, renderer
from gateway.console.reading import Panel, panel, panels, parts_of
from gateway.progress import Counts, read_progress

routes = page_routes()
_ROWS = 8


@routes.get("/")
async def home(request: Request, visitor: VisitorDep) -> Response:
    """Figures that open the list behind them, the first visits, and the referrals that wait for an officer."""
    if visitor.may("partner:read") and not visitor.may("eligibility:read"):
        return RedirectResponse("/partner", 303, headers=PAGE_HEADERS)
    counts: Counts = {}
    visits: Panel[VisitPage] | None = None
    held: Panel[ReferralPage] | None = None
    parts = parts_of(request, visitor)
    if visitor.may("eligibility:read"):
        progress = await read_progress(desk_of(request), visitor.grant, request.state.request_id)
        counts = progress.counts
        visits = await panel(parts.visits(state="open", division=None, cursor=None, limit=_ROWS))
    if visitor.may("referral:read"):
        (held,) = await panels(
            parts.shown(ReferralPage, "/api/v1/referral/referrals", status="draft", limit=str(_ROWS))
        )
    return renderer(request).page(
        request,
        "home.html",
        visitor=visitor,
        cards=cards(visitor, counts),
        visits=visits,
        held=held,
        names=await request.app.state.vocabulary.refreshed(),
        late=late(visits, desk_of(request).clock.today()),
    )


def cards(visitor: Visitor, counts: Counts) -> list[tuple[str, str, int]]:
    """At most six figures, each (key, the list behind it, number)."""
    if not counts:
        return []
    rows = [
        ("visits_open", "/visits", counts.get("eligibility.visits.open", 0)),
        ("visits_late", "/visits?overdue=1", counts.get("eligibility.visits_late", 0)),
        ("assessed", "/screening", counts.get("step.assessed", 0)),
    ]
    if visitor.may("people:read"):
        rows += [
            ("held", "/cases?status=draft", counts.get("referral.referrals.draft", 0)),
            ("requested", "/cases?status=requested", counts.get("referral.referrals.requested", 0)),
            ("completed", "/cases?status=completed", counts.get("referral.referrals.completed", 0)),
        ]
    return rows


def late(visits: Panel[VisitPage] | None, today: date) -> int:
    """How many of the shown visits are late."""
    rows = visits.value.items if visits is not None and visits.value is not None else ()
    return sum(visit.due_on < today.isoformat() for visit in rows)
