"""What families say about sharing comes in."""

from fastapi import Request

from services.intake.actions.consents import record_consent
from services.intake.actions.import_objects import said_of
from services.intake.api.doors import PROBLEMS, work_of
from services.intake.schemas import ConsentIn, ConsentReceipt
from services.kit.application import router
from services.kit.auth import ActorDep, require
from services.kit.db import SessionDep
from services.kit.errors import BadInput, FieldError

routes = router(prefix="/api/v1/intake", tags=["consents"])


@routes.post(
    "/consents",
    status_code=201,
    responses=PROBLEMS,
    dependencies=[require("intake:write")],
    summary="登记同意、不同意或撤回 / Record a consent, a refusal or a revocation",
)
async def post_consent(request: Request, body: ConsentIn, actor: ActorDep, db: SessionDep) -> ConsentReceipt:
    """Each decision is a new record; the last one said again answers itself."""
    work = work_of(request, actor)
    if body.given_on > work.today:
        raise BadInput(errors=(FieldError("given_on", "DATE_FUTURE", "给出日期在将来", "The date is in the future"),))
    consent_id, version = await record_consent(
        db, body.household_ref, said_of(body), person_ref=body.person_ref, work=work
    )
    return ConsentReceipt(id=consent_id, version=version)
