"""Explanations: every test has its sentences and article, and the stored form says the same as the fresh one."""

import json
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest
import yaml

from services.contracts.eligibility import FindingState
from services.eligibility.rules import needs as needs_module
from services.eligibility.rules.assess import assess
from services.eligibility.rules.assessment import Assessment, CheckedTest
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.criteria import CATALOGUE, Comparison
from services.eligibility.rules.facts import Assets, Event, Expenditures, Facts, Income, Member
from services.eligibility.rules.needs import routing
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.rendering import need_text, reason_text, render, sentence_of, texts
from tests.unit.eligibility.random_households import random_case

DAY = date(2025, 3, 1)
PARTNERS = {
    *("youth_league", "trade_union", "disabled_federation", "womens_federation", "red_cross"),
    *("next_generation_committee", "charity_federation"),
}
BUREAUX = {
    *("medical_insurance", "human_resources", "education", "housing", "health", "emergency", "agriculture_rural"),
    *("public_security", "justice"),
}
NEEDS = {
    *("living", "medical_cost", "chronic_care", "education_cost", "employment", "housing", "disability_support"),
    *("rehab_device", "child_care", "left_behind_child", "elder_care", "psychological", "legal_rights"),
    *("women_rights", "disaster", "material_goods", "funeral", "insurance_premium", "skills_training"),
    "social_inclusion",
}


@pytest.mark.parametrize("verdict", ["pass", "fail", "unknown"])
def test_every_test_has_a_sentence_in_both_languages(verdict: Any) -> None:
    for id, test in CATALOGUE.items():
        figure = 123_456 if isinstance(test, Comparison) else True
        actual = None if verdict == "unknown" else figure
        text = sentence_of(CheckedTest(id, verdict, actual, figure))
        assert set(text) == {"zh", "en"} and id not in text["zh"] + text["en"], id
        assert "{" not in text["zh"] + text["en"] and "None" not in text["zh"] + text["en"], (id, text)
        assert any("一" <= letter <= "鿿" for letter in text["zh"]) and text["en"].isascii(), (id, text)


def test_every_reason_code_says_something() -> None:
    codes = {code for test in CATALOGUE.values() for code in (test.reason, test.refusal) if code}
    codes |= {code for programme in PROGRAMMES for code, _ in programme.notes}
    codes |= {programme.unreached for programme in PROGRAMMES if programme.unreached}
    assert codes == set(texts()["reasons"])
    for code in codes:
        assert reason_text(code)["zh"] != code and reason_text(code)["en"].isascii()


def test_every_row_of_the_routing_table_has_known_codes_and_a_reason() -> None:
    table = routing()
    for row in table.rows:
        assert row.need in NEEDS and set(row.partners) <= PARTNERS and set(row.bureaux) <= BUREAUX, row
        assert row.when or row.causes, row
        assert need_text((row.row,))["zh"] and need_text((row.row,))["en"], row
    assert need_text((table.near_miss_row,))["zh"]
    assert {*table.need_by_cause.values(), *table.need_by_kind.values(), table.last_need} <= NEEDS
    assert set(table.near_miss_partners) == {"charity_federation"}


def test_a_routing_row_that_names_no_fact_stops_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = yaml.safe_load(needs_module._PATH.read_text(encoding="utf-8"))
    raw["rows"][0]["when"] = "unheard_of"
    path = tmp_path / "routing.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    monkeypatch.setattr(needs_module, "_PATH", path)
    routing.cache_clear()
    with pytest.raises(KeyError):
        routing()
    routing.cache_clear()


def test_an_assessment_is_stored_as_codes_and_comes_back_the_same() -> None:
    random = Random(5)
    book = rule_book()
    p = book.at("350602", DAY)
    for _ in range(100):
        facts, event, history = random_case(random, DAY, unknown=0.1)
        made = assess(facts, p, book, event=event, history=history)
        stored = json.dumps(made.to_json())
        back = Assessment.from_json(json.loads(stored))
        assert back == made
        assert render(back, book) == render(made, book)
        assert json.loads(json.dumps(render(made, book))) == render(made, book)


