"""What a practice partner does about a referral: decided by the referral's id, so that a repeat does the same."""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Step:
    """One answer to send to the partner door."""

    status: str
    reason_code: str | None = None
    outcome: dict[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        """The body of `POST /partner/v1/referrals/{id}/status`."""
        held: dict[str, Any] = {"status": self.status, "reason_code": self.reason_code, "outcome": self.outcome}
        return {name: value for name, value in held.items() if value is not None}


@cache
def _helps() -> dict[str, dict[str, Any]]:
    held: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "outcomes.yaml").read_text("utf-8"))
    return held


def plan_course(referral_id: str, need: str, *, on: date, must_help: bool = False) -> tuple[Step, ...]:
    """The steps a partner takes: most help, some refuse, fail, or wait for their season.

    `must_help` is for a partner's first referral, so that each partner helps at least once.
    """
    draw = int.from_bytes(hashlib.sha256(referral_id.encode()).digest()[:4], "big")
    turn = 99 if must_help else draw % 100
    if turn < 3:
        return (Step("rejected", "no_capacity"),)
    if turn < 6:
        return (Step("rejected", "person_declined"),)
    if turn < 9:
        return (Step("accepted"), Step("failed", "cannot_reach"))
    if turn < 13:
        return (Step("accepted"), Step("in_progress"), Step("on_hold", "waiting_for_season"))
    done = Step("completed", outcome=_outcome(need, draw, on))
    if turn < 17:
        return (Step("accepted"), Step("in_progress"), Step("on_hold", "other"), Step("in_progress"), done)
    return (Step("accepted"), Step("in_progress"), done)


def _outcome(need: str, draw: int, on: date) -> dict[str, Any]:
    row = _helps().get(need) or _helps()["default"]
    outcome: dict[str, Any] = {"kind": row["kind"], "on": on.isoformat()}
    if "amount" in row:
        low, high = row["amount"]
        outcome["amount"] = f"{low + draw // 100 % ((high - low) // 100 + 1) * 100}.00"
    return outcome
