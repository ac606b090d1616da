"""S4, the case page: who, what is due, what the rules say, what was asked of whom, what came, all of it in time
order."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import RedirectResponse, Response

from gateway.chain import compose_chain
from gateway.clients import Json, ReferralPage, may_ask, segment
from gateway.compose import Asking
from gateway.console.listing import link
from gateway.console.next_step import next_step
from gateway.console.page_route import page_routes
from gateway.console.pages import (
    PAGE_HEADERS,
    Visitor,
    VisitorDep,
    checked_form,
    desk_of,
    page_scope,
    renderer,
)
from gateway.console.reading import panel, parts_of
from gateway.console.value_form import read_whole
from gateway.routes import Match
from services.kit.errors import NotFound

routes = page_routes()
PURPOSES = ("application_review", "home_visit", "referral", "appeal", "data_quality")
REVEALED_S = 60
STATUSES = ("draft", "requested", "accepted", "in_progress", "on_hold", "completed", "rejected", "failed", "cancelled")
_PLAIN = "/api/v1/eligibility/assessments/{}/plain"
_CHECK = "/api/v1/eligibility/households/{}/check"
_FIELDS = ("name", "id_number", "phone", "address")


@routes.get("/cases", dependencies=[page_scope("people:read")])
async def case_list(
    request: Request,
    visitor: VisitorDep,
    status: str = "",
    partner: Annotated[str, Query(max_length=40)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Referrals of the territory, with their three states."""
    status = status if status in STATUSES else ""
    names = await request.app.state.vocabulary.refreshed()
    asked = {"status": status, "partner": partner if names.knows("partner", partner) else ""}
    parts = parts_of(request, visitor)
    page = await panel(parts.shown(ReferralPage, "/api/v1/referral/referrals", **asked, cursor=cursor, limit="20"))
    return renderer(request).page(
        request,
        "cases.html",
        visitor=visitor,
        referrals=page,
        statuses=STATUSES,
        status=status,
        partner=asked["partner"],
        page_of=lambda **more: link("/cases", asked, **more),
        is_first=cursor is None,
        names=names,
    )


@routes.get("/cases/{household_ref}", dependencies=[page_scope("people:read")])
async def case_page(request: Request, visitor: VisitorDep, household_ref: str) -> Response:
    """One household."""
    return await _show(request, visitor, household_ref)


@routes.post("/cases/{household_ref}/reveal", dependencies=[page_scope("people:read")])
async def reveal(request: Request, visitor: VisitorDep, household_ref: str) -> Response:
    """Show one person's fields in full for a minute: a logged act with a purpose."""
    form = await checked_form(request, visitor.csrf)
    person_ref, purpose = uuid_of(str(form.get("person_ref", ""))), str(form.get("purpose", ""))
    if purpose not in PURPOSES:
        return await _show(request, visitor, household_ref, code=422, problem="case.choose_purpose")
    parts = parts_of(request, visitor, purpose=purpose)
    shown = await parts.post(f"/api/v1/intake/persons/{segment(person_ref)}/reveal", {"fields": list(_FIELDS)})
    return await _show(request, visitor, household_ref, revealed={person_ref: shown})


@routes.post("/cases/{household_ref}/visit", dependencies=[page_scope("eligibility:write")])
async def record_visit(request: Request, visitor: VisitorDep, household_ref: str) -> Response:
    """Note what came of a visit."""
    form = await checked_form(request, visitor.csrf)
    body: Json = {"result": str(form.get("result", "")), "version": read_whole(str(form.get("version", ""))) or 0}
    parts = parts_of(request, visitor, purpose="home_visit")
    await parts.post(f"/api/v1/eligibility/visits/{segment(uuid_of(household_ref))}/result", body)
    return _back(household_ref)