def test_the_same_facts_give_the_same_bytes() -> None:
    facts, event, history = random_case(Random(9), DAY)
    p = rule_book().at("350602", DAY)
    one, other = (json.dumps(assess(facts, p, rule_book(), event=event, history=history).to_json()) for _ in range(2))
    assert one == other


def test_an_answer_names_figure_threshold_article_and_edition() -> None:
    facts = Facts((Member("m1", "self", incomes=(Income("wage", 204_500),)),), Assets(), Expenditures())
    book = rule_book()
    answer = render(assess(facts, book.at("350602", DAY), book), book)
    (dibao,) = (finding for finding in answer["findings"] if finding["programme"] == "dibao")
    income = dibao["tests"][0]
    assert income == {
        "id": "dibao.income",
        "outcome": "fail",
        "actual": "1636.00",
        "operator": "<",
        "threshold": "900.00",
        "unit": "yuan/person/month",
        "citation": {
            "title": "社会救助暂行办法（国务院令第649号）",
            "article": "第九条",
            "href": "https://flk.npc.gov.cn/",
        },
        "text": {
            "zh": "家庭人均月收入1636.00元，不低于低保标准900.00元",
            "en": "Household income per head and month: 1636.00 yuan, not below the dibao standard of 900.00 yuan",
        },
    }
    assert dibao["margin"] == {
        "test": "dibao.income",
        "distance": "-736.00",
        "unit": "yuan/person/month",
        "near_miss": False,
    }
    assert answer["rule_book"] == {"version": book.version, "digest": book.digest}
    assert answer["monthly_total"] == "0.00" and answer["per_capita_income"] == "1636.00"


def test_failures_come_first_then_what_nobody_can_tell_then_what_passed() -> None:
    facts = Facts((Member("m1", "self"),), Assets(dwellings=2), Expenditures())
    book = rule_book()
    answer = render(assess(facts, book.at("350602", DAY), book), book)
    (dibao,) = (finding for finding in answer["findings"] if finding["programme"] == "dibao")
    verdicts = [test["outcome"] for test in dibao["tests"]]
    assert verdicts == sorted(verdicts, key=["fail", "unknown", "pass"].index)


def test_the_outcomes_are_those_that_events_carry() -> None:
    outcomes = get_args(FindingState.model_fields["outcome"].annotation)
    assert set(outcomes) == {"eligible", "not_eligible", "unknown"}


def test_nobody_hears_of_a_household_that_is_well_off_whatever_its_people_are() -> None:
    random = Random(21)
    book = rule_book()
    p = book.at("350602", DAY)
    quiet = 0
    for _ in range(300):
        facts, _, history = random_case(random, DAY)
        made = assess(facts, p, book, event=Event(), history=history)
        eligible = {finding.programme for finding in made.findings if finding.outcome == "eligible"}
        helped = eligible & {"dibao", "margin", "rigid", "tekun", "dibao_single", "temp_spending", "unattended_child"}
        if helped or made.is_near_miss or any(member.left_behind for member in facts.members):
            continue
        quiet += 1
        assert made.needs == (), facts
    assert quiet > 30


def test_a_near_miss_goes_to_charity_alone() -> None:
    random = Random(22)
    book = rule_book()
    p = book.at("350602", DAY)
    for _ in range(400):
        facts, event, history = random_case(random, DAY, unknown=0.05)
        for need in assess(facts, p, book, event=event, history=history).needs:
            if need.near_miss:
                assert need.partners == ("charity_federation",) and need.bureaux == ()


def test_an_empty_list_of_bands_shows_no_figure_that_no_law_has() -> None:
    member = Member("m1", "self", incomes=(Income("wage", 500_000),))
    facts = Facts((member,), Assets(), Expenditures(medical_self_paid_fen=5_000_000))
    p = rule_book().at("350602", DAY, {"temp_spending_bands": []})
    shown = render(assess(facts, p, rule_book()), rule_book())
    finding = next(each for each in shown["findings"] if each["programme"] == "temp_spending")
    (band,) = [test for test in finding["tests"] if test["id"] == "temp_spending.band"]
    assert (finding["outcome"], finding["margin"], band["outcome"], band["threshold"]) == (
        "not_eligible",
        None,
        "fail",
        None,
    )
    assert band["text"]["zh"].endswith("没有达到支出型临时救助起点（没有可用的数字）"), band["text"]["zh"]
