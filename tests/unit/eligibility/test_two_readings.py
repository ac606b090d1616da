"""One rule text, two readings: a household on plain values and a population on columns come to the same."""

from datetime import date
from random import Random
from typing import Any

import pytest

from services.eligibility.rules.book import rule_book
from services.eligibility.rules.columns.frames import frames_of
from services.eligibility.rules.columns.screen import LARGEST_FEN, screen
from services.eligibility.rules.facts import APPLICATION, NO_HISTORY, Assets, Facts, Member
from services.eligibility.rules.findings import make_finding
from services.eligibility.rules.logic import is_unknown
from services.eligibility.rules.plain import work_through
from services.eligibility.rules.plan import PLAN, PROGRAMMES
from services.eligibility.rules.steps import Fold, HouseholdFigure, PersonFigure
from tests.unit.eligibility.random_households import random_case

HOUSEHOLD_FIGURES = [
    step.name
    for step in PLAN
    if isinstance(step, HouseholdFigure) or (isinstance(step, Fold) and step.over in ("members", "vehicles"))
]
PERSON_FIGURES = [
    step.name
    for step in PLAN
    if isinstance(step, PersonFigure) or (isinstance(step, Fold) and step.over in ("incomes", "parents"))
]
PLACES = [
    ("350602", date(2025, 3, 1), {}),
    ("350622", date(2026, 2, 28), {"grant_mode": "tier", "topup_stack": True, "rigid_living": "dibao_standard"}),
    ("3506", date(2024, 2, 29), {"medical_deduct": False, "education_deduct": True, "job_cost_rate": "0.1234"}),
]


def known(value: Any) -> Any:
    return None if is_unknown(value) else value


@pytest.mark.parametrize("unknown", [0.0, 0.05, 0.3])
@pytest.mark.parametrize(("place", "on", "overrides"), PLACES, ids=["350602", "350622", "3506"])
def test_columns_and_plain_values_agree(place: str, on: date, overrides: dict[str, Any], unknown: float) -> None:
    random = Random(f"{place}{unknown}")
    cases = [random_case(random, on, unknown=unknown) for _ in range(1_200)]
    p = rule_book().at(place, on, overrides)
    screened = screen(frames_of(cases), p)
    members = iter(screened.members.to_dicts())
    for row, case in zip(screened.households.to_dicts(), cases, strict=True):
        h = work_through(*case, p)
        for name in HOUSEHOLD_FIGURES:
            assert row[name] == known(getattr(h, name)), (name, case)
        for m in h.members:
            member = next(members)
            for name in PERSON_FIGURES:
                assert member[name] == known(getattr(m, name)), (name, m.ref, case)
        for programme in PROGRAMMES:
            assert row[programme.anyone] == known(getattr(h, programme.anyone)), (programme.code, case)
            finding = make_finding(programme, h)
            for code, fen in finding.components:
                assert row[f"{programme.code}_{code}"] == fen, (programme.code, code, case)
            if programme.one_off is not None:
                assert row[f"{programme.code}_one_off"] == (finding.one_off_fen or 0), (programme.code, case)


def test_an_amount_that_no_household_has_is_refused_before_it_overflows() -> None:
    facts = Facts((Member("m1", "self", incomes=()),), Assets(LARGEST_FEN + 1))
    with pytest.raises(OverflowError):
        screen(frames_of([(facts, APPLICATION, NO_HISTORY)]), rule_book().at("350602", date(2025, 3, 1)))


def test_a_day_before_the_first_row_cannot_be_screened() -> None:
    facts = Facts((Member("m1", "self"),))
    with pytest.raises(ValueError, match="no value"):
        screen(frames_of([(facts, APPLICATION, NO_HISTORY)]), rule_book().at("350602", date(2023, 3, 1)))
