"""Any household of the contract's shape, with any overrides: an exact answer, the same in both readings."""

import re
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings

from services.eligibility.rules.assess import assess
from services.eligibility.rules.assessment import Assessment
from services.eligibility.rules.book import file_book
from services.eligibility.rules.columns.frames import frames_of
from services.eligibility.rules.columns.screen import screen
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.rendering import render
from services.eligibility.schemas import read_check
from tests.unit.eligibility.any_check import CHECK, ON

_AMOUNT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]{2}")
_OUTCOMES = {True: "eligible", False: "not_eligible", None: "unknown"}
_MANY = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


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


@_MANY
@given(CHECK)
def test_columns_say_the_same(body: dict[str, Any]) -> None:
    asked = read_check(body, file_book(), today=ON)
    try:
        table = screen(frames_of([(asked.facts, asked.event, asked.history)]), asked.parameters).households.to_dicts()
    except OverflowError:  # refused before it could be wrong
        return
    answer = assess(asked.facts, asked.parameters, file_book(), event=asked.event, history=asked.history)
    for programme, finding in zip(PROGRAMMES, answer.findings, strict=True):
        row, code = table[0], programme.code
        assert _OUTCOMES[row[programme.anyone]] == finding.outcome, code
        for name, fen in finding.components:
            assert row[f"{code}_{name}"] == fen, (code, name)
        if programme.one_off is not None:
            assert (row[f"{code}_one_off"] or 0) == (finding.one_off_fen or 0), code
