"""Cells of a file: amounts and dates as people and spreadsheets write them, each cleaning noted, nothing guessed.

Units: amounts are answered in fen.
"""

import re
from datetime import date, timedelta

from services.contracts.money import UnreadableAmount, parse_yuan
from services.intake.records.issues import Notes, check

_SIGNS = re.compile(r"[¥￥元]|RMB|CNY|人民币", re.IGNORECASE)
_GROUPS = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_WAN = re.compile(r"[0-9]\s*万", re.ASCII)
_DASHES = frozenset({"-", "--", "—", "——", "－"})
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", re.ASCII)
_SLASH = re.compile(r"([0-9]{4})[/.]([0-9]{1,2})[/.]([0-9]{1,2})", re.ASCII)
_COMPACT = re.compile(r"([12][0-9]{3})([0-9]{2})([0-9]{2})", re.ASCII)
_CHINESE = re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日?", re.ASCII)
_SHORT_YEAR = re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}(?:[0-9]{2})?", re.ASCII)
_SERIAL = re.compile(r"([0-9]{4,5})(?:\.[0-9]+)?", re.ASCII)
# A time of day after the date; an offset only when it is the city's own, since another one could move the day.
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"
_TIME = re.compile(rf"(?:[ T]|(?<=日)){_CLOCK}(?:\+08:?00)?", re.ASCII)
_FORMS = (("", _ISO), ("DATE_SLASH", _SLASH), ("DATE_COMPACT", _COMPACT), ("DATE_CHINESE", _CHINESE))
# Day 0 of Excel's 1900 system as it counts after its false 29 February 1900.
_EXCEL_DAY_0 = date(1899, 12, 30)


def half_width(text: str) -> str:
    """Full-width digits, letters, signs and blanks as their plain forms."""
    if text.isascii():
        return text
    plain = (chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)
    return "".join(plain).replace("　", " ").replace("−", "-")


def read_amount(raw: str, *, field: str, notes: Notes, needed: bool) -> int | None:
    """An amount in yuan as fen; None when blank or unreadable (`notes` says so).

    A dash in a column that may be empty is 0. A unit is never guessed: 万 is refused.
    """
    text = half_width(raw).strip()
    if text == raw and _DECIMAL.fullmatch(text):
        return _fen(text, field, raw, notes)
    if not text or (needed and text in _DASHES):
        if needed:
            notes.add("AMOUNT_BLANK", field, raw)
        return None
    if text in _DASHES or raw.strip() in _DASHES:
        notes.add("AMOUNT_DASH_ZERO", field, raw)
        return 0
    if text != raw.strip() and _SIGNS.sub("", text) != _SIGNS.sub("", raw.strip()):
        notes.add("AMOUNT_FULL_WIDTH", field, raw)
    if _WAN.search(text):
        notes.add("AMOUNT_WAN", field, raw)
        return None
    bare = _SIGNS.sub("", text).strip()
    if bare != text and _DECIMAL.fullmatch(bare.replace(",", "")):
        notes.add("AMOUNT_CURRENCY", field, raw)
    if _GROUPS.fullmatch(bare):
        bare = bare.replace(",", "")
        notes.add("AMOUNT_COMMA", field, raw)
    return _fen(bare, field, raw, notes)


def _fen(text: str, field: str, raw: str, notes: Notes) -> int | None:
    code = "AMOUNT_TEXT"
    if _DECIMAL.fullmatch(text):
        whole, _, part = text.partition(".")
        cents = part.rstrip("0") if len(part) > 2 else part
        if len(cents) > 2:
            code = "AMOUNT_PRECISION"
        elif len(whole.lstrip("-")) > 10:
            code = "AMOUNT_TOO_LARGE"
        else:
            try:
                return parse_yuan(whole + ("." + cents if cents else ""))
            except UnreadableAmount:
                pass
    notes.add(code, field, raw)
    return None


def is_whole(raw: str) -> bool:
    """Whether an amount was written without decimals, as amounts in fen are."""
    return "." not in half_width(raw)


def read_date(raw: str, *, field: str, notes: Notes, needed: bool, serial: bool = True) -> date | None:
    """A date; None when blank or unreadable (`notes` says so).

    With `serial` a bare day number of a spreadsheet is understood and marked for a person to check.
    """
    text = half_width(raw).strip()
    if not text:
        if needed:
            notes.add("DATE_BLANK", field, raw)
        return None
    if text != raw.strip():
        notes.add("DATE_FULL_WIDTH", field, raw)
    day_text = _without_time(text)
    for code, form in _FORMS:
        match = form.fullmatch(day_text)
        if match:
            return _calendar_day(match, code, text, day_text, field, notes)
    if _SHORT_YEAR.fullmatch(day_text):
        notes.add("DATE_TWO_DIGIT_YEAR", field, raw, text=day_text)
        return None
    found = _serial_day(text) if serial else None
    if found:
        notes.add("DATE_EXCEL_SERIAL", field, raw, text=text, date=found.isoformat())
    else:
        notes.add("DATE_TEXT", field, raw)
    return found


def _without_time(text: str) -> str:
    match = _TIME.search(text)
    if match and match.end() == len(text):
        return text[: match.start()]
    return text


def _calendar_day(match: re.Match[str], code: str, text: str, day_text: str, field: str, notes: Notes) -> date | None:
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        notes.add("DATE_IMPOSSIBLE", field, day_text, text=day_text)
        return None
    if code:
        notes.add(code, field, day_text, text=day_text)
    if day_text != text:
        notes.add("DATE_WITH_TIME", field, day_text)
    return day


def _serial_day(text: str) -> date | None:
    match = _SERIAL.fullmatch(text)
    if not match:
        return None
    day = _EXCEL_DAY_0 + timedelta(days=int(match[1]))
    earliest: date = check("earliest_serial_date")
    return day if earliest <= day <= date(2099, 12, 31) else None
