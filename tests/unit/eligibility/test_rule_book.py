"""The rule book as data: every row has a source, every citation resolves, the nearest place and the day decide."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from services.eligibility.rules import book as book_module
from services.eligibility.rules.book import BrokenRuleBook, ParameterProblem, RuleBook, rule_book
from services.eligibility.rules.catalogue import describe, programme_tests
from services.eligibility.rules.criteria import CATALOGUE
from services.eligibility.rules.in_words import told_in_words
from services.eligibility.rules.logic import is_unknown
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.values import show_value
from services.kit.strict_json import loads

HOME = Path(book_module.__file__).parent
GROUP_A = ("350602", "350603", "350604", "350605")
GROUP_B = ("350622", "350623", "350624", "350626", "350627", "350628", "350629")
DAY = date(2025, 3, 1)
DESIGNED = {
    *("dibao_standard_month", "disposable_income_prev_year", "margin_multiple", "job_cost_rate", "medical_deduct"),
    *("education_deduct", "rigid_ratio", "rigid_living", "tekun_basic_multiple", "care_full_self_care"),
    *("care_partial_loss", "care_total_loss", "financial_limit_months_dibao", "financial_limit_months_tekun"),
    *("financial_limit_months_margin", "financial_limit_months_rigid", "vehicle_limit_dibao"),
    *("vehicle_limit_tekun", "vehicle_limit_margin", "vehicle_limit_rigid", "dwellings_max", "topup_elder70"),
    *("topup_minor", "topup_severe_disabled", "topup_seriously_ill", "topup_stack", "temp_spending_bands"),
    *("temp_capacity_ratio", "temp_year_cap_multiple", "temp_emergency_light", "temp_emergency_medium"),
    *("temp_emergency_severe", "township_limit", "hospital_threshold", "watch_threshold"),
    *("central_basic_pension_exempt_until", "disability_living", "disability_care_1", "disability_care_2"),
    *("child_benefit", "elderly_allowance", "taper_max_months", "grant_mode", "tiers"),
}


def test_every_row_has_a_source_and_every_local_value_says_it_is_illustrative() -> None:
    for item in rule_book().listing():
        assert item["source"]["title"] and item["source"]["article"] and item["source"]["href"], item["id"]
        assert item["source"]["retrieved"] == "2026-11-24"
        assert item["illustrative"] is item["division"].startswith("35"), item["id"]


def test_every_test_cites_a_known_law() -> None:
    for test in CATALOGUE.values():
        assert rule_book().citation(*test.cites)["href"].startswith("https://"), test.id


def test_every_designed_parameter_is_there() -> None:
    ids = {item["id"] for item in rule_book().listing()}
    assert ids >= DESIGNED


def test_the_registry_names_the_programmes_of_the_plan() -> None:
    assert {named.code for named in rule_book().programmes} == {programme.code for programme in PROGRAMMES}
    for named in rule_book().programmes:
        assert (HOME / "programmes" / f"{named.module}.py").exists()
        assert programme_tests(named.code), named.code
    assert len(describe(rule_book())) == len(PROGRAMMES) == 18


def test_the_two_groups_of_counties() -> None:
    book = rule_book()
    for county in GROUP_A:
        p = book.at(county, DAY)
        assert (p.dibao_standard_month, p.disposable_income_prev_year) == (90_000, 4_200_000)
    for county in (*GROUP_B, "3506", "350600", "350600000000"):
        p = book.at(county, DAY)
        assert (p.dibao_standard_month, p.disposable_income_prev_year) == (85_000, 3_360_000)


def test_values_hold_from_the_first_day_of_2024_without_end() -> None:
    book = rule_book()
    assert is_unknown(book.at("350602", date(2023, 12, 31)).dibao_standard_month)
    assert book.at("350602", date(2024, 1, 1)).dibao_standard_month == 90_000
    assert book.at("350602", date(2099, 1, 1)).dibao_standard_month == 90_000
    ends = [item["id"] for item in book.listing() if item["to"]]
    assert ends == ["central_basic_pension_exempt_until"]


def test_a_place_outside_the_city_has_no_parameters() -> None:
    book = rule_book()
    assert book.knows("350602007003") and book.knows("3506") and not book.knows("440100") and not book.knows("350700")
    with pytest.raises(ParameterProblem):
        book.knows("35060")


def test_a_new_row_a_county_of_its_own_and_a_later_year(tmp_path: Path) -> None:
    home = tmp_path / "rules"
    shutil.copytree(HOME, home, ignore=shutil.ignore_patterns("__pycache__"))
    county = home / "parameters" / "350629" / "dibao" / "dibao_standard_month.yaml"
    county.parent.mkdir(parents=True)
    county.write_text(
        """
id: dibao_standard_month
values:
  - {from: 2025-07-01, value: "912.34", source: {statute: D649, article: 第十条, retrieved: 2026-01-01}}
  - {from: 2026-07-01, value: 950, source: {statute: D649, article: 第十条, retrieved: 2026-01-01}}
