"""Unknown is a value: Kleene's tables, and the missing facts that an unknown answer names."""

from dataclasses import replace
from datetime import date
from itertools import product
from random import Random
from typing import Any

import pytest

from services.eligibility.rules.assess import assess
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.facts import Event, Expenditures, Facts, Member
from services.eligibility.rules.logic import (
    UNKNOWN,
    Unknown,
    all_of,
    any_of,
    choose,
    established,
    is_unknown,
    larger,
    last_reached,
    negate,
    one_of,
    round_half_up,
    smaller,
)
from services.eligibility.rules.plain import counted_members
from tests.unit.eligibility.random_households import random_case

DAY = date(2025, 3, 1)
TRUTHS = (True, False, UNKNOWN)


def kleene(value: Any) -> float:
    return 0.5 if is_unknown(value) else float(value)


@pytest.mark.parametrize(("one", "other"), list(product(TRUTHS, TRUTHS)))
def test_and_or_not_follow_kleene(one: Any, other: Any) -> None:
    assert kleene(all_of(one, other)) == min(kleene(one), kleene(other))
    assert kleene(any_of(one, other)) == max(kleene(one), kleene(other))
    assert kleene(negate(one)) == 1 - kleene(one)
    assert established(one, 1, 0) == (one is True)


def test_an_unknown_value_is_never_taken_for_true_or_false() -> None:
    with pytest.raises(TypeError):
        bool(UNKNOWN)
    with pytest.raises(TypeError):
        if UNKNOWN + 1 < 5:  # the mistake a rule writer would make
            pass


