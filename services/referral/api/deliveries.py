"""Officers' door: webhooks on their way, dead ones among them, and every attempt."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Query

from services.contracts.codes import DeliveryState
from services.kit.application import router as strict_router
from services.kit.auth import require
from services.kit.db import SessionDep
from services.kit.errors import NotFound
from services.kit.pages import Cursor, Limit, only_number, write_cursor
from services.referral.schemas import AttemptOut, Deliveries, DeliveryDetail, DeliveryOut
from services.referral.store import lists

router = strict_router(prefix="/api/v1/referral", tags=["deliveries"])
_READ = [require("referral:read")]


@router.get("/deliveries", dependencies=_READ)
async def get_deliveries(
    db: SessionDep,
    referral: UUID | None = None,
    partner: Annotated[str | None, Query(max_length=40)] = None,
    state: DeliveryState | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Deliveries:
    """Webhooks, newest first. `state=dead` lists those given up."""
    rows = await lists.list_deliveries(
        db, referral=referral, partner=partner, state=state, before=only_number(cursor), most=limit + 1
    )
    page = rows[:limit]
    return Deliveries(
        items=[DeliveryOut(**_values(row)) for row in page],
        next=write_cursor(page[-1].position) if len(rows) > limit else None,
    )


@router.get("/deliveries/{delivery_id}", dependencies=_READ)
async def get_delivery(delivery_id: UUID, db: SessionDep) -> DeliveryDetail:
    """One webhook: its body as the partner saw it, and every attempt."""
    found = await lists.find_delivery(db, delivery_id)
    if found is None:
        raise NotFound()
    row, attempts = found
    return DeliveryDetail(
        **_values(row),
        body=orjson.loads(row.body) if row.body else None,
        log=[AttemptOut(number=a.number, at=a.at, status=a.status, error=a.error, ms=a.ms) for a in attempts],
    )


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in DeliveryOut.model_fields}
