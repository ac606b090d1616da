"""S20, the city's dashboard: are we reaching people? Six figures of this moment, the published ones, and a map."""

import asyncio
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from fastapi import Request
from starlette.responses import Response

from gateway.console.county_map import draw_counties
from gateway.console.page_route import page_routes
from gateway.console.pages import VisitorDep, desk_of, page_scope, renderer
from gateway.console.reading import panel, parts_of
from gateway.progress import flat, read_progress, steps_of
from services.contracts.divisions import CITY, divisions, within

routes = page_routes()
CARDS = (
    ("step.records", "records", "/screening"),
    ("step.over", "persons", "/screening"),
    ("step.assessed", "households", "/cases"),
    ("step.listed", "households", "/visits"),
    ("step.sent", "referrals", "/partners"),
    ("step.completed", "referrals", "/partners"),
)
"""The six figures: name, unit, and the list behind it."""
MEASURES = ("step.over", "step.assessed", "step.listed", "step.visited")


@cache
def published() -> dict[str, Any]:
    """The figures of `published.yaml`."""
    held: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "published.yaml").read_text(encoding="utf-8"))
    return held


@routes.get("/dashboard", dependencies=[page_scope("eligibility:read")])
async def dashboard(request: Request, visitor: VisitorDep, measure: str = "step.assessed") -> Response:
    """The figures, each opening its list; the counties on a map and in a table."""
    measure = measure if measure in MEASURES else "step.assessed"
    desk = desk_of(request)
    progress, counties = await asyncio.gather(
        read_progress(desk, visitor.grant, request.state.request_id), _counties(request, visitor)
    )
    values = {code: counts.get(measure) for code, _, counts in counties}
    return renderer(request).page(
        request,
        "dashboard.html",
        visitor=visitor,
        progress=progress,
        cards=CARDS,
        published=published(),
        counties=counties,
        measure=measure,
        measures=MEASURES,
        map=draw_counties(values, lambda value: f"{value:,}", unknown="—"),
        counted_at=desk.clock.now(),
    )


async def _counties(request: Request, visitor: VisitorDep) -> list[tuple[str, str, dict[str, int]]]:
    """(code, name, counts by step) of each county within the caller's territory; no counts where none came."""
    territory = visitor.grant.actor.territory or ""
    own = [one for one in divisions().children(CITY) if territory == "all" or within(one.code, territory)]
    parts = parts_of(request, visitor)
    told = await asyncio.gather(*(panel(parts.get("/api/v1/eligibility/funnel", division=place.code)) for place in own))
    rows = []
    for place, answer in zip(own, told, strict=True):
        rows.append((place.code, place.name, steps_of(flat("eligibility.", answer.value)) if answer.value else {}))
    return rows
