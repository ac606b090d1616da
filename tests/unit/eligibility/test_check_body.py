"""The body of a check: what is refused, by which field, and that no value is ever repeated."""

import copy
import json
from datetime import date
from typing import Any

import pytest

from services.eligibility.rules.book import ParameterProblem, rule_book
from services.eligibility.rules.facts import NO_CARD, Assets, Expenditures
from services.eligibility.rules.readers import UnreadableFacts, event_of, facts_of, history_of
from services.eligibility.schemas import read_check
from services.kit.errors import BadInput
from services.kit.strict_json import loads

TODAY = date(2025, 3, 1)
SECRET = "X9Q7Z3"


def body(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"county": "350602", "household": {"members": [{"ref": "m1", "relation": "self"}]}}
    return plain | changes


def member(**facts: Any) -> dict[str, Any]:
    return body(household={"members": [{"ref": "m1", "relation": "self"} | facts]})


def refused(raw: Any) -> list[str]:
    with pytest.raises(BadInput) as error:
        read_check(raw, rule_book(), today=TODAY)
    problem = error.value.problem()
    text = json.dumps(problem, ensure_ascii=False)
    assert SECRET not in text and "12345678" not in text
    return [each["field"] for each in problem["errors"]]


def test_the_smallest_body_reads_with_every_default() -> None:
    check = read_check(body(), rule_book(), today=TODAY)
    (one,) = check.facts.members
    assert (one.presence, one.custody, one.cohabits, one.legal_duty, one.independent) == (
        "present",
        "here",
        True,
        True,
        None,
    )
    assert (one.birth_date, one.disability, one.serious_illness, one.able_to_work) == (None, None, None, None)
    assert (one.employment, one.student, one.incomes, one.obligors) == (None, None, None, None)
    assert check.facts.assets is None and check.facts.expenditures is None
    assert check.facts.housing == "safe" and check.event.kind == "application"
    assert check.parameters.on == TODAY and check.parameters.place == "350602"


def test_null_and_absent_read_the_same_but_for_disability() -> None:
    names = (
        *("gender", "birth_date", "presence", "cohabits", "legal_duty", "custody", "independent", "serious_illness"),
        *("able_to_work", "employment", "student", "self_care_failed_items", "needs_long_term_care", "union_member"),
        *("left_behind", "chooses_child_benefit", "incomes", "obligors", "parents", "name"),
    )
    nulls = member(**{name: None for name in names})
    nulls["household"] |= {"assets": None, "expenditures_12m": None, "housing": None, "monitored": None}
    nulls |= {"event": None, "history": None, "parameters": None, "as_of": None}
    absent = read_check(body(), rule_book(), today=TODAY)
    assert read_check(nulls, rule_book(), today=TODAY) == absent
    assert read_check(member(disability=None), rule_book(), today=TODAY).facts.members[0].disability is NO_CARD


def test_an_empty_object_is_known_to_be_nothing() -> None:
    raw = body()
    raw["household"] |= {"assets": {}, "expenditures_12m": {}}
    facts = read_check(raw, rule_book(), today=TODAY).facts
    assert facts.assets == Assets(0, (), 0, "none") and facts.expenditures == Expenditures(0, 0, 0)


def test_amounts_are_read_exactly_from_text_and_from_numbers() -> None:
    raw = loads(
        b"""{"county": "350602", "household": {"members": [{"ref": "m1", "relation": "self", "incomes": [
        {"kind": "wage", "monthly": 812.5}, {"kind": "wage", "monthly": "0.07"}, {"kind": "business", "monthly": -3},
        {"kind": "other", "monthly": 9999999999.99}]}]}}"""
    )
    incomes = read_check(raw, rule_book(), today=TODAY).facts.members[0].incomes
    assert incomes is not None
    assert [income.monthly_fen for income in incomes] == [81_250, 7, -300, 999_999_999_999]


@pytest.mark.parametrize(
    "amount",
    [
        True,
        "NaN",
        "Infinity",
        "1e3",
        "１００",
        "1.234",
        "1,000",
        "￥5",
        "",
        " 5",
        "+5",
        "-5",
        "05",
        "10000000000",
        None,
        [],
    ],
)
def test_what_is_no_amount_is_refused(amount: Any) -> None:
    raw = member(incomes=[{"kind": "wage", "monthly": amount}])
    assert refused(raw) == ["household.members[0].incomes[0].monthly"]


