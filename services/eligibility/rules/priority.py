"""The visit list: how pressing a household is, why, who goes and until when.

A reason is stored as a code with its figures (`hospital_sum/2025/5264279/4000000`) and put into words when it is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.contracts.codes import Priority
from services.contracts.money import yuan
from services.contracts.workdays import workdays
from services.eligibility.rules.accounts import Grounds

_DATA = Path(__file__).parents[1] / "data" / "visits.yaml"
Words = Mapping[str, str]
"""A text by language: zh, en."""


@dataclass(frozen=True, slots=True)
class VisitRules:
    """What `data/visits.yaml` says."""

    ranks: Mapping[str, int]
    days: Mapping[str, tuple[int, bool]]
    urgencies: Mapping[str, Priority]
    urgent_band: int
    urgent_programmes: frozenset[str]
    assignees: Mapping[int, Mapping[str, str]]
    priorities: Mapping[str, Words]
    reasons: Mapping[str, Words]
    report_kinds: Mapping[str, Words]
    results: Mapping[str, Words]


@cache
def visit_rules() -> VisitRules:
    """The visit list's rules, read once."""
    raw: dict[str, Any] = yaml.safe_load(_DATA.read_text(encoding="utf-8"))  # Any: YAML
    rows = raw["priorities"]
    return VisitRules(
        ranks={row["code"]: index for index, row in enumerate(rows)},
        days={row["code"]: (int(row["days"]), bool(row.get("calendar"))) for row in rows},
        urgencies=raw["urgencies"],
        urgent_band=int(raw["urgent_band"]),
        urgent_programmes=frozenset(raw["urgent_programmes"]),
        assignees={int(width): who for width, who in raw["assignees"].items()},
        priorities={row["code"]: row for row in rows},
        reasons=raw["reasons"],
        report_kinds=raw["report_kinds"],
        results=raw["results"],
    )


@dataclass(frozen=True, slots=True)
class Urgency:
    """How pressing a household is, and the reasons, the leading one first. `band` is the highest line crossed."""

    priority: Priority
    reasons: tuple[str, ...]
    band: int
    is_safe_to_call: bool


def urgency_of(grounds: Grounds, eligible: Sequence[str], *, is_known: bool, worked_at: datetime | None) -> Urgency:
    """How pressing a household is that was assessed for `grounds` and may get `eligible` programmes.

    `is_known`: somebody said who lives there. Reports that came before `worked_at`, when a result was recorded, press
    no more.
    """
    rules = visit_rules()
    fresh = [r for r in grounds.reports if worked_at is None or r.told_at > worked_at]
    band = grounds.crossings[0].band if grounds.crossings else 0
    claims: list[Priority] = ["routine"]
    claims += [rules.urgencies[report.urgency] for report in fresh]
    if band >= rules.urgent_band or rules.urgent_programmes.intersection(eligible):
        claims.append("urgent")
    reasons = [f"report_{report.urgency}/{'+'.join(report.kinds)}" for report in fresh]
    reasons += [f"hospital_sum/{y.year}/{y.sum_fen}/{y.threshold_fen}" for y in grounds.crossings]
    reasons += [f"watch_{reason}" for reason in grounds.watch]
    if grounds.later_bills or grounds.is_restated:
        reasons.append("watch_year_sum")
    if grounds.has_applied:
        reasons.append("applied")
    if grounds.is_screened:
        reasons.append("screened")
    reasons += [f"eligible/{programme}" for programme in eligible]
    if not is_known:
        reasons.append("facts_missing")
    is_safe = all(report.safe_to_call for report in grounds.reports)
    if not is_safe:
        reasons.append("do_not_call")
    return Urgency(min(claims, key=rules.ranks.__getitem__), tuple(reasons), band, is_safe)


def due_on(priority: str, start: date) -> date:
    """The last day of a visit that came onto the list on `start`."""
    days, is_calendar = visit_rules().days[priority]
    return start + timedelta(days=days) if is_calendar else workdays().after(start, days).on


def assignee_of(division: str) -> str:
    """The role whose duty seat in the household's division goes."""
    return visit_rules().assignees[len(division)]["role"]


def seat(role: str, division: str, place: str) -> dict[str, str]:
    """The duty seat in words. `place` is the division's name."""
    words = next(who for who in visit_rules().assignees.values() if who["role"] == role)
    return {"role": role, "division": division, "zh": f"{place}{words['zh']}", "en": f"{words['en']}, {place}"}


def reason_words(reasons: Iterable[str], programmes: Mapping[str, Words]) -> list[dict[str, str]]:
    """The stored reasons in both languages, in their order."""
    return [_words(reason, programmes) for reason in reasons]


def _words(reason: str, programmes: Mapping[str, Words]) -> dict[str, str]:
    rules = visit_rules()
    code, *rest = reason.split("/")
    words = rules.reasons[code]
    answer = {"code": code}
    for language in ("zh", "en"):
        fields: dict[str, str] = {}
        if code.startswith("report_"):
            kinds = [rules.report_kinds.get(kind, {}).get(language, kind) for kind in rest[0].split("+")]
            fields["kinds"] = ("、" if language == "zh" else ", ").join(kinds)
        elif code == "hospital_sum":
            fields = {"year": rest[0], "sum": f"{_grouped(rest[1])}", "threshold": _grouped(rest[2])}
        elif code == "eligible":
            fields["programme"] = programmes.get(rest[0], {}).get(language, rest[0])
        answer[language] = words[language].format_map(fields)
    return answer


def _grouped(fen: str) -> str:
    whole, _, part = yuan(int(fen)).partition(".")
    return f"{int(whole):,}.{part}"
