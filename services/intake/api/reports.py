"""Grid workers' reports come in."""

import orjson
from fastapi import Request
from starlette.responses import Response

from services.intake.actions.reports import record_report
from services.intake.actions.work import check_territory
from services.intake.api.doors import PROBLEMS, documented, in_one_go, json_object, work_of
from services.intake.errors import refuse
from services.intake.records.grid import read_report
from services.intake.schemas import GridReportIn, RecordReceipt
from services.kit.application import router
from services.kit.auth import ActorDep, require

routes = router(prefix="/api/v1/intake", tags=["grid-reports"])


@routes.post(
    "/grid-reports",
    status_code=202,
    response_model=RecordReceipt,
    responses=PROBLEMS,
    dependencies=[require("intake:write")],
    openapi_extra=documented(GridReportIn.schema_of()),
    summary="上报一户困难情况 / Report a household in need",
)
async def post_grid_report(request: Request, actor: ActorDep) -> Response:
    """Idempotent by report_id. A red one uses the urgent lane."""
    work = work_of(request, actor)
    read = read_report(await json_object(request), now=work.now)
    if read.report is None:
        raise refuse(read.issues)
    check_territory(read.report.division, actor)
    receipt = await in_one_go(request, lambda db: record_report(db, read, work=work))
    ref = str(receipt.record_id)
    answer = {
        "record_id": ref,
        "result": receipt.result,
        "settlement_year": receipt.settlement_year,
        "links": {"self": f"/api/v1/intake/records/{ref}"},
        "notices": [{"code": issue.code, "message": {"zh": issue.zh, "en": issue.en}} for issue in receipt.notices],
    }
    return Response(orjson.dumps(answer), 202, media_type="application/json")
