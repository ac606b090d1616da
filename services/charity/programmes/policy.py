"""What charity does of itself: `policy.yaml`, dated rows. A day before the first rows has no policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.charity.programmes.directory import Words

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Policy:
    """The values in force on one day. `acts_for`: partner code → kinds of referrals charity takes up for it."""

    acts_for: Mapping[str, tuple[str, ...]]
    outcomes_count_days: int
    disclosure_least_people: int
    adult_age: int
    elder_age: int
    report_waits_s: tuple[int, ...]
    government_help: Mapping[str, tuple[str, ...]]

    def takes_up(self, partner: str, *, near_miss: bool) -> bool:
        """Whether a referral to `partner` is charity's to serve."""
        kinds = self.acts_for.get(partner, ())
        return "any" in kinds or (near_miss and "near_miss" in kinds)


@cache
def _rows() -> Mapping[str, Any]:
    held: Mapping[str, Any] = yaml.safe_load((_HERE / "policy.yaml").read_text(encoding="utf-8"))
    return held


def _in_force(rows: Sequence[Mapping[str, Any]], on: date) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["from"] <= on and (row["to"] is None or on <= row["to"])]


def policy_on(on: date) -> Policy:
    """The policy of a day.

    Raises: LookupError for a day before the first rows.
    """
    rows = _rows()
    held = {name: _in_force(rows[name], on) for name in rows}
    if not all(held.values()):
        raise LookupError("no policy is in force on that day")
    return Policy(
        acts_for={row["partner"]: tuple(row["kinds"]) for row in held["acts_for"]},
        outcomes_count_days=held["outcomes_count_days"][-1]["value"],
        disclosure_least_people=held["disclosure_least_people"][-1]["value"],
        adult_age=held["adult_age"][-1]["value"],
        elder_age=held["elder_age"][-1]["value"],
        report_waits_s=tuple(held["report_waits_s"][-1]["value"]),
        government_help={need: tuple(codes) for need, codes in held["government_help"][-1]["by_need"].items()},
    )


@cache
def _texts() -> Mapping[str, Words]:
    held = yaml.safe_load((_HERE / "texts.yaml").read_text(encoding="utf-8"))
    return {code: Words(**words) for code, words in held.items()}


def sentence(code: str, **values: object) -> Words:
    """The sentence of a reason code in both languages; the code itself where there is no sentence."""
    words = _texts().get(code)
    if words is None:
        return Words(code, code)
    return Words(words.zh.format(**values), words.en.format(**values))
