"""The cases of `cases/*.yaml`: a household, a place and a day, and what the law says of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.eligibility.rules.assess import assess
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.rendering import render
from services.eligibility.schemas import read_check

CASES = Path(__file__).parent / "cases"
PLAIN_PERSON: dict[str, Any] = {
    "disability": None,
    "serious_illness": False,
    "able_to_work": True,
    "employment": "employed",
    "student": "none",
    "incomes": [],
}


def cases() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        # BaseLoader would keep "no" and dates as text, but true, false and null are wanted: amounts are quoted.
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            found.append(pytest.param(case, id=f"{path.stem}: {case['name']}"))
    return found


def body_of(case: dict[str, Any]) -> dict[str, Any]:
    """The request: people without further words have no card, no illness, a job, no study and no income.

    A fact written `unknown` is left out. Households without further words own nothing and paid nothing.
    """
    household = dict(case["household"])
    household["members"] = [_without_unknown(PLAIN_PERSON | member) for member in household["members"]]
    household.setdefault("assets", {})
    household.setdefault("expenditures_12m", {})
    body: dict[str, Any] = {"county": str(case.get("place", "350602")), "as_of": str(case.get("day", "2025-03-01"))}
    body["household"] = _without_unknown(household)
    for part in ("event", "history", "parameters"):
        if part in case:
            body[part] = case[part]
    written: dict[str, Any] = _texts(body)
    return written


def _without_unknown(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value != "unknown"}


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


@pytest.mark.parametrize("case", cases())
def test_the_case_comes_out_as_written(case: dict[str, Any]) -> None:
    book = rule_book()
    asked = read_check(body_of(case), book, today=None)  # type: ignore[arg-type] # every case has its day
    answer = render(assess(asked.facts, asked.parameters, book, event=asked.event, history=asked.history), book)
    found = {finding["programme"]: finding for finding in answer["findings"]}
    expected = case["expect"]
    for key in ("status", "counted_members", "per_capita_income", "monthly_total", "trigger"):
        if key in expected:
            assert answer[key] == expected[key], key
    for programme, wanted in expected.get("findings", {}).items():
        _compare(found[programme], wanted)
    if "needs" in expected:
        assert {need["code"]: [*need["bureaux"], *need["partners"]] for need in answer["needs"]} == expected["needs"]


def _compare(finding: dict[str, Any], wanted: Any) -> None:
    """`wanted` is an outcome, or an outcome with what else is to be seen."""
    if isinstance(wanted, str):
        wanted = {"outcome": wanted}
    by_test = {test["id"].partition(".")[2]: test for test in finding["tests"]}
    for key, value in wanted.items():
        if key == "components":
            assert {part["code"]: part["amount"] for part in finding["components"]} == value
        elif key == "reasons":
            assert finding["reason_codes"] == value
        elif key == "near_miss":
            assert bool(finding["margin"] and finding["margin"]["near_miss"]) is value
        elif key == "tests":
            assert {test: by_test[test]["outcome"] for test in value} == value
        else:
            assert finding.get(key) == value, (finding["programme"], key, finding)
