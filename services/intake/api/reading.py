"""What became of a record, as far as intake knows; and how much there is."""

from typing import Any
from uuid import UUID

from services.intake.actions.reading import read_record
from services.intake.api.doors import PROBLEMS
from services.intake.schemas import Counts
from services.intake.store.reading import count_all
from services.kit.application import router
from services.kit.auth import require
from services.kit.db import SessionDep

routes = router(prefix="/api/v1/intake", tags=["records"])


@routes.get(
    "/records/{record_id}",
    responses=PROBLEMS,
    dependencies=[require("intake:read")],
    summary="一条推送记录 / A record as intake knows it",
)
async def get_record(record_id: UUID, db: SessionDep) -> dict[str, Any]:
    """The gateway adds trigger, account, assessment, referrals and outcome."""
    return await read_record(db, record_id)


@routes.get("/counts", responses=PROBLEMS, dependencies=[require("intake:read")], summary="数量 / How much there is")
async def get_counts(db: SessionDep) -> Counts:
    """Records, reports, households, persons and decisions of the caller's territory."""
    return Counts(**await count_all(db))
