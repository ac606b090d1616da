"""The cases show every programme clearly yes, clearly no, at its threshold, a step either side, and not to be told."""

from typing import Any

import pytest

from services.eligibility.rules.book import rule_book
from tests.unit.eligibility.test_cases import cases

PROGRAMMES = [programme.code for programme in rule_book().programmes]
OUTCOMES = {"yes": "eligible", "no": "not_eligible", "unknown": "unknown"}
FEN = {"exact", "fen_below", "fen_above"}
STEPS = {"exact", "below", "above"}
BY_A_STEP = {"disability_care", "unattended_child", "orphan"}
"""Their threshold is a grade, a number of months or an age, and no amount of money."""
BY_A_FACT = {"disaster_aid", "homeless_aid"}
"""They hang on what was reported, and have no threshold."""


def shown(programme: str) -> set[str]:
    return {kind for param in cases() for kind in param.values[0].get("shows", {}).get(programme, ())}


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_a_programme_is_shown_clearly_yes_clearly_no_and_not_to_be_told(programme: str) -> None:
    assert {"yes", "no", "unknown"} <= shown(programme)


@pytest.mark.parametrize("programme", [code for code in PROGRAMMES if code not in BY_A_FACT | BY_A_STEP])
def test_a_programme_is_shown_at_its_amount_and_one_fen_either_side(programme: str) -> None:
    assert shown(programme) >= FEN


@pytest.mark.parametrize("programme", sorted(BY_A_STEP | {"elderly_allowance"}))
def test_a_programme_is_shown_at_its_grade_age_or_months_and_a_step_beside(programme: str) -> None:
    # a child of eighteen is no child: for the orphan there is nothing above the exact day but being older still
    assert STEPS - ({"above"} if programme == "orphan" else set()) <= shown(programme)


def test_a_case_that_shows_yes_no_or_unknown_expects_just_that() -> None:
    for param in cases():
        case: dict[str, Any] = param.values[0]
        for programme, kinds in case.get("shows", {}).items():
            wanted = case["expect"]["findings"][programme]
            outcome = wanted if isinstance(wanted, str) else wanted["outcome"]
            assert all(OUTCOMES.get(kind, outcome) == outcome for kind in kinds), (case["name"], programme)
            assert set(kinds) <= {*OUTCOMES, *FEN, *STEPS}, case["name"]


def test_there_are_enough_cases_for_a_caseworker_to_find_theirs() -> None:
    names = [str(param.id) for param in cases()]
    assert len(names) >= 200 and len(set(names)) == len(names)
