"""Values of parameters as people read them, in both languages."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from services.eligibility.rules.book import Definition
from services.eligibility.rules.rendering import Text2
from services.eligibility.rules.values import (
    Unit,
    WrongValue,
    rate_text,
    read_value,
    show_value,
    unit_of_each,
    yuan_text,
)

LANGUAGES: Final = ("zh", "en")
_WORDS: Final = Path(__file__).parent / "pages.yaml"


@cache
def page_words() -> dict[str, Any]:  # Any: YAML
    """The words of pages, read once."""
    read: dict[str, Any] = yaml.load(_WORDS.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # Any: YAML
    return read


def in_words(definition: Definition, value: Any) -> Text2:  # Any: the kind decides the type
    """A value as people read it: 每人每月900.00元, 20%, 补差, rows and lists joined."""
    return {language: _shown(definition.unit, value, language) for language in LANGUAGES}


def told_in_words(definition: Definition, told: Any) -> Text2 | None:  # Any: JSON as the public answer has it
    """A value as it was told, in words; None for none, and for one that no longer fits its parameter."""
    try:
        return None if told is None else in_words(definition, read_value(definition.unit, told, definition.choices))
    except WrongValue:
        return None


def _shown(unit: Unit, value: Any, language: str) -> str:
    words = page_words()
    if isinstance(unit, tuple):
        rows = [[_cell(each, cell, language) for each, cell in zip(unit, row, strict=True)] for row in value]
        return str(words["join"][language]).join(words["rows"][language].format(one=a, other=b) for a, b in rows)
    if (kind := unit_of_each(unit)) is not None:
        items = [_shown(kind, each, language) for each in value]
        if unit.startswith("span/"):
            return str(words["span"][language]).format(first=items[0], last=items[1])
        return str(words["items"][language]).join(items)
    if unit in ("code", "choice"):
        known = words["codes"].get(value)
        return str(known[language]) if known else str(value)
    if unit == "switch":
        return str(words["true" if value else "false"][language])
    template: str = words["units"][unit][language]
    return template.format(value=_figure(unit, value))


def _cell(unit: str, value: Any, language: str) -> str:
    """A cell of a table. The only counts in tables are grades of disability cards."""
    if unit == "count":
        return str(page_words()["grade"][language]).format(value=value)
    return _shown(unit, value, language)


def _figure(unit: str, value: Any) -> str:
    if unit.startswith("yuan"):
        return yuan_text(value)
    return rate_text(value * 100) if unit == "rate" else str(show_value(unit, value))
