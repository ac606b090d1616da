"""The programmes' pages say what the rule book says."""

import re

import pytest

from deploy.local.docs import FOLDER, programme_pages
from services.eligibility.actions.programme_page import programme_page
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.catalogue import programme_tests
from services.eligibility.rules.in_words import page_words
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.reads import reads_of
from services.eligibility.rules.snapshot import Parameters

CODES = [programme.code for programme in PROGRAMMES]
OF_NO_PROGRAMME = {
    *("hospital_threshold", "hospital_bands", "watch_threshold"),
    *("near_miss_share", "need_medical_floor", "elder_care_age", "pupil_ages"),
}
"""Parameters of discovery and referral, which decide no programme."""


def test_pages_are_in_step_with_the_rule_book() -> None:
    pages = dict(programme_pages())
    assert len(pages) == 19
    for name, text in pages.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"run ./yiqijiu docs: {name}"
    assert {path.name for path in FOLDER.glob("*.md")} == set(pages)


@pytest.mark.parametrize("code", CODES)
def test_a_page_has_every_test_of_the_programme_with_its_article_in_the_order_it_is_put(code: str) -> None:
    page = programme_page(rule_book(), code)
    assert page is not None
    told = [row["id"] for row in page["criteria"]]
    assert set(told) == {test.id for test in programme_tests(code)} and len(told) == len(set(told))
    for row in page["criteria"]:
        assert row["citation"]["article"] and row["text"]["zh"] != row["id"] and row["text"]["en"].isascii()
    assert page["sources"][0]["article"] == page["criteria"][0]["citation"]["article"]


@pytest.mark.parametrize("code", CODES)
def test_a_page_says_what_is_given_and_what_a_person_has_to_look_at(code: str) -> None:
    page = programme_page(rule_book(), code)
    assert page is not None and page["gives"]["zh"] and page["gives"]["en"]
    assert page["cannot_tell"] and all(each["zh"] and each["en"].isascii() for each in page["cannot_tell"])
    illustrative = [value for each in page["parameters"] for value in each["values"] if value["illustrative"]]
    assert len(page["gaps"]) == len(illustrative)


def test_every_parameter_that_decides_stands_on_some_page_and_no_other() -> None:
    read = {id for code in CODES for id in reads_of(code).parameters}
    assert Parameters.ids() - read == OF_NO_PROGRAMME and read <= Parameters.ids()


def test_what_lies_behind_a_figure_is_found_and_another_programme_is_named_not_followed() -> None:
    dibao, medical = reads_of("dibao"), reads_of("medical_aid")
    assert {"medical_deduct", "job_cost_rate", "topup_minor", "tiers", "taper_max_months"} <= set(dibao.parameters)
    assert dibao.stands_on == ("tekun",)
    assert {"tekun", "dibao", "margin", "rigid", "dibao_single"} == set(medical.stands_on)
    assert "dibao_standard_month" not in medical.parameters
    assert {"care_total_loss", "self_care_partial_items"} <= set(reads_of("tekun").parameters)


def test_every_value_is_told_in_words() -> None:
    known = set(page_words()["codes"])
    for code in CODES:
        page = programme_page(rule_book(), code)
        assert page is not None
        for each in page["parameters"]:
            for value in each["values"]:
                zh, en = value["shown"]["zh"], value["shown"]["en"]
                assert zh and en and "{" not in zh + en and "[" not in zh + en, each["id"]
                assert not re.search(r"[a-z]", zh), (each["id"], zh)
    assert {"difference", "social_assistance"} <= known


def test_a_programme_that_the_book_does_not_have_has_no_page() -> None:
    assert programme_page(rule_book(), "unheard_of") is None
