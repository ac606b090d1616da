"""What a check says: how many things it looked at, and each breach by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.local.refusal import Words

MOST_NAMED = 20
"""Breaches of one check that are named; the rest are counted."""


@dataclass
class Check:
    """One statement that has to hold. `number` is its invariant in the design, `looked_at` counts what was compared."""

    number: int
    code: str
    words: Words
    looked_at: int = 0
    breaches: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether there is no breach."""
        return not self.breaches

    def blame(self, what: str, which: Iterable[Any]) -> None:
        """Name each of `which` as a breach: `what` says how it breaks the statement."""
        self.breaches += [f"{what}: {one}" for one in sorted(map(str, which))]

    def tell(self) -> dict[str, Any]:
        """The check as JSON."""
        return {
            "invariant": self.number,
            "code": self.code,
            "text": {"zh": self.words.zh, "en": self.words.en},
            "looked_at": self.looked_at,
            "holds": self.holds,
            "breaches": len(self.breaches),
            "named": self.breaches[:MOST_NAMED],
            "notes": self.notes,
        }


@dataclass(frozen=True)
class Verdict:
    """All checks together."""

    checks: Sequence[Check]

    @property
    def is_clean(self) -> bool:
        """Whether every statement holds."""
        return all(check.holds for check in self.checks)

    def breaches(self) -> list[str]:
        """Every breach, with its check's code."""
        return [f"{check.code}: {breach}" for check in self.checks for breach in check.breaches]
