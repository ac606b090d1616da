"""Counts for the funnel: from records that came in to what came of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_PLACE = "starts_with(division, :division)"
_RECORDS = text(
    "SELECT count(*) AS records, count(*) FILTER (WHERE kind = 'assessment') AS assessed,"
    " count(DISTINCT person_ref) AS persons, count(*) FILTER (WHERE source = 'grid_report') AS reports"
    f" FROM record_account WHERE {_PLACE} AND first_at >= :start AND first_at < :end"
)
_ACCOUNTS = text(
    "SELECT coalesce(reason, 'assessment') AS code, count(*) AS n"
    f" FROM record_account WHERE {_PLACE} AND first_at >= :start AND first_at < :end GROUP BY 1 ORDER BY 1"
)
_OVER = text(
    "SELECT count(*) AS n FROM person_year y WHERE y.band > 0 AND starts_with(y.division, :division) AND EXISTS"
    " (SELECT FROM record_account a WHERE a.person_ref = y.person_ref AND a.year = y.year"
    " AND a.first_at >= :start AND a.first_at < :end)"
)
_ASSESSMENTS = text(
    "SELECT count(*) AS assessments, count(*) FILTER (WHERE state = 'live') AS live,"
    " count(DISTINCT household_ref) AS households"
    f" FROM assessment WHERE {_PLACE} AND created_at >= :start AND created_at < :end"
)
_OUTCOMES = text(
    "SELECT programme, outcome, count(*) AS n FROM assessment CROSS JOIN LATERAL ("
    "SELECT unnest(eligible), 'eligible' UNION ALL SELECT unnest(unknown), 'unknown'"
    " UNION ALL SELECT unnest(not_eligible), 'not_eligible') AS o(programme, outcome)"
    f" WHERE state = 'live' AND {_PLACE} AND created_at >= :start AND created_at < :end GROUP BY 1, 2 ORDER BY 1, 2"
)
_STATUSES = text(
    "SELECT coalesce(status, 'none') AS code, count(*) AS n FROM assessment"
    f" WHERE state = 'live' AND {_PLACE} AND created_at >= :start AND created_at < :end GROUP BY 1 ORDER BY 1"
)
_VISITS = text(
    "SELECT state, priority, result, count(*) AS n, count(*) FILTER (WHERE state = 'open' AND due_on < :today) AS late"
    f" FROM visit WHERE {_PLACE} AND opened_at >= :start AND opened_at < :end GROUP BY 1, 2, 3"
)
_DAYS = text(
    "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY result_on - CAST(timezone('Asia/Shanghai', opened_at) AS date))"
    f" AS days FROM visit WHERE {_PLACE} AND opened_at >= :start AND opened_at < :end AND state = 'done'"
)
_WATCH = text(f"SELECT reason AS code, count(*) AS n FROM low_income_watch WHERE {_PLACE} GROUP BY 1 ORDER BY 1")


async def count_funnel(
    db: AsyncSession, *, division: str, start: datetime, end: datetime, today: object
) -> dict[str, Any]:
    """The funnel of a place for records, assessments and visits that began in a span of time."""
    values = {"division": division, "start": start, "end": end}
    records = (await db.execute(_RECORDS, values)).one()
    made = (await db.execute(_ASSESSMENTS, values)).one()
    programmes: dict[str, dict[str, int]] = {}
    for row in await db.execute(_OUTCOMES, values):
        programmes.setdefault(row.programme, {})[row.outcome] = row.n
    answer: dict[str, Any] = {
        "records": records.records,
        "reports": records.reports,
        "persons": records.persons,
        "over_threshold": (await db.execute(_OVER, values)).scalar() or 0,
        "records_assessed": records.assessed,
        "accounts": {row.code: row.n for row in await db.execute(_ACCOUNTS, values)},
        "assessments": made.assessments,
        "assessments_live": made.live,
        "households_assessed": made.households,
        "statuses": {row.code: row.n for row in await db.execute(_STATUSES, values)},
        "programmes": programmes,
        "days_to_result": (await db.execute(_DAYS, values)).scalar(),
        "watch": {row.code: row.n for row in await db.execute(_WATCH, {"division": division})},
    }
    return answer | await _visits(db, values | {"today": today})


async def _visits(db: AsyncSession, values: dict[str, Any]) -> dict[str, Any]:
    states: dict[str, int] = {}
    priorities: dict[str, int] = {}
    results: dict[str, int] = {}
    late = 0
    for row in await db.execute(_VISITS, values):
        states[row.state] = states.get(row.state, 0) + row.n
        late += row.late
        if row.state == "open":
            priorities[row.priority] = priorities.get(row.priority, 0) + row.n
        elif row.state == "done":
            results[row.result] = results.get(row.result, 0) + row.n
    return {"visits": states, "visits_late": late, "open_by_priority": priorities, "results": results}
