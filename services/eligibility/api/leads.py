"""Leads of a screening run, most pressing first, and the way from them to the visit list."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Query, Request, Response
from pydantic import Field

from services.contracts.money import yuan
from services.eligibility.actions.screening.listing import list_leads_for_visits
from services.eligibility.actions.screening.runs import found_lists
from services.eligibility.api.answers import Words
from services.eligibility.api.csv_answer import CSV_TOO, MOST_ROWS, csv_answer, wants_csv
from services.eligibility.api.places import asked_place, place_name
from services.eligibility.api.screening_answers import LeadList, LeadOut, ListedOut, Outcome, programme_names
from services.eligibility.rules.screening.leads import reason_words
from services.eligibility.rules.screening.population import CODES
from services.eligibility.rules.screening.words import screening_words
from services.eligibility.store.leads import list_leads
from services.kit.application import router
from services.kit.auth import ActorDep, require
from services.kit.clock import Clock
from services.kit.db import SessionDep
from services.kit.errors import BadInput, FieldError
from services.kit.fields import Body, ShortText
from services.kit.pages import Cursor, Limit, id_in, number_in, read_cursor, write_cursor

routes = router(prefix="/api/v1/eligibility", tags=["screening"])
_HEADER = (
    "序号",
    "家庭编号",
    "区划",
    "所在地",
    "项目",
    "结论",
    "每月金额（元）",
    "一次性金额（元）",
    "线索",
    "缺少",
    "原因",
    "入户名单",
)


class VisitsIn(Body):
    """Which leads go on the visit list: of a programme, of a place within the caller's, at most so many households."""

    programme: ShortText | None = None
    division: ShortText | None = None
    most: Annotated[int, Field(ge=1, le=2000)] = 200


@routes.get(
    "/screenings/{screening_id}/leads",
    dependencies=[require("eligibility:read")],
    summary="筛查线索 / Leads of a screening run",
    response_model=LeadList,
    responses=CSV_TOO,
)
async def get_leads(
    screening_id: UUID,
    request: Request,
    db: SessionDep,
    actor: ActorDep,
    programme: Annotated[str | None, Query(max_length=40)] = None,
    division: Annotated[str | None, Query(max_length=12)] = None,
    outcome: Outcome | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> LeadList | Response:
    """Households worth following with the reason for each. `Accept: text/csv` answers all of them as a file."""
    await found_lists(db, screening_id)
    key = read_cursor(cursor, 4)
    score, ref, last, place_before = _after(key) if key else (None, None, None, 0)
    after = (score, ref, last) if score is not None and ref is not None and last is not None else None
    is_file = wants_csv(request)
    most = MOST_ROWS if is_file else limit
    rows = await list_leads(
        db,
        screening_id,
        division=asked_place(division, actor),
        programme=_programme(programme, "programme"),
        outcome=outcome,
        after=after,
        limit=most + 1,
    )
    items = [_lead_out(row, place_before + place) for place, row in enumerate(rows[:most], 1)]
    if is_file:
        return csv_answer("leads", _HEADER, map(_line, items))
    end = rows[limit - 1] if len(rows) > limit else None
    following = end and write_cursor(end.score, end.household_ref, end.programme, place_before + limit)
    return LeadList(items=items, next=following)


@routes.post(
    "/screenings/{screening_id}/visits",
    dependencies=[require("eligibility:write")],
    summary="生成入户名单 / Put leads on the visit list",
)
async def post_visits(screening_id: UUID, body: VisitsIn, db: SessionDep, actor: ActorDep) -> ListedOut:
    """Have the most pressing households of the leads assessed, so that they come onto the visit list.

    Households that are on it already stay as they are and are counted in `already`.
    """
    listed = await list_leads_for_visits(
        db,
        screening_id,
        division=asked_place(body.division, actor),
        programme=_programme(body.programme, "programme"),
        most=body.most,
        now=Clock().now(),
    )
    return ListedOut(added=listed.added, already=listed.already)


def _programme(code: str | None, field: str) -> str | None:
    if code is not None and code not in CODES:
        wrong = FieldError(field, "unknown_programme", "没有这个救助项目", "There is no such programme")
        raise BadInput(errors=(wrong,))
    return code


def _after(key: Sequence[str]) -> tuple[int, UUID, str, int]:
    return number_in(key[0]), id_in(key[1]), key[2], number_in(key[3])


class _Lead:
    """A row as `reason_words` reads it: the reason parsed."""

    def __init__(self, row: Any) -> None:  # Any: a row of the table
        self.programme, self.outcome = row.programme, row.outcome
        self.month_fen, self.once_fen = row.month_fen, row.once_fen
        self.signals, self.missing = row.signals, row.missing
        self.reason = orjson.loads(row.reason)


def _lead_out(row: Any, rank: int) -> LeadOut:
    return LeadOut(
        household_ref=row.household_ref,
        division=row.division,
        place=place_name(row.division),
        programme=row.programme,
        outcome=row.outcome,
        rank=rank,
        at_stake_month=yuan(row.month_fen),
        at_stake_once=yuan(row.once_fen),
        signals=row.signals,
        missing=row.missing,
        reason=Words(**reason_words(_Lead(row), programme_names())),
        is_new=row.is_new,
        on_visit_list=row.on_visit_list,
    )


def _line(lead: LeadOut) -> list[Any]:
    words = screening_words()
    return [
        lead.rank,
        str(lead.household_ref),
        lead.division,
        lead.place,
        programme_names()[lead.programme]["zh"],
        words.outcomes[lead.outcome]["zh"],
        lead.at_stake_month,
        lead.at_stake_once,
        "、".join(words.signals[code].words["zh"] for code in lead.signals if code in words.signals),
        "、".join(words.facts[kind]["zh"] for kind in lead.missing if kind in words.facts),
        lead.reason.zh,
        "是" if lead.on_visit_list else "否",
    ]