@routes.post("/cases/{household_ref}/application", dependencies=[page_scope("eligibility:write")])
async def take_application(request: Request, visitor: VisitorDep, household_ref: str) -> Response:
    """The family asks for help: assess its household from now on."""
    await checked_form(request, visitor.csrf)
    path = f"/api/v1/eligibility/households/{segment(uuid_of(household_ref))}/applications"
    await parts_of(request, visitor, purpose="application").post(path, {})
    return _back(household_ref)


@routes.post("/cases/{household_ref}/referrals/{referral_id}/{step}", dependencies=[page_scope("referral:decide")])
async def move_referral(
    request: Request, visitor: VisitorDep, household_ref: str, referral_id: str, step: str
) -> Response:
    """Release a held referral, or take one back."""
    form = await checked_form(request, visitor.csrf)
    if step not in ("release", "cancel"):
        raise NotFound()
    body: Json = {} if step == "release" else {"reason_code": str(form.get("reason_code", "other"))}
    path = f"/api/v1/referral/referrals/{segment(uuid_of(referral_id))}/{step}"
    await parts_of(request, visitor, purpose="casework").post(path, body)
    return _back(household_ref)


async def _show(
    request: Request,
    visitor: Visitor,
    household_ref: str,
    *,
    code: int = 200,
    revealed: dict[str, Json] | None = None,
    problem: str = "",
) -> Response:
    case = await case_of(request, visitor, uuid_of(household_ref))
    desk = desk_of(request)
    plain = await _plain_word(request, visitor, case)
    as_known = await _as_known(request, visitor, case)
    return renderer(request).page(
        request,
        "case.html",
        visitor=visitor,
        code=code,
        case=case,
        plain=plain,
        as_known=as_known,
        revealed=revealed or {},
        revealed_s=REVEALED_S,
        problem=problem,
        purposes=PURPOSES,
        step=next_step(case, desk.clock.today()),
        names=await request.app.state.vocabulary.refreshed(),
        may=lambda template: may_ask(desk, visitor.grant, template),
    )


async def case_of(request: Request, visitor: Visitor, household_ref: str) -> Json:
    """The household's chain, admitted and written down as the same read by API."""
    desk, request_id = desk_of(request), request.state.request_id
    match = desk.table.find("GET", f"/api/v1/households/{household_ref}")
    assert isinstance(match, Match)
    desk.admit(visitor.grant, match.route)
    desk.check_audit(match.route)
    written = desk.audit.ask(desk.entry(visitor.grant, match, request_id=request_id, purpose="console"))
    case = await compose_chain(Asking(desk, visitor.grant, request_id), household_ref)
    await desk.audit.committed(written)
    return case


async def _as_known(request: Request, visitor: Visitor, case: Json) -> Json | None:
    """What the rules say of a household of which nothing gave rise to an assessment; None where there is one."""
    has_findings = bool((case.get("assessment") or {}).get("findings"))
    if has_findings or not may_ask(desk_of(request), visitor.grant, f"GET {_CHECK.format('{household_ref}')}"):
        return None
    return (await panel(parts_of(request, visitor).get(_CHECK.format(segment(case["household_ref"]))))).value


async def _plain_word(request: Request, visitor: Visitor, case: Json) -> Json | None:
    """The assessment in a few words for the family; None where nobody has written it."""
    assessment_id = (case.get("assessment") or {}).get("assessment_id")
    if not assessment_id or not may_ask(desk_of(request), visitor.grant, f"GET {_PLAIN.format('{assessment_id}')}"):
        return None
    told = await panel(parts_of(request, visitor).get(_PLAIN.format(segment(assessment_id))))
    return told.value if told.value and told.value.get("zh") else None


def uuid_of(text: str) -> str:
    """A UUID as text.

    Raises: NotFound for any other text.
    """
    try:
        return str(UUID(text))
    except ValueError as error:
        raise NotFound() from error


def _back(household_ref: str) -> Response:
    return RedirectResponse(f"/cases/{household_ref}", 303, headers=PAGE_HEADERS)
