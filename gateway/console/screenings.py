"""S8, screening runs: who may be missed, what is missing to know it, and whom to visit; and the low-income watch."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.responses import RedirectResponse, Response

from gateway.clients import Json, Listing, may_ask, segment
from gateway.compose import Refused
from gateway.console.cases import uuid_of
from gateway.console.county_map import draw_counties
from gateway.console.page_route import page_routes
from gateway.console.pages import PAGE_HEADERS, Visitor, VisitorDep, checked_form, desk_of, page_scope, renderer
from gateway.console.reading import panel, parts_of
from services.contracts.divisions import divisions
from services.kit.errors import NotFound

routes = page_routes()
SCREENINGS = "/api/v1/eligibility/screenings"
WATCH = "/api/v1/eligibility/watch"
BUSY = ("queued", "running")
OUTCOMES = ("eligible", "unknown", "near_miss")
MEASURES = ("leads", "eligible", "unknown", "households")
REASONS = ("status", "disability_card", "elder_alone", "sole_earner_ill", "year_sum")
_STEPS = ("pause", "resume", "cancel", "visits")
_MOST_REASONS = 12
Asked = Annotated[str, Query(max_length=400)]


@routes.get("/screening/runs", dependencies=[page_scope("eligibility:read")])
async def runs(request: Request, visitor: VisitorDep, cursor: Asked = "") -> Response:
    """Runs, the newest first, and the form that orders one."""
    return await _runs(request, visitor, cursor=cursor)


@routes.post("/screening/runs", dependencies=[page_scope("eligibility:write")])
async def order_run(request: Request, visitor: VisitorDep) -> Response:
    """Order a run of a place: whole, or what changed since an earlier one."""
    form = await checked_form(request, visitor.csrf)
    since = str(form.get("since", ""))
    body: Json = {"division": str(form.get("division", ""))[:12], "basis": "changed" if since else "full"}
    body |= {"note": str(form.get("note", "")).strip()[:200]} if form.get("note") else {}
    body |= {"since": uuid_of(since)} if since else {}
    try:
        made = await parts_of(request, visitor, purpose="screening").post(SCREENINGS, body)
    except Refused as refused:
        return await _runs(request, visitor, problem=_told(refused))
    return RedirectResponse(f"/screening/runs/{segment(made['id'])}", 303, headers=PAGE_HEADERS)


@routes.get("/screening/runs/{run_id}", dependencies=[page_scope("eligibility:read")])
async def run(request: Request, visitor: VisitorDep, run_id: str, measure: Asked = "leads") -> Response:
    """One run: how far it is, what it found, and what would settle most."""
    return await _run(request, visitor, uuid_of(run_id), measure=measure)


@routes.post("/screening/runs/{run_id}/{step}", dependencies=[page_scope("eligibility:write")])
async def take_step(request: Request, visitor: VisitorDep, run_id: str, step: str) -> Response:
    """Pause, go on, cancel; or put the leads that are shown on the visit list."""
    form = await checked_form(request, visitor.csrf)
    run_id = uuid_of(run_id)
    if step not in _STEPS:
        raise NotFound()
    body = {key: str(form[key])[:40] for key in ("programme", "division") if form.get(key)}
    try:
        answer = await parts_of(request, visitor, purpose="screening").post(
            f"{SCREENINGS}/{run_id}/{step}", body if step == "visits" else {}
        )
    except Refused as refused:
        return await _run(request, visitor, run_id, problem=_told(refused))
    query = ""
    if step == "visits":
        query = "?" + urlencode(body | {"added": str(answer["added"]), "already": str(answer["already"])})
        return RedirectResponse(f"/screening/runs/{run_id}/leads{query}", 303, headers=PAGE_HEADERS)
    return RedirectResponse(f"/screening/runs/{run_id}", 303, headers=PAGE_HEADERS)


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
    asked = {"programme": programme, "outcome": outcome if outcome in OUTCOMES else "", "division": division}
    asked = {key: value for key, value in asked.items() if value}
    parts = parts_of(request, visitor, purpose="screening")
    head = await parts.get(f"{SCREENINGS}/{run_id}")
    path = f"{SCREENINGS}/{run_id}/leads"
    listed = await panel(parts.shown(Listing, path, **asked, cursor=cursor or None, limit="50"))
    return renderer(request).page(
        request,
        "screening_leads.html",
        visitor=visitor,
        run=head,
        listed=listed,
        asked=asked,
        programmes=head["programmes"],
        outcomes=OUTCOMES,
        counties=head["counties"],
        here=f"/screening/runs/{run_id}/leads",
        query=lambda **more: urlencode(asked | more),
        is_first=not cursor,
        added=added if added.isdecimal() else "",
        already=already if already.isdecimal() else "",
        may=_may(request, visitor),
        names=await request.app.state.vocabulary.refreshed(),
    )


@routes.get("/screening/runs/{run_id}/leads.csv", dependencies=[page_scope("eligibility:read")])
async def leads_file(
    request: Request, visitor: VisitorDep, run_id: str, programme: Asked = "", outcome: Asked = "", division: Asked = ""
) -> Response:
    """The leads as a file for a spreadsheet."""
    parts = parts_of(request, visitor, purpose="screening")
    path = f"{SCREENINGS}/{uuid_of(run_id)}/leads"
    return _file(await parts.file(path, programme=programme, outcome=outcome, division=division), "leads.csv")


@routes.get("/screening/runs/{run_id}/compare", dependencies=[page_scope("eligibility:read")])
async def compare(
    request: Request, visitor: VisitorDep, run_id: str, other: Annotated[str, Query(alias="with")], cursor: Asked = ""
) -> Response:
    """Two runs side by side: whose answer changed, by programme and by household."""
    run_id, other = uuid_of(run_id), uuid_of(other)
    parts = parts_of(request, visitor, purpose="screening")
    one, two = await parts.get(f"{SCREENINGS}/{run_id}"), await parts.get(f"{SCREENINGS}/{other}")
    told = await panel(parts.get(f"{SCREENINGS}/{run_id}/compare", **{"with": other, "cursor": cursor or None}))
    return renderer(request).page(
        request,
        "screening_compare.html",
        visitor=visitor,
        run=one,
        other=two,
        told=told,
        here=f"/screening/runs/{run_id}/compare?with={other}",
        is_first=not cursor,
        names=await request.app.state.vocabulary.refreshed(),
    )


@routes.get("/watch", dependencies=[page_scope("eligibility:read")])
async def watch(
    request: Request, visitor: VisitorDep, reason: Asked = "", division: Asked = "", cursor: Asked = ""
) -> Response:
    """The register of households that are looked at again at every new fact."""
    asked = {"reason": reason if reason in REASONS else "", "division": division}
    asked = {key: value for key, value in asked.items() if value}
    parts = parts_of(request, visitor, purpose="casework")
    told = await panel(parts.get(WATCH, **asked, cursor=cursor or None, limit="50"))
    return renderer(request).page(
        request,
        "watch.html",
        visitor=visitor,
        told=told,
        asked=asked,
        reasons=REASONS,
        query=lambda **more: urlencode(asked | more),
        is_first=not cursor,
        names=await request.app.state.vocabulary.refreshed(),
    )


@routes.get("/watch.csv", dependencies=[page_scope("eligibility:read")])
async def watch_file(request: Request, visitor: VisitorDep, reason: Asked = "", division: Asked = "") -> Response:
    """The register as a file for a spreadsheet."""
    parts = parts_of(request, visitor, purpose="casework")
    return _file(await parts.file(WATCH, reason=reason, division=division), "watch.csv")


def _file(content: bytes, name: str) -> Response:
    headers = {**PAGE_HEADERS, "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type="text/csv; charset=utf-8")


async def _runs(request: Request, visitor: Visitor, *, cursor: str = "", problem: Json | None = None) -> Response:
    listed = await panel(parts_of(request, visitor).shown(Listing, SCREENINGS, cursor=cursor or None, limit="20"))
    rows = listed.value.items if listed.value else ()
    return renderer(request).page(
        request,
        "screenings.html",
        visitor=visitor,
        code=422 if problem else 200,
        listed=listed,
        ended=[row for row in rows if row["state"] == "completed"],
        places=_places(visitor),
        problem=problem,
        busy=BUSY,
        is_first=not cursor,
        may=_may(request, visitor),
    )


async def _run(
    request: Request, visitor: Visitor, run_id: str, *, measure: str = "leads", problem: Json | None = None
) -> Response:
    parts = parts_of(request, visitor)
    told = await parts.get(f"{SCREENINGS}/{run_id}")
    others = await panel(parts.shown(Listing, SCREENINGS, division=str(told["division"]), state="completed"))
    measure = measure if measure in MEASURES else "leads"
    counties: list[Mapping[str, Any]] = told.get("counties") or []
    drawn = {str(row["division"]): int(row[measure]) for row in counties if len(str(row["division"])) == 6}
    return renderer(request).page(
        request,
        "screening_run.html",
        visitor=visitor,
        code=409 if problem else 200,
        run=told,
        measure=measure,
        measures=MEASURES,
        map=draw_counties(drawn, lambda value: f"{value:,}", unknown="—") if drawn else None,
        reasons=told["reasons"][:_MOST_REASONS],
        others=[row for row in (others.value.items if others.value else ()) if row["id"] != told["id"]],
        is_busy=told["state"] in BUSY,
        problem=problem,
        may=_may(request, visitor),
        names=await request.app.state.vocabulary.refreshed(),
    )


def _places(visitor: Visitor) -> list[tuple[str, str]]:
    """(code, name) of the places a run may be ordered for: one's own, and the counties in it."""
    own = visitor.grant.actor.territory or ""
    own = "3506" if own == "all" else own
    codes = [own, *(place.code for place in divisions().children(own))] if len(own) == 4 else [own]
    return [(code, divisions().full_name(code) or code) for code in codes]


def _may(request: Request, visitor: Visitor) -> Any:
    desk = desk_of(request)
    return lambda template: may_ask(desk, visitor.grant, template)


def _told(refused: Refused) -> Json:
    if refused.status_code not in (400, 409, 422):
        raise refused
    return refused.problem()
