"""How much is where: counts by state, nothing personal."""

from services.charity.api.common import PREFIX
from services.charity.schemas.answers import CountsOut
from services.charity.store import figures
from services.kit.application import router as new_router
from services.kit.auth import require
from services.kit.db import SessionDep

router = new_router(prefix=f"{PREFIX}/counts", tags=["counts"])


@router.get("", dependencies=[require("charity:read")])
async def get_counts(db: SessionDep) -> CountsOut:
    """Awards by status, reports by state, and donations, within sight."""
    counts = await figures.counts(db)
    return CountsOut(awards=counts["awards"], reports=counts["reports"], donations=counts["donations"][""])
