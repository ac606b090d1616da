"""Every sentence on screen, in both languages."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from services.contracts.workdays import workdays

Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")


@cache
def texts(language: Language) -> dict[str, str]:
    """Texts by dotted key (`sign_in.title`), of `zh-CN.yaml` and of the topics beside it (`zh-CN.policy.yaml`).

    Raises: ValueError when two files hold the same key.
    """
    told: dict[str, str] = {}
    for path in sorted(Path(__file__).parent.glob(f"{language}.*yaml")):
        rows = dict(_flat(yaml.safe_load(path.read_text("utf-8")), ""))
        twice = told.keys() & rows.keys()
        if twice:
            raise ValueError(f"{path.name}: texts stand twice: {sorted(twice)}")
        told |= rows
    return told


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

    def codes(self, family: str) -> list[str]:
        """The codes of a family, as the file lists them."""
        prefix = f"{family}."
        return [key.removeprefix(prefix) for key in self._texts if key.startswith(prefix)]

    def family(self, family: str) -> list[tuple[str, str]]:
        """The codes of a family with their names, as the file lists them: the options of a choice."""
        return [(code, self(f"{family}.{code}")) for code in self.codes(family)]

    def options(self, rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
        """Coded words as (code, text), for a choice."""
        return [(str(row["code"]), self.pick(row)) for row in rows]

    def picks(self, rows: Iterable[Any]) -> list[str]:
        """The texts of coded rows."""
        return [self.pick(row.both()) for row in rows]

    @staticmethod
    def priority_kind(priority: str) -> str:
        """The looks of a priority's badge."""
        return {"stat": "bad", "asap": "wait", "urgent": "wait"}.get(priority, "off")

    def due(self, due_on: str, today: date) -> str:
        """`还剩3个工作日 · 3月10日(周一)`."""
        try:
            day = date.fromisoformat(due_on)
        except ValueError:
            return due_on
        named = self("due.day", month=day.month, day=day.day, weekday=self(f"weekday.{day.isoweekday()}"))
        if day < today:
            return self("due.late", days=workdays().between(day, today), day=named)
        if day == today:
            return self("due.today", day=named)
        return self("due.left", days=workdays().between(today, day), day=named)

    def pick(self, both: object) -> str:
        """The side of a `{zh, en}` text that this language reads."""
        if not isinstance(both, Mapping):
            return str(both or "")
        return str(both.get("zh" if self.language == "zh-CN" else "en") or both.get("zh") or "")
