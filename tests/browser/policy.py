"""Eligibility's answers about rules and policies for pages to show: the rules' own, asked as the part asks them."""

from datetime import date
from typing import Any

import orjson
from aiohttp import web

from services.eligibility.rules.assess import assess
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.in_words import told_in_words
from services.eligibility.rules.rendering import render
from services.eligibility.schemas import read_check
from services.kit.errors import ServiceError
from tests.unit.gateway.conftest import Gateway, Seen, StandIn

TODAY = date(2026, 3, 1)


def fill_rules(gateway: Gateway) -> StandIn:
    """Make eligibility's stand-in answer checks and list parameters from the real rule book."""
    eligibility = gateway.parts["eligibility"]
    eligibility.replies["POST /api/v1/eligibility/checks"] = _check
    eligibility.replies["GET /api/v1/eligibility/parameters"] = lambda _: _json({"items": _parameters(), "words": []})
    return eligibility


def _check(seen: Seen) -> web.Response:
    book = rule_book()
    try:
        asked = read_check(orjson.loads(seen.body), book, today=TODAY)
    except ServiceError as error:
        return _json(error.problem(), error.status_code)
    answer = assess(asked.facts, asked.parameters, book, event=asked.event, history=asked.history)
    return _json(render(answer, book))


def _parameters() -> list[dict[str, Any]]:
    book = rule_book()
    return [
        row | {"shown": told_in_words(book.definitions[row["id"]], row["value"]), "choices": []}
        for row in book.listing()
        if row["division"] in ("000000", "3506", "350623")
    ]


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json", status=status)
