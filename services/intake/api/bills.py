"""Hospital-cost records come in, one or many."""

from collections import Counter
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response

from services.intake.actions.bills import Receipt, record_costs
from services.intake.actions.work import check_territory
from services.intake.api.doors import PROBLEMS, documented, in_one_go, json_object, work_of
from services.intake.errors import SettlementConflict, UnreadableRecord, field_errors, refuse
from services.intake.records.hospital import HospitalCost
from services.intake.records.hospital_body import read_body
from services.intake.schemas import BatchReceipts, HospitalCostBatchIn, HospitalCostIn, RecordReceipt
from services.kit.application import BATCH_BODY, router
from services.kit.auth import ActorDep, require
from services.kit.errors import BadInput, FieldError

routes = router(prefix="/api/v1/intake", tags=["hospital-costs"])
_MOST = 5_000
_MOST_ERRORS = 50


def _receipt(receipt: Receipt) -> dict[str, Any]:
    ref = str(receipt.record_id)
    return {
        "record_id": ref,
        "result": receipt.result,
        "settlement_year": receipt.settlement_year,
        "links": {"self": f"/api/v1/intake/records/{ref}"},
    }


@routes.post(
    "/hospital-costs",
    status_code=202,
    response_model=RecordReceipt,
    responses=PROBLEMS,
    dependencies=[require("intake:write")],
    openapi_extra=documented(HospitalCostIn.schema_of()),
    summary="推送一条住院费用 / Push one hospital-cost record",
)
async def post_hospital_cost(request: Request, actor: ActorDep) -> Response:
    """Idempotent by (source, settlement_id, version): the same again answers the same record and does nothing."""
    work = work_of(request, actor)
    read = read_body(await json_object(request), today=work.today)
    if read.cost is None:
        raise refuse(read.issues)
    cost = read.cost
    check_territory(cost.division, actor)
    (receipt,) = await in_one_go(request, lambda db: record_costs(db, [cost], work=work))
    if receipt.result == "conflict":
        raise SettlementConflict()
    return Response(orjson.dumps(_receipt(receipt)), 202, media_type="application/json")


@routes.post(
    "/hospital-costs/batch",
    status_code=202,
    response_model=BatchReceipts,
    responses=PROBLEMS,
    dependencies=[require("intake:write")],
    openapi_extra=documented(HospitalCostBatchIn.schema_of(), most_bytes=BATCH_BODY),
    summary="批量推送住院费用 / Push many hospital-cost records",
)
async def post_hospital_costs(request: Request, actor: ActorDep) -> Response:
    """Up to 5,000 records in one transaction. One that cannot be read refuses the whole batch, nothing is stored, and
    each wrong field is named with its index; one that conflicts is answered as `conflict` and the others are stored."""
    work = work_of(request, actor)
    records = _records(await json_object(request))
    costs: list[HospitalCost] = []
    errors: list[FieldError] = []
    for index, body in enumerate(records):
        if not isinstance(body, dict):
            errors.append(FieldError(f"records[{index}]", "FIELD_TYPE", "应是一个JSON对象", "Must be one JSON object"))
            continue
        read = read_body(body, today=work.today)
        if read.cost is None:
            errors += field_errors(read.issues, f"records[{index}].")
        else:
            costs.append(read.cost)
    if errors:
        raise UnreadableRecord(errors=tuple(errors[:_MOST_ERRORS]))
    for division in {cost.division for cost in costs}:
        check_territory(division, actor)
    receipts = await in_one_go(request, lambda db: record_costs(db, costs, work=work))
    counts = Counter(receipt.result for receipt in receipts)
    told = {"records": len(receipts)} | {str(result): number for result, number in counts.items()}
    answer = {"counts": told, "receipts": [_receipt(one) for one in receipts]}
    return Response(orjson.dumps(answer), 202, media_type="application/json")


def _records(body: dict[str, Any]) -> list[Any]:
    """The list of a batch body.

    Raises: BadInput.
    """
    for name in body:
        if name != "records":
            raise BadInput(errors=(FieldError("body", "FIELD_UNKNOWN", "只有records字段", "Only records is a field"),))
    records = body.get("records")
    if not isinstance(records, list) or not 1 <= len(records) <= _MOST:
        text = (f"records应是1到{_MOST}条记录的列表", f"records must be a list of 1 to {_MOST} records")
        raise BadInput(errors=(FieldError("records", "FIELD_RANGE", *text),))
    return records
