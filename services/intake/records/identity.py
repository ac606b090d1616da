"""Identity papers: read, cleaned, checked. Resident ID numbers follow GB 11643.

Source: GB 11643-1999 (check digit MOD 11-2, ISO 7064); GB 11643-1989 for numbers of 15 digits.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from operator import mul
from typing import Any, Literal

from services.intake.records.issues import Notes, check, label, load_yaml

Gender = Literal["female", "male"]

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_NUMBER = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_OLD_NUMBER = re.compile(r"[1-9][0-9]{14}", re.ASCII)
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+", re.ASCII)
_NUMBER_LIKE = re.compile(r"[0-9Xx]+", re.ASCII)
_APOSTROPHES = "'’‘`´′"
_MASKS = frozenset("*＊●•×✱#")
# Direction marks can make a number look like another one: nothing is cleaned around them.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
DEFAULT_TYPE = "resident_id"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who it is. `birth_date` and `gender` are None for papers that do not say."""

    id_type: str
    id_number: str
    birth_date: date | None = None
    gender: Gender | None = None


@dataclass(frozen=True, slots=True)
class IdType:
    """One kind of paper. `pattern` is for the normalised number."""

    code: str
    zh: str
    short: str
    also: tuple[str, ...]
    pattern: re.Pattern[str]
    old_pattern: re.Pattern[str] | None
    has_check_digit: bool


@cache
def id_types() -> dict[str, IdType]:
    """The kinds of papers by code, resident ID first."""
    rows: dict[str, dict[str, Any]] = load_yaml("identity.yaml")["types"]
    return {
        code: IdType(
            code,
            row["zh"],
            row["short"],
            tuple(row.get("also", ())),
            re.compile(row["pattern"], re.ASCII),
            re.compile(row["old_pattern"], re.ASCII) if "old_pattern" in row else None,
            row.get("check_digit", False),
        )
        for code, row in rows.items()
    }


@cache
def _type_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for kind in id_types().values():
        for name in (kind.code, kind.zh, *kind.also):
            names[name] = kind.code
    return names


@cache
def _set_of(name: str) -> frozenset[str]:
    return frozenset(load_yaml("identity.yaml")[name])


def check_digit(first_seventeen: str) -> str:
    """The check digit of the first 17 digits. Source: GB 11643-1999 §4.2, ISO 7064 MOD 11-2."""
    total = sum(map(mul, map(int, first_seventeen), _WEIGHTS))
    return _CHECK_DIGITS[total % 11]


def upgrade_old_number(number: str) -> str:
    """A number of 15 digits as 18: the century put in, the check digit added.

    Sequences 996–999 marked people who were over a hundred, so their century is 18. Source: GB 11643-1989 and -1999.
    """
    century = "18" if number[12:] in _set_of("centenarian_sequences") else "19"
    longer = number[:6] + century + number[6:]
    return longer + check_digit(longer)


def read_id_type(raw: str, *, field: str, notes: Notes) -> str | None:
    """The code of a kind of paper from its code or Chinese name; the resident ID when the cell is empty.

    None when it is not in the list; `notes` then says so.
    """
    name = "".join(raw.split())
    if not name:
        return DEFAULT_TYPE
    code = _type_names().get(name)
    if code is None:
        notes.add("ID_TYPE_UNKNOWN", field, raw)
    return code


def read_identity(
    raw: str,
    *,
    notes: Notes,
    not_after: date,
    id_type: str = DEFAULT_TYPE,
    strict: bool = False,
    prefix: str = "",
    limit: str = "today",
) -> Identity | None:
    """Read the number of a paper; None when nobody could be identified, and `notes` says why.

    With `strict` (JSON bodies) only ASCII numbers are taken, but a lower-case x and an old number of 15 digits are
    still raised. In files full-width digits, blanks and apostrophes are cleaned with a note. `not_after` is the
    day by which the person must have been born, `limit` (today or settled_on) what that day is called. `prefix`
    goes before the field names of the issues.
    """
    field = prefix + "id_number"
    number = raw if strict else _cleaned(raw, field, notes)
    if number is None:
        return None
    if strict and (not number.isascii() or number != number.strip() or not number.isprintable()):
        notes.add("ID_MISSING" if not number.strip() else "ID_CHARACTERS", field, raw)
        return None
    if _is_hopeless(number, field, raw, notes):
        return None
    number = _upper_x(number, field, raw, strict, notes)
    kind = id_types()[id_type]
    actual = _actual_type(number, kind)
    if actual is not kind:
        if strict:
            notes.add("ID_FORMAT", field, raw, type=kind.zh)
            return None
        notes.add("ID_TYPE_MISMATCH", prefix + "id_type", "", written=kind.short, looks_like=actual.zh)
    if not actual.has_check_digit:
        return _read_other(number, actual, field, raw, notes)
    born_by = _BornBy(not_after, limit)
    return _read_eighteen(number, actual, field=field, raw=raw, born_by=born_by, strict=strict, notes=notes)


