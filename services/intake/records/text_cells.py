"""Names, free texts, phones and the like: cleaned with a note in files, taken strictly in JSON bodies."""

import re
import unicodedata

from services.contracts.divisions import UnreadableDivision, divisions
from services.intake.records.cells import half_width
from services.intake.records.identity import Gender
from services.intake.records.issues import Notes, check

_MASKS = frozenset("*＊●✱")
_FORMULA_SIGNS = "=+-@\t\r＝＋－＠"
_DOTS = re.compile(r"(?<=[㐀-鿿])[•．・‧∙⋅](?=[㐀-鿿])")
_SETTLEMENT = re.compile(r"[^\s<>\"'`]+")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+", re.ASCII)
_VERSION = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})", re.ASCII)
_LANDLINE = re.compile(r"0[0-9]{2,3}-?[0-9]{7,8}(?:-[0-9]{1,6})?|[2-8][0-9]{6,7}", re.ASCII)
_GENDERS: dict[str, Gender] = {
    "女": "female", "女性": "female", "f": "female", "female": "female", "2": "female",
    "男": "male", "男性": "male", "m": "male", "male": "male", "1": "male",
}  # fmt: skip


def has_surrogate(text: str) -> bool:
    """Whether a text holds half a character, which no UTF-8 store takes."""
    return any("\ud800" <= c <= "\udfff" for c in text)


def is_private_use(char: str) -> bool:
    """Whether a character is one of a local font's own (造字区)."""
    return unicodedata.category(char) == "Co"


def _is_invisible(char: str) -> bool:
    """Format characters (zero width, direction marks, joiners) and the soft hyphen."""
    return unicodedata.category(char) == "Cf"


def _is_control(char: str) -> bool:
    return unicodedata.category(char) == "Cc"


def read_name(raw: str, *, field: str, notes: Notes, strict: bool = False) -> str | None:
    """A person's name in NFC; None when missing or not storable. A masked name stays as given.

    With `strict` (JSON bodies) invisible characters and blanks around the name are refused instead of removed.
    """
    if not raw.isprintable() and _holds_forbidden(raw if strict else raw.strip("\t\r\n"), field, notes):
        return None
    visible = raw if raw.isprintable() else "".join(c for c in raw if not _is_invisible(c))
    name = " ".join(unicodedata.normalize("NFC", visible).split())
    problem = _name_problem(name, changed=visible != raw or visible != visible.strip(), strict=strict)
    if problem:
        notes.add(problem, field, name, length=check("name_length"))
        return None
    if name != raw:
        notes.add("NAME_ZERO_WIDTH", field, name)
    return _noted_name(name, field, notes)


def _name_problem(name: str, *, changed: bool, strict: bool) -> str:
    if not name:
        return "NAME_MISSING"
    if "<" in name or ">" in name:
        return "NAME_HTML"
    if len(name) > check("name_length"):
        return "NAME_LENGTH"
    return "NAME_INVISIBLE" if strict and changed else ""


def _holds_forbidden(text: str, field: str, notes: Notes) -> bool:
    """Whether a text holds half a character or a control character; `notes` says which."""
    if has_surrogate(text):
        notes.add("TEXT_SURROGATE", field)
    elif any(_is_control(c) for c in text):
        notes.add("TEXT_CONTROL", field)
    else:
        return False
    return True


def _noted_name(name: str, field: str, notes: Notes) -> str:
    dotted = _DOTS.sub("·", name)
    if dotted != name:
        notes.add("NAME_DOT", field, name)
    if _MASKS.intersection(name):
        notes.add("NAME_MASKED", field, name)
    if not name.isprintable() and any(is_private_use(c) for c in name):
        notes.add("NAME_PRIVATE_USE", field, name)
    note_formula(name, field=field, notes=notes)
    return dotted


def note_formula(text: str, *, field: str, notes: Notes) -> None:
    """Note a text that a spreadsheet would take for a formula; it is kept, and escaped when it is exported."""
    if text and text[0] in _FORMULA_SIGNS and len(text) > 1:
        notes.add("CELL_FORMULA", field, text, sign=half_width(text[0]))


def read_text(
    raw: str, *, field: str, notes: Notes, needed: bool = False, most: int | None = None, strict: bool = False
) -> str | None:
    """A free text on one line; None when missing or not storable.

    Line breaks and invisible characters are replaced with a note; with `strict` (JSON bodies) they are refused.
    """
    if not raw.isprintable():
        bare = raw if strict else raw.translate({9: " ", 10: " ", 13: " "})
        if _holds_forbidden(bare, field, notes):
            return None
    text = " ".join((raw if raw.isprintable() else "".join(c for c in raw if not _is_invisible(c))).split())
    if not _is_fitting(text, field=field, notes=notes, needed=needed, most=most or check("text_length")):
        return None
    if not raw.strip().isprintable() and any(_is_invisible(c) or c in "\r\n" for c in raw.strip()):
        notes.add("TEXT_CLEANED", field, raw)
    note_formula(text, field=field, notes=notes)
    return text


