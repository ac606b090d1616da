"""Changes of policy as they lie over the files of the rule book: which parameter, where, from when, on whose authority.

A layer is one canonical JSON text: every policy version that ever came into force, in the order in which it did.
Superseded ones stay in it, for the days on which they held.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One value of one parameter for one place and span of days, with its source.

    `division` is a shortened code; `value` is JSON as the public list shows it; `end` is the last day, None for no end.
    """

    parameter: str
    division: str
    start: date
    end: date | None
    value: Any  # JSON: the parameter's kind decides
    title: str
    article: str
    href: str
    illustrative: bool

    def to_json(self) -> dict[str, Any]:  # Any: JSON
        """As it is stored and answered."""
        return {
            "parameter": self.parameter,
            "division": self.division,
            "from": self.start.isoformat(),
            "to": self.end.isoformat() if self.end else None,
            "value": self.value,
            "source": {"title": self.title, "article": self.article, "href": self.href},
            "illustrative": self.illustrative,
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Change":  # Any: JSON
        """Read the stored form back."""
        source = raw["source"]
        return cls(
            raw["parameter"],
            raw["division"],
            date.fromisoformat(raw["from"]),
            date.fromisoformat(raw["to"]) if raw["to"] else None,
            raw["value"],
            source["title"],
            source["article"],
            source["href"],
            raw["illustrative"],
        )

    def overlaps(self, other: "Change") -> bool:
        """Whether both say something of the same parameter, place and day."""
        if (self.parameter, self.division) != (other.parameter, other.division):
            return False
        return (other.end is None or self.start <= other.end) and (self.end is None or other.start <= self.end)


@dataclass(frozen=True, slots=True)
class LayeredPolicy:
    """A policy version in a layer."""

    id: str
    changes: tuple[Change, ...]


def write_changes(changes: Iterable[Change]) -> str:
    """The stored text of some changes."""
    return _canonical([change.to_json() for change in changes])


def read_changes(text: str) -> tuple[Change, ...]:
    """Some changes from their stored text."""
    return tuple(Change.from_json(each) for each in json.loads(text))


def write_layer(policies: Iterable[LayeredPolicy]) -> str:
    """The text of a layer; "" for none."""
    rows = [{"policy": each.id, "changes": [change.to_json() for change in each.changes]} for each in policies]
    return _canonical(rows) if rows else ""


def read_layer(text: str) -> tuple[LayeredPolicy, ...]:
    """The policy versions of a layer, in the order in which they came into force."""
    rows = json.loads(text) if text else []
    return tuple(
        LayeredPolicy(row["policy"], tuple(Change.from_json(change) for change in row["changes"])) for row in rows
    )


def _canonical(value: Any) -> str:  # Any: JSON
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