""",
        encoding="utf-8",
    )
    book = RuleBook(home)
    assert book.at("350629", date(2025, 6, 30)).dibao_standard_month == 85_000
    assert book.at("350629", date(2025, 7, 1)).dibao_standard_month == 91_234
    assert book.at("350629101", date(2026, 7, 1)).dibao_standard_month == 95_000
    assert book.at("350628", date(2026, 7, 1)).dibao_standard_month == 85_000
    rows = [item for item in book.listing() if item["division"] == "350629"]
    assert [(row["from"], row["to"]) for row in rows] == [("2025-07-01", "2026-06-30"), ("2026-07-01", None)]
    assert book.digest != rule_book().digest


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("350600/dibao/dibao_standard_month.yaml", "id: other\nvalues: []\n"),
        ("350600/dibao/topup_stack.yaml", "values:\n  - {from: 2024-01-01}\n"),
        (
            "350600/rigid/rigid_ratio.yaml",
            "id: rigid_ratio\nunit: rate\ntitle: {zh: 比例, en: ratio}\n"
            "values: [{from: 2024-01-01, value: 0.6, source: {statute: NONE, article: 一, retrieved: x}}]\n",
        ),
        ("350600/rigid/unheard_of.yaml", "id: unheard_of\nunit: rate\ntitle: {zh: 无, en: none}\nvalues: []\n"),
    ],
)
def test_a_broken_rule_file_stops_the_book(tmp_path: Path, file: str, text: str) -> None:
    home = tmp_path / "rules"
    shutil.copytree(HOME, home, ignore=shutil.ignore_patterns("__pycache__"))
    (home / "parameters" / file).write_text(text, encoding="utf-8")
    with pytest.raises(BrokenRuleBook):
        RuleBook(home)


def test_overrides_are_read_exactly_in_every_shape_json_has() -> None:
    raw = loads(
        b"""{"dibao_standard_month": 873.45, "job_cost_rate": "0.1", "margin_multiple": 2, "topup_stack": true,
        "rigid_living": "dibao_standard", "dwellings_max": 2, "temp_spending_bands": [[5000, 1.5], ["20000.50", "4"]],
        "central_basic_pension_exempt_until": "2027-12-31", "elderly_allowance": [[70, "50.00"]]}"""
    )
    p = rule_book().at("350602", DAY, raw)
    assert p.dibao_standard_month == 87_345
    assert p.job_cost_rate == 1_000
    assert p.margin_multiple == 20_000
    assert p.topup_stack is True
    assert p.rigid_living == "dibao_standard"
    assert p.dwellings_max == 2
    assert p.temp_spending_bands == ((500_000, 15_000), (2_000_050, 40_000))
    assert p.central_basic_pension_exempt_until == date(2027, 12, 31)
    assert p.elderly_allowance == ((70, 5_000),)
    assert rule_book().at("350602", DAY).job_cost_rate == 2_000


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("unheard_of", 1),
        ("job_cost_rate", True),
        ("job_cost_rate", 0.2),
        ("job_cost_rate", "0.12345"),
        ("job_cost_rate", "1e-1"),
        ("job_cost_rate", "-0.1"),
        ("job_cost_rate", None),
        ("job_cost_rate", "０.2"),
        ("dibao_standard_month", "900.001"),
        ("dibao_standard_month", "NaN"),
        ("dibao_standard_month", []),
        ("topup_stack", 1),
        ("topup_stack", "wahr"),
        ("rigid_living", "sometimes"),
        ("dwellings_max", "1.5"),
        ("temp_spending_bands", [[1, 2, 3]]),
        ("temp_spending_bands", 7),
        ("central_basic_pension_exempt_until", "2025-02-30"),
        ("exempt_incomes", ["Not A Code"]),
        ("pupil_ages", []),
        ("pupil_ages", [6]),
        ("pupil_ages", [17, 6]),
    ],
)
def test_a_wrong_override_names_its_id_and_never_its_value(id: str, value: object) -> None:
    with pytest.raises(ParameterProblem) as refused:
        rule_book().at("350602", DAY, {id: value})
    assert refused.value.id == id
    assert str(value) not in str(refused.value).removeprefix(id) or isinstance(value, bool | int | list)


def test_what_is_listed_can_be_sent_back_as_an_override() -> None:
    book = rule_book()
    p = book.at("350602", DAY)
    shown = {id: show_value(each.unit, getattr(p, id)) for id, each in book.definitions.items()}
    again = book.at("350602", DAY, shown)
    assert {id: getattr(again, id) for id in shown} == {id: getattr(p, id) for id in shown}


def test_a_replaced_threshold_decides_the_trigger_too() -> None:
    p = rule_book().at("350602", DAY, {"hospital_threshold": "1.00"})
    assert p.replaced_value("hospital_threshold") == 100
    assert rule_book().at("350602", DAY).replaced_value("hospital_threshold") is None


def test_every_value_is_told_in_chinese_words_without_a_code() -> None:
    book = rule_book()
    for row in book.listing():
        shown = told_in_words(book.definitions[row["id"]], row["value"])
        assert shown is not None and shown["en"], row["id"]
        assert re.search(r"[a-z_]{3,}", shown["zh"]) is None, (row["id"], shown["zh"])


def test_a_value_that_no_longer_fits_its_parameter_is_told_as_none() -> None:
    definition = rule_book().definitions["grant_mode"]
    assert told_in_words(definition, "no_such_mode") is None and told_in_words(definition, None) is None
