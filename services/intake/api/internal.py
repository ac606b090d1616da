"""What the gateway asks for others; never forwarded from outside."""

from typing import Any

from fastapi import Request

from services.intake.actions.disclosures import disclose
from services.intake.api.doors import PROBLEMS, in_one_go, work_of
from services.intake.schemas import DisclosureIn
from services.kit.application import router
from services.kit.auth import ActorDep, require

routes = router(prefix="/internal", tags=["internal"])


@routes.post(
    "/disclosures",
    responses=PROBLEMS,
    dependencies=[require("people:disclose")],
    summary="按允许范围向协同单位提供字段（留痕） / Give a partner the allowed fields (written down)",
)
async def post_disclosure(request: Request, body: DisclosureIn, actor: ActorDep) -> dict[str, Any]:
    """Only the gateway holds this scope, for one partner's one referral."""
    work = work_of(request, actor)
    told = await in_one_go(
        request,
        lambda db: disclose(
            db,
            body.person_ref,
            list(body.fields),
            partner=body.partner,
            referral_id=body.referral_id,
            need=body.purpose or "",
            work=work,
        ),
    )
    return {"person": told}
