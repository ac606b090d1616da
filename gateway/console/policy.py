"""S9, the policy editor: the parameters that hold, and versions of them on their way from a draft into force."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import RedirectResponse, Response

from gateway.clients import Json, Listing, may_ask, segment
from gateway.compose import Refused
from gateway.console import policy_form, policy_words, value_form
from gateway.console.cases import uuid_of
from gateway.console.page_route import page_routes
from gateway.console.pages import (
    PAGE_HEADERS,
    Visitor,
    VisitorDep,
    checked_form,
    desk_of,
    language_of,
    page_scope,
    renderer,
)
from gateway.console.people_names import names_by_subject
from gateway.console.policy_steps import POLICIES, REHEARSALS, STATES, losers_of, steps_of
from gateway.console.reading import panel, parts_of
from gateway.console.texts import Words
from services.contracts.divisions import CITY, divisions
from services.kit.errors import NotFound

routes = page_routes()
PARAMETERS = "/api/v1/eligibility/parameters"
_CONFLICTS = (409, 422)
Texts = Mapping[str, str]


@routes.get("/policy", dependencies=[page_scope("eligibility:read")])
async def parameters(
    request: Request,
    visitor: VisitorDep,
    q: Annotated[str, Query(max_length=40)] = "",
    division: Annotated[str, Query(max_length=12)] = CITY,
) -> Response:
    """The values that hold at a place today, to be looked up and to be changed."""
    division = division if divisions().get(division) else CITY
    on = desk_of(request).clock.today().isoformat()
    listed = await panel(parts_of(request, visitor).shown(Listing, PARAMETERS, division=division, on=on))
    rows = listed.value.items if listed.value else ()
    return renderer(request).page(
        request,
        "policy.html",
        visitor=visitor,
        listed=listed,
        rows=[row for row in rows if matches(row, q.strip())],
        q=q,
        division=division,
        places=places(),
        may=_may(request, visitor),
        words=policy_words,
    )


@routes.get("/policy/new", dependencies=[page_scope("policy:write")])
async def new_version(
    request: Request,
    visitor: VisitorDep,
    parameter: Annotated[list[str] | None, Query(max_length=policy_form.MOST_ROWS)] = None,
    division: Annotated[str, Query(max_length=12)] = CITY,
) -> Response:
    """A form for the chosen parameters."""
    if not parameter:
        return RedirectResponse("/policy", 303, headers=PAGE_HEADERS)
    first = desk_of(request).clock.today()
    since = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1, day=1)
    return await _edit(request, visitor, policy_form.form_of_parameters(parameter, division, since))


@routes.post("/policy/new", dependencies=[page_scope("policy:write")])
async def write_version(request: Request, visitor: VisitorDep) -> Response:
    """Write the draft; or only rehearse what was filled in."""
    form = texts_of(await checked_form(request, visitor.csrf))
    parts = parts_of(request, visitor, purpose="policy")
    body = policy_form.body_of(form, *await _units_and_names(request, visitor))
    key = form.get("key", "")[:80]
    try:
        if form.get("act") == "rehearse":
            made = await parts.post(REHEARSALS, scenario_of(body), key=f"{key}-r" if key else "")
            return to(f"/policy/rehearsals/{segment(made['id'])}")
        made = await parts.post(POLICIES, body, key=key)
    except Refused as refused:
        return await _refused(request, visitor, form, refused)
    return to(f"/policy/versions/{segment(made['id'])}")


@routes.get("/policy/versions", dependencies=[page_scope("eligibility:read")])
async def versions(
    request: Request,
    visitor: VisitorDep,
    state: str = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Versions, the newest first."""
    state = state if state in STATES else ""
    listed = await panel(parts_of(request, visitor).shown(Listing, POLICIES, state=state, cursor=cursor, limit="20"))
    rows = listed.value.items if listed.value else ()
    return renderer(request).page(
        request,
        "policy_versions.html",
        visitor=visitor,
        listed=listed,
        state=state,
        states=STATES,
        people=await names_by_subject(request, (row.get("created_by") for row in rows)),
        is_first=cursor is None,
        words=policy_words,
    )


@routes.get("/policy/versions/{policy_id}", dependencies=[page_scope("eligibility:read")])
async def version(request: Request, visitor: VisitorDep, policy_id: str) -> Response:
    """One version: what changes, what was done, and what may be done now."""
    return await _show(request, visitor, uuid_of(policy_id))


@routes.get("/policy/versions/{policy_id}/edit", dependencies=[page_scope("policy:write")])
async def edit_version(request: Request, visitor: VisitorDep, policy_id: str) -> Response:
    """The form of a version that is there already."""
    policy = await parts_of(request, visitor).get(f"{POLICIES}/{uuid_of(policy_id)}")
    _, names = await _known(request, visitor)
    form = policy_form.form_of_policy(policy, names, Words(language_of(request)))
    return await _edit(request, visitor, form, policy=policy)


@routes.post("/policy/versions/{policy_id}/edit", dependencies=[page_scope("policy:write")])
async def rewrite_version(request: Request, visitor: VisitorDep, policy_id: str) -> Response:
    """Write the version anew, as it was read."""
    form = texts_of(await checked_form(request, visitor.csrf))
    path = f"{POLICIES}/{uuid_of(policy_id)}"
    body = policy_form.body_of(form, *await _units_and_names(request, visitor))
    body["version"] = value_form.read_whole(form.get("version", "")) or 1
    try:
        await parts_of(request, visitor, purpose="policy").put(path, body)
    except Refused as refused:
        return await _refused(request, visitor, form, refused, policy=await parts_of(request, visitor).get(path))
    return to(f"/policy/versions/{policy_id}")


