"""Records: the account of each, with its trigger."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.contracts.money import yuan
from services.eligibility.api.answers import AccountOut, Answer, RecordOut, TriggerOut
from services.eligibility.errors import UnknownRecord
from services.eligibility.store.assessments import find_records
from services.kit.application import router
from services.kit.auth import require
from services.kit.db import SessionDep
from services.kit.fields import Body, Ref

routes = router(prefix="/api/v1/eligibility", tags=["records"])
_MAY = [require("eligibility:read")]
_MOST = 500


class LookupIn(Body):
    """Records to look up at once."""

    record_ids: Annotated[list[Ref], Field(min_length=1, max_length=_MOST)]


class RecordList(Answer):
    """The records that are known here; others are left out."""

    items: list[RecordOut]


@routes.get("/records/{record_id}", dependencies=_MAY, summary="一条记录的交代 / What became of a record")
async def get_record(record_id: UUID, db: SessionDep) -> RecordOut:
    """What became of one hospital-cost record or grid report."""
    found = await find_records(db, [record_id])
    if not found:
        raise UnknownRecord()
    return _record_out(found[0])


@routes.post("/records/lookup", dependencies=_MAY, summary="批量查记录交代 / What became of many records")
async def post_lookup(body: LookupIn, db: SessionDep) -> RecordList:
    """What became of up to 500 records. Stores nothing."""
    return RecordList(items=[_record_out(row) for row in await find_records(db, body.record_ids)])


def _record_out(row: Any) -> RecordOut:
    trigger = None
    if row.source == "hospital_cost" and row.sum_fen is not None:
        threshold = None if row.threshold_fen is None else yuan(row.threshold_fen)
        trigger = TriggerOut(year=row.year, sum=yuan(row.sum_fen), threshold=threshold, fired=row.band > 0)
    kind: Literal["assessment", "none"] = row.kind
    return RecordOut(
        record_id=row.record_id,
        source=row.source,
        household_ref=row.household_ref,
        person_ref=row.person_ref,
        year_sum=trigger.sum if trigger else None,
        trigger=trigger,
        account=AccountOut(kind=kind, assessment_id=row.assessment_id, reason=row.reason),
        changed_at=row.changed_at,
    )
