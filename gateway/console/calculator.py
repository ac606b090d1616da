"""The calculator: a household of nobody, or one of ours with some figures changed, put to the rules. None is stored."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import Response

from gateway.clients import Json, Listing
from gateway.compose import Refused
from gateway.console import check_form, what_if_form
from gateway.console.cases import case_of, uuid_of
from gateway.console.page_route import page_routes
from gateway.console.pages import Visitor, VisitorDep, checked_form, desk_of, page_scope, renderer
from gateway.console.reading import panel, parts_of
from services.contracts.divisions import CITY, divisions
from services.kit.errors import NotFound

routes = page_routes()
CHECKS = "/api/v1/eligibility/checks"
_UNTOUCHED = 422


@dataclass(frozen=True)
class Change:
    """One programme whose answer is another than before; both as findings."""

    programme: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@routes.get("/calculator", dependencies=[page_scope("eligibility:read")])
async def calculator(request: Request, visitor: VisitorDep) -> Response:
    """The empty form."""
    return await _calculator(request, visitor, {})


@routes.post("/calculator", dependencies=[page_scope("eligibility:read")])
async def calculate(request: Request, visitor: VisitorDep) -> Response:
    """Check what was filled in; or one more row."""
    form = _texts(await checked_form(request, visitor.csrf))
    if form.get("act") == "add":
        return await _calculator(request, visitor, form)
    body = check_form.body_of(form, desk_of(request).clock.today())
    if not body["household"]["members"]:
        return await _calculator(request, visitor, form, problems={"m0_relation": "calc.no_member"})
    rows = check_form.filled_rows(form)
    answer, before, problems = await _ask(request, visitor, body, _without_parameters(body), rows)
    return await _calculator(request, visitor, form, body=body, answer=answer, before=before, problems=problems)


@routes.get("/cases/{household_ref}/what-if", dependencies=[page_scope("people:read")])
async def what_if(request: Request, visitor: VisitorDep, household_ref: str) -> Response:
    """One household's figures, to be changed."""
    return await _what_if(request, visitor, household_ref, None)


@routes.post("/cases/{household_ref}/what-if", dependencies=[page_scope("people:read")])
async def try_what_if(request: Request, visitor: VisitorDep, household_ref: str) -> Response:
    """The answer with the changed figures beside the answer without."""
    return await _what_if(request, visitor, household_ref, _texts(await checked_form(request, visitor.csrf)))


async def _calculator(
    request: Request,
    visitor: Visitor,
    form: Mapping[str, str],
    *,
    body: Json | None = None,
    answer: Json | None = None,
    before: Json | None = None,
    problems: Mapping[str, Any] | None = None,
) -> Response:
    counties = divisions().children(CITY)
    own = visitor.account.territory[:6]
    return renderer(request).page(
        request,
        "calculator.html",
        visitor=visitor,
        code=_UNTOUCHED if problems else 200,
        form=form,
        rows=check_form.rows_of(form),
        counties=[(place.code, place.name) for place in counties],
        county=form.get("county") or (own if len(own) == 6 else counties[0].code),
        parameters=await _parameters(request, visitor, form.get("county") or CITY),
        problems=problems or {},
        answer=answer,
        members=check_form.people_in(body) if body else [],
        changes=changes_between(before, answer),
        before=before,
        names=await request.app.state.vocabulary.refreshed(),
    )


async def _what_if(request: Request, visitor: Visitor, household_ref: str, form: Mapping[str, str] | None) -> Response:
    case = await case_of(request, visitor, uuid_of(household_ref))
    facts = ((case.get("assessment") or {}).get("certificate") or {}).get("facts") or {}
    if not (facts.get("household") or {}).get("members"):
        raise NotFound()
    stored = what_if_form.stored_body(facts)
    answer = before = None
    problems: dict[str, Any] = {}
    if form is not None:
        answer, before, problems = await _ask(request, visitor, what_if_form.changed_body(stored, form), stored)
    return renderer(request).page(
        request,
        "what_if.html",
        visitor=visitor,
        code=_UNTOUCHED if problems else 200,
        case=case,
        stored=stored,
        form=form if form is not None else what_if_form.shown_values(stored),
        known=what_if_form.shown_values(stored),
        parameters=await _parameters(request, visitor, str(stored["county"])),
        problems=problems,
        answer=answer,
        members=(case.get("household") or {}).get("members") or stored["household"]["members"],
        changes=changes_between(before, answer),
        before=before,
        names=await request.app.state.vocabulary.refreshed(),
    )


async def _ask(
    request: Request, visitor: Visitor, body: Json, before: Json | None, rows: Sequence[int] = ()
) -> tuple[Json | None, Json | None, dict[str, Any]]:
    """(the answer, the answer before, the complaints by field)."""
    parts = parts_of(request, visitor, purpose="what_if")
    try:
        if before is None:
            return await parts.post(CHECKS, body, advice="true"), None, {}
        answer, unchanged = await asyncio.gather(parts.post(CHECKS, body, advice="true"), parts.post(CHECKS, before))
    except Refused as refused:
        if refused.status_code != _UNTOUCHED:
            raise
        return None, None, check_form.problems_of(refused.problem(), rows)
    return answer, unchanged, {}


def changes_between(before: Json | None, after: Json | None) -> list[Change]:
    """The programmes whose outcome or money differ."""
    if before is None or after is None:
        return []
    first = {one["programme"]: one for one in before["findings"]}
    keys = ("outcome", "monthly_amount", "one_off_amount")
    return [
        Change(one["programme"], first[one["programme"]], one)
        for one in after["findings"]
        if one["programme"] in first and any(first[one["programme"]].get(key) != one.get(key) for key in keys)
    ]


def _without_parameters(body: Json) -> Json | None:
    return {key: value for key, value in body.items() if key != "parameters"} if "parameters" in body else None


def _texts(form: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in form.items() if isinstance(value, str)}


async def _parameters(request: Request, visitor: Visitor, division: str) -> list[Json]:
    """The parameters that hold there today and are one figure or a truth, for trying another."""
    on = desk_of(request).clock.today().isoformat()
    listed = await panel(
        parts_of(request, visitor).shown(Listing, "/api/v1/eligibility/parameters", division=division, on=on)
    )
    items = listed.value.items if listed.value else ()
    return [row for row in items if not isinstance(row.get("value"), list)]
