"""Values of parameters: read exactly from text or JSON, kept as whole numbers, written back as decimal text.

Kinds (the `unit` of a parameter file):

    yuan, yuan/…       fen                                    "900.00"
    rate, multiple     ten-thousandths                        "0.6"
    count, years, months   whole number                       3
    switch             true or false
    choice             one of the file's `choices`
    date               a day
    code, codes        a code, or several
    list/<unit>        several of a unit
    span/<unit>        the first and the last of a unit
    [<unit>, <unit>]   rows of a table
"""

import re
from datetime import date
from typing import Any

from services.eligibility.rules.logic import RATE

Unit = str | tuple[str, ...]

_MONEY = re.compile(r"(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,2}))?", re.ASCII)
_RATE = re.compile(r"(0|[1-9][0-9]{0,5})(?:\.([0-9]{1,4})0*)?", re.ASCII)
_COUNT = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOST_ITEMS = 100


class WrongValue(ValueError):
    """The value does not fit its parameter. The message says what is expected and never repeats the value."""


def number_text(raw: Any) -> str:  # Any: JSON as it came
    """The decimal text of a JSON number or string.

    A float is refused: it has already lost what was written.
    Raises: WrongValue.
    """
    if isinstance(raw, str):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    text = getattr(raw, "text", None)
    if isinstance(text, str):
        return text
    raise WrongValue("a number or decimal string is expected")


def read_value(unit: Unit, raw: Any, choices: tuple[str, ...] = ()) -> Any:  # Any: the kind decides the type
    """Read one value of a kind.

    Raises: WrongValue.
    """
    if isinstance(unit, tuple):
        return tuple(_row(unit, row) for row in _items(raw))
    if unit.startswith("list/"):
        return tuple(read_value(unit.removeprefix("list/"), item) for item in _items(raw))
    if unit.startswith("span/"):
        return _span(unit.removeprefix("span/"), raw)
    if unit == "codes":
        return tuple(_code(item) for item in _items(raw))
    if unit == "switch":
        return _switch(raw)
    if unit == "code":
        return _code(raw)
    if unit == "choice":
        if isinstance(raw, str) and raw in choices:
            return raw
        raise WrongValue("one of " + ", ".join(choices) + " is expected")
    if unit == "date":
        return _day(raw)
    return _number(unit, number_text(raw))


def fen_of(text: str) -> int:
    """Decimal yuan text without a sign as fen.

    Raises: WrongValue.
    """
    match = _MONEY.fullmatch(text)
    if match is None:
        raise WrongValue("an amount in yuan with at most two decimals is expected")
    return int(match[1]) * 100 + int(((match[2] or "") + "00")[:2])


def _number(unit: str, text: str) -> int:
    if unit.startswith("yuan"):
        return fen_of(text)
    if unit in ("rate", "multiple"):
        match = _RATE.fullmatch(text)
        if match:
            return int(match[1]) * RATE + int(((match[2] or "") + "0000")[:4])
        raise WrongValue("a number with at most four decimals is expected")
    if unit in ("count", "years", "months"):
        if _COUNT.fullmatch(text):
            return int(text)
        raise WrongValue("a whole number is expected")
    raise WrongValue("the unit is unknown")


def _items(raw: Any) -> list[Any]:  # Any: JSON as it came
    if isinstance(raw, list | tuple) and len(raw) <= _MOST_ITEMS:
        return list(raw)
    raise WrongValue("a list is expected")


def _row(unit: tuple[str, ...], raw: Any) -> tuple[Any, ...]:  # Any: JSON as it came
    cells = _items(raw)
    if len(cells) != len(unit):
        raise WrongValue(f"rows of {len(unit)} are expected")
    return tuple(read_value(each, cell) for each, cell in zip(unit, cells, strict=True))


def _span(unit: str, raw: Any) -> tuple[Any, ...]:  # Any: JSON as it came
    ends = tuple(read_value(unit, item) for item in _items(raw))
    if len(ends) == 2 and ends[0] <= ends[1]:
        return ends
    raise WrongValue("two values, the first and the last, are expected")


def _switch(raw: Any) -> bool:  # Any: JSON as it came
    if isinstance(raw, bool):
        return raw
    raise WrongValue("true or false is expected")


def _code(raw: Any) -> str:  # Any: JSON as it came
    if isinstance(raw, str) and _CODE.fullmatch(raw):
        return raw
    raise WrongValue("a code is expected")


def _day(raw: Any) -> date:  # Any: JSON as it came
    if isinstance(raw, str) and _DAY.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass
    raise WrongValue("a date is expected")


def unit_of_each(unit: str) -> str | None:
    """The unit of each item of a value that holds several; None for a single value."""
    if unit.startswith(("list/", "span/")):
        return unit.partition("/")[2]
    return "code" if unit == "codes" else None


def show_value(unit: Unit, value: Any) -> Any:  # Any: the kind decides the type
    """Write a value as the public answer does: decimal strings, whole numbers, booleans, lists."""
    if isinstance(unit, tuple):
        return [[show_value(each, cell) for each, cell in zip(unit, row, strict=True)] for row in value]
    if (each := unit_of_each(unit)) is not None:
        return [show_value(each, item) for item in value]
    if unit.startswith("yuan"):
        return yuan_text(value)
    if unit in ("rate", "multiple"):
        return rate_text(value)
    if unit == "date":
        return value.isoformat()
    return value


def yuan_text(fen: int) -> str:
    """Fen as decimal yuan with two decimals: 81250 → "812.50"."""
    whole, part = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{part:02d}"


def rate_text(value: int) -> str:
    """Ten-thousandths as the shortest decimal: 6000 → "0.6", 15000 → "1.5"."""
    whole, part = divmod(abs(value), RATE)
    decimals = f"{part:04d}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}" + (f".{decimals}" if decimals else "")
