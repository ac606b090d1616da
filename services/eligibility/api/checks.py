"""Checks that store nothing, and what the rule book holds."""

from datetime import date
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field

from services.eligibility.actions.explain import explained
from services.eligibility.actions.programme_page import programme_page
from services.eligibility.api.answers import Answer, CodedWords, RuleBookOut, Words
from services.eligibility.api.places import read_place
from services.eligibility.rules.assess import assess
from services.eligibility.rules.book import RuleBook, rule_book
from services.eligibility.rules.in_words import page_words, told_in_words
from services.eligibility.rules.rendering import render
from services.eligibility.schemas import CheckIn, to_check
from services.kit.application import router
from services.kit.auth import require
from services.kit.clock import Clock
from services.kit.errors import NotFound
from services.kit.fields import Day

routes = router(prefix="/api/v1/eligibility", tags=["rules"])
_MAY = [require("eligibility:read")]
_NATION = "000000"


class SourceOut(Answer):
    """Where a value comes from."""

    title: str
    article: str
    href: str
    retrieved: str
    note: str


class ParameterOut(Answer):
    """One dated value of one parameter for one place. Money in decimal yuan; `shown` is the value in words.

    `choices`: what the value is one of; empty for a parameter that is no choice.
    """

    id: str
    title: Words
    value: Any  # a number, truth, text or table, by the parameter's unit
    shown: Words | None
    choices: list[CodedWords]
    unit: str
    division: str
    since: date = Field(alias="from")
    to: date | None
    source: SourceOut
    illustrative: bool


class ParameterList(Answer):
    """Values of the rule book. `words`: the codes that values are made of, and what they are called."""

    items: list[ParameterOut]
    words: list[CodedWords]
    rule_book: RuleBookOut


class ProgrammeList(Answer):
    """The programmes that are checked, in the order of the answer."""

    items: list[CodedWords]


@routes.post("/checks", dependencies=_MAY, summary="试算一户可得的救助 / Check a household")
async def post_check(
    body: CheckIn, advice: Annotated[bool, Query(description="with missing facts, cliff and arithmetic")] = False
) -> dict[str, Any]:
    """Check a household against every programme: the test, figure and article behind each answer. Stores nothing."""
    book = rule_book()
    asked = to_check(body, book, today=Clock().today())
    if advice:
        return explained(asked.facts, asked.event, asked.history, asked.parameters, book)
    return render(assess(asked.facts, asked.parameters, book, event=asked.event, history=asked.history), book)


@routes.get("/parameters", dependencies=_MAY, summary="政策参数 / Parameters of the rule book")
async def get_parameters(
    division: Annotated[str | None, Query(max_length=12)] = None, on: Day | None = None
) -> ParameterList:
    """Every dated value with its source; with `division` those that hold there, with `on` those in force that day."""
    book = rule_book()
    place = None if not division else "" if division == _NATION else read_place(division)
    rows = [row for row in book.listing() if _is_asked(row, place, on)]
    if place is not None and on is not None:
        # of values in force for nested places the nearest place's holds; the list is in order of place
        rows = list({row["id"]: row for row in sorted(rows, key=lambda row: len(_prefix(row)))}.values())
        rows.sort(key=lambda row: str(row["id"]))
    return ParameterList(
        items=[ParameterOut.model_validate(row | _in_words(row, book)) for row in rows],
        words=[_coded(code) for code in page_words()["codes"]],
        rule_book=RuleBookOut(version=book.version, digest=book.digest),
    )


@routes.get("/programmes", dependencies=_MAY, summary="核对的救助项目 / Programmes that are checked")
async def get_programmes() -> ProgrammeList:
    """The programmes, with their names."""
    return ProgrammeList(items=[CodedWords(code=p.code, zh=p.zh, en=p.en) for p in rule_book().programmes])


@routes.get("/programmes/{code}", dependencies=_MAY, summary="一个救助项目：条件、标准、依据 / One programme")
async def get_programme(code: Annotated[str, Path(max_length=40)]) -> dict[str, Any]:
    """What a programme asks, the values that hold by place with their sources, and which figures are not known."""
    page = programme_page(rule_book(), code)
    if page is None:
        raise NotFound()
    return page


def _in_words(row: dict[str, Any], book: RuleBook) -> dict[str, Any]:
    definition = book.definitions[row["id"]]
    return {"shown": told_in_words(definition, row["value"]), "choices": [_coded(code) for code in definition.choices]}


def _coded(code: str) -> CodedWords:
    return CodedWords(code=code, **page_words()["codes"][code])


def _prefix(row: dict[str, Any]) -> str:
    return "" if row["division"] == _NATION else str(row["division"])


def _is_asked(row: dict[str, Any], place: str | None, on: date | None) -> bool:
    if place is not None and not place.startswith(_prefix(row)):
        return False
    if on is None:
        return True
    day = on.isoformat()
    return row["from"] <= day and (row["to"] is None or day <= row["to"])
