"""A household form becomes people and facts; what was not said stays unsaid."""

import copy
from typing import Any

import pytest

from services.intake.records.households import ReadHousehold, read_household
from services.intake.records.jsonlines import parse_line
from tests.unit.intake.samples import TODAY

FORM: dict[str, Any] = {
    "division": "350622103206",
    "address": "云霄县莆美镇双溪口村委会示例路9373号",
    "members": [
        {
            "ref": "m1",
            "id_number": "350627195907089994",
            "name": "王松林",
            "phone": "15400000003",
            "relation": "self",
            "disability": {"kind": "physical", "grade": 2},
            "serious_illness": True,
            "able_to_work": False,
            "employment": "none",
            "student": "none",
            "incomes": [{"kind": "transfer", "item": "central_basic_pension", "monthly": "143.00"}],
            "obligors": [{"relation": "child", "able": False}],
            "self_care_failed_items": 2,
        },
        {
            "ref": "m2",
            "id_number": "350622195512269964",
            "name": "何佳怡",
            "relation": "spouse",
            "disability": None,
            "incomes": [],
            "obligors": [],
        },
        {
            "ref": "m3",
            "id_type": "birth_certificate",
            "id_number": "Q359900001",
            "name": "郑秀英之女",
            "relation": "grandchild",
            "birth_date": "2026-01-05",
            "parents": [{"presence": "imprisoned", "disability": None}],
        },
    ],
    "assets": {
        "financial_total": "5000.00",
        "vehicles": [{"kind": "car", "value": 30000, "exempt": False}],
        "dwellings": 1,
        "business": "none",
    },
    "expenditures_12m": {"medical_self_paid": "100000.00", "education": "0"},
    "housing": {"kind": "dangerous"},
}


def read(form: dict[str, Any]) -> ReadHousehold:
    return read_household(form, today=TODAY)


def changed(path: str, value: object) -> ReadHousehold:
    form: Any = copy.deepcopy(FORM)
    inner = form
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        inner = inner[step]
    inner[last] = value
    return read(form)


def test_the_facts_are_those_of_an_eligibility_check_without_names() -> None:
    one = read(FORM).form
    assert one is not None and one.division == "350622103206"
    first, second, third = one.members
    assert first.facts == {
        "birth_date": "1959-07-08",
        "gender": "male",
        "relation": "self",
        "serious_illness": True,
        "able_to_work": False,
        "employment": "none",
        "student": "none",
        "self_care_failed_items": 2,
        "disability": {"kind": "physical", "grade": 2},
        "incomes": [{"kind": "transfer", "item": "central_basic_pension", "monthly": "143.00"}],
        "obligors": [{"relation": "child", "able": False}],
    }
    assert second.facts["disability"] is None and second.facts["incomes"] == [] and second.facts["obligors"] == []
    assert third.facts == {
        "birth_date": "2026-01-05",
        "relation": "grandchild",
        "parents": [{"presence": "imprisoned", "disability": None}],
    }
    assert one.facts == {
        "assets": {
            "financial_total": "5000.00",
            "vehicles": [{"kind": "car", "value": "30000.00", "exempt": False}],
            "dwellings": 1,
            "business": "none",
        },
        "expenditures_12m": {"medical_self_paid": "100000.00", "education": "0.00"},
        "housing": {"kind": "dangerous"},
    }


def test_no_card_and_nothing_said_are_not_the_same() -> None:
    form = copy.deepcopy(FORM)
    del form["members"][1]["disability"]
    one = read(form).form
    assert one is not None and "disability" not in one.members[1].facts


def test_somebody_alone_need_not_say_that_they_are_themselves() -> None:
    form = {"division": "350622", "members": [{"ref": "a", "id_number": "350627195907089994", "name": "王松林"}]}
    one = read(form).form
    assert one is not None and one.members[0].facts["relation"] == "self" and one.facts == {}


def test_a_stated_birth_date_that_differs_from_the_number_is_kept_and_noted() -> None:
    one = changed("members.0.birth_date", "1958-07-08")
    assert one.form is not None and one.form.members[0].facts["birth_date"] == "1958-07-08"
    assert [issue.code for issue in one.issues] == ["BIRTH_DATE_DIFFERS"]


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("division", None, "division"),
        ("division", "350699123456", "division"),
        ("members", [], "members"),
        ("members", None, "members"),
        ("members", "x", "members"),
        ("members.0", "x", "members[0]"),
        ("members.0.ref", None, "members[0].ref"),
        ("members.1.ref", "m1", "members[1].ref"),
        ("members.1.id_number", "350627195907089994", "members[1].id_number"),
        ("members.0.id_number", "350627195907089993", "members[0].id_number"),
        ("members.0.id_number", "３５０６２７１９５９０７０８９９９４", "members[0].id_number"),
        ("members.0.name", " ", "members[0].name"),
        ("members.0.relation", "boss", "members[0].relation"),
        ("members.0.relation", None, "members[0].relation"),
        ("members.0.disability", {"kind": "physical"}, "members[0].disability.grade"),
        ("members.0.disability", {"kind": "physical", "grade": 5}, "members[0].disability.grade"),
        ("members.0.disability", True, "members[0].disability"),
        ("members.0.serious_illness", 1, "members[0].serious_illness"),
        ("members.0.incomes.0.monthly", "1e3", "members[0].incomes[0].monthly"),
        ("members.0.incomes.0.monthly", "-1", "members[0].incomes[0].monthly"),
        ("members.0.incomes.0.monthly", True, "members[0].incomes[0].monthly"),
        ("members.0.incomes", {}, "members[0].incomes"),
        ("members.0.birth_date", "2026-12-31", "members[0].birth_date"),
        ("members.0.birth_date", "1959-02-30", "members[0].birth_date"),
        ("members.0.student", "phd", "members[0].student"),
        ("members.0.self_care_failed_items", 7, "members[0].self_care_failed_items"),
        ("members.0.age", 5, "members[0].age"),
        ("assets.financial_total", "NaN", "assets.financial_total"),
        ("assets.dwellings", 1.0, "assets.dwellings"),
        ("assets.vehicles.0.colour", "red", "assets.vehicles[0].colour"),
        ("housing", {"kind": "castle"}, "housing.kind"),
        ("expenditures_12m.medical_self_paid", "１００", "expenditures_12m.medical_self_paid"),
        ("monitored", "no", "monitored"),
        ("status", "dibao", "status"),
    ],
)
def test_a_wrong_field_of_a_form_is_named(path: str, value: object, field: str) -> None:
    one = changed(path, value)
    assert one.form is None
    assert {issue.field for issue in one.issues} == {field}


def test_amounts_may_be_json_numbers_and_keep_their_digits() -> None:
    form = parse_line(
        '{"division": "350622", "members": [{"ref": "a", "id_number": "350627195907089994", "name": "王",'
        ' "incomes": [{"kind": "wage", "monthly": 812.5}]}], "assets": {"financial_total": 0.1}}'
    )
    one = read(form).form
    assert one is not None and one.facts["assets"]["financial_total"] == "0.10"
    assert one.members[0].facts["incomes"][0]["monthly"] == "812.50"