@pytest.mark.parametrize("written", ["1e3", "1E400", "0.001", "-0.0e1"])
def test_an_exponent_or_too_many_decimals_in_a_json_number_is_refused(written: str) -> None:
    raw = loads(
        b'{"county":"350602","household":{"members":[{"ref":"m1","relation":"self","incomes":[{"kind":"wage","monthly":'
        + written.encode()
        + b"}]}]}}"
    )
    assert refused(raw) == ["household.members[0].incomes[0].monthly"]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"relation": SECRET}, "relation"),
        ({"gender": SECRET}, "gender"),
        ({"birth_date": "2025-02-30"}, "birth_date"),
        ({"birth_date": "2025-03-02"}, "birth_date"),
        ({"birth_date": 0}, "birth_date"),
        ({"presence": SECRET}, "presence"),
        ({"cohabits": "yes"}, "cohabits"),
        ({"independent": 1}, "independent"),
        ({"disability": {"kind": "physical", "grade": 5}}, "disability.grade"),
        ({"disability": {"kind": "physical", "grade": True}}, "disability.grade"),
        ({"disability": {"kind": SECRET, "grade": 1}}, "disability.kind"),
        ({"disability": {"kind": "physical"}}, "disability.grade"),
        ({"student": SECRET}, "student"),
        ({"self_care_failed_items": 7}, "self_care_failed_items"),
        ({"self_care_failed_items": -1}, "self_care_failed_items"),
        ({"obligors": [{"relation": "child"}]}, "obligors[0].able"),
        ({"parents": [{"presence": SECRET}]}, "parents[0].presence"),
        ({"incomes": [{"kind": SECRET, "monthly": "1"}]}, "incomes[0].kind"),
        ({"incomes": [{"kind": "wage", "monthly": "1", "item": "Not A Code 12345678"}]}, "incomes[0].item"),
        ({"ref": "a b"}, "ref"),
        ({"ref": "m[1]"}, "ref"),
        ({"unheard_of": SECRET}, "unheard_of"),
    ],
)
def test_a_wrong_fact_is_refused_by_its_field(facts: dict[str, Any], field: str) -> None:
    assert refused(member(**facts)) == [f"household.members[0].{field}"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"county": "440100"}, "county"),
        ({"county": "35060"}, "county"),
        ({"county": 350602}, "county"),
        ({"as_of": "01/03/2025"}, "as_of"),
        ({"event": {"kind": SECRET}}, "event.kind"),
        ({"event": {"severity": SECRET}}, "event.severity"),
        ({"event": {"year": "2024"}}, "event.year"),
        (
            {
                "event": {
                    "records": [{"settlement_id": "S", "self_paid": "1.5", "unit": "fen", "settled_on": "2024-01-01"}]
                }
            },
            "event.records[0].self_paid",
        ),
        (
            {"event": {"records": [{"settlement_id": "S", "self_paid": "x", "settled_on": "2024-01-01"}]}},
            "event.records[0].self_paid",
        ),
        (
            {"event": {"records": [{"settlement_id": "S", "self_paid": "1", "settled_on": "2024-13-01"}]}},
            "event.records[0].settled_on",
        ),
        ({"history": {"single_applicant": "m9"}}, "history.single_applicant"),
        ({"history": {"refused_jobs": -1}}, "history.refused_jobs"),
        ({"history": {"temp_aid_received_this_year": "-1"}}, "history.temp_aid_received_this_year"),
        ({"parameters": {"job_cost_rate": "x"}}, "parameters.job_cost_rate"),
        ({"parameters": {"unheard_of": 1}}, "parameters.unheard_of"),
        ({"parameters": {f"{SECRET} 12345678": 1}}, "parameters"),
        ({"parameters": []}, "parameters"),
        ({"household": {"members": []}}, "household.members"),
        ({"household": None}, "household"),
        ({"more": 1}, "more"),
    ],
)
def test_a_wrong_part_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    assert refused(body(**changes)) == [field]