def _cleaned(raw: str, field: str, notes: Notes) -> str | None:
    """The number in half-width characters without blanks and apostrophes, each change noted."""
    if raw.isascii() and raw.isalnum():
        return raw
    if _DIRECTION.intersection(raw):
        notes.add("ID_CHARACTERS", field, raw)
        return None
    text = _half_width(raw)
    bare = "".join(c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))
    if not bare:
        notes.add("ID_MISSING", field, raw)
        return None
    if text != raw:
        only_x = all(a == b or b in "Xx" for a, b in zip(raw, text, strict=True))
        notes.add("ID_FULL_WIDTH_X" if only_x else "ID_FULL_WIDTH", field, raw)
    if bare != text:
        notes.add("ID_SPACES", field, raw)
    if bare[0] in _APOSTROPHES:
        bare = bare.lstrip(_APOSTROPHES)
        notes.add("ID_APOSTROPHE", field, raw)
    if bare.endswith("叉"):
        bare = bare[:-1] + "X"
        notes.add("ID_WRITTEN_X", field, raw)
    return bare


def _half_width(text: str) -> str:
    return "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)


def _is_hopeless(number: str, field: str, raw: str, notes: Notes) -> bool:
    """Whether it is no number at all: empty, a placeholder, masked, or spoiled by a spreadsheet."""
    if not number:
        notes.add("ID_MISSING", field, raw)
    elif number.lower() in _set_of("placeholders"):
        notes.add("ID_PLACEHOLDER", field, "", placeholder=number if len(number) < 4 else "占位")
    elif _MASKS.intersection(number):
        notes.add("ID_MASKED", field, raw)
    elif _SCIENTIFIC.fullmatch(number):
        notes.add("ID_SCIENTIFIC", field, "")
    elif not number.isascii() or not number.isprintable() or " " in number:
        notes.add("ID_CHARACTERS", field, raw)
    else:
        return False
    return True


def _upper_x(number: str, field: str, raw: str, strict: bool, notes: Notes) -> str:
    upper = number.upper()
    if upper != number and _NUMBER_LIKE.fullmatch(number) and not strict and "ｘ" not in raw:
        notes.add("ID_LOWER_X", field, raw)
    return upper


def _actual_type(number: str, written: IdType) -> IdType:
    """What the number itself shows: only a number with a right check digit can overrule the written type."""
    if _NUMBER.fullmatch(number) and check_digit(number[:17]) == number[17]:
        if written.has_check_digit and written.pattern.fullmatch(number):
            return written
        for kind in id_types().values():
            if kind.has_check_digit and kind.pattern.fullmatch(number):
                return kind
    return written


def _read_other(number: str, kind: IdType, field: str, raw: str, notes: Notes) -> Identity | None:
    if not kind.pattern.fullmatch(number):
        notes.add("ID_FORMAT", field, raw, type=kind.zh)
        return None
    return Identity(kind.code, number)


@dataclass(frozen=True, slots=True)
class _BornBy:
    """The day by which somebody must have been born, and what it is called."""

    day: date
    name: str


def _read_eighteen(
    number: str, kind: IdType, *, field: str, raw: str, born_by: _BornBy, strict: bool, notes: Notes
) -> Identity | None:
    if kind.old_pattern and kind.old_pattern.fullmatch(number):
        return Identity(kind.code, number)
    if kind.code == DEFAULT_TYPE and _OLD_NUMBER.fullmatch(number):
        number = upgrade_old_number(number)
        notes.add("ID_15_DIGITS", field, raw)
    code = _wrong_shape(number, kind)
    if code:
        notes.add(code, field, raw, length=len(number), type=kind.zh)
        return None
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        birth = None
    if birth is None or born_by.day.year - birth.year > check("oldest_age_years"):
        # In a file's list of errors the date helps to find the slip; an answer to a JSON body repeats no value.
        day = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
        shown, shown_en = ("", "") if strict else (f"（{day}）", f" ({day})")
        notes.add("ID_BIRTH_DATE", field, raw, date=shown, date_en=shown_en)
        return None
    if birth > born_by.day:
        notes.add("ID_BIRTH_FUTURE", field, raw, limit=label(born_by.name), limit_en=label(born_by.name, "en"))
        return None
    return Identity(kind.code, number, birth, "male" if int(number[16]) % 2 else "female")


def _wrong_shape(number: str, kind: IdType) -> str:
    """The code of what is wrong with 18 characters, or ""."""
    if len(number) != 18:
        return "ID_LENGTH" if _NUMBER_LIKE.fullmatch(number) else "ID_CHARACTERS"
    if not _NUMBER.fullmatch(number):
        return "ID_CHARACTERS"
    if check_digit(number[:17]) != number[17]:
        return "ID_TRAILING_ZEROS" if number.endswith("000") else "ID_CHECK_DIGIT"
    if kind.code == DEFAULT_TYPE and number[:2] not in _set_of("provinces"):
        return "ID_REGION"
    return "" if kind.pattern.fullmatch(number) else "ID_FORMAT"
