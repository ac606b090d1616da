"""S10, rehearsals: what a change costs and who gains or loses, before anybody signs it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from gateway.clients import Json, Listing, may_ask
from gateway.console import policy_words
from gateway.console.cases import uuid_of
from gateway.console.county_map import draw_counties
from gateway.console.page_route import page_routes
from gateway.console.pages import VisitorDep, desk_of, language_of, page_scope, renderer
from gateway.console.people_names import names_by_subject
from gateway.console.policy_steps import POLICIES, REHEARSALS
from gateway.console.reading import panel, parts_of
from gateway.console.texts import Words
from gateway.console.view import yuan_short

routes = page_routes()
MOST_COMPARED = 6
BUSY = ("queued", "running")
FIGURES = (
    ("yearly_before", "yuan"),
    ("yearly_after", "yuan"),
    ("yearly_change", "signed"),
    ("monthly_change", "signed"),
    ("gained", "count"),
    ("more", "count"),
    ("same", "count"),
    ("less", "count"),
    ("lost", "count"),
    ("affected", "count"),
    ("per_head_change", "exact"),
)
"""Figures side by side, and how each is said."""


@routes.get("/policy/rehearsals", dependencies=[page_scope("eligibility:read")])
async def rehearsal_list(
    request: Request, visitor: VisitorDep, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    """Rehearsals, the newest first; some of them ticked are compared."""
    listed = await panel(parts_of(request, visitor).shown(Listing, REHEARSALS, cursor=cursor, limit="20"))
    rows = listed.value.items if listed.value else ()
    return renderer(request).page(
        request,
        "rehearsals.html",
        visitor=visitor,
        listed=listed,
        people=await names_by_subject(request, (row.get("created_by") for row in rows)),
        is_first=cursor is None,
        busy=BUSY,
        words=policy_words,
    )


@routes.get("/policy/rehearsals/compare", dependencies=[page_scope("eligibility:read")])
async def compare(
    request: Request,
    visitor: VisitorDep,
    ids: Annotated[list[str] | None, Query(max_length=MOST_COMPARED + 4)] = None,
    measure: str = "change",
) -> Response:
    """Scenarios side by side. `ids` may stand several times, or once with commas."""
    asked = list(dict.fromkeys(one.strip() for text in ids or () for one in text.split(",") if one.strip()))
    chosen = [uuid_of(one) for one in asked[:MOST_COMPARED]]
    told = (
        await panel(parts_of(request, visitor).get(f"{REHEARSALS}/compare", ids=",".join(chosen))) if chosen else None
    )
    items = (told.value or {}).get("items") or [] if told else []
    return renderer(request).page(
        request,
        "rehearsal_compare.html",
        visitor=visitor,
        told=told,
        items=items,
        figures=FIGURES,
        counties=counties_side_by_side(items),
        measure=measure if measure in policy_words.MEASURES else "change",
        chosen=chosen,
        words=policy_words,
    )


@routes.get("/policy/rehearsals/{rehearsal_id}", dependencies=[page_scope("eligibility:read")])
async def rehearsal(
    request: Request,
    visitor: VisitorDep,
    rehearsal_id: str,
    measure: str = "change",
    county: Annotated[str, Query(max_length=6)] = "",
) -> Response:
    """One rehearsal: the changes, the cost, who gains and loses where, and twenty households."""
    measure = measure if measure in policy_words.MEASURES else "change"
    parts = parts_of(request, visitor)
    told = await parts.get(f"{REHEARSALS}/{uuid_of(rehearsal_id)}")
    policy = await panel(parts.get(f"{POLICIES}/{uuid_of(str(told['policy_id']))}")) if told.get("policy_id") else None
    townships = [row for row in told.get("townships") or () if county and str(row["division"]).startswith(county)]
    desk = desk_of(request)
    return renderer(request).page(
        request,
        "rehearsal.html",
        visitor=visitor,
        run=told,
        policy=policy.value if policy else None,
        measure=measure,
        measures=policy_words.MEASURES,
        map=_map_of(request, told.get("counties") or (), measure),
        bars=policy_words.bars_of(told.get("bands") or ()),
        county=county,
        townships=townships,
        is_busy=told.get("state") in BUSY,
        people=await names_by_subject(request, (told.get("created_by"),)),
        names=await request.app.state.vocabulary.refreshed(),
        may=lambda template: may_ask(desk, visitor.grant, template),
        words=policy_words,
    )


def counties_side_by_side(items: Sequence[Json]) -> list[tuple[Mapping[str, Any], list[Json | None]]]:
    """Every county that any scenario tells of, with its row of each scenario."""
    rows: dict[str, Mapping[str, Any]] = {}
    for item in items:
        for row in item.get("counties") or ():
            rows.setdefault(str(row["division"]), row)
    by_code = [{str(row["division"]): row for row in item.get("counties") or ()} for item in items]
    return [(rows[code], [told.get(code) for told in by_code]) for code in sorted(rows)]


def _map_of(request: Request, counties: Sequence[Json], measure: str) -> Any:
    if not counties:
        return None
    t = Words(language_of(request))

    def say(value: int) -> str:
        if measure != "change":
            return f"{value:,}"
        return ("+" if value > 0 else "−" if value < 0 else "") + yuan_short(abs(value), t)

    values = policy_words.measure_of(counties, measure)
    return draw_counties(values, say, unknown=t("unknown"), is_change=measure == "change")
