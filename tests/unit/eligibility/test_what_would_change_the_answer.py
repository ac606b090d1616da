"""What one figure would change an answer: missing facts in order of use, distances in words, cliffs, the arithmetic."""

from datetime import date
from random import Random
from typing import Any

import pytest

from services.eligibility.rules.advice import render_cliff, render_wanted
from services.eligibility.rules.arithmetic import arithmetic
from services.eligibility.rules.assess import assess
from services.eligibility.rules.assessment import Assessment, Finding, Margin
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.cliff import Cliff, find_cliff
from services.eligibility.rules.facts import (
    APPLICATION,
    NO_CARD,
    NO_HISTORY,
    Assets,
    Disability,
    Event,
    Expenditures,
    Facts,
    History,
    Income,
    Member,
    Obligor,
)
from services.eligibility.rules.rendering import margin_text
from services.eligibility.rules.wanted import wanted_facts
from tests.unit.eligibility.random_households import random_case

DAY = date(2025, 3, 1)
BOOK = rule_book()
P = BOOK.at("350602", DAY)


def person(ref: str = "m1", relation: str = "self", born: int = 1980, **more: Any) -> Member:
    known: dict[str, Any] = {
        "birth_date": date(born, 1, 1),
        "disability": NO_CARD,
        "serious_illness": False,
        "able_to_work": True,
        "employment": "employed",
        "student": "none",
        "incomes": (),
    }
    return Member(ref, relation, **(known | more))


def household(*members: Member, spent: Expenditures | None = None) -> Facts:
    return Facts(members, Assets(), spent or Expenditures())


def given(fen: int) -> tuple[Income, ...]:
    return (Income("transfer", fen),)


def made(facts: Facts, event: Event = APPLICATION, history: History = NO_HISTORY) -> Assessment:
    return assess(facts, P, BOOK, event=event, history=history)


def cliff_of(facts: Facts) -> Cliff | None:
    return find_cliff(facts, P, BOOK, before=made(facts))


# Missing facts


def waits(programme: str, *missing: str) -> Finding:
    return Finding(programme, "unknown", missing=missing)


def test_the_fact_that_settles_most_programmes_comes_first() -> None:
    wanted = wanted_facts([waits("dibao", "incomes", "assets"), waits("margin", "assets"), waits("tekun", "assets")])
    assert [(each.fact, each.settles) for each in wanted] == [
        ("assets", ("margin", "tekun")),
        ("incomes", ("dibao",)),
    ]


def test_where_no_fact_settles_anything_alone_the_one_that_is_nearest_to_it_leads() -> None:
    wanted = wanted_facts([waits("dibao", "a", "b"), waits("margin", "b", "c"), waits("rigid", "a", "b", "c", "d")])
    assert [each.fact for each in wanted] == ["b", "a", "c", "d"]


def test_a_fact_that_only_moves_an_amount_comes_last() -> None:
    eligible = Finding("dibao", "eligible", missing=("members[m1].disability",))
    wanted = wanted_facts([eligible, waits("rigid", "expenditures_12m")])
    assert [each.fact for each in wanted] == ["expenditures_12m", "members[m1].disability"]
    assert wanted[1].settles == () and wanted[1].bears_on == ("dibao",)


def test_every_missing_fact_of_any_household_is_named_once_with_its_source() -> None:
    random = Random(31)
    for _ in range(150):
        findings = made(*random_case(random, DAY, unknown=0.3)).findings
        rendered = render_wanted(findings)
        facts = [each["fact"] for each in rendered]
        assert len(facts) == len(set(facts))
        assert set(facts) == {fact for finding in findings for fact in finding.missing}
        settled = [programme for each in rendered for programme in each["settles"]]
        open_ones = [each.programme for each in findings if each.outcome == "unknown" and each.missing]
        assert sorted(settled) == sorted(open_ones), (
            "every open programme is settled by exactly one fact, the last of it"
        )
        assert all(each["name"]["zh"] and each["source"]["zh"] and each["name"]["en"].isascii() for each in rendered)


# Distances


@pytest.mark.parametrize(
    ("margin", "zh"),
    [
        (Margin("dibao.income", -12_000), "超出标准120.00元"),
        (Margin("dibao.income", 3_750), "低于标准37.50元"),
        (Margin("dibao.income", 0), "刚好等于标准"),
        (Margin("rigid.ratio", -500), "低于标准5%"),
        (Margin("temp_spending.band", -1), "低于标准0.01元"),
        (Margin("temp_spending.band", 100), "超出标准1.00元"),
        (Margin("dibao.dwellings", -1), "超出标准1"),
    ],
)
def test_a_distance_says_its_sign_in_words(margin: Margin, zh: str) -> None:
    assert margin_text(margin)["zh"] == zh and margin_text(margin)["en"].isascii()


# Cliffs


