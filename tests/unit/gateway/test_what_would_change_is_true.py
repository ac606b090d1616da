"""What a page names as the one figure that would change an answer does change it, as the page says."""

from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest

from gateway.console.explanation import becomes
from gateway.console.texts import Words
from services.eligibility.rules.assess import assess
from services.eligibility.rules.assessment import Assessment
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.facts import Assets, Event, Facts
from services.eligibility.rules.rendering import render
from tests.unit.eligibility.random_households import random_case

DAY = date(2025, 3, 1)
BOOK = rule_book()
P = BOOK.at("350602", DAY)
WORDS = Words("zh-CN")
PROGRAMMES = ("dibao", "margin", "rigid", "temp_spending")


class Named:
    """Programmes called by their codes."""

    def name(self, kind: str, code: str) -> dict[str, str]:
        return {"zh": code}


def just_over_the_line(facts: Facts, test: dict[str, Any], people: int) -> Facts | None:
    """The household with the figure of a failed test changed as little as will do; None for one worked out of many."""
    assert facts.assets is not None
    asked = test["id"].partition(".")[2]
    changed: dict[str, Any] = {
        "financial": {"financial_total_fen": people * int(str(test["threshold"] or "0").replace(".", ""))},
        "dwellings": {"dwellings": test["threshold"]},
        "business": {"business": "none"},
    }
    return replace(facts, assets=replace(facts.assets, **changed[asked])) if asked in changed else None


def outcomes(made: Assessment) -> dict[str, str]:
    return {code: made.finding(code).outcome for code in PROGRAMMES}


@pytest.mark.parametrize("seed", range(4))
def test_the_one_figure_that_a_page_names_changes_the_answer_as_it_says(seed: int) -> None:
    random, looked_at = Random(seed), 0
    for _ in range(400):
        facts, event, history = random_case(random, DAY)
        facts = replace(facts, members=tuple(replace(member, obligors=None) for member in facts.members))
        made = assess(facts, P, BOOK, event=event, history=history)
        told = render(made, BOOK)
        for finding in told["findings"]:
            failed = [test for test in finding.get("tests") or () if test["outcome"] == "fail"]
            if finding["programme"] not in PROGRAMMES or finding["outcome"] != "not_eligible" or len(failed) != 1:
                continue
            other = just_over_the_line(facts, failed[0], made.people or 0)
            if other is None:
                continue
            looked_at += 1
            after = outcomes(assess(other, P, BOOK, event=event, history=history))
            said = becomes(finding, told, WORDS, Named())  # type: ignore[arg-type]  # all that is asked of it
            instead = next(
                (code for code in PROGRAMMES if said == f"这一项改变后，转为符合{code}"), finding["programme"]
            )
            assert after[instead] == "eligible", (finding["programme"], failed[0]["id"], said, after)
    assert looked_at > 50


def test_nothing_above_is_named_where_its_own_line_is_another() -> None:
    facts, event = Facts((), Assets(0, (), 1, "none")), Event()
    told = render(assess(facts, P, BOOK, event=event), BOOK)
    for finding in told["findings"]:
        assert becomes(finding, told, WORDS, Named()) == ""  # type: ignore[arg-type]  # as above
