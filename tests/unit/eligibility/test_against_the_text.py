"""The rule book held against a second account of the law, on thousands of invented households."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from services.eligibility.rules.assess import assess
from services.eligibility.rules.book import rule_book
from tests.unit.eligibility.random_households import Case, random_case
from tests.unit.eligibility.reference import GROUP_A, GROUP_B, Values, check

RUNS: list[tuple[str, date, dict[str, Any], Values]] = [
    ("350602", date(2025, 3, 1), {}, GROUP_A),
    ("350629", date(2025, 12, 31), {}, GROUP_B),
    ("350622", date(2026, 1, 1), {}, GROUP_B),
    ("350605", date(2024, 2, 29), {"medical_deduct": False}, replace(GROUP_A, medical_deduct=False)),
    (
        "350628",
        date(2025, 6, 30),
        {"dibao_standard_month": "873.45", "job_cost_rate": "0.1234", "education_deduct": True, "topup_stack": True},
        replace(GROUP_B, S=Fraction(87345, 100), job_cost=Fraction(1234, 10000), education_deduct=True, stack=True),
    ),
    (
        "350603",
        date(2025, 7, 1),
        {
            "rigid_living": "dibao_standard",
            "rigid_ratio": "0.8",
            "grant_mode": "tier",
            "tiers": [["300", "600.50"], ["600", 300]],
        },
        replace(
            GROUP_A,
            rigid_living=True,
            rigid_ratio=Fraction(8, 10),
            tiers=[(Fraction(300), Fraction(1201, 2)), (Fraction(600), Fraction(300))],
        ),
    ),
]


def fen(yuan: Any) -> int:
    exact = Fraction(yuan) * 100
    return int((exact + Fraction(1, 2)).__floor__())


@pytest.mark.parametrize(("place", "on", "overrides", "values"), RUNS, ids=[f"{r[0]}-{r[1]}" for r in RUNS])
def test_every_answer_is_the_one_the_text_gives(
    place: str, on: date, overrides: dict[str, Any], values: Values
) -> None:
    random = Random(place)
    p = rule_book().at(place, on, overrides)
    seen: dict[str, int] = {}
    for _ in range(700):
        case = random_case(random, on)
        compare(case, p, on, values, seen)
    for programme in ("dibao", "margin", "rigid", "tekun", "dibao_single", "temp_spending", "employment_aid"):
        assert seen.get(programme, 0) > 3, f"too few households reach {programme}: {seen}"


def compare(case: Case, p: Any, on: date, values: Values, seen: dict[str, int]) -> None:
    expected = check(*case, on, values)
    got = assess(case[0], p, rule_book(), event=case[1], history=case[2])
    of = {finding.programme: finding for finding in got.findings}
    assert all(finding.outcome != "unknown" or finding.programme == "temp_emergency" for finding in got.findings)
    for code, finding in of.items():
        seen[code] = seen.get(code, 0) + (finding.outcome == "eligible")
    assert got.people == expected["counted_members"], case
    assert got.per_capita_fen == expected["per_capita_fen"], case
    assert (got.status if got.status != "orphan" else None) == expected["status"], case
    for code in (
        *("dibao", "margin", "rigid", "temp_spending", "medical_aid", "education_aid", "employment_aid"),
        "housing_aid",
    ):
        assert (of[code].outcome == "eligible") == expected[code], (code, case)
    assert list(of["tekun"].members) == expected["tekun"], case
    assert list(of["dibao_single"].members) == expected["dibao_single"], case
    if expected["tekun"]:
        assert of["tekun"].monthly_fen == fen(expected["tekun_amount"]), case
    if expected["dibao"]:
        base, top_up = expected["dibao_amount"]
        assert of["dibao"].components == (("base", fen(base)), ("category_top_up", fen(top_up))), case
    if expected["dibao_single"]:
        base, top_up = expected["dibao_single_amount"]
        assert of["dibao_single"].components == (("base", fen(base)), ("category_top_up", fen(top_up))), case
    assert of["temp_spending"].one_off_fen == fen(expected["temp_spending_amount"]), case
    if expected["temp_emergency"]:
        assert of["temp_emergency"].one_off_fen == fen(expected["temp_emergency_amount"]), case
        assert of["temp_emergency"].authority == expected["authority"], case
    assert (of["elderly_allowance"].monthly_fen or 0) == fen(expected["elderly_allowance"]), case
    monthly = sum(f.monthly_fen or 0 for f in got.findings if f.outcome == "eligible")
    assert got.monthly_total_fen == monthly