def test_a_family_with_top_ups_loses_more_at_the_standard_than_the_rise_brings() -> None:
    found = cliff_of(household(person(incomes=given(88_000), serious_illness=True)))
    # 20 yuan more a month end a grant of 20 and a top-up of 180 (single-person dibao wants income below 900 too)
    assert found == Cliff(90_000, 2_000, 20_000, 0, ("dibao",), False)
    rendered = render_cliff(found, BOOK)
    assert rendered is not None
    assert {name: rendered[name] for name in ("at", "rise", "loses", "programmes")} == {
        "at": "900.00",
        "rise": "20.00",
        "loses": "200.00",
        "programmes": ["dibao"],
    }
    assert rendered["text"]["zh"] == (
        "家庭人均月收入达到900.00元（全家每月再增加20.00元）时，最低生活保障会停止，每月少领200.00元"
    )


def test_what_is_checked_at_the_cliff_is_so_and_one_fen_less_is_not() -> None:
    random = Random(17)
    seen = 0
    for _ in range(400):
        facts, event, history = random_case(random, DAY)
        before = made(facts, event, history)
        found = find_cliff(facts, P, BOOK, before=before, event=event, history=history)
        if found is None or found.of_person:
            continue
        seen += 1
        assert found.loses_fen > found.rise_fen or found.programmes
        assert all(before.finding(code).outcome == "eligible" for code in found.programmes)
    assert seen > 20


def test_a_tekun_person_alone_has_the_cliff_of_the_own_income() -> None:
    found = cliff_of(household(person(born=1940, obligors=(Obligor(False),), incomes=given(85_000))))
    assert found == Cliff(90_000, 5_000, 137_500, 0, ("tekun",), True)


def test_the_margin_line_is_a_cliff_where_aids_hang_on_the_status() -> None:
    ill = person("m2", "spouse", disability=Disability("mental", 2))
    found = cliff_of(household(person(incomes=given(260_000)), ill))
    assert found is not None and found.at_fen == 135_000
    assert {"margin", "dibao_single", "medical_aid", "disability_living"} <= set(found.programmes)
    assert found.loses_fen > found.rise_fen


def test_a_family_that_gets_nothing_or_of_whose_income_nothing_is_known_has_no_cliff() -> None:
    assert cliff_of(household(person(incomes=given(900_000)))) is None
    assert cliff_of(household(person(incomes=None))) is None


# Arithmetic


def steps(facts: Facts, event: Event = APPLICATION, history: History = NO_HISTORY) -> dict[str, list[Any]]:
    return arithmetic(facts, event, history, P)


def test_the_arithmetic_of_a_grant_is_told_step_by_step() -> None:
    children = [person(f"c{year}", "child", year, student="primary") for year in (2012, 2015, 2019)]
    mother = person(incomes=(Income("wage", 204_500), Income("transfer", 50_000)))
    told = steps(household(mother, *children))
    assert [step["text"]["zh"] for step in told["household"]] == [
        "每月计入收入2545.00元",
        "每月计入收入0.00元",
        "每月计入收入0.00元",
        "每月计入收入0.00元",
        "全家每月计入收入合计2545.00元",
        "扣减就业成本：工资2045.00元 × 20% = 409.00元",
        "扣减12个月自付支出：0.00元 ÷ 12 = 0.00元",
        "每月净收入：2545.00 − 409.00 − 0.00 = 2136.00元（不低于0）",
        "人均月收入：2136.00 ÷ 4 = 534.00元",
    ]
    assert [step["text"]["zh"] for step in told["dibao"]] == [
        "补差：低保标准900.00 × 4 − 2136.00 = 1464.00，取整1464.00元",
        "分类施保：3人合计270.00元",
        "每月低保金：1464.00 + 270.00 = 1734.00元",
    ]


def test_the_last_step_of_a_programme_is_what_its_finding_gives() -> None:
    random = Random(23)
    for _ in range(300):
        facts, event, history = random_case(random, DAY, unknown=0.05)
        assessment = made(facts, event, history)
        told = steps(facts, event, history)
        if assessment.per_capita_fen is not None:
            assert told["household"][-1]["amount"] == f"{assessment.per_capita_fen / 100:.2f}"
        for programme, amount in (("dibao", "monthly_fen"), ("tekun", "monthly_fen"), ("temp_spending", "one_off_fen")):
            finding = assessment.finding(programme)
            fen = getattr(finding, amount)
            if finding.outcome == "eligible" and fen is not None:
                assert told[programme][-1]["amount"] == f"{fen / 100:.2f}", (programme, told[programme])
        for lines in told.values():
            assert all("{" not in step["text"]["zh"] and step["text"]["en"] for step in lines)


def test_a_step_with_a_figure_nobody_knows_is_left_out() -> None:
    told = steps(household(person(incomes=None)))
    assert "dibao" not in told and all(step["code"] != "net" for step in told.get("household", []))
