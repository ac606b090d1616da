"""What charity has said, and still has to say, at the partner door."""

from typing import Literal

from fastapi import Request

from services.charity.api.common import PREFIX, ClockDep, PathRef, next_ordinal
from services.charity.errors import NotFound
from services.charity.models import Report
from services.charity.schemas.answers import ReportOut, ReportsOut
from services.charity.settings import CharitySettings
from services.charity.store import reports
from services.kit.application import router as new_router
from services.kit.auth import require
from services.kit.db import SessionDep
from services.kit.fields import Ref
from services.kit.pages import Cursor, Limit, only_number

router = new_router(prefix=f"{PREFIX}/reports", tags=["reports"])


def _report_out(report: Report) -> ReportOut:
    waiting = report.state == "waiting"
    fields = report.model_dump(include={"id", "referral_id", "award_id", "status", "reason_code", "state", "tries"})
    return ReportOut(
        **fields,
        next_try_at=report.next_try_at if waiting else None,
        answer=report.answer,
        created_at=report.created_at,
    )


@router.get("", dependencies=[require("charity:read")])
async def get_reports(
    db: SessionDep,
    request: Request,
    state: Literal["waiting", "sent", "refused", "dropped"] | None = None,
    referral: Ref | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ReportsOut:
    """Reports in the order they were queued. `door` says what is lacking when they cannot go out."""
    rows = await reports.reports_page(db, state=state, referral_id=referral, after=only_number(cursor), limit=limit)
    settings: CharitySettings = request.app.state.settings
    return ReportsOut(
        items=[_report_out(report) for report in rows],
        next=next_ordinal([report.ordinal for report in rows], limit),
        door=settings.door_state(),
    )


@router.post("/{report_id}/retry", status_code=202, dependencies=[require("charity:write")])
async def post_retry(report_id: PathRef, db: SessionDep, clock: ClockDep) -> dict[str, str]:
    """Try a waiting report at once."""
    if not await reports.hurry(db, report_id, now=clock.now()):
        raise NotFound()
    return {"state": "waiting"}
