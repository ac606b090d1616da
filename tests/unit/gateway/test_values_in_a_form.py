"""A parameter's value in a form: what is shown is read back as it was, and names of codes are as good as codes."""

import pytest

from gateway.console.policy_form import changed_rows
from gateway.console.texts import LANGUAGES, Words
from gateway.console.value_form import names_of, read_value, value_text
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.in_words import page_words
from services.eligibility.rules.values import read_value as read_told

NAMES = names_of({"code": code, **words} for code, words in page_words()["codes"].items())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_of_the_rule_book_comes_back_from_the_form_as_it_was(language: str) -> None:
    words = Words(language)  # type: ignore[arg-type]  # one of the languages
    for row in rule_book().listing():
        definition = rule_book().definitions[row["id"]]
        back = read_value(value_text(row["value"], NAMES, words), row["unit"], NAMES)
        told = read_told(definition.unit, back, definition.choices)
        assert told == read_told(definition.unit, row["value"], definition.choices), row["id"]


def test_a_row_may_be_written_as_people_write_it() -> None:
    rows = "任何类别=2\r\n\r\n intellectual → 3 \n"
    assert read_value(rows, "code/count", NAMES) == [["any", 2], ["intellectual", 3]]
    assert read_value("10,000.00，3", "yuan/multiple", NAMES) == [["10000.00", 3]]
    assert read_value("奖学金\nscholarship", "codes", NAMES) == ["scholarship", "scholarship"]
    assert read_value("分档", "choice", NAMES) == "tier"
    assert read_value("1,234.50", "yuan", NAMES) == "1234.50"
    assert read_value("是", "switch", NAMES) is True


def test_what_cannot_be_read_goes_as_it_is_for_the_part_to_name() -> None:
    assert read_value("twelve", "count", NAMES) == "twelve"
    assert read_value("9" * 5_000, "count", NAMES) == "9" * 5_000
    assert read_value("不详 = 2", "code/count", NAMES) == [["不详", 2]]


def test_a_table_left_as_it_is_is_no_change() -> None:
    form = {"r0_parameter": "severe_disability", "r0_value": "任何类别 = 2\r\n", "r0_present": "任何类别 = 2"}
    assert changed_rows(form) == []
    assert changed_rows(form | {"r0_value": "任何类别 = 1"}) == [0]
    assert changed_rows({"r0_parameter": "dibao_standard_month", "r0_value": ""}) == []
