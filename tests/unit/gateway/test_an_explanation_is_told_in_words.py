"""What the console says of a finding: every code in words, and no answer to a question nobody asked."""

from typing import Any, get_args

import pytest

from gateway.console.explanation import own_figure
from gateway.console.texts import Words
from services.eligibility.schemas import AssetsIn, EventIn, HousingIn


def codes_of(model: Any, field: str) -> set[str]:
    """The codes that a field of a check may have."""
    one, _nothing = get_args(model.model_fields[field].annotation)
    return set(get_args(one))


def test_every_code_that_a_test_shows_has_a_word() -> None:
    shown = codes_of(AssetsIn, "business") | codes_of(HousingIn, "kind") | codes_of(EventIn, "severity")
    words = Words("zh-CN")
    said = {code: own_figure({"actual": code, "threshold": None, "unit": ""}, words) for code in shown}
    assert len(said) >= 10
    assert [code for code, text in said.items() if text.isascii()] == []


@pytest.mark.parametrize("holds", [True, False])
def test_a_claim_without_a_figure_is_not_answered_by_yes_or_no(holds: bool) -> None:
    # its sentence already says how it is: "no disaster was reported: no" would be read as the contrary
    assert own_figure({"actual": holds, "threshold": None, "unit": ""}, Words("zh-CN")) == "如所述"


def test_a_figure_nobody_knows_is_unknown_and_a_claim_nobody_knows_is_left_open() -> None:
    words = Words("zh-CN")
    assert own_figure({"actual": None, "threshold": "900.00", "unit": "yuan/month"}, words) == words("unknown")
    assert own_figure({"actual": None, "threshold": None, "unit": ""}, words) == "—"
