"""The plain version and the notice: short, in words, never a refusal by a machine."""

from datetime import date
from random import Random
from typing import Any

import pytest

from services.contracts.divisions import divisions
from services.eligibility.rules.assess import assess
from services.eligibility.rules.assessment import Assessment
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.capitals import in_capitals
from services.eligibility.rules.letters import Office, notice_content, office_of, plain_version
from services.eligibility.schemas import read_check
from tests.unit.eligibility.random_households import random_case
from tests.unit.eligibility.test_cases import body_of, cases

BOOK = rule_book()
DUE = date(2025, 12, 31)


def office(county: str = "350602") -> Office:
    found = divisions().get(county)
    return office_of(county, {"zh": found.name, "en": found.name} if found else None)


def assessed(case: dict[str, Any]) -> Assessment:
    asked = read_check(body_of(case), BOOK, today=None)  # type: ignore[arg-type] # every case has its day
    return assess(asked.facts, asked.parameters, BOOK, event=asked.event, history=asked.history)


def case_named(text: str) -> dict[str, Any]:
    return next(param.values[0] for param in cases() if text in str(param.id))


@pytest.mark.parametrize("case", cases())
@pytest.mark.parametrize("due", [DUE, None], ids=["visit", "no visit"])
def test_every_case_is_told_in_at_most_120_characters(case: dict[str, Any], due: date | None) -> None:
    for county in ("350602", "3506"):
        told = plain_version(assessed(case), BOOK, office=office(county), due=due)
        assert len(told["zh"]) <= 120, told["zh"]
        assert told["zh"].endswith("12349。") and told["en"].endswith("12349.")
        assert "{" not in told["zh"] + told["en"]


def test_random_households_are_told_as_shortly() -> None:
    random = Random(41)
    day = date(2025, 3, 1)
    p = BOOK.at("350602", day)
    for _ in range(400):
        facts, event, history = random_case(random, day, unknown=0.15)
        made = assess(facts, p, BOOK, event=event, history=history)
        assert len(plain_version(made, BOOK, office=office(), due=DUE)["zh"]) <= 120


def test_a_family_that_may_get_help_hears_what_why_what_next_by_when_and_whom_to_call() -> None:
    told = plain_version(assessed(case_named("a lone mother of three")), BOOK, office=office(), due=date(2025, 3, 10))
    assert told["zh"] == (
        "您家可能符合最低生活保障、医疗救助、教育救助，每月约1,734.00元：人均收入低于低保标准。"
        "工作人员将在3月10日前上门核实，由民政部门决定。咨询芗城区民政局12349。"
    )


def test_a_family_that_misses_by_little_hears_by_how_much_and_of_charity() -> None:
    told = plain_version(
        assessed(case_named("margin_and_single: exactly one and a half times")), BOOK, office=office(), due=None
    )
    assert "刚好等于标准" in told["zh"] and "慈善" in told["zh"] and "您同意后" in told["zh"]
    over = plain_version(assessed(case_named("a tenth above the line is still")), BOOK, office=office(), due=None)
    assert "超出标准135.00元" in over["zh"]


def test_a_family_of_which_little_is_known_hears_what_is_missing_first() -> None:
    told = plain_version(assessed(case_named("expenditures unknown")), BOOK, office=office(), due=DUE)
    assert "还缺12个月支出" in told["zh"]


def test_no_word_of_a_letter_names_poverty_or_says_refused() -> None:
    for param in cases():
        made = assessed(param.values[0])
        content = str(notice_content(made, BOOK, office=office()))
        told = plain_version(made, BOOK, office=office(), due=None)["zh"]
        for word in ("贫困户", "不予确认", "穷", "拒绝您"):
            assert word not in content + told


def test_the_notice_says_figure_against_threshold_and_article_of_what_failed_and_the_rights() -> None:
    content = notice_content(
        assessed(case_named("margin_and_single: exactly one and a half times")), BOOK, office=office()
    )
    margin = next(item for item in content["items"] if item["programme"] == "margin")
    (income,) = margin["tests"]
    assert (income["actual"], income["threshold"], income["citation"]["article"]) == ("1350.00", "1350.00", "第八条")
    assert margin["result"]["zh"] == "按现有资料不符合条件" and margin["margin_text"]["zh"] == "刚好等于标准"
    rights = "".join(right["zh"] for right in content["rights"])
    assert "60日内，向芗城区人民政府申请行政复议" in rights and "6个月内" in rights and "15日内" in rights
    assert "不是行政决定" in content["standing"]["zh"] and "（建议，非行政决定）" in content["kind"]["zh"]


def test_the_notice_writes_amounts_in_capitals_too() -> None:
    content = notice_content(assessed(case_named("a lone mother of three")), BOOK, office=office())
    dibao = next(item for item in content["items"] if item["programme"] == "dibao")
    assert dibao["amounts"][0]["zh"] == "每月1734.00元（人民币壹仟柒佰叁拾肆元整）"
    assert content["items"][0]["outcome"] == "eligible"


@pytest.mark.parametrize(
    ("fen", "capitals"),
    [
        (0, "零元整"),
        (5, "伍分"),
        (50, "伍角整"),
        (105, "壹元零伍分"),
        (1_000, "壹拾元整"),
        (102_000, "壹仟零贰拾元整"),
        (100_100, "壹仟零壹元整"),
        (1_000_000, "壹万元整"),
        (1_005_000, "壹万零伍拾元整"),
        (10_050_007, "壹拾万零伍佰元零柒分"),
        (123_456_789, "壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分"),
        (10_000_000_000, "壹亿元整"),
        (10_000_010_000, "壹亿零壹佰元整"),
    ],
)
def test_capital_figures(fen: int, capitals: str) -> None:
    assert in_capitals(fen) == "人民币" + capitals


def told_of(*members: dict[str, Any]) -> str:
    household = {"members": list(members), "assets": {"dwellings": 1}, "expenditures_12m": {}}
    known = {"disability": None, "serious_illness": False, "able_to_work": True, "employment": "employed"}
    for number, member in enumerate(members):
        member |= {"ref": f"m{number}", "student": "none", **known}
    asked = read_check({"county": "350602", "household": household}, BOOK, today=date(2025, 3, 1))
    made = assess(asked.facts, asked.parameters, BOOK)
    return plain_version(made, BOOK, office=office(), due=None)["zh"]


def test_a_refusal_is_told_by_the_family_s_own_income_though_a_member_was_tested_for_tekun_first() -> None:
    wage = [{"kind": "wage", "monthly": "9000.00"}]
    told = told_of({"relation": "self", "birth_date": "1980-01-01", "incomes": wage, "obligors": []})
    assert "：家庭人均月收入7200.00元，不低于低保标准900.00元，超出标准6300.00元。" in told, told


def test_where_nobody_is_counted_that_is_the_reason() -> None:
    told = told_of({"relation": "self", "birth_date": "1980-01-01", "presence": "imprisoned", "incomes": []})
    assert "：没有需要计算的家庭成员。" in told, told
