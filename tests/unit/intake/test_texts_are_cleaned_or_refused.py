"""Names, texts, places, phones and settlement numbers, the nasty ones included."""

import pytest

from services.intake.records.hospital_body import read_body
from tests.unit.intake.samples import GOOD_BODY, TODAY, body_of, codes, row_of

# written → kept in a file (None: rejected), code, accepted in a JSON body
NAMES = [
    ("林", "林", "", True),
    ("阿不都·示例", "阿不都·示例", "", True),
    ("阿不都•示例", "阿不都·示例", "NAME_DOT", True),
    ("阿不都．示例", "阿不都·示例", "NAME_DOT", True),
    ("𠮷野", "𠮷野", "", True),
    ("䶮㛃", "䶮㛃", "", True),
    ("林\ue000", "林\ue000", "NAME_PRIVATE_USE", True),
    ("长" * 60, "长" * 60, "", True),
    ("长" * 101, None, "NAME_LENGTH", False),
    ("NGUYEN SHILI", "NGUYEN SHILI", "", True),
    ("Jose\u0301", "José", "NAME_ZERO_WIDTH", True),
    ("林\u200b招娣\u3000", "林招娣", "NAME_ZERO_WIDTH", False),
    (" 林招娣 ", "林招娣", "NAME_ZERO_WIDTH", False),
    ("👨\u200d👩", "👨👩", "NAME_ZERO_WIDTH", False),
    ("林\u202e招", "林招", "NAME_ZERO_WIDTH", False),
    ("林\ud800", None, "TEXT_SURROGATE", False),
    ("林\x00", None, "TEXT_CONTROL", False),
    ('林\n{"level":"info"}', None, "TEXT_CONTROL", False),
    ("林\x1b[31m", None, "TEXT_CONTROL", False),
    ("<img onerror=x>", None, "NAME_HTML", False),
    ("{{7*7}}", "{{7*7}}", "NAME_MASKED", True),
    ("'; DROP", "'; DROP", "", True),
    ("%00", "%00", "", True),
    ("../../etc/passwd", "../../etc/passwd", "", True),
    ("\u3000", None, "NAME_MISSING", False),
    ("", None, "NAME_MISSING", False),
    ('=HYPERLINK("x")', '=HYPERLINK("x")', "CELL_FORMULA", True),
    ("＝cmd|", "＝cmd|", "CELL_FORMULA", True),
    ("郭**", "郭**", "NAME_MASKED", True),
    ("x" * 1_000_000, None, "NAME_LENGTH", False),
]


@pytest.mark.parametrize(("raw", "kept", "code", "in_body"), NAMES, ids=[row[2] + ascii(row[0])[:12] for row in NAMES])
def test_a_name_is_kept_cleaned_or_refused(raw: str, kept: str | None, code: str, in_body: bool) -> None:
    read = row_of(name=raw)
    assert (read.cost.name if read.cost else None) == kept
    assert codes(read) == ([code] if code else [])
    strict = body_of(name=raw)
    assert (strict.cost is not None) == in_body
    assert in_body or {issue.field for issue in strict.issues} == {"name"}


@pytest.mark.parametrize("raw", ["漳州\x00医院", "漳州\ud800医院", "漳州\n医院", "漳州\x1b[2J", "  ", "院" * 2001])
def test_a_body_refuses_a_text_that_could_harm_a_log_or_a_store(raw: str) -> None:
    read = body_of(hospital=raw)
    assert read.cost is None and {issue.field for issue in read.issues} == {"hospital"}


def test_line_breaks_inside_a_quoted_cell_become_blanks() -> None:
    read = row_of(address="示例路\r\n9001号")
    assert read.cost and read.cost.address == "示例路 9001号" and codes(read) == ["TEXT_CLEANED"]


