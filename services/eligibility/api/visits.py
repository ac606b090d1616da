"""The visit list: households in order of need, with the reason; what came of each visit; a family's application."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from services.contracts.money import yuan
from services.eligibility.actions.holdings import amounts_left, holdings_of
from services.eligibility.actions.visits import record_result, take_application
from services.eligibility.api.answers import Answer, CodedWords, MoneyOut, SeatOut, VisitList, VisitOut, Words
from services.eligibility.api.on_rolls import held_programmes
from services.eligibility.api.places import asked_place, place_name
from services.eligibility.errors import UnknownHousehold
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.priority import reason_words, seat, visit_rules
from services.eligibility.rules.screening.held import NOTHING, Holding
from services.eligibility.store.assessments import live_assessment
from services.eligibility.store.visits import find_visit, list_visits
from services.kit.application import router
from services.kit.auth import ActorDep, require
from services.kit.clock import Clock, shanghai_date
from services.kit.db import SessionDep
from services.kit.fields import Body, Day
from services.kit.pages import Cursor, Limit, bad_cursor, id_in, number_in, read_cursor, write_cursor

routes = router(prefix="/api/v1/eligibility", tags=["visits"])
State = Literal["open", "done", "withdrawn", "merged"]


def _known_result(code: str) -> str:
    if code not in visit_rules().results:
        zh, en = "不是约定的结果代码", "Not one of the result codes"
        raise PydanticCustomError("unknown_result", "not a result code", {"zh": zh, "en": en})
    return code


class ResultIn(Body):
    """What came of a visit. `version` is that of the visit as it was read; `on` is today when left out."""

    result: Annotated[str, AfterValidator(_known_result)]
    version: int
    on: Day | None = None


class ApplicationIn(Body):
    """A family asked for help. `on` is today when left out."""

    on: Day | None = None


class ApplicationOut(Answer):
    """The household's assessment after the application."""

    household_ref: UUID
    assessment_id: UUID | None


@routes.get("/visits", dependencies=[require("eligibility:read")], summary="走访名单 / The visit list")
async def get_visits(
    db: SessionDep,
    actor: ActorDep,
    division: Annotated[str | None, Query(max_length=12)] = None,
    state: State = "open",
    overdue: bool = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> VisitList:
    """Households to visit, most pressing first, then by due date; with `overdue` those whose day has passed."""
    key = read_cursor(cursor, 3)
    after = _after(key) if key else None
    place = asked_place(division, actor)
    before = Clock().today() if overdue else None
    rows = await list_visits(db, division=place, state=state, after=after, limit=limit + 1, due_before=before)
    last = rows[limit - 1] if len(rows) > limit else None
    following = write_cursor(last.rank, last.due_on, last.household_ref) if last is not None else None
    return VisitList(items=await _visits_out(db, rows[:limit], Clock().today()), next=following)


@routes.get("/visits/{household_ref}", dependencies=[require("eligibility:read")], summary="一户的走访 / One visit")
async def get_visit(household_ref: UUID, db: SessionDep) -> VisitOut:
    """The visit to one household."""
    row = await find_visit(db, household_ref)
    if row is None:
        raise UnknownHousehold()
    (visit,) = await _visits_out(db, [row], Clock().today())
    return visit


@routes.post(
    "/visits/{household_ref}/result",
    dependencies=[require("eligibility:write")],
    summary="填报走访结果 / Note what came of a visit",
)
async def post_result(household_ref: UUID, body: ResultIn, db: SessionDep, actor: ActorDep) -> VisitOut:
    """Note what came of a visit. The same result again is 200; another version than now is 409 `visit_moved`."""
    now = Clock().now()
    await record_result(db, household_ref, result=body.result, version=body.version, on=body.on, actor=actor, now=now)
    (visit,) = await _visits_out(db, [await find_visit(db, household_ref)], shanghai_date(now))
    return visit


@routes.post(
    "/households/{household_ref}/applications",
    dependencies=[require("eligibility:write")],
    summary="家庭提出申请 / A family asks for help",
)
async def post_application(household_ref: UUID, body: ApplicationIn, db: SessionDep) -> ApplicationOut:
    """A family asked: assess its household now and at every new fact."""
    now = Clock().now()
    await take_application(db, household_ref, on=body.on or shanghai_date(now), now=now)
    return ApplicationOut(household_ref=household_ref, assessment_id=await live_assessment(db, household_ref))


def _after(key: list[str]) -> tuple[int, date, UUID]:
    try:
        return number_in(key[0]), date.fromisoformat(key[1]), id_in(key[2])
    except ValueError:
        raise bad_cursor() from None


def _programmes() -> dict[str, dict[str, str]]:
    return {each.code: {"zh": each.zh, "en": each.en} for each in rule_book().programmes}


async def _visits_out(db: SessionDep, rows: Sequence[Any], day: date) -> list[VisitOut]:
    """Visits as they are told on a day: beside what each household is on the roll of, and without proposing that."""
    held = await holdings_of(db, [row.household_ref for row in rows], day)
    left = await amounts_left(
        db, {row.assessment_id: held[row.household_ref] for row in rows if row.household_ref in held}
    )
    return [_visit_out(row, held.get(row.household_ref, NOTHING), left.get(row.assessment_id)) for row in rows]


def _visit_out(row: Any, holding: Holding, left: tuple[int, int] | None) -> VisitOut:
    rules, names = visit_rules(), _programmes()
    place = place_name(row.division)
    priority = rules.priorities[row.priority]
    month_fen, once_fen = left or (row.monthly_fen, row.one_off_fen)
    pressing = [reason for reason in row.reasons if reason.removeprefix("eligible/") not in holding.covers]
    result = None
    if row.result is not None:
        words = rules.results[row.result]
        result = CodedWords(code=row.result, zh=words["zh"], en=words["en"])
    return VisitOut(
        household_ref=row.household_ref,
        division=row.division,
        place=place,
        version=row.version,
        state=row.state,
        priority=row.priority,
        priority_text=Words(zh=priority["zh"], en=priority["en"]),
        reasons=[CodedWords(**words) for words in reason_words(pressing, names)],
        assessment_id=row.assessment_id,
        status=row.status,
        programmes=[CodedWords(code=code, **names[code]) for code in row.eligible if code not in holding.covers],
        unknown=[CodedWords(code=code, **names[code]) for code in row.unknown if code not in holding.covers],
        on_rolls=held_programmes(holding),
        money=MoneyOut(monthly=yuan(month_fen), one_off=yuan(once_fen)),
        due_on=row.due_on,
        assignee=SeatOut(**seat(row.assignee_role, row.assignee_division, place)),
        safe_to_call=row.safe_to_call,
        sum_dropped=row.sum_dropped,
        result=result,
        result_on=row.result_on,
        opened_at=row.opened_at,
    )
