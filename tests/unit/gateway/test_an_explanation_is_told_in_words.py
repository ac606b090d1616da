"""What the console says of a finding: every code in words, and no answer to a question nobody asked."""

from typing import Any, get_args

import pytest

from gateway.console.explanation import changes, changes_head, own_figure, people_of
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


def failed(text: str, **more: Any) -> dict[str, Any]:
    return {"id": text, "outcome": "fail", "actual": False, "threshold": None, "text": {"zh": text}, **more}


def refused(*tests: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "not_eligible", "tests": list(tests)}


MEMBERS = [{"ref": "a", "name": "林*", "relation": "self"}, {"ref": "b", "name": "陈*"}]


def test_of_several_persons_one_is_enough_and_of_alternatives_too() -> None:
    words = Words("zh-CN")
    finding = refused(
        failed("不是重残", member="a", alternative=True),
        failed("不是重病", member="a", alternative=True),
        failed("收入不低于标准", member="a"),
        failed("不是重残", member="b"),
    )
    assert changes(finding, words, people_of(MEMBERS, words)) == [
        "林*（本人）：不是重残；林*（本人）：收入不低于标准",
        "林*（本人）：不是重病；林*（本人）：收入不低于标准",
        "陈*：不是重残",
    ]
    assert changes_head(finding, words) == words("explain.changes.ways")


def test_what_fails_of_a_household_has_to_change_altogether() -> None:
    words = Words("zh-CN")
    finding = refused(failed("收入不低于标准"), failed("住房超过上限"))
    assert changes(finding, words, people_of((), words)) == ["收入不低于标准", "住房超过上限"]
    assert changes_head(finding, words) == words("explain.changes.several", n=2)


def test_a_yes_without_any_figure_says_what_it_stands_on() -> None:
    words = Words("zh-CN")
    test = {**failed("属于低收入家庭"), "outcome": "pass", "actual": True}
    finding = {"outcome": "eligible", "tests": [test, test], "margin": None}
    assert changes(finding, words, people_of((), words)) == ["属于低收入家庭"]
    assert changes_head(finding, words) == words("explain.changes.stands")


def test_somebody_of_unknown_relation_is_called_by_name_alone() -> None:
    words = Words("zh-CN")
    assert people_of(MEMBERS, words).name("b", words) == "陈*"


def passed(text: str, actual: object, threshold: object, unit: str) -> dict[str, Any]:
    figures = {"actual": actual, "threshold": threshold, "unit": unit}
    return {"id": text, "outcome": "pass", "text": {"zh": text}, **figures}


def test_beside_a_count_at_its_line_a_yes_names_the_nearest_amount() -> None:
    words = Words("zh-CN")
    tests = [
        passed("人均月收入", "700.00", "850.00", "yuan/month"),
        passed("人均金融资产", "600.00", "20400.00", "yuan"),
        passed("机动车价值", "0.00", "0.00", "yuan"),
        passed("住房套数", 1, 1, "count"),
    ]
    finding = {"outcome": "eligible", "tests": tests, "margin": {"test": "住房套数"}}
    said = changes(finding, words, people_of((), words))
    assert [line.partition("（")[0] for line in said] == ["住房套数", "人均月收入"]
