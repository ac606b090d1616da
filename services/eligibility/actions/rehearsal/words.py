"""The words of a rehearsal, read once from `data/rehearsal.yaml`."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

_PATH: Final = Path(__file__).parents[2] / "data" / "rehearsal.yaml"
LANGUAGES: Final = ("zh", "en")

Text2 = dict[str, str]
"""A text in both languages."""


@cache
def words() -> dict[str, Any]:
    """The file as it is."""
    read: dict[str, Any] = yaml.safe_load(_PATH.read_text(encoding="utf-8"))
    return read


def filled(template: Text2, **values: Text2 | str) -> Text2:
    """A template with its places filled, in both languages."""
    return {
        language: template[language].format(
            **{name: value if isinstance(value, str) else value[language] for name, value in values.items()}
        )
        for language in LANGUAGES
    }


def joined(parts: list[Text2]) -> Text2:
    """Several texts in a row."""
    between = words()["why"]["joined"]
    return {language: between[language].join(part[language] for part in parts) for language in LANGUAGES}
