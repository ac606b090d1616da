"""The funnel: counts from records that came in to what came of them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Query

from services.eligibility.api.answers import FunnelOut
from services.eligibility.api.places import asked_place
from services.eligibility.store.counts import count_funnel
from services.kit.application import router
from services.kit.auth import ActorDep, require
from services.kit.clock import SHANGHAI, Clock
from services.kit.db import SessionDep
from services.kit.fields import Day

routes = router(prefix="/api/v1/eligibility", tags=["funnel"])
_FIRST_DAY = date(2000, 1, 1)


@routes.get("/funnel", dependencies=[require("eligibility:read")], summary="从线索到结果的漏斗 / The funnel")
async def get_funnel(
    db: SessionDep,
    actor: ActorDep,
    division: Annotated[str | None, Query(max_length=12)] = None,
    since: Annotated[Day | None, Query(alias="from")] = None,
    until: Annotated[Day | None, Query(alias="to")] = None,
) -> FunnelOut:
    """Records, sums over the line, assessments, visits and results that began in a span of days, both included."""
    today = Clock().today()
    first, last = since or _FIRST_DAY, until or today
    place = asked_place(division, actor)
    counts = await count_funnel(db, division=place, start=_midnight(first), end=_midnight(last, 1), today=today)
    return FunnelOut(division=place, since=first, until=last, outcomes=_totals(counts["programmes"]), **counts)


def _midnight(day: date, later: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=later), datetime.min.time(), SHANGHAI)


def _totals(programmes: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    totals = {"eligible": 0, "not_eligible": 0, "unknown": 0}
    for counts in programmes.values():
        for outcome, count in counts.items():
            totals[outcome] += count
    return totals
