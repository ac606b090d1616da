"""The low-income watch (低收入人口动态监测) as a register: who is watched, why, since when.

Source: G39, dynamic monitoring of people with low income.
"""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from services.contracts.money import yuan
from services.eligibility.api.answers import Answer, Words
from services.eligibility.api.csv_answer import CSV_TOO, MOST_ROWS, csv_answer, wants_csv
from services.eligibility.api.places import asked_place, place_name
from services.eligibility.rules.screening.words import screening_words
from services.eligibility.store.watch import count_watched, list_watched
from services.kit.application import router
from services.kit.auth import ActorDep, require
from services.kit.db import SessionDep
from services.kit.pages import Cursor, Limit, only_id, write_cursor

routes = router(prefix="/api/v1/eligibility", tags=["watch"])
WatchReason = Literal["status", "disability_card", "elder_alone", "sole_earner_ill", "year_sum"]
_HEADER = ("家庭编号", "区划", "所在地", "监测原因", "自", "年度自付最高（元）", "最近评估", "救助身份")


class WatchedOut(Answer):
    """A household on the watch. `year_sum_max`: the largest self-paid sum of a person and settlement year."""

    household_ref: UUID
    division: str
    place: str
    reasons: list[str]
    reason_names: list[Words]
    since: date
    year_sum_max: str | None
    last_assessed_on: date | None
    status: str | None


class WatchList(Answer):
    """A page of the register. `counts`: households by reason, each counted under every reason it has."""

    items: list[WatchedOut]
    next: str | None
    counts: dict[str, int]
    households: int


@routes.get(
    "/watch",
    dependencies=[require("eligibility:read")],
    summary="低收入人口动态监测 / The low-income watch",
    response_model=WatchList,
    responses=CSV_TOO,
)
async def get_watch(
    request: Request,
    db: SessionDep,
    actor: ActorDep,
    division: Annotated[str | None, Query(max_length=12)] = None,
    reason: WatchReason | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> WatchList | Response:
    """Households that are looked at again at every new fact. `Accept: text/csv` answers all of them as a file."""
    place = asked_place(division, actor)
    is_file = wants_csv(request)
    most = MOST_ROWS if is_file else limit
    after = only_id(cursor)
    rows = await list_watched(db, division=place, reason=reason, after=after, limit=most + 1)
    items = [_watched_out(row) for row in rows[:most]]
    if is_file:
        return csv_answer("watch", _HEADER, map(_line, items))
    counts, households = await count_watched(db, place)
    following = write_cursor(rows[limit - 1].household_ref) if len(rows) > limit else None
    return WatchList(items=items, next=following, counts=counts, households=households)


def _watched_out(row: Any) -> WatchedOut:
    names = screening_words().watch
    return WatchedOut(
        household_ref=row.household_ref,
        division=row.division,
        place=place_name(row.division),
        reasons=row.reasons,
        reason_names=[Words(**names[code]) for code in row.reasons],
        since=row.since,
        year_sum_max=None if row.year_sum_max is None else yuan(row.year_sum_max),
        last_assessed_on=row.as_of,
        status=row.status,
    )


def _line(row: WatchedOut) -> list[Any]:
    reasons = "；".join(name.zh for name in row.reason_names)
    assessed = row.last_assessed_on.isoformat() if row.last_assessed_on else ""
    return [
        str(row.household_ref),
        row.division,
        row.place,
        reasons,
        row.since.isoformat(),
        row.year_sum_max or "",
        assessed,
        row.status or "",
    ]
