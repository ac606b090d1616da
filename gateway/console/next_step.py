"""The one next act on a case: what is due, on what ground, and until when. Pure."""

from dataclasses import dataclass
from datetime import date

from gateway.compose import Json


@dataclass(frozen=True)
class NextStep:
    """`key` names its texts in `next_step.*`; `due_on` is a day or empty; `ref` is what the act is about."""

    key: str
    due_on: str = ""
    ref: str = ""
    is_late: bool = False


def next_step(case: Json, today: date) -> NextStep:
    """The most pressing act: an open visit, then a referral held for an officer, then a missing yes, then waiting."""
    visit = case.get("visit") or {}
    if visit.get("state") == "open":
        due_on = str(visit.get("due_on") or "")
        return NextStep("visit", due_on, str(case["household_ref"]), is_late=_is_late(due_on, today))
    referrals = case.get("referrals") or []
    for held, key in (("confirmation", "confirm"), ("consent", "consent")):
        waiting = next((row for row in referrals if row.get("held_for") == held), None)
        if waiting is not None:
            return NextStep(key, ref=str(waiting["id"]))
    open_rows = [row for row in referrals if row.get("status") in ("requested", "accepted", "in_progress", "on_hold")]
    if open_rows:
        due_on = min((str(row["due_on"]) for row in open_rows if row.get("due_on")), default="")
        return NextStep("wait", due_on, is_late=_is_late(due_on, today))
    if any(row.get("status") == "completed" and row.get("confirmed") is None for row in referrals):
        return NextStep("ask_family")
    if not case.get("assessment"):
        return NextStep("facts")
    return NextStep("nothing")


def _is_late(due_on: str, today: date) -> bool:
    return bool(due_on) and due_on < today.isoformat()