def test_arithmetic_and_comparison_with_an_unknown_stay_unknown_and_gather_their_facts() -> None:
    income, cost = Unknown(0b01), Unknown(0b10)
    assert (12 * income - cost // 2 + 3).facts == 0b11
    assert (income < 900).facts == 0b01
    assert (cost <= 900).facts == 0b10
    assert all_of(income < 900, cost > 1, True).facts == 0b11
    assert all_of(income < 900, False) is False
    assert any_of(cost > 1, True) is True
    assert (one_of(income, ("a", "b"))).facts == 0b01


def test_a_choice_between_equals_needs_no_answer() -> None:
    assert choose(UNKNOWN, 5, 5) == 5
    assert is_unknown(choose(UNKNOWN, 5, 6))
    assert choose(Unknown(0b01), Unknown(0b10), 7).facts == 0b11
    assert is_unknown(larger(UNKNOWN, 3)) and is_unknown(smaller(3, UNKNOWN))


def test_halves_are_rounded_up_and_bands_reached_at_their_edge() -> None:
    assert [round_half_up(n, 4) for n in (1, 2, 3, 5, 6)] == [0, 1, 1, 1, 2]
    assert is_unknown(round_half_up(1, 0))
    bands = ((10, 3), (40, 6))
    assert [last_reached(n, bands) for n in (9, 10, 39, 40, 99)] == [0, 3, 3, 6, 6]


FACTS = ("birth_date", "disability", "serious_illness", "able_to_work", "employment", "student", "incomes")


def fill(hidden: Facts, told: Facts, missing: tuple[str, ...]) -> Facts:
    """The household once the facts named are told."""
    members = []
    for before, after in zip(hidden.members, told.members, strict=True):
        named = {fact: getattr(after, fact) for fact in FACTS if f"members[{before.ref}].{fact}" in missing}
        parents = [
            replace(
                parent,
                **{
                    fact: getattr(after.parents[index], fact)
                    for fact in ("disability", "serious_illness")
                    if f"members[{before.ref}].parents[{index}].{fact}" in missing
                },
            )
            for index, parent in enumerate(before.parents)
        ]
        members.append(replace(before, **named, parents=tuple(parents)))
    return replace(
        hidden,
        members=tuple(members),
        assets=told.assets if "assets" in missing else hidden.assets,
        expenditures=told.expenditures if "expenditures_12m" in missing else hidden.expenditures,
    )


def hide(random: Random, told: Facts) -> Facts:
    def maybe(value: Any) -> Any:
        return None if random.random() < 0.3 else value

    members = [replace(m, **{fact: maybe(getattr(m, fact)) for fact in FACTS}) for m in told.members]
    return replace(told, members=tuple(members), assets=maybe(told.assets), expenditures=maybe(told.expenditures))


def test_once_the_missing_facts_are_told_the_answer_is_known_and_stays() -> None:
    random = Random(7)
    book = rule_book()
    p = book.at("350602", DAY)
    asked = 0
    for _ in range(250):
        told, event, history = random_case(random, DAY)
        event = replace(event, severity=event.severity or "light")
        hidden = hide(random, told)
        truth = {f.programme: f for f in assess(told, p, book, event=event, history=history).findings}
        for finding in assess(hidden, p, book, event=event, history=history).findings:
            if finding.outcome != "unknown":
                # What is decided without a fact is decided the same with it.
                assert finding.outcome == truth[finding.programme].outcome, (finding, told)
                if not finding.missing:
                    assert finding.monthly_fen == truth[finding.programme].monthly_fen, (finding, told)
                    assert finding.members == truth[finding.programme].members, (finding, told)
                continue
            asked += 1
            assert finding.missing, (finding, hidden)
            now = fill(hidden, told, finding.missing)
            after = assess(now, p, book, event=event, history=history).finding(finding.programme)
            assert after.outcome == truth[finding.programme].outcome != "unknown", (finding, after, told)
    assert asked > 500


def test_a_household_of_which_nothing_is_known_names_what_to_ask() -> None:
    facts = Facts((Member("m1", "self"),), None, Expenditures(4_500_000))
    answer = assess(facts, rule_book().at("350602", DAY), rule_book(), event=Event("hospital_cost"))
    assert answer.status is None and answer.people == 1 and answer.per_capita_fen is None
    assert answer.finding("dibao").missing == ("members[m1].incomes", "assets")
    assert answer.finding("disability_care").outcome == "not_eligible"


def test_parameters_without_a_value_are_named() -> None:
    facts = Facts((Member("m1", "self", incomes=()),), None, Expenditures())
    answer = assess(facts, rule_book().at("350602", date(2023, 6, 1)), rule_book())
    missing = answer.finding("dibao").missing
    assert {"dibao_standard_month", "financial_limit_months_dibao", "assets"} <= set(missing)
    assert all(each == "assets" or each in rule_book().definitions for each in missing)


def test_a_day_before_every_law_never_breaks() -> None:
    random = Random(3)
    for _ in range(60):
        facts, event, history = random_case(random, DAY, unknown=0.2)
        p = rule_book().at("350602", date(1990, 1, 1))
        answer = assess(facts, p, rule_book(), event=event, history=history)
        eligible = {finding.programme for finding in answer.findings if finding.outcome == "eligible"}
        assert not eligible & {"dibao", "margin", "rigid"}, "there is no standard to compare with"


def test_who_is_counted_can_be_asked_alone() -> None:
    facts = Facts((Member("m1", "self"), Member("c1", "child", cohabits=False), Member("b1", "sibling")))
    counted = counted_members(facts, rule_book().at("350602", DAY))
    assert counted["m1"] is True and counted["b1"] is False and is_unknown(counted["c1"])


def test_the_order_of_members_does_not_matter() -> None:
    random = Random(11)
    book = rule_book()
    p = book.at("350623", DAY)
    for _ in range(80):
        facts, event, history = random_case(random, DAY, unknown=0.1)
        turned = replace(facts, members=tuple(reversed(facts.members)))
        one = assess(facts, p, book, event=event, history=history)
        other = assess(turned, p, book, event=event, history=history)
        assert (one.status, one.people, one.monthly_total_fen) == (other.status, other.people, other.monthly_total_fen)
        for finding in one.findings:
            twin = other.finding(finding.programme)
            assert (finding.outcome, set(finding.members), set(finding.missing)) == (
                twin.outcome,
                set(twin.members),
                set(twin.missing),
            )