@routes.post("/policy/versions/{policy_id}/{step}", dependencies=[page_scope("policy:write")])
async def take_step(request: Request, visitor: VisitorDep, policy_id: str, step: str) -> Response:
    """Rehearse, approve, schedule or withdraw."""
    form = texts_of(await checked_form(request, visitor.csrf))
    parts = parts_of(request, visitor, purpose="policy")
    policy_id = uuid_of(policy_id)
    version = value_form.read_whole(form.get("version", ""))
    body: Json = {} if version is None else {"version": version}
    try:
        if step == "rehearse":
            made = await parts.post(REHEARSALS, {"policy_id": policy_id}, key=form.get("key", "")[:80])
            return to(f"/policy/rehearsals/{segment(made['id'])}")
        if step not in ("approve", "schedule", "withdraw"):
            raise NotFound()
        if step == "approve" and form.get("losers_reason", "").strip():
            body["losers_reason"] = form["losers_reason"].strip()
        await parts.post(f"{POLICIES}/{policy_id}/{step}", body)
    except Refused as refused:
        if refused.status_code not in _CONFLICTS:
            raise
        problem = refused.problem()
        return await _show(request, visitor, policy_id, problem=problem, reason=form.get("losers_reason", ""))
    return to(f"/policy/versions/{policy_id}")


async def _show(
    request: Request, visitor: Visitor, policy_id: str, *, problem: Json | None = None, reason: str = ""
) -> Response:
    parts = parts_of(request, visitor)
    policy = await parts.get(f"{POLICIES}/{policy_id}")
    ids = [str(one) for one in policy.get("rehearsals") or ()]
    latest = await panel(parts.get(f"{REHEARSALS}/{segment(ids[0])}")) if ids else None
    rehearsal = latest.value if latest else None
    subject = visitor.grant.actor.subject
    people = [policy.get("created_by"), policy.get("approved_by"), *(s.get("by") for s in policy.get("history") or ())]
    return renderer(request).page(
        request,
        "policy_version.html",
        visitor=visitor,
        code=422 if problem else 200,
        policy=policy,
        rehearsal=rehearsal,
        rehearsal_ids=ids,
        losers=losers_of(rehearsal),
        steps=steps_of(policy, rehearsal, subject=subject, may=_may(request, visitor)),
        people=await names_by_subject(request, people),
        problem=problem,
        reason=reason,
        words=policy_words,
    )


async def _edit(
    request: Request,
    visitor: Visitor,
    form: Texts,
    *,
    policy: Json | None = None,
    problems: Mapping[str, Any] | None = None,
) -> Response:
    known, names = await _known(request, visitor)
    words = Words(language_of(request))
    tables = {code: row["value"] for code, row in known.items() if value_form.is_table(row["value"])}
    return renderer(request).page(
        request,
        "policy_edit.html",
        visitor=visitor,
        code=422 if problems else 200,
        form={"key": request.state.request_id, **form},
        rows=policy_form.rows_of(form),
        known=known,
        tables={code: value_form.value_text(value, names, words) for code, value in tables.items()},
        changes={str(one["parameter"]): one for one in (policy or {}).get("changes") or ()},
        policy=policy,
        problems=problems or {},
        places=places(),
        words=policy_words,
    )


async def _refused(
    request: Request, visitor: Visitor, form: Texts, refused: Refused, *, policy: Json | None = None
) -> Response:
    if refused.status_code not in _CONFLICTS:
        raise refused
    problems = policy_form.problems_of(refused.problem(), policy_form.changed_rows(form))
    return await _edit(request, visitor, form, policy=policy, problems=problems)


async def _known(request: Request, visitor: Visitor) -> tuple[dict[str, Json], value_form.Names]:
    """The parameters by id, as they hold for the city today, and what the codes in them are called."""
    on = desk_of(request).clock.today().isoformat()
    listed = await parts_of(request, visitor).get(PARAMETERS, division=CITY, on=on)
    return {str(row["id"]): row for row in listed["items"]}, value_form.names_of(listed["words"])


async def _units_and_names(request: Request, visitor: Visitor) -> tuple[dict[str, str], value_form.Names]:
    known, names = await _known(request, visitor)
    return {code: str(row["unit"]) for code, row in known.items()}, names


def scenario_of(body: Json) -> Json:
    """A version's form as a rehearsal of its own."""
    changes = body["changes"]
    places_of = {str(change["division"]) for change in changes}
    return {
        "title": body["title"],
        "division": places_of.pop() if len(places_of) == 1 else CITY,
        "as_of": min((str(change["from"]) for change in changes), default=""),
        "changes": changes,
    }


def matches(row: Mapping[str, Any], asked: str) -> bool:
    """Whether a parameter's name, id or source holds the text."""
    title = row.get("title") or {}
    source = row.get("source") or {}
    told = (row.get("id"), title.get("zh"), title.get("en"), source.get("title"))
    return not asked or any(asked.lower() in str(text or "").lower() for text in told)


def places() -> list[tuple[str, str]]:
    """The city and its counties, for a choice."""
    city = divisions().get(CITY)
    assert city is not None
    return [(place.code, place.name) for place in (city, *divisions().children(CITY))]


def texts_of(form: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a form."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


def to(path: str) -> Response:
    """Go on to a page after a form."""
    return RedirectResponse(path, 303, headers=PAGE_HEADERS)


def _may(request: Request, visitor: Visitor) -> Any:
    desk = desk_of(request)
    return lambda template: may_ask(desk, visitor.grant, template)
