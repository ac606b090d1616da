"""One row of a benefit roll (在册名册): who receives which programme, since when, until when, how much a month.

Units: amounts are in fen.
"""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from services.contracts.divisions import CITY
from services.contracts.money import yuan
from services.intake.records.cells import half_width, is_whole, read_amount, read_date
from services.intake.records.identity import DEFAULT_TYPE, Identity, read_id_type, read_identity
from services.intake.records.issues import Issue, Notes, check, load_yaml
from services.intake.records.text_cells import read_division, read_name

_MONTH = re.compile(r"([12][0-9]{3})(?:[-/.年]([0-9]{1,2})月?|([0-9]{2}))", re.ASCII)
_TOWNSHIP = 9
_FEN = 100


@dataclass(frozen=True, slots=True)
class RollLine:
    """One person on one roll. `division` is the place whose roll it is: a township, or a larger place."""

    person: Identity
    name: str
    programme: str
    division: str
    since: date
    until: date | None
    month_fen: int | None

    @property
    def roll(self) -> tuple[str, str]:
        """Which roll it stands on: (programme, place)."""
        return (self.programme, self.division)

    @property
    def content(self) -> tuple[date, date | None, int | None]:
        """What is said of the person there, by which the same line is told from a changed one."""
        return (self.since, self.until, self.month_fen)


@dataclass(frozen=True, slots=True)
class ReadRoll:
    """What reading one row gave: the line (None when it cannot be stored) and the issues."""

    line: RollLine | None
    issues: tuple[Issue, ...]


@cache
def roll_programmes() -> Mapping[str, str]:
    """The programmes that have a roll: code → Chinese name."""
    rows: dict[str, dict[str, Any]] = load_yaml("rolls.yaml")["programmes"]
    return {code: row["zh"] for code, row in rows.items()}


@cache
def _names() -> Mapping[str, str]:
    rows: dict[str, dict[str, Any]] = load_yaml("rolls.yaml")["programmes"]
    return {name: code for code, row in rows.items() for name in (code, row["zh"], *row["also"])}


@cache
def _units() -> Mapping[str, str]:
    units: dict[str, list[str]] = load_yaml("rolls.yaml")["units"]
    return {word: unit for unit, words in units.items() for word in words}


def read_roll_row(row: Mapping[str, str], *, today: date) -> ReadRoll:
    """Read one row of canonical fields (as in `roll_columns.yaml`) as text cells. `today` is the Shanghai date."""
    notes = Notes()
    id_type = read_id_type(row.get("id_type", ""), field="id_type", notes=notes)
    person = read_identity(row.get("id_number", ""), notes=notes, not_after=today, id_type=id_type or DEFAULT_TYPE)
    name = read_name(row.get("name", ""), field="name", notes=notes)
    programme = _read_programme(row.get("programme", ""), notes)
    division = _read_place(row.get("roll_division", ""), notes)
    since = _read_day(row.get("since", ""), "since", notes, needed=True, is_end=False)
    until = _read_day(row.get("until", ""), "until", notes, needed=False, is_end=True)
    month_fen = _read_month_amount(row, notes)
    _check_span(since, until, today, notes)
    if notes.has_error or not (person and name and programme and division and since):
        return ReadRoll(None, notes.issues)
    return ReadRoll(RollLine(person, name, programme, division, since, until, month_fen), notes.issues)


def _read_programme(raw: str, notes: Notes) -> str | None:
    name = "".join(half_width(raw).split())
    if not name:
        notes.add("TEXT_MISSING", "programme")
        return None
    code = _names().get(name) or _names().get(name.lower())
    if code is None:
        notes.add("ROLL_PROGRAMME", "programme", raw)
    return code


def _read_place(raw: str, notes: Notes) -> str | None:
    """The place whose roll it is; a village's people stand on their township's roll."""
    found = read_division(raw, field="roll_division", notes=notes)
    if found is not None and not found.startswith(CITY):
        notes.add("DIVISION_ELSEWHERE", "roll_division", raw)
        return None
    return found[:_TOWNSHIP] if found else None


def _read_day(raw: str, field: str, notes: Notes, *, needed: bool, is_end: bool) -> date | None:
    """A day, or a month written `2025-03`, `2025年3月`, `202503`: its first day, its last one at the end of a span."""
    match = _MONTH.fullmatch(half_width(raw).strip())
    if match is None:
        return read_date(raw, field=field, notes=notes, needed=needed)
    year, month = int(match[1]), int(match[2] or match[3])
    if not 1 <= month <= 12:
        notes.add("DATE_UNREAL", field)
        return None
    return date(year, month, calendar.monthrange(year, month)[1] if is_end else 1)


def _check_span(since: date | None, until: date | None, today: date, notes: Notes) -> None:
    if since is not None and since > today + timedelta(days=check("roll_ahead_days")):
        notes.add("DATE_FUTURE", "since", since.isoformat())
    if since is not None and until is not None and until < since:
        notes.add("ROLL_UNTIL_ORDER", "until", until.isoformat())
    elif until is not None and until < today:
        notes.add("ROLL_ENDED", "until", until.isoformat())


def _read_month_amount(row: Mapping[str, str], notes: Notes) -> int | None:
    """The amount of a month; the row may say that it is in fen. Nothing is guessed from its size."""
    raw, unit = row.get("monthly_amount", ""), "".join(row.get("unit", "").split())
    if unit and unit not in _units():
        notes.add("ROLL_UNIT", "unit", row["unit"])
        return None
    fen = read_amount(raw, field="monthly_amount", notes=notes, needed=False)
    if fen is None:
        return None
    if unit and _units()[unit] == "fen":
        if not is_whole(raw):
            notes.add("ROLL_FEN_WHOLE", "monthly_amount", raw)
            return None
        fen //= _FEN
    if fen < 0:
        notes.add("FIELD_RANGE", "monthly_amount", yuan(fen))
    elif fen > check("roll_month_most_yuan") * _FEN:
        notes.add("ROLL_AMOUNT_LARGE", "monthly_amount", yuan(fen), limit=check("roll_month_most_yuan"))
    return fen
