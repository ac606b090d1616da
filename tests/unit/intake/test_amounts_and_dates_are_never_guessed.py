"""Amounts and dates as people, spreadsheets and attackers write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.money import yuan
from services.intake.records.cells import read_amount, read_date
from services.intake.records.hospital_body import amount_text
from services.intake.records.issues import Notes
from services.intake.records.jsonlines import parse_line
from tests.unit.intake.samples import body_of, codes, row_of

# written in a file → fen (None: not taken), code
AMOUNTS = [
    ("0", 0, ""),
    ("-0", 0, ""),
    ("0.00", 0, ""),
    ("812.5", 81250, ""),
    ("812.500", 81250, ""),
    ("0.001", None, "AMOUNT_PRECISION"),
    ("0.005", None, "AMOUNT_PRECISION"),
    ("1e3", None, "AMOUNT_TEXT"),
    ("1E400", None, "AMOUNT_TEXT"),
    ("NaN", None, "AMOUNT_TEXT"),
    ("Infinity", None, "AMOUNT_TEXT"),
    ("0x10", None, "AMOUNT_TEXT"),
    ("1,234.56", 123456, "AMOUNT_COMMA"),
    ("12,34.56", None, "AMOUNT_TEXT"),
    ("１２３．４５", 12345, "AMOUNT_FULL_WIDTH"),
    ("¥100", 10000, "AMOUNT_CURRENCY"),
    ("100元", 10000, "AMOUNT_CURRENCY"),
    ("￥1,234.56元", 123456, "AMOUNT_CURRENCY"),
    ("壹佰元整", None, "AMOUNT_TEXT"),
    ("1万", None, "AMOUNT_WAN"),
    ("９９９９９９９９９９９９", None, "AMOUNT_TOO_LARGE"),
    (str(2**63), None, "AMOUNT_TOO_LARGE"),
    ("9" * 400, None, "AMOUNT_TOO_LARGE"),
    ("true", None, "AMOUNT_TEXT"),
    ("", None, "AMOUNT_BLANK"),
    ("-", None, "AMOUNT_BLANK"),
    ("(100.00)", None, "AMOUNT_TEXT"),
    ("100 200", None, "AMOUNT_TEXT"),
    ("²", None, "AMOUNT_TEXT"),
    ("1_0", None, "AMOUNT_TEXT"),
    ("+5", None, "AMOUNT_TEXT"),
    ("−5.00", -500, "AMOUNT_FULL_WIDTH"),
]


@pytest.mark.parametrize(("raw", "fen", "code"), AMOUNTS)
def test_an_amount_in_a_file_is_read_to_the_fen_or_refused(raw: str, fen: int | None, code: str) -> None:
    notes = Notes()
    assert read_amount(raw, field="self_paid", notes=notes, needed=True) == fen
    assert (code in [issue.code for issue in notes]) if code else not len(notes)


def test_a_dash_is_zero_only_where_nothing_need_stand() -> None:
    notes = Notes()
    assert read_amount("-", field="medical_aid_paid", notes=notes, needed=False) == 0
    assert read_amount("", field="medical_aid_paid", notes=notes, needed=False) is None
    assert [issue.code for issue in notes] == ["AMOUNT_DASH_ZERO"]


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_an_amount_written_out_is_read_back(fen: int) -> None:
    assert read_amount(yuan(fen), field="total", notes=Notes(), needed=True) == fen


DATES = [
    ("2024-02-30", None, "DATE_IMPOSSIBLE"),
    ("2023-02-29", None, "DATE_IMPOSSIBLE"),
    ("2024-02-29", "2024-02-29", ""),
    ("0000-00-00", None, "DATE_IMPOSSIBLE"),
    ("45351", "2024-02-29", "DATE_EXCEL_SERIAL"),
    ("45351.99", "2024-02-29", "DATE_EXCEL_SERIAL"),
    ("60", None, "DATE_TEXT"),
    ("2024/2/9", "2024-02-09", "DATE_SLASH"),
    ("2024.2.9", "2024-02-09", "DATE_SLASH"),
    ("20240209", "2024-02-09", "DATE_COMPACT"),
    ("9/2/24", None, "DATE_TWO_DIGIT_YEAR"),
    ("9/2/2024", None, "DATE_TWO_DIGIT_YEAR"),
    ("二〇二四年二月", None, "DATE_TEXT"),
    ("2024年2月9日", "2024-02-09", "DATE_CHINESE"),
    ("0", None, "DATE_TEXT"),
    ("1700000000", None, "DATE_TEXT"),
    ("2024-02-09T24:00:00", None, "DATE_TEXT"),
    ("2024-02-09 23:59:59", "2024-02-09", "DATE_WITH_TIME"),
    ("2024-02-09T00:00:00+08:00", "2024-02-09", "DATE_WITH_TIME"),
    ("2024-02-09T00:00:00Z", None, "DATE_TEXT"),
    ("腊月廿三", None, "DATE_TEXT"),
    ("２０２４－０２－０９", "2024-02-09", "DATE_FULL_WIDTH"),
    ("", None, "DATE_BLANK"),
]


@pytest.mark.parametrize(("raw", "day", "code"), DATES)
def test_a_date_in_a_file_is_understood_or_refused(raw: str, day: str | None, code: str) -> None:
    notes = Notes()
    found = read_date(raw, field="settled_on", notes=notes, needed=True)
    assert (found.isoformat() if found else None) == day
    assert [issue.code for issue in notes] == ([code] if code else [])


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_every_form_of_a_day_is_that_day(day: date) -> None:
    forms = [
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
    ]
    for form in forms:
        assert read_date(form, field="settled_on", notes=Notes(), needed=True) == day


@pytest.mark.parametrize(
    ("settled", "code"),
    [
        ("9999-12-31", "DATE_FUTURE"),
        ("1999-12-31", "DATE_TOO_OLD"),
        ("1899-12-30", "DATE_TOO_OLD"),
        ("2026-11-25", "DATE_FUTURE"),
    ],
)
def test_a_settlement_is_neither_in_the_future_nor_before_the_records_began(settled: str, code: str) -> None:
    changes = {"settled_on": settled, "admitted_on": "", "discharged_on": "", "year": ""}
    assert code in codes(row_of(**changes))
    assert code in codes(body_of(settled_on=settled, admitted_on=None, discharged_on=None))


def test_a_settlement_of_today_is_taken() -> None:
    assert body_of(settled_on="2026-11-24").cost


@pytest.mark.parametrize(
    "changes",
    [
        {"admitted_on": "2025-05-18"},
        {"discharged_on": "2025-05-18"},
        {"admitted_on": "2025-05-18", "discharged_on": ""},
    ],
)
def test_admission_discharge_and_settlement_come_in_this_order(changes: dict[str, str]) -> None:
    assert "DATE_ORDER" in codes(row_of(**changes))
    assert "DATE_ORDER" in codes(body_of(**{k: v or None for k, v in changes.items()}))


@pytest.mark.parametrize(
    "value",
    [
        "１２３",
        "1e3",
        "1e9999",
        "0x10",
        "1,000.00",
        "¥1",
        "1.005",
        " 1",
        "1 ",
        "",
        "NaN",
        "Infinity",
        "-Infinity",
        "1_0",
        True,
        False,
        1.5,
        [],
        {},
        "9" * 400,
        2**63,
        "00.10",
        ".5",
        "5.",
        "+5",
    ],
)
def test_a_body_takes_only_plain_decimal_amounts(value: object) -> None:
    read = body_of(self_paid=value)
    assert read.cost is None
    assert {issue.field for issue in read.issues} == {"self_paid"}


def test_a_json_number_keeps_its_source_text() -> None:
    values = parse_line('{"a": 812.50, "b": 812, "c": 1e3, "d": 0.1}')
    assert [amount_text(value) for value in values.values()] == ["812.50", "812", "1e3", "0.1"]


def test_amounts_in_fen_are_whole() -> None:
    parts = {"pooled_fund_paid": None, "serious_illness_paid": None, "medical_aid_paid": None}
    read = body_of(unit="fen", total="12500000", self_paid=4000000, **parts)
    assert read.cost and read.cost.amounts.self_paid_fen == 4000000 and not read.cost.is_held
    assert codes(body_of(unit="fen", total="12500000", self_paid="40000.00", **parts)) == ["AMOUNT_TEXT"]
    assert codes(body_of(unit="jiao")) == ["FIELD_CHOICE"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"self_paid": "125000.01"}, "AMOUNT_SELF_PAID_OVER_TOTAL", "self_paid"),
        ({"self_paid": "40000.01"}, "AMOUNT_SUM", "total"),
        ({"total": "125000.01"}, "AMOUNT_SUM", "total"),
        ({"self_paid": "-1"}, "NEGATIVE_AMOUNT", "self_paid"),
        ({"total": "-1"}, "NEGATIVE_AMOUNT", "total"),
        ({"pooled_fund_paid": "-1"}, "NEGATIVE_PART", "pooled_fund_paid"),
        ({"refund_of": "S0"}, "REFUND_SIGN", "total"),
        ({"refund_of": "S1"}, "REFUND_OF_ITSELF", "refund_of"),
    ],
)
def test_amounts_of_a_body_must_agree_to_the_fen(changes: dict[str, str], code: str, field: str) -> None:
    read = body_of(**changes)
    assert read.cost is None
    assert (code, field) in {(issue.code, issue.field) for issue in read.issues}


def test_parts_need_not_add_up_when_one_is_not_known() -> None:
    assert body_of(medical_aid_paid=None, self_paid="39999.99").cost


def test_a_refund_is_negative_and_may_move_money_between_funds() -> None:
    refund = {
        "refund_of": "S0",
        "total": "-100.00",
        "self_paid": "-150.00",
        "pooled_fund_paid": "50.00",
        "serious_illness_paid": "0",
        "medical_aid_paid": "0",
    }
    assert body_of(**refund).cost
    assert body_of(**refund | {"total": "0", "pooled_fund_paid": "150.00"}).cost


def test_huge_whole_amounts_in_yuan_are_held_until_the_sender_confirms_the_unit() -> None:
    changes = {
        "total": "14426230",
        "pooled_fund_paid": "4275935",
        "serious_illness_paid": "843934",
        "medical_aid_paid": "506361",
        "self_paid": "8800000",
    }
    for read in (row_of(**changes), body_of(**changes)):
        assert read.cost and read.cost.is_held and codes(read) == ["AMOUNT_FEN"]
