"""S8, screening runs: who may be missed, what is missing to know it, and whom to visit."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from gateway.clients import Json, Listing, may_ask, segment
from gateway.compose import Refused
from gateway.console.cases import uuid_of
from gateway.console.county_map import draw_counties
from gateway.console.listing import Asked, link
from gateway.console.page_route import page_routes
from gateway.console.pages import PAGE_HEADERS, Visitor, VisitorDep, checked_form, desk_of, page_scope, renderer
from gateway.console.reading import panel, parts_of
from gateway.console.visits import places_below
from services.contracts.divisions import CITY, divisions
from services.kit.errors import NotFound

routes = page_routes()
SCREENINGS = "/api/v1/eligibility/screenings"
BUSY = ("queued", "running")
MEASURES = ("leads", "eligible", "unknown", "households")
_STEPS = ("pause", "resume", "cancel")
_MOST_REASONS = 12
ANSWERS = ("eligible", "already", "unknown", "not_eligible")


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


@routes.get("/screening/latest", dependencies=[page_scope("eligibility:read")])
async def latest(request: Request, visitor: VisitorDep, programme: Asked = "") -> Response:
    """The leads of the run completed last; the list of runs while there is none."""
    done = await parts_of(request, visitor).shown(Listing, SCREENINGS, state="completed", limit="1")
    target = "/screening/runs"
    if done.items:
        target = link(f"/screening/runs/{segment(done.items[0]['id'])}/leads", {}, programme=programme)
    return RedirectResponse(target, 303, headers=PAGE_HEADERS)


@routes.get("/screening/runs/{run_id}", dependencies=[page_scope("eligibility:read")])
async def run(
    request: Request, visitor: VisitorDep, run_id: str, measure: Asked = "leads", reasons: Asked = ""
) -> Response:
    """One run: how far it is, what it found, and what would settle most."""
    most = None if reasons == "all" else _MOST_REASONS
    return await _run(request, visitor, uuid_of(run_id), measure=measure, most_reasons=most)


@routes.post("/screening/runs/{run_id}/{step}", dependencies=[page_scope("eligibility:write")])
async def take_step(request: Request, visitor: VisitorDep, run_id: str, step: str) -> Response:
    """Pause, go on, or cancel."""
    await checked_form(request, visitor.csrf)
    run_id = uuid_of(run_id)
    if step not in _STEPS:
        raise NotFound()
    try:
        await parts_of(request, visitor, purpose="screening").post(f"{SCREENINGS}/{run_id}/{step}", {})
    except Refused as refused:
        return await _run(request, visitor, run_id, problem=_told(refused))
    return RedirectResponse(f"/screening/runs/{run_id}", 303, headers=PAGE_HEADERS)


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
        may=reached_by(request, visitor),
    )


async def _run(
    request: Request,
    visitor: Visitor,
    run_id: str,
    *,
    measure: str = "leads",
    most_reasons: int | None = _MOST_REASONS,
    problem: Json | None = None,
) -> Response:
    parts = parts_of(request, visitor)
    told = await parts.get(f"{SCREENINGS}/{run_id}")
    others = await panel(parts.shown(Listing, SCREENINGS, division=str(told["division"]), state="completed"))
    rows = others.value.items if others.value else ()
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
        answers=ANSWERS,
        map=draw_counties(drawn, lambda value: f"{value:,}", unknown="—") if drawn else None,
        reasons=told["reasons"][:most_reasons],
        gaps=gaps_of(told),
        others=[row for row in rows if row["id"] != told["id"] and row["has_lists"]],
        is_busy=told["state"] in BUSY,
        problem=problem,
        may=reached_by(request, visitor),
        names=await request.app.state.vocabulary.refreshed(),
    )


def gaps_of(run: Json) -> list[tuple[Json, int]]:
    """Programmes whose four counts do not add up to the households done, each with what is missing or too much."""
    done = int(run["progress"]["households_done"])
    sums = [(row, sum(int(row[key]) for key in ANSWERS)) for row in run["programmes"]]
    return [(row, done - counted) for row, counted in sums if counted != done]


def _places(visitor: Visitor) -> list[tuple[str, str]]:
    """(code, name) of the places a run may be ordered for: one's own, and what is directly below it."""
    own = visitor.grant.actor.territory or ""
    own = CITY if own == "all" else own
    return [(own, divisions().full_name(own) or own), *places_below(own)]


def reached_by(request: Request, visitor: Visitor) -> Callable[[str], bool]:
    """Says of a route whether the visitor's roles reach it."""
    desk = desk_of(request)
    return lambda template: may_ask(desk, visitor.grant, template)


def _told(refused: Refused) -> Json:
    if refused.status_code not in (400, 409, 422):
        raise refused
    return refused.problem()
