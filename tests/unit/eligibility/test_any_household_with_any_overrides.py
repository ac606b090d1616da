"""Any household of the contract's shape, with any overrides: an exact answer, the same in both readings."""

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, event, given, settings

from services.eligibility.app import create_app
from services.eligibility.rules.assess import assess
from services.eligibility.rules.assessment import Assessment
from services.eligibility.rules.book import file_book
from services.eligibility.rules.columns.frames import frames_of
from services.eligibility.rules.columns.screen import screen
from services.eligibility.rules.facts import APPLICATION, NO_HISTORY
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.rendering import render
from services.eligibility.schemas import read_check
from services.eligibility.settings import EligibilitySettings
from services.kit.auth import mint
from tests.support.apps import KEY, OPERATOR, PUBLIC_PEM
from tests.unit.eligibility.any_check import CHECK, ON

_AMOUNT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]{2}")
_OUTCOMES = {True: "eligible", False: "not_eligible", None: "unknown"}
_MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
_SOME = settings(_MANY, max_examples=120)


@_MANY
@given(CHECK)
def test_the_answer_is_whole_and_exact(body: dict[str, Any]) -> None:
    asked = read_check(body, file_book(), today=ON)
    answer = assess(asked.facts, asked.parameters, file_book(), event=asked.event, history=asked.history)
    shown = orjson.loads(orjson.dumps(render(answer, file_book())))
    assert [finding["programme"] for finding in shown["findings"]] == [each.code for each in PROGRAMMES]
    assert Assessment.from_json(orjson.loads(orjson.dumps(answer.to_json()))) == answer
    total = 0
    for finding, told in zip(answer.findings, shown["findings"], strict=True):
        assert all(_AMOUNT.fullmatch(each["amount"]) for each in told["components"])
        assert all(fen >= 0 for _, fen in finding.components), finding
        if finding.outcome == "eligible":
            assert finding.monthly_fen == sum(fen for _, fen in finding.components)
            assert (finding.one_off_fen or 0) >= 0
            total += finding.monthly_fen or 0
        if finding.outcome == "unknown":
            assert finding.missing, finding.programme
    assert answer.monthly_total_fen == total and _AMOUNT.fullmatch(shown["monthly_total"])


@_SOME
@given(CHECK)
def test_columns_say_the_same(body: dict[str, Any]) -> None:
    asked = read_check(body, file_book(), today=ON)
    try:
        table = screen(frames_of([(asked.facts, asked.event, asked.history)]), asked.parameters).households.to_dicts()
    except OverflowError:  # refused before it could be wrong
        event("refused on columns")
        return
    answer = assess(asked.facts, asked.parameters, file_book(), event=asked.event, history=asked.history)
    for programme, finding in zip(PROGRAMMES, answer.findings, strict=True):
        row, code = table[0], programme.code
        assert _OUTCOMES[row[programme.anyone]] == finding.outcome, code
        for name, fen in finding.components:
            assert row[f"{code}_{name}"] == fen, (code, name)
        if programme.one_off is not None:
            assert (row[f"{code}_one_off"] or 0) == (finding.one_off_fen or 0), code


@pytest.fixture(scope="module")
def door() -> FastAPI:
    """The HTTP door without a database: a check needs none."""
    return create_app(
        EligibilitySettings(
            part="eligibility",
            home=Path("."),
            database_url="postgresql://nobody@127.0.0.1/nothing",
            jwt_public_key=PUBLIC_PEM,
        )
    )


async def ask(door: FastAPI, body: dict[str, Any]) -> httpx.Response:
    """Have a household checked."""
    token = mint(KEY, "eligibility", OPERATOR, now=time.time())
    transport = httpx.ASGITransport(door, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://part") as http:
        headers = {"Authorization": f"Bearer {token}"}
        return await http.post("/api/v1/eligibility/checks", json=body, headers=headers)


@_SOME
@given(CHECK)
def test_the_door_answers_every_such_body(door: FastAPI, body: dict[str, Any]) -> None:
    answer = asyncio.run(ask(door, body))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert len(told["findings"]) == len(PROGRAMMES) and _AMOUNT.fullmatch(told["monthly_total"])
    assert all(test["text"]["zh"] and test["text"]["en"] for finding in told["findings"] for test in finding["tests"])


@pytest.mark.parametrize(("id", "value"), [("dibao_standard_month", "9999999999.99"), ("margin_multiple", "101")])
def test_a_value_that_no_law_has_is_refused_on_columns_before_it_overflows(id: str, value: str) -> None:
    facts = read_check(
        {"county": "350602", "household": {"members": [{"ref": "m1", "relation": "self"}]}}, file_book(), today=ON
    ).facts
    with pytest.raises(OverflowError):
        screen(frames_of([(facts, APPLICATION, NO_HISTORY)]), file_book().at("350602", ON, {id: value}))