def test_the_same_ref_twice_is_refused() -> None:
    raw = body()
    raw["household"]["members"].append({"ref": "m1", "relation": "spouse"})
    assert refused(raw) == ["household.members[1].ref"]


@pytest.mark.parametrize("raw", [None, [], "text", 5, {}])
def test_what_is_no_object_is_refused(raw: Any) -> None:
    assert refused(raw)


def test_a_place_may_be_written_padded_or_down_to_the_village() -> None:
    for county, place in (
        ("3506", "3506"),
        ("350600", "3506"),
        ("350622000000", "350622"),
        ("350602007003", "350602007003"),
    ):
        assert read_check(body(county=county), rule_book(), today=TODAY).parameters.place == place


@pytest.mark.parametrize(("former", "now"), [("350681", "350604"), ("350621", "350604"), ("350625", "350605")])
def test_a_county_under_its_former_code_has_the_values_of_what_it_became(former: str, now: str) -> None:
    book = rule_book()
    old, new = (read_check(body(county=code), book, today=TODAY).parameters for code in (former, now))
    assert old.place == new.place == now
    assert old.dibao_standard_month == new.dibao_standard_month


def test_the_name_is_taken_and_forgotten() -> None:
    check = read_check(member(name="示例"), rule_book(), today=TODAY)
    assert "示例" not in repr(check)


def test_stored_facts_read_to_the_same_household() -> None:
    raw = member(
        birth_date="1980-05-01",
        disability={"kind": "mental", "grade": 3},
        incomes=[{"kind": "wage", "monthly": "1.50"}],
    )
    raw["household"]["assets"] = {"financial_total": "5000.00", "vehicles": [{"kind": "car", "value": "30000.00"}]}
    raw["event"] = {"kind": "grid_report", "cause": "fire"}
    raw["history"] = {"single_applicant": "m1", "refused_jobs": 2, "temp_aid_received_this_year": "10.00"}
    check = read_check(copy.deepcopy(raw), rule_book(), today=TODAY)
    assert facts_of(raw["household"]) == check.facts
    assert event_of(raw["event"]) == check.event
    assert history_of(raw["history"]) == check.history
    assert event_of({"causes": ["fire", "accident"]}).causes == ("fire", "accident")


@pytest.mark.parametrize(
    "household",
    [
        {},
        {"members": []},
        {"members": [{"ref": "m1"}]},
        {"members": [{"ref": "m1", "relation": "self", "birth_date": "x"}]},
        {"members": [{"ref": "m1", "relation": "self", "incomes": [{"kind": "wage", "monthly": SECRET}]}]},
        {"members": [{"ref": "m1", "relation": "self"}], "assets": {"financial_total": SECRET}},
    ],
)
def test_stored_facts_of_the_wrong_shape_are_refused_without_their_values(household: dict[str, Any]) -> None:
    with pytest.raises(UnreadableFacts) as error:
        facts_of(household)
    assert SECRET not in str(error.value)


def test_a_rounding_unit_of_zero_is_refused_by_name() -> None:
    with pytest.raises(ParameterProblem, match="above zero"):
        rule_book().read_overrides({"grant_unit": "0"})


def test_an_override_of_null_reads_as_absent_and_an_unknown_one_is_refused_all_the_same() -> None:
    given = {"job_cost_rate": None, "margin_multiple": "1.6", "tiers": None, "medical_deduct": None}
    known = read_check(body(parameters={"margin_multiple": "1.6"}), rule_book(), today=TODAY).parameters
    asked = read_check(body(parameters=given), rule_book(), today=TODAY).parameters
    assert {id: getattr(asked, id) for id in asked.ids()} == {id: getattr(known, id) for id in known.ids()}
    assert asked.replacements == known.replacements
    assert refused(body(parameters={"no_such_thing": None})) == ["parameters.no_such_thing"]


def test_every_wrong_override_is_named_and_every_wrong_fact_beside_it() -> None:
    wrong = {"margin_multiple": SECRET, "job_cost_rate": "0.2", "tiers": [["12345678"]], "no_such_thing": 1}
    named = ["parameters.margin_multiple", "parameters.tiers", "parameters.no_such_thing"]
    assert refused(body(parameters=wrong)) == named
    assert refused(body(county="110101", parameters=wrong)) == ["county", *named]