def read_narrative(raw: str, *, field: str, notes: Notes) -> str | None:
    """A free text of several lines; None when missing or not storable. Nothing is noted: people write as they speak."""
    if not raw.isprintable() and _holds_forbidden(raw.translate({9: " ", 10: " ", 13: " "}), field, notes):
        return None
    lines = "".join(c for c in raw if not _is_invisible(c)).splitlines()
    text = "\n".join(line.strip() for line in lines).strip()
    return text if _is_fitting(text, field=field, notes=notes, needed=False, most=check("text_length")) else None


def _is_fitting(text: str, *, field: str, notes: Notes, needed: bool, most: int) -> bool:
    if not text or text in ("-", "—"):
        if needed:
            notes.add("TEXT_MISSING", field)
        return False
    if len(text) > most:
        notes.add("TEXT_LENGTH", field, length=most)
        return False
    return True


def read_settlement_id(raw: str, *, field: str, notes: Notes, needed: bool = True) -> str | None:
    """A settlement number: up to 64 printable characters without blanks; None when missing or unusable."""
    text = raw.strip()
    if not text:
        if needed:
            notes.add("SETTLEMENT_MISSING", field)
        return None
    if ("." in text or "+" in text) and _SCIENTIFIC.fullmatch(text):
        notes.add("SETTLEMENT_SCIENTIFIC", field, text)
        return None
    most = check("settlement_id_length")
    if len(text) > most or not _SETTLEMENT.fullmatch(text) or not text.isprintable():
        notes.add("SETTLEMENT_FORMAT", field, length=most)
        return None
    return text


def read_version(raw: str, *, field: str, notes: Notes) -> int | None:
    """A record's version; 1 when the cell is empty, None when it is no whole number from 1 up."""
    text = raw.strip()
    if not text:
        return 1
    if not _VERSION.fullmatch(text):
        notes.add("VERSION_FORMAT", field, text)
        return None
    return int(text)


def read_phone(raw: str, *, field: str, notes: Notes) -> tuple[str | None, bool]:
    """A phone number and whether it can be dialled. A bad one is kept and marked unusable."""
    text = half_width(raw).strip()
    bare = re.sub(r"[\s()]", "", text)
    if not bare or bare in ("-", "无"):
        return None, False
    mobile = _MOBILE.fullmatch(bare.replace("-", ""))
    if mobile:
        return mobile[1], True
    if _LANDLINE.fullmatch(bare):
        return bare, True
    digits = bare if bare.isascii() and bare.isdigit() else ""
    problem = {10: "少一位", 12: "多一位"}.get(len(digits), "不是有效号码") if digits[:1] == "1" else "不是有效号码"
    notes.add("PHONE_BAD", field, raw, problem=problem)
    return bare[:40], False


def read_gender(raw: str, *, field: str, notes: Notes) -> Gender | None:
    """A gender written in Chinese, English or as 1 and 2; None when empty or not understood."""
    text = half_width(raw).strip().lower()
    if not text:
        return None
    gender = _GENDERS.get(text)
    if gender is None:
        notes.add("GENDER_UNKNOWN", field, raw)
    return gender


def read_division(raw: str, *, field: str, notes: Notes, strict: bool = False) -> str | None:
    """A division code, shortened and in force; None when it does not exist.

    In files a place may be written as a name. A code of another city is no error: the record is forwarded.
    """
    text = raw if strict else half_width(raw).strip().lstrip("'")
    if not text:
        notes.add("DIVISION_BLANK", field)
        return None
    try:
        found = divisions().resolve(text)
    except UnreadableDivision:
        return _named_division(text, raw, field, notes, strict)
    if found.finding == "unknown":
        notes.add("DIVISION_UNKNOWN", field, raw)
        return None
    if found.finding == "abolished":
        former = found.written[:6]
        name = divisions().full_name(found.code)
        former_name = divisions().abolished_name(former)
        notes.add("DIVISION_ABOLISHED", field, raw, former=former, former_name=former_name, code=found.code, name=name)
    elif found.finding == "new_village":
        notes.add("DIVISION_NEW_VILLAGE", field, raw)
    elif found.finding == "out_of_area":
        notes.add("DIVISION_OUT_OF_AREA", field, raw)
    return found.code


def _named_division(text: str, raw: str, field: str, notes: Notes, strict: bool) -> str | None:
    if strict:
        notes.add("DIVISION_FORMAT", field, raw)
        return None
    place = divisions().find(text)
    if place is None:
        notes.add("DIVISION_UNKNOWN", field, raw)
        return None
    notes.add("DIVISION_NAME", field, raw, code=place.code)
    return place.code
