"""What no office should take is refused at the real gateway: the field is named, the value is never said again."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from deploy.local.town.recipes import sole_earner_ill
from tests.support.forms import bill
from tests.support.suite import RunningSuite

PATH = "/api/v1/intake/hospital-costs"
Spoil = Callable[[dict[str, Any]], str]


def raw(field: str, literal: str) -> Spoil:
    """The body with a field's value written as this JSON literal."""

    def spoil(body: dict[str, Any]) -> str:
        marked = json.dumps(body | {field: "@@"}, ensure_ascii=False)
        return marked.replace('"@@"', literal)

    return spoil


def value(field: str, said: Any) -> Spoil:
    """The body with a field's value replaced."""
    return lambda body: json.dumps(body | {field: said}, ensure_ascii=False)


def wrong_check_digit(body: dict[str, Any]) -> str:
    number = body["id_number"]
    return json.dumps(body | {"id_number": number[:17] + ("1" if number[17] != "1" else "2")})


def full_width(body: dict[str, Any]) -> str:
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    return json.dumps(body | {"id_number": body["id_number"].translate(wide)}, ensure_ascii=False)


NASTY: dict[str, tuple[Spoil, str, str]] = {
    # name: (how the body is spoilt, field that must be named or "", text that must not come back)
    "NaN as an amount": (raw("self_paid", "NaN"), "self_paid", ""),
    "infinity as an amount": (raw("total", "Infinity"), "total", ""),
    "an amount beyond all floats": (raw("self_paid", "1e9999"), "self_paid", "1e9999"),
    "an amount with an exponent": (value("self_paid", "4e4"), "self_paid", "4e4"),
    "true as an amount": (value("self_paid", True), "self_paid", "true"),
    "full-width digits as an amount": (value("self_paid", "１２３"), "self_paid", "１２３"),
    "an amount with a thousands comma": (value("total", "46,123.45"), "total", "46,123.45"),
    "more self-paid than in all": (value("self_paid", "98765.43"), "self_paid", "98765.43"),
    "a lone surrogate in a name": (raw("name", '"\\ud83d"'), "name", "d83d"),
    "a NUL in a name": (raw("name", '"甲\\u0000乙"'), "name", "甲"),
    "a wrong check digit": (wrong_check_digit, "id_number", ""),
    "full-width digits in an ID number": (full_width, "id_number", "３"),
    "a date that does not exist": (value("settled_on", "2025-02-30"), "settled_on", "2025-02-30"),
    "a time for a date": (value("settled_on", "2025-02-20T00:00:00"), "settled_on", "T00:00:00"),
    "a division that is none": (value("division", "99887766"), "division", "99887766"),
    "an unknown field": (value("hospitle", "某某医院"), "hospitle", "某某医院"),
    "no settlement number": (
        lambda body: json.dumps({k: v for k, v in body.items() if k != "settlement_id"}),
        "settlement_id",
        "",
    ),
    "a list instead of an object": (lambda body: json.dumps([body]), "", ""),
    "an empty body": (lambda body: "", "", ""),
    "half a body": (lambda body: json.dumps(body)[:-20], "", ""),
}


async def send(suite: RunningSuite, content: str | bytes, path: str = PATH) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return await suite.client.post(path, content=content, headers=headers)


def a_good_bill(suite: RunningSuite) -> dict[str, Any]:
    draft = sole_earner_ill(suite.family("350603"), 0)
    return bill(draft.patient, draft.village, suite.number(), "46123.45", settled_on=suite.today)


@pytest.mark.parametrize("what", NASTY)
async def test_it_is_refused_and_the_field_is_named(suite: RunningSuite, what: str) -> None:
    spoil, field, secret = NASTY[what]
    body = a_good_bill(suite)
    answer = await send(suite, spoil(body))
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["code"] and problem["message"]["zh"] and problem["message"]["en"]
    if field:
        assert field in [error["field"] for error in problem["errors"]]
    assert body["id_number"] not in answer.text and body["name"] not in answer.text
    assert not secret or secret not in answer.text


@pytest.mark.parametrize("what", NASTY)
async def test_in_a_batch_it_is_refused_as_well(suite: RunningSuite, what: str) -> None:
    spoil, _, secret = NASTY[what]
    body = a_good_bill(suite)
    answer = await send(suite, f'{{"records": [{spoil(body)}]}}', f"{PATH}/batch")
    assert 400 <= answer.status_code < 500, answer.text
    assert body["id_number"] not in answer.text and (not secret or secret not in answer.text)


async def test_a_body_of_five_megabytes_is_too_large(suite: RunningSuite) -> None:
    answer = await send(suite, json.dumps({"records": [{"name": "x" * 5_000_000}]}), f"{PATH}/batch")
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


async def test_a_hundred_thousand_brackets_are_no_body(suite: RunningSuite) -> None:
    answer = await send(suite, "[" * 100_000 + "]" * 100_000)
    assert answer.status_code == 400
    assert answer.json()["code"] == "too_deep"


async def test_a_file_without_a_needed_column_makes_no_import(suite: RunningSuite) -> None:
    content = "姓名,证件号码,个人自付\n某人,123,456.00\n".encode()
    answer = await suite.client.post(
        "/api/v1/intake/imports",
        files={"file": ("bills.csv", content)},
        data={"kind": "hospital-costs", "dry_run": "true"},
        headers={"Idempotency-Key": suite.number()},
    )
    assert answer.status_code == 422, answer.text
    assert any("结算流水号" in json.dumps(error, ensure_ascii=False) for error in answer.json()["errors"])
    assert "456.00" not in answer.text


async def test_nobody_gets_in_without_a_token(suite: RunningSuite) -> None:
    async with suite.client_of(None) as stranger:
        assert (await stranger.post(PATH, json=a_good_bill(suite))).status_code == 401
    async with suite.client_of("yqj_" + "A" * 43) as stranger:
        assert (await stranger.post(PATH, json=a_good_bill(suite))).status_code == 401


async def test_a_good_bill_still_goes_in_after_all_of_this(suite: RunningSuite) -> None:
    answer = await send(suite, json.dumps(a_good_bill(suite), ensure_ascii=False))
    assert answer.status_code == 202, answer.text
