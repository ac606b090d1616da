"""The lists behind a screening run: leads to follow, the households behind a number, what changed between two runs."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from gateway.clients import Listing
from gateway.console.cases import uuid_of
from gateway.console.listing import Asked, csv_file, export_purpose, kept, link
from gateway.console.page_route import page_routes
from gateway.console.pages import PAGE_HEADERS, Visitor, VisitorDep, checked_form, page_scope, renderer
from gateway.console.reading import panel, parts_of
from gateway.console.screenings import ANSWERS, SCREENINGS, reached_by
from gateway.console.value_form import read_whole

routes = page_routes()
OUTCOMES = ("eligible", "unknown", "near_miss")
MOST = (50, 200, 1000, 2000)
"""How many households may be put on the visit list at once, to choose from."""


def _lead_filters(programme: Asked = "", outcome: Asked = "", division: Asked = "") -> dict[str, str]:
    return kept(programme=programme, outcome=outcome, division=division)


def _household_filters(
    programme: Asked = "",
    answer: Asked = "",
    reason: Asked = "",
    missing: Asked = "",
    division: Asked = "",
    review: Asked = "",
) -> dict[str, str]:
    only_review = "true" if review == "true" else ""
    return kept(
        programme=programme, answer=answer, reason=reason, missing=missing, division=division, review=only_review
    )


LeadFilters = Annotated[dict[str, str], Depends(_lead_filters)]
HouseholdFilters = Annotated[dict[str, str], Depends(_household_filters)]


@routes.get("/screening/runs/{run_id}/leads", dependencies=[page_scope("eligibility:read")])
async def leads(
    request: Request,
    visitor: VisitorDep,
    run_id: str,
    filters: LeadFilters,
    cursor: Asked = "",
    added: Asked = "",
    already: Asked = "",
) -> Response:
    """Whom to look after, most pressing first, each with its reason."""
    return await _list_page(
        request,
        visitor,
        uuid_of(run_id),
        "leads",
        _known(filters, "outcome", OUTCOMES),
        cursor,
        outcomes=OUTCOMES,
        most=MOST,
        added=added if added.isdecimal() else "",
        already=already if already.isdecimal() else "",
        may=reached_by(request, visitor),
    )


@routes.post("/screening/runs/{run_id}/visits", dependencies=[page_scope("eligibility:write")])
async def put_on_list(request: Request, visitor: VisitorDep, run_id: str) -> Response:
    """Put the most pressing households of the leads on the visit list; those that are on it stay."""
    form = await checked_form(request, visitor.csrf)
    run_id = uuid_of(run_id)
    asked = kept(programme=str(form.get("programme", ""))[:40], division=str(form.get("division", ""))[:12])
    most = read_whole(str(form.get("most", "")))
    body = asked | {"most": most if most in MOST else MOST[1]}
    parts = parts_of(request, visitor, purpose="screening")
    answer = await parts.post(f"{SCREENINGS}/{run_id}/visits", body)
    done = {"added": str(answer["added"]), "already": str(answer["already"])}
    return RedirectResponse(link(f"/screening/runs/{run_id}/leads", asked, **done), 303, headers=PAGE_HEADERS)


@routes.get("/screening/runs/{run_id}/leads.csv", dependencies=[page_scope("eligibility:read")])
async def leads_file(
    request: Request,
    visitor: VisitorDep,
    run_id: str,
    filters: LeadFilters,
    purpose: Asked = "",
) -> Response:
    """The leads as a file for a spreadsheet; the purpose is written down."""
    parts = parts_of(request, visitor, purpose=export_purpose(purpose))
    return csv_file(request, await parts.file(f"{SCREENINGS}/{uuid_of(run_id)}/leads", **filters), "leads")


@routes.get("/screening/runs/{run_id}/households", dependencies=[page_scope("eligibility:read")])
async def households(
    request: Request,
    visitor: VisitorDep,
    run_id: str,
    filters: HouseholdFilters,
    cursor: Asked = "",
) -> Response:
    """The households that one number of a run counts."""
    asked = _known(filters, "answer", ANSWERS)
    return await _list_page(request, visitor, uuid_of(run_id), "households", asked, cursor, answers=ANSWERS)


@routes.get("/screening/runs/{run_id}/households.csv", dependencies=[page_scope("eligibility:read")])
async def households_file(
    request: Request,
    visitor: VisitorDep,
    run_id: str,
    filters: HouseholdFilters,
    purpose: Asked = "",
) -> Response:
    """The same households as a file; the purpose is written down."""
    parts = parts_of(request, visitor, purpose=export_purpose(purpose))
    return csv_file(request, await parts.file(f"{SCREENINGS}/{uuid_of(run_id)}/households", **filters), "households")


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


def _known(filters: dict[str, str], name: str, words: tuple[str, ...]) -> dict[str, str]:
    """The filters for a page: one that is none of the words chosen from narrows nothing."""
    return {key: value for key, value in filters.items() if key != name or value in words}


async def _list_page(
    request: Request, visitor: Visitor, run_id: str, kind: str, asked: dict[str, str], cursor: str, **more: Any
) -> Response:
    """A page of the leads or the households of a run, filtered."""
    parts = parts_of(request, visitor, purpose="screening")
    run = await parts.get(f"{SCREENINGS}/{run_id}")
    path = f"{SCREENINGS}/{run_id}/{kind}"
    listed = await panel(parts.shown(Listing, path, **asked, cursor=cursor or None, limit="50"))
    return renderer(request).page(
        request,
        f"screening_{kind}.html",
        visitor=visitor,
        run=run,
        listed=listed,
        asked=asked,
        page_of=lambda **anew: link(f"/screening/runs/{run_id}/{kind}", asked, **anew),
        is_first=not cursor,
        names=await request.app.state.vocabulary.refreshed(),
        **more,
    )
