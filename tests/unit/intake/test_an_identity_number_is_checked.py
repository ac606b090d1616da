"""Resident ID numbers and other papers: what is cleaned in a file, what a JSON body must get right by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.records.identity import check_digit, read_id_type, read_identity, upgrade_old_number
from services.intake.records.issues import Notes
from services.intake.records.masks import mask_id, mask_id_region, mask_name, mask_phone
from tests.unit.intake.samples import TODAY

GOOD = "350623195209169991"


def checked(first_seventeen: str) -> str:
    return first_seventeen + check_digit(first_seventeen)


def read(raw: str, *, id_type: str = "resident_id", strict: bool = False) -> tuple[str | None, list[str]]:
    notes = Notes()
    identity = read_identity(raw, notes=notes, not_after=TODAY, id_type=id_type, strict=strict)
    return (identity.id_number if identity else None), [issue.code for issue in notes]


FULL_WIDTH = str.maketrans("0123456789Xx", "０１２３４５６７８９Ｘｘ")

# raw, number stored from a file (None: rejected), code of the finding in a file, accepted in a JSON body
NASTY = [
    (GOOD, GOOD, "", True),
    ("35060319321216998x", "35060319321216998X", "ID_LOWER_X", True),
    (GOOD.translate(FULL_WIDTH), GOOD, "ID_FULL_WIDTH", False),
    ("35060319321216998Ｘ", "35060319321216998X", "ID_FULL_WIDTH_X", False),
    ("35060319321216998叉", "35060319321216998X", "ID_WRITTEN_X", False),
    ("350623 19520916 9991", GOOD, "ID_SPACES", False),
    (f" {GOOD} ", GOOD, "ID_SPACES", False),
    ("350623\u00a019520916\u200b9991\ufeff", GOOD, "ID_SPACES", False),
    (f"'{GOOD}", GOOD, "ID_APOSTROPHE", False),
    ("350623195209169992", None, "ID_CHECK_DIGIT", False),
    ("350605580719991", "35060519580719991X", "ID_15_DIGITS", True),
    (GOOD[:17], None, "ID_LENGTH", False),
    (GOOD + "1", None, "ID_LENGTH", False),
    ("0" * 18, None, "ID_PLACEHOLDER", False),
    (checked("35062319000229998"), None, "ID_BIRTH_DATE", False),
    (checked("35062320991231998"), None, "ID_BIRTH_FUTURE", False),
    (checked("35062399999999998"), None, "ID_BIRTH_DATE", False),
    (checked("35062319991331998"), None, "ID_BIRTH_DATE", False),
    (checked("00000019520916999"), None, "ID_REGION", False),
    (checked("35068119520916999"), checked("35068119520916999"), "", True),
    ("无", None, "ID_PLACEHOLDER", False),
    ("", None, "ID_MISSING", False),
    ("   ", None, "ID_MISSING", False),
    ("1.10101E+17", None, "ID_SCIENTIFIC", False),
    ("350622198112169000", None, "ID_TRAILING_ZEROS", False),
    ("350602********9968", None, "ID_MASKED", False),
    ("35060319321216998Х", None, "ID_CHARACTERS", False),
    (GOOD[:6] + "\u202e" + GOOD[6:], None, "ID_CHARACTERS", False),
    (GOOD[:6] + "\x00" + GOOD[6:], GOOD, "ID_SPACES", False),
]


@pytest.mark.parametrize(("raw", "stored", "code", "in_body"), NASTY, ids=[row[2] or "good" for row in NASTY])
def test_a_number_is_cleaned_with_a_note_or_rejected_with_a_reason(
    raw: str, stored: str | None, code: str, in_body: bool
) -> None:
    number, found = read(raw)
    assert number == stored and found == ([code] if code else [])
    strict_number, strict_found = read(raw, strict=True)
    assert strict_number == stored if in_body else strict_number is None
    assert in_body or strict_found


def test_an_old_number_of_a_centenarian_belongs_to_the_century_before() -> None:
    assert upgrade_old_number("350605980719998")[6:10] == "1898"
    assert upgrade_old_number("350605580719991") == "35060519580719991X"


@pytest.mark.parametrize(
    ("kind", "number", "is_good"),
    [
        ("台湾居民居住证", "830000197103099987", True),
        ("港澳居民居住证", checked("81000019900101999"), True),
        ("外国护照", "EX0000001", True),
        ("护照", "E 1", False),
        ("出生医学证明", "Q359900001", True),
        ("外国人永久居留身份证", checked("93506219900101999"), True),
        ("外国人永久居留身份证", "USA110085061501", True),
        ("港澳居民来往内地通行证", "H12345678", True),
        ("台湾居民来往大陆通行证", "12345678", True),
        ("出生医学证明", "359900001", False),
        ("临时编号", "TMP-0A1B2C", True),
    ],
)
def test_other_papers_have_their_own_forms(kind: str, number: str, is_good: bool) -> None:
    notes = Notes()
    code = read_id_type(kind, field="id_type", notes=notes)
    assert code is not None and not len(notes)
    assert (read(number, id_type=code)[0] is not None) == is_good
    assert (read(number, id_type=code, strict=True)[0] is not None) == is_good


def test_a_resident_number_under_another_paper_is_followed_in_a_file_and_refused_in_a_body() -> None:
    assert read(GOOD, id_type="passport") == (GOOD, ["ID_TYPE_MISMATCH"])
    assert read(GOOD, id_type="passport", strict=True) == (None, ["ID_FORMAT"])
    assert read("830000197103099987")[1] == ["ID_TYPE_MISMATCH"]


def test_a_paper_that_is_not_in_the_list_is_named_as_a_problem() -> None:
    notes = Notes()
    assert read_id_type("会员卡", field="id_type", notes=notes) is None
    assert [issue.code for issue in notes] == ["ID_TYPE_UNKNOWN"]


def test_gender_and_birth_date_come_from_the_number() -> None:
    identity = read_identity(GOOD, notes=Notes(), not_after=TODAY)
    assert identity is not None
    assert (identity.gender, str(identity.birth_date)) == ("male", "1952-09-16")


def test_masks_never_show_a_birth_date() -> None:
    assert mask_id(GOOD) == "**************9991"
    assert mask_id_region(GOOD) == "350623********9991"
    assert mask_id("无") == "*"
    assert (mask_name("林进财"), mask_name("林"), mask_phone("15400000001")) == ("林**", "林", "154****0001")


@given(st.text(alphabet="0123456789Xx叉 '０９Ｘ\u200b\u3000*", max_size=22))
def test_a_cleaned_number_cleans_to_itself(raw: str) -> None:
    number, _ = read(raw)
    if number is not None:
        assert read(number) == (number, [])
        assert read(number, strict=True) == (number, [])


@given(st.from_regex(r"\A[1-9][0-9]{16}\Z"))
def test_any_single_wrong_digit_is_found(first: str) -> None:
    number = checked(first)
    other = "1" if number[5] != "1" else "2"
    assert check_digit(number[:5] + other + number[6:17]) != number[17]
