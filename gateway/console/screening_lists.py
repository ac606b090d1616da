"""The lists behind a screening run: leads to follow, the households behind a number, what changed between two runs."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import RedirectResponse, Response

from gateway.clients import Listing
from gateway.console.cases import uuid_of
from gateway.console.listing import Asked, csv_file, export_purpose, kept, link
from gateway.console.page_route import page_routes
from gateway.console.pages import PAGE_HEADERS, VisitorDep, checked_form, page_scope, renderer
from gateway.console.reading import panel, parts_of
from gateway.console.screenings import SCREENINGS, reached_by

routes = page_routes()
OUTCOMES = ("eligible", "unknown", "near_miss")
ANSWERS = ("eligible", "already", "unknown", "not_eligible")
MOST = (50, 200, 1000, 2000)
"""How many households may be put on the visit list at once, to choose from."""


@routes.get("/screening/runs/{run_id}/leads", dependencies=[page_scope("eligibility:read")])
async def leads(
    request: Request,
    visitor: VisitorDep,
    run_id: str,
    programme: Asked = "",
    outcome: Asked = "",
    division: Asked = "",
    cursor: Asked = "",
    added: Asked = "",
    already: Asked = "",
) -> Response:
    """Whom to look after, most pressing first, each with its reason."""
    run_id = uuid_of(run_id)
    asked = kept(programme=programme, outcome=outcome if outcome in OUTCOMES else "", division=division)
    parts = parts_of(request, visitor, purpose="screening")
    run = await parts.get(f"{SCREENINGS}/{run_id}")
    path = f"{SCREENINGS}/{run_id}/leads"
    listed = await panel(parts.shown(Listing, path, **asked, cursor=cursor or None, limit="50"))
    return renderer(request).page(
        request,
        "screening_leads.html",
        visitor=visitor,
        run=run,
        listed=listed,
        asked=asked,
        outcomes=OUTCOMES,
        most=MOST,
        page_of=lambda **more: link(f"/screening/runs/{run_id}/leads", asked, **more),
        is_first=not cursor,
        added=added if added.isdecimal() else "",
        already=already if already.isdecimal() else "",
        may=reached_by(request, visitor),
        names=await request.app.state.vocabulary.refreshed(),
    )


@routes.post("/screening/runs/{run_id}/visits", dependencies=[page_scope("eligibility:write")])
async def put_on_list(request: Request, visitor: VisitorDep, run_id: str) -> Response:
    """Put the most pressing households of the leads on the visit list; those that are on it stay."""
    form = await checked_form(request, visitor.csrf)
    run_id = uuid_of(run_id)
    asked = kept(programme=str(form.get("programme", ""))[:40], division=str(form.get("division", ""))[:12])
    most = str(form.get("most", ""))
    body = asked | {"most": int(most) if most.isdecimal() and int(most) in MOST else MOST[1]}
    parts = parts_of(request, visitor, purpose="screening")
    answer = await parts.post(f"{SCREENINGS}/{run_id}/visits", body)
    done = {"added": str(answer["added"]), "already": str(answer["already"])}
    return RedirectResponse(link(f"/screening/runs/{run_id}/leads", asked, **done), 303, headers=PAGE_HEADERS)


@routes.get("/screening/runs/{run_id}/leads.csv", dependencies=[page_scope("eligibility:read")])
async def leads_file(
    request: Request,
    visitor: VisitorDep,
    run_id: str,
    programme: Asked = "",
    outcome: Asked = "",
    division: Asked = "",
    purpose: Asked = "",
) -> Response:
    """The leads as a file for a spreadsheet; the purpose is written down."""
    parts = parts_of(request, visitor, purpose=export_purpose(purpose))
    path = f"{SCREENINGS}/{uuid_of(run_id)}/leads"
    content = await parts.file(path, **kept(programme=programme, outcome=outcome, division=division))
    return csv_file(request, content, "leads")


@routes.get("/screening/runs/{run_id}/households", dependencies=[page_scope("eligibility:read")])
async def households(
    request: Request,
    visitor: VisitorDep,
    run_id: str,
    programme: Asked = "",
    answer: Asked = "",
    reason: Asked = "",
    missing: Asked = "",
    division: Asked = "",
    review: Asked = "",
    cursor: Asked = "",
) -> Response:
    """The households that one number of a run counts."""
    run_id = uuid_of(run_id)
    asked = kept(
        programme=programme,
        answer=answer if answer in ANSWERS else "",
        reason=reason,
        missing=missing,
        division=division,
        review="true" if review == "true" else "",
    )
    parts = parts_of(request, visitor, purpose="screening")
    run = await parts.get(f"{SCREENINGS}/{run_id}")
    path = f"{SCREENINGS}/{run_id}/households"
    listed = await panel(parts.shown(Listing, path, **asked, cursor=cursor or None, limit="50"))
    return renderer(request).page(
        request,
        "screening_households.html",
        visitor=visitor,
        run=run,
        listed=listed,
        asked=asked,
        answers=ANSWERS,
        page_of=lambda **more: link(f"/screening/runs/{run_id}/households", asked, **more),
        is_first=not cursor,
        names=await request.app.state.vocabulary.refreshed(),
    )


@routes.get("/screening/runs/{run_id}/households.csv", dependencies=[page_scope("eligibility:read")])
async def households_file(
    request: Request,
    visitor: VisitorDep,
    run_id: str,
    programme: Asked = "",
    answer: Asked = "",
    reason: Asked = "",
    missing: Asked = "",
    division: Asked = "",
    review: Asked = "",
    purpose: Asked = "",
) -> Response:
    """The same households as a file; the purpose is written down."""
    asked = kept(
        programme=programme,
        answer=answer,
        reason=reason,
        missing=missing,
        division=division,
        review="true" if review == "true" else "",
    )
    parts = parts_of(request, visitor, purpose=export_purpose(purpose))
    return csv_file(request, await parts.file(f"{SCREENINGS}/{uuid_of(run_id)}/households", **asked), "households")


@routes.get("/screening/runs/{run_id}/compare", dependencies=[page_scope("eligibility:read")])
async def compare(
    request: Request, visitor: VisitorDep, run_id: str, other: Annotated[str, Query(alias="with")], cursor: Asked = ""
) -> Response:
    """Two runs side by side: whose answer changed, by programme and by household."""
    run_id, other = uuid_of(run_id), uuid_of(other)
    parts = parts_of(request, visitor, purpose="screening")
    one, two = await parts.get(f"{SCREENINGS}/{run_id}"), await parts.get(f"{SCREENINGS}/{other}")
    compared = await panel(parts.get(f"{SCREENINGS}/{run_id}/compare", **{"with": other, "cursor": cursor or None}))
    return renderer(request).page(
        request,
        "screening_compare.html",
        visitor=visitor,
        run=one,
        other=two,
        told=compared,
        here=f"/screening/runs/{run_id}/compare?with={other}",
        is_first=not cursor,
        names=await request.app.state.vocabulary.refreshed(),
    )
