"""The households behind a number of a screening run: answered so, for this reason, missing that fact."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from services.eligibility.actions.screening.runs import ENGINE, found_lists
from services.eligibility.api.answers import Answer, Words
from services.eligibility.api.csv_answer import CSV_TOO, MOST_ROWS, csv_answer, wants_csv
from services.eligibility.api.places import asked_place, place_name
from services.eligibility.api.screening_answers import words_of
from services.eligibility.errors import NotComparable
from services.eligibility.rules.rendering import reason_text
from services.eligibility.rules.screening.outcome import Outcome, fact_place, reason_place, review_flag, unpack
from services.eligibility.rules.screening.population import CODES, NO, RECEIVING, UNKNOWN_YET, YES
from services.eligibility.rules.screening.words import screening_words
from services.eligibility.store.screened import list_screened
from services.kit.application import router
from services.kit.auth import ActorDep, require
from services.kit.db import SessionDep
from services.kit.errors import BadInput, FieldError
from services.kit.pages import Cursor, Limit, only_id, write_cursor

routes = router(prefix="/api/v1/eligibility", tags=["screening"])
Told = Literal["eligible", "not_eligible", "unknown", "already"]
_LETTERS: Final[Mapping[str, str]] = {
    "eligible": YES,
    "not_eligible": NO,
    "unknown": UNKNOWN_YET,
    "already": RECEIVING,
}
_NAMES: Final = {letter: name for name, letter in _LETTERS.items()}
_HEADER: Final = ("家庭编号", "区划", "所在地", "项目", "结论", "不符合的原因", "缺少")


class ScreenedOut(Answer):
    """A household of a run. `answer` and `reasons` are of the programme asked for; `missing`: facts it would need."""

    household_ref: UUID
    division: str
    place: str
    answer: Told | None
    reasons: list[Words]
    missing: list[Words]


class ScreenedList(Answer):
    """A page of a run's households, by ref."""

    items: list[ScreenedOut]
    next: str | None


@routes.get(
    "/screenings/{screening_id}/households",
    dependencies=[require("eligibility:read")],
    summary="筛查过的家庭 / Households of a screening run",
    response_model=ScreenedList,
    responses=CSV_TOO,
)
async def get_screened(
    screening_id: UUID,
    request: Request,
    db: SessionDep,
    actor: ActorDep,
    programme: Annotated[str | None, Query(max_length=40)] = None,
    answer: Told | None = None,
    reason: Annotated[str | None, Query(max_length=60)] = None,
    missing: Annotated[str | None, Query(max_length=60)] = None,
    division: Annotated[str | None, Query(max_length=12)] = None,
    review: bool = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ScreenedList | Response:
    """The households that a number of the run counts. `answer` and `reason` need `programme`. CSV as asked for.

    `review`: those on a roll of a programme that the rules say no to.

    409 for a reason or a missing fact of a run that an older edition of the reader made.
    """
    run = await found_lists(db, screening_id)
    if (reason or missing) and run.engine != ENGINE:
        raise NotComparable()
    is_file = wants_csv(request)
    most = MOST_ROWS if is_file else limit
    rows = await list_screened(
        db,
        screening_id,
        division=asked_place(division, actor),
        place=_programme_place(programme, needed=bool(answer or reason)) + 1,
        letter=_LETTERS[answer] if answer else None,
        reason=_known(reason_place(programme or "", reason), "reason") if reason else None,
        fact=_known(fact_place(missing), "missing") if missing else None,
        flag=review_flag() if review else None,
        after=only_id(cursor),
        limit=most + 1,
    )
    items = [_screened_out(row, programme) for row in rows[:most]]
    if is_file:
        return csv_answer("households", _HEADER, (_line(item, programme) for item in items))
    return ScreenedList(items=items, next=write_cursor(rows[limit - 1].household_ref) if len(rows) > limit else None)


def _programme_place(code: str | None, *, needed: bool) -> int:
    if code is None and not needed:
        return 0
    if code not in CODES:
        raise _wrong("programme")
    return CODES.index(code)


def _known(place: int | None, field: str) -> int:
    if place is None:
        raise _wrong(field)
    return place


def _wrong(field: str) -> BadInput:
    return BadInput(errors=(FieldError(field, f"unknown_{field}", "没有这个代码", "There is no such code"),))


def _screened_out(row: Any, programme: str | None) -> ScreenedOut:
    found: Outcome = unpack(row.outcomes, row.found)
    facts = screening_words().facts
    return ScreenedOut(
        household_ref=row.household_ref,
        division=row.division,
        place=place_name(row.division),
        answer=_NAMES[found.letter(programme)] if programme else None,
        reasons=[words_of(reason_text(code)) for code in found.reasons.get(programme or "", ())],
        missing=[words_of(facts[kind]) for kind in found.facts],
    )


def _line(item: ScreenedOut, programme: str | None) -> list[Any]:
    words = {"eligible": "可能符合", "not_eligible": "不符合", "unknown": "待核实", "already": "已在享受"}
    return [
        str(item.household_ref),
        item.division,
        item.place,
        programme or "",
        words[item.answer] if item.answer else "",
        "；".join(reason.zh for reason in item.reasons),
        "、".join(fact.zh for fact in item.missing),
    ]
