"""What may be done with a policy version by the person who looks at it, and why the rest may not. Pure.

The part decides; this says beforehand what it would say, so that no button leads nowhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
POLICIES = "/api/v1/eligibility/policies"
REHEARSALS = "/api/v1/eligibility/rehearsals"
STATES = ("draft", "rehearsed", "approved", "scheduled", "in_force", "superseded", "withdrawn")
OPEN = ("draft", "rehearsed")
"""States in which a version can still be changed and rehearsed."""
ENDED = ("in_force", "superseded", "withdrawn")
_ROUTES = {
    "edit": f"PUT {POLICIES}/{{policy_id}}",
    "rehearse": f"POST {REHEARSALS}",
    "approve": f"POST {POLICIES}/{{policy_id}}/approve",
    "schedule": f"POST {POLICIES}/{{policy_id}}/schedule",
    "withdraw": f"POST {POLICIES}/{{policy_id}}/withdraw",
}


@dataclass(frozen=True)
class Step:
    """One act. `why_not` is empty where it is open, else it names its text in `policy.why_not.*`."""

    key: str
    why_not: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it may be done now, by this person."""
        return not self.why_not


def steps_of(policy: Json, rehearsal: Json | None, *, subject: str, may: Callable[[str], bool]) -> list[Step]:
    """The acts of a version in order. `rehearsal` is its latest, `subject` who looks, `may` whether roles reach it."""
    if policy.get("state") in ENDED:
        return []
    return [Step(key, _why_not(key, policy, rehearsal, subject, may(_ROUTES[key]))) for key in _ROUTES]


def _why_not(key: str, policy: Json, rehearsal: Json | None, subject: str, reached: bool) -> str:
    state = str(policy.get("state"))
    if not reached:
        return "role"
    if key in ("edit", "rehearse"):
        return "" if state in OPEN else "fixed"
    if key == "approve":
        return _why_not_approve(state, policy, rehearsal, subject)
    if key == "schedule":
        return {"approved": "", "scheduled": "scheduled_already"}.get(state, "approve_first")
    return ""


def _why_not_approve(state: str, policy: Json, rehearsal: Json | None, subject: str) -> str:
    if state == "draft":
        return "rehearse_first"
    if state != "rehearsed":
        return "approved_already"
    if policy.get("created_by") == subject:
        return "second_person"
    if rehearsal is not None and ((rehearsal.get("tests") or {}).get("failed") or 0):
        return "tests_failed"
    return ""


def losers_of(rehearsal: Json | None) -> int:
    """How many households would get less or nothing: approving that needs a reason in writing."""
    figures = (rehearsal or {}).get("figures") or {}
    return int(figures.get("less") or 0) + int(figures.get("lost") or 0)
