"""Every sentence on screen, in both languages."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")


@cache
def texts(language: Language) -> dict[str, str]:
    """Texts by dotted key (`sign_in.title`)."""
    data = yaml.safe_load((Path(__file__).parent / f"{language}.yaml").read_text("utf-8"))
    return dict(_flat(data, ""))


def _flat(node: dict[str, Any], prefix: str) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in node.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", str(value)))
    return rows


class Words:
    """The texts of one language. `words("key", n=3)` fills in; `words.code("need", "medical_cost")` names a code and
    shows the code itself where nobody has named it yet, since codes are data and may be newer than this file."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._texts = texts(language)

    def __call__(self, key: str, /, **values: object) -> str:
        """Raises: KeyError for a key that is not in the file."""
        text = self._texts[key]
        return text.format(**values) if values else text

    def code(self, family: str, code: object) -> str:
        """The name of a code."""
        return self._texts.get(f"{family}.{code}", str(code))

    def pick(self, both: object) -> str:
        """The side of a `{zh, en}` text that this language reads."""
        if not isinstance(both, dict):
            return str(both or "")
        return str(both.get("zh" if self.language == "zh-CN" else "en") or both.get("zh") or "")
