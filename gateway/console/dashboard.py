"""S20, the city's dashboard: are we reaching people, and on time? Six figures of this moment, each opening its list,
the counties, the partners, and apart from them what the city has published."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from fastapi import Request
from starlette.responses import Response

from gateway.clients import Json, Listing, Parts
from gateway.console.county_map import draw_counties
from gateway.console.page_route import page_routes
from gateway.console.pages import Visitor, VisitorDep, desk_of, language_of, page_scope, renderer
from gateway.console.reading import Panel, panel, parts_of
from gateway.console.texts import Words
from gateway.console.view import NONE, count, day, fen_of, rate, yuan, yuan_short
from gateway.progress import ANSWERED_NOT, SENT_NOT, Counts, flat, read_progress, steps_of, total
from services.contracts.divisions import CITY, divisions, within

routes = page_routes()
MEASURES = {
    "over": "step.over",
    "assessed": "step.assessed",
    "open": "eligibility.visits.open",
    "late": "eligibility.visits_late",
    "visited": "step.visited",
    "aided": "step.aided",
}
"""What the map can show: the count by its dotted name."""


@dataclass(frozen=True)
class Card:
    """One figure. `exact` is said where `figure` is rounded."""

    key: str
    href: str
    figure: str
    note: str
    exact: str = ""


@cache
def published() -> dict[str, Any]:
    """The figures of `published.yaml`."""
    held: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "published.yaml").read_text(encoding="utf-8"))
    return held


@routes.get("/dashboard", dependencies=[page_scope("eligibility:read")])
async def dashboard(request: Request, visitor: VisitorDep, measure: str = "open") -> Response:
    """The figures, each opening its list; the counties on a map and in a table."""
    measure = measure if measure in MEASURES else "open"
    desk, parts, words = desk_of(request), parts_of(request, visitor), Words(language_of(request))
    progress, counties, last_run, funds = await asyncio.gather(
        read_progress(desk, visitor.grant, request.state.request_id),
        _counties(visitor, parts),
        panel(parts.shown(Listing, "/api/v1/eligibility/screenings", state="completed", limit="1")),
        panel(parts.shown(Listing, "/api/v1/charity/funds")),
    )
    values = {code: counts.get(MEASURES[measure]) for code, _, counts in counties}
    return renderer(request).page(
        request,
        "dashboard.html",
        visitor=visitor,
        progress=progress,
        cards=[*case_cards(progress.counts, words, visitor), *_more_cards(last_run, funds, words)],
        partners=partners_of(progress.counts) if visitor.may("people:read") else [],
        published=published(),
        counties=counties,
        measure=measure,
        measures=MEASURES,
        map=draw_counties(values, lambda value: f"{value:,}", unknown="—"),
        counted_at=desk.clock.now(),
        names=await request.app.state.vocabulary.refreshed(),
    )


def case_cards(counts: Counts, words: Words, visitor: Visitor) -> list[Card]:
    """The figures that are counted from households, visits and referrals."""
    waiting, late = counts.get("eligibility.visits.open", 0), counts.get("eligibility.visits_late", 0)
    visited, aided = counts.get("step.visited", 0), counts.get("step.aided", 0)
    sent, done = counts.get("step.sent", 0), counts.get("step.completed", 0)
    days = counts.get("eligibility.days_to_result")
    households, said = words("measure.households"), "dashboard.note."
    cards = [
        Card(
            "assessed",
            "/screening",
            f"{counts.get('step.assessed', 0):,}{households}",
            words(said + "assessed", n=count(counts.get("step.over", 0))),
        ),
        Card(
            "open", "/visits", f"{waiting:,}{households}", words(said + "open", n=count(late), rate=rate(late, waiting))
        ),
        Card(
            "days",
            "/visits?state=done",
            NONE if days is None else words("dashboard.days", n=days),
            words(said + "days", n=count(visited), m=count(aided)),
        ),
    ]
    if visitor.may("people:read"):
        note = words(said + "completed", n=count(done), m=count(sent))
        cards.append(Card("completed", "/cases?status=completed", rate(done, sent), note))
    return cards


def _more_cards(last_run: Panel[Listing], funds: Panel[Listing], words: Words) -> list[Card]:
    cards = []
    if last_run.value is not None:
        run: Mapping[str, Any] | None = next(iter(last_run.value.items), None)
        if run is None:
            cards.append(Card("leads", "/screening/runs", words("nothing"), words("screenings.none")))
        else:
            href, note = f"/screening/runs/{run['id']}/leads", words("dashboard.note.leads", day=day(run["as_of"]))
            cards.append(Card("leads", href, f"{run['leads']:,}{words('measure.records')}", note))
    if funds.value is not None:
        left = sum(fen_of(fund.get("available")) or 0 for fund in funds.value.items)
        note = words("dashboard.note.funds", n=len(funds.value.items))
        cards.append(Card("funds", "/charity", yuan_short(left, words), note, words("unit.yuan", amount=yuan(left))))
    return cards


def partners_of(counts: Counts) -> list[tuple[str, int, int, int]]:
    """(partner, sent, answered, completed), the most often asked first; counted as in the funnel."""
    prefix = "referral.by_partner."
    codes = {name.removeprefix(prefix).partition(".")[0] for name in counts if name.startswith(prefix)}
    rows = []
    for code in codes:
        own = f"{prefix}{code}."
        sent, answered = total(counts, own, without=SENT_NOT), total(counts, own, without=ANSWERED_NOT)
        rows.append((code, sent, answered, counts.get(f"{own}completed", 0)))
    return sorted(rows, key=lambda row: (-row[1], row[0]))


async def _counties(visitor: Visitor, parts: Parts) -> Sequence[tuple[str, str, Counts]]:
    """(code, name, counts) of each county that the caller may see: the funnel of each, so that they add up to it."""
    territory = visitor.grant.actor.territory or ""
    own = [one for one in divisions().children(CITY) if territory == "all" or _meets(one.code, territory)]
    told = await asyncio.gather(*(panel(parts.get("/api/v1/eligibility/funnel", division=place.code)) for place in own))
    return [(place.code, place.name, _counted(answer)) for place, answer in zip(own, told, strict=True)]


def _meets(county: str, territory: str) -> bool:
    return within(county, territory) or within(territory, county)


def _counted(answer: Panel[Json]) -> Counts:
    if not answer.value:
        return {}
    counts = flat("eligibility.", answer.value)
    zero = dict.fromkeys(MEASURES.values(), 0)
    return zero | counts | steps_of(counts)
