"""Households are registered, and shown."""

from typing import Any
from uuid import UUID

import orjson
from fastapi import Request
from starlette.responses import Response

from services.intake.actions.households import register_household
from services.intake.actions.reading import read_household_page, reveal_person
from services.intake.actions.work import check_territory
from services.intake.api.doors import PROBLEMS, documented, in_one_go, json_object, work_of
from services.intake.errors import refuse
from services.intake.records.households import read_household
from services.intake.schemas import HouseholdIn, HouseholdReceipt, RevealIn
from services.kit.application import router
from services.kit.auth import ActorDep, require
from services.kit.db import SessionDep

routes = router(prefix="/api/v1/intake", tags=["households"])


@routes.post(
    "/households",
    status_code=201,
    response_model=HouseholdReceipt,
    responses=PROBLEMS,
    dependencies=[require("intake:write")],
    openapi_extra=documented(HouseholdIn.schema_of()),
    summary="登记或更正家庭 / Register or correct a household",
)
async def post_household(request: Request, actor: ActorDep) -> Response:
    """The same people again update their household. Somebody counted in another registered household: 409."""
    work = work_of(request, actor)
    read = read_household(await json_object(request), today=work.today)
    form = read.form
    if form is None:
        raise refuse(read.issues)
    check_territory(form.division, actor)
    registered = await in_one_go(request, lambda db: register_household(db, form, work=work))
    answer = {
        "household_ref": str(registered.household_ref),
        "person_refs": {ref: str(person_id) for ref, person_id in registered.person_refs.items()},
    }
    return Response(orjson.dumps(answer), 201, media_type="application/json")


@routes.get(
    "/households/{household_ref}",
    responses=PROBLEMS,
    dependencies=[require("people:read")],
    summary="一户的情况 / A household as intake knows it",
)
async def get_household(request: Request, household_ref: UUID, actor: ActorDep, db: SessionDep) -> dict[str, Any]:
    """Members masked, facts, bills, reports and decisions on sharing."""
    return await read_household_page(db, household_ref, work=work_of(request, actor))


@routes.post(
    "/persons/{person_ref}/reveal",
    responses=PROBLEMS,
    dependencies=[require("people:read")],
    summary="显示一个人的完整信息（留痕） / Show a person's fields in full (logged)",
)
async def post_reveal(
    request: Request, person_ref: UUID, body: RevealIn, actor: ActorDep, db: SessionDep
) -> dict[str, str | None]:
    """The gateway writes down who asked and for what."""
    return await reveal_person(db, person_ref, list(body.fields), work=work_of(request, actor))
