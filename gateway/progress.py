"""The funnel's counts, asked of the parts once and used by the page and by the live stream alike, so that the same
number never differs between the two. Counts only: nothing personal."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.auth import Grant
from gateway.compose import Asking, piece
from gateway.desk import Desk
from gateway.routes import Match

Counts = dict[str, int]
SOURCES = (
    ("eligibility", "/api/v1/eligibility/funnel"),
    ("referral", "/api/v1/referral/counts"),
    ("charity", "/api/v1/charity/counts"),
)
SENT_NOT = ("draft",)
ANSWERED_NOT = ("draft", "requested", "cancelled", "entered_in_error")
"""Statuses of referrals that were not sent, and of those that no partner has answered."""
_AIDED = ("temp_aid_granted", "dibao_or_margin_included")
"""Results of visits that are help in hand, not only proposed."""


@dataclass(frozen=True)
class Progress:
    """Counts by dotted name (`eligibility.visits.open`), and the parts that did not answer."""

    counts: Counts = field(default_factory=dict)
    away: tuple[str, ...] = ()


def flat(prefix: str, node: Mapping[str, Any]) -> Counts:
    """Every whole number in nested objects, by dotted name."""
    counts: Counts = {}
    for name, value in node.items():
        if isinstance(value, Mapping):
            counts |= flat(f"{prefix}{name}.", value)
        elif isinstance(value, int) and not isinstance(value, bool):
            counts[f"{prefix}{name}"] = value
    return counts


def total(counts: Counts, prefix: str, *, without: tuple[str, ...] = ()) -> int:
    """The sum of all counts under a prefix, some left out."""
    return sum(n for name, n in counts.items() if name.startswith(prefix) and name.removeprefix(prefix) not in without)


async def read_progress(desk: Desk, grant: Grant, request_id: str) -> Progress:
    """The counts of the caller's territory, from those parts whose counts the caller may see."""
    asking = Asking(desk, grant, request_id)
    asked = [(part, path) for part, path in SOURCES if _may(desk, grant, path)]
    answers = await asyncio.gather(*(piece(asking.get(part, path)) for part, path in asked))
    counts: Counts = {}
    away = []
    for (part, _), (body, error) in zip(asked, answers, strict=True):
        if error is not None:
            away.append(part)
        else:
            counts |= flat(f"{part}.", body)
    return Progress(counts | steps_of(counts), tuple(away))


def steps_of(counts: Counts) -> Counts:
    """The funnel's own steps, each computed in this one place."""
    sent = total(counts, "referral.referrals.", without=SENT_NOT)
    answered = total(counts, "referral.referrals.", without=ANSWERED_NOT)
    return {
        "step.records": counts.get("eligibility.records", 0) + counts.get("eligibility.reports", 0),
        "step.persons": counts.get("eligibility.persons", 0),
        "step.over": counts.get("eligibility.over_threshold", 0),
        "step.assessed": counts.get("eligibility.households_assessed", 0),
        "step.listed": total(counts, "eligibility.visits.", without=("withdrawn", "merged")),
        "step.visited": total(counts, "eligibility.results."),
        "step.aided": sum(counts.get(f"eligibility.results.{code}", 0) for code in _AIDED),
        "step.sent": sent,
        "step.answered": answered,
        "step.completed": counts.get("referral.referrals.completed", 0),
    }


def _may(desk: Desk, grant: Grant, path: str) -> bool:
    found = desk.table.find("GET", path)
    return isinstance(found, Match) and grant.actor.may(found.route.scope)
