"""A parameter's value as a form has it: one figure or code, or a table with a line for each row. Pure.

`Names` are what codes are called; a line may have a code or its name in either language.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.console.texts import Words

Names = Mapping[str, Mapping[str, str]]
"""Names by code, each in `zh` and `en`."""
_WHOLE = frozenset({"count", "years", "months"})
_OF_A_PERSON = ("yuan/person/month", "yuan/person/year")
"""Units of one figure; any other unit with a stroke is a table's, of its cells."""
_MOST_DIGITS = 15
"""Of whole numbers; longer ones go as the text they are."""
_BETWEEN = " = "
"""Between the cells of a row."""
_CELLS = re.compile(r"\s*(?:=|→|，|\t)\s*")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
_TRUTHS = {"true": True, "是": True, "yes": True, "false": False, "否": False, "no": False}


def names_of(words: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, str]]:
    """Coded words by their code."""
    return {str(each["code"]): each for each in words}


def is_table(value: object) -> bool:
    """Whether a value takes several lines."""
    return isinstance(value, list | tuple)


def value_text(value: object, names: Names, words: Words) -> str:
    """A value as the form shows it; empty for none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "\n".join(_line(row, names, words) for row in value)
    return str(value if value is not None else "")


def read_value(text: str, unit: str, names: Names) -> Any:
    """A value of the form for the part: numbers of things as numbers, money and shares as texts, tables as lists.

    What cannot be read goes as the text it is: the part says what is wrong with it.
    """
    text = text.strip()
    if unit == "switch":
        return read_truth(text)
    if unit == "codes" or unit.startswith(("list/", "span/")):
        return [_cell(line, names) for line in _lines(text)]
    if "/" in unit and unit not in _OF_A_PERSON:
        return [[_cell(cell, names) for cell in _CELLS.split(line)] for line in _lines(text)]
    return _cell(text, names) if unit in _WHOLE else _figure(text, names)


def read_whole(text: str) -> int | None:
    """A whole number from 0; None for any other text, and for one longer than any number a form has."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def read_truth(text: str) -> bool | str:
    """Yes or no, as people or programs write it; any other text as it is."""
    return _TRUTHS.get(text.lower(), text)


def same_lines(one: str, other: str) -> bool:
    """Whether two texts of a form are the same but for blanks at the end of lines."""
    return _lines(one) == _lines(other)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _line(row: object, names: Names, words: Words) -> str:
    cells: Sequence[object] = row if isinstance(row, list | tuple) else (row,)
    return _BETWEEN.join(words.pick(names[str(cell)]) if str(cell) in names else str(cell) for cell in cells)


def _cell(text: str, names: Names) -> int | str:
    number = read_whole(text)
    return _figure(text, names) if number is None else number


def _figure(text: str, names: Names) -> str:
    return text.replace(",", "") if _GROUPED.fullmatch(text) else _code(text, names)


def _code(text: str, names: Names) -> str:
    named = (code for code, both in names.items() if text in (both.get("zh"), both.get("en")))
    return text if text in names else next(named, text)