@pytest.mark.parametrize(
    ("raw", "kept", "code"),
    [
        ("350623200207", "350623200207", ""),
        ("350623", "350623", ""),
        ("350600", "3506", ""),
        ("350602007000", "350602007", ""),
        ("350602000000", "350602", ""),
        ("350681", "350604", "DIVISION_ABOLISHED"),
        ("350625100201", "350605100201", "DIVISION_ABOLISHED"),
        ("350203000000", "350203", "DIVISION_OUT_OF_AREA"),
        ("440507", "440507", "DIVISION_OUT_OF_AREA"),
        ("350699123456", None, "DIVISION_UNKNOWN"),
        ("350622103999", "350622103999", "DIVISION_NEW_VILLAGE"),
        ("漳浦县赤湖镇", "350623103", "DIVISION_NAME"),
        ("某某县", None, "DIVISION_UNKNOWN"),
        ("", None, "DIVISION_BLANK"),
        ("35062", None, "DIVISION_UNKNOWN"),
        ("３５０６２３", "350623", ""),
    ],
)
def test_a_place_is_shortened_followed_forwarded_or_refused(raw: str, kept: str | None, code: str) -> None:
    read = row_of(division=raw)
    assert (read.cost.division if read.cost else None) == kept
    assert codes(read) == ([code] if code else [])
    strict = body_of(division=raw)
    is_code = raw.isascii() and len(raw) in (4, 6, 9, 12)
    assert (strict.cost.division if strict.cost else None) == (kept if is_code else None)


@pytest.mark.parametrize(
    ("raw", "is_usable", "is_noted"),
    [
        ("15400000001", True, False),
        ("+86 154-0000-0001", True, False),
        ("0596-2021234", True, False),
        ("", False, False),
        ("1540000051", False, True),
        ("12345", False, True),
        ("１５４００００００５１", True, False),
    ],
)
def test_a_phone_that_cannot_be_dialled_is_kept_and_marked(raw: str, is_usable: bool, is_noted: bool) -> None:
    read = row_of(phone=raw)
    assert read.cost and read.cost.phone_is_usable == is_usable
    assert (codes(read) == ["PHONE_BAD"]) == is_noted


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "SETTLEMENT_MISSING"),
        (" ", "SETTLEMENT_MISSING"),
        ("A B", "SETTLEMENT_FORMAT"),
        ("x" * 65, "SETTLEMENT_FORMAT"),
        ("a\x00b", "SETTLEMENT_FORMAT"),
        ("2.02505E+15", "SETTLEMENT_SCIENTIFIC"),
        ("<b>", "SETTLEMENT_FORMAT"),
    ],
)
def test_a_settlement_number_must_be_able_to_tell_a_repeat(raw: str, code: str) -> None:
    assert codes(row_of(settlement_id=raw)) == [code]
    assert code in codes(body_of(settlement_id=raw)) or "FIELD_MISSING" in codes(body_of(settlement_id=raw or None))


@pytest.mark.parametrize("version", [0, -1, 1.0, "1", True, 10**7, [1]])
def test_a_version_is_a_whole_number_from_one(version: object) -> None:
    read = body_of(version=version)
    assert read.cost is None and [issue.field for issue in read.issues] == ["version"]


def test_an_unknown_field_is_named_but_never_a_strange_one() -> None:
    read = body_of(status="approved")
    assert [(issue.code, issue.field) for issue in read.issues] == [("FIELD_UNKNOWN", "status")]
    read = read_body(GOOD_BODY | {"350623195209169991": 1, "__proto__": 1}, today=TODAY)
    assert {issue.field for issue in read.issues} == {None, "__proto__"}


@pytest.mark.parametrize(
    "field",
    [
        name
        for name in GOOD_BODY
        if name
        in ("source", "settlement_id", "id_number", "name", "division", "hospital", "settled_on", "total", "self_paid")
    ],
)
@pytest.mark.parametrize("value", [None, 1, True, [], {}, 1.5])
def test_a_needed_field_that_is_absent_or_of_another_type_is_named(field: str, value: object) -> None:
    read = body_of(**{field: value})
    if field in ("total", "self_paid") and value == 1 and value is not True:
        return
    assert read.cost is None and field in {issue.field for issue in read.issues}


def test_no_answer_to_a_bad_body_repeats_a_value() -> None:
    body = {name: "绝密林进财99" for name in GOOD_BODY}
    for issue in read_body(body, today=TODAY).issues:
        assert "绝密" not in issue.zh + issue.en + issue.masked


def test_a_gender_that_differs_from_the_number_gives_way() -> None:
    read = row_of(gender="女")
    assert read.cost and read.cost.gender == "male" and codes(read) == ["GENDER_MISMATCH"]
    assert codes(row_of(gender="其他")) == ["GENDER_UNKNOWN"]


def test_the_same_settlement_has_the_same_content_by_either_door() -> None:
    row, body = row_of(settlement_id="S1"), body_of()
    assert row.cost and body.cost and row.cost.digest() == body.cost.digest()
