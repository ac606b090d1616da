"""The rows and the event of a decision. Pure."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.contracts.eligibility import AssessmentCompleted
from services.eligibility.actions.check import ENGINE
from services.eligibility.actions.decide import Decision
from services.eligibility.actions.look import Listed, canonical, household_size, place_in_book
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.priority import assignee_of, due_on, visit_rules
from services.eligibility.store.changes import Making
from services.kit.statements import Row, text_array

_EMPTY = b"[]"
_NONE_SHA256 = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
"""sha256 of `[]`."""


def making(as_of: date, now: datetime) -> Making:
    """What the assessments of a batch share."""
    book = rule_book()
    return Making(as_of, book.version, book.digest, ENGINE, now)


def assessment_row(decision: Decision, assessment_id: UUID, number: int) -> Row:
    """A new assessment, in the order of the table's columns."""
    home, grounds, checked, urgency = decision.home, decision.grounds, decision.checked, decision.urgency
    assert checked is not None and urgency is not None
    return (
        *(assessment_id, home.household_ref, number, home.division),
        *(grounds.cause, grounds.cause_ref(home.household_ref), "live", checked.status, urgency.priority),
        household_size(home, checked.facts),
        *(text_array(checked.eligible), text_array(checked.unknown), text_array(checked.not_eligible)),
        *(checked.monthly_fen, checked.one_off_fen),
        *(decision.facts_text.decode(), decision.facts_sha256),
        *(checked.findings_text.decode(), checked.findings_sha256, checked.needs_text().decode()),
    )


def closing_row(decision: Decision, live: Any, assessment_id: UUID, number: int, as_of: date) -> Row:
    """A last assessment without findings: the trigger was withdrawn, or the household was merged."""
    home = decision.home
    cause = "merged" if decision.step == "merged" else live.cause
    facts = canonical(
        {"county": place_in_book(home.division), "as_of": as_of.isoformat(), "household": {"members": []}}
    )
    return (
        *(assessment_id, home.household_ref, number, home.division),
        *(cause, str(live.assessment_id), decision.step, None, "routine", 0),
        *(text_array(()), text_array(()), text_array(()), 0, 0),
        *(facts.decode(), "", _EMPTY.decode(), _NONE_SHA256, _EMPTY.decode()),
    )


def completed_event(decision: Decision, assessment_id: UUID, number: int, as_of: date, now: datetime) -> Any:
    """What the other parts hear of it. Findings are those with a yes: the rest is asked for by HTTP."""
    home, checked, urgency = decision.home, decision.checked, decision.urgency
    base = {
        "ref": home.household_ref,
        "version": number,
        "division": home.division,
        "occurred_at": now,
        "assessment_id": assessment_id,
        "as_of": as_of,
        "rule_digest": rule_book().digest,
    }
    if checked is None or urgency is None:
        cause = "merged" if decision.step == "merged" else "hospital_cost"
        return AssessmentCompleted(**base, cause=cause, status=None, household_size=0)
    return AssessmentCompleted(
        **base,
        urgent=urgency.priority == "stat",
        cause=decision.grounds.cause,
        status=checked.status,
        household_size=household_size(home, checked.facts),
        people=checked.people(),
        priority=urgency.priority,
        safe_to_call=urgency.is_safe_to_call,
        findings=checked.findings(),
        needs=checked.needs(home.household_ref),
    )


def visit_row(decision: Decision, visit: Listed | None, assessment_id: UUID, as_of: date, now: datetime) -> Row:
    """The household's place on the visit list, in the order of the columns.

    A visit with a result comes back on the list when something presses that was not known then: a later report, a
    higher line crossed, a programme that may help now. Its due date is never put off while it waits.
    """
    home, checked, urgency = decision.home, decision.checked, decision.urgency
    assert checked is not None and urgency is not None
    priority, opened_at, due, state = urgency.priority, now, due_on(urgency.priority, as_of), "open"
    reasons = urgency.reasons
    if visit is not None and visit.state == "open":
        opened_at, due = visit.opened_at, min(due, visit.due_on)
    elif visit is not None and visit.state == "done" and not _presses_again(decision, visit):
        state, opened_at, due = "done", visit.opened_at, visit.due_on
    if decision.is_kept:
        reasons = (*reasons, "sum_dropped")
    return (
        *(home.household_ref, home.division, 1 if visit is None else visit.version + 1, state),
        *(priority, visit_rules().ranks[priority], text_array(reasons), assessment_id, due),
        *(assignee_of(home.division), home.division, urgency.is_safe_to_call),
        *(urgency.band, text_array(checked.eligible)),
        *((None, None) if visit is None else (visit.result, visit.worked_at)),
        *(decision.is_kept, opened_at),
    )


def _presses_again(decision: Decision, visit: Listed) -> bool:
    assert decision.checked is not None and decision.urgency is not None
    worked_at = visit.worked_at
    if worked_at is not None and any(report.told_at > worked_at for report in decision.grounds.reports):
        return True
    return decision.urgency.band > visit.band or not set(decision.checked.eligible) <= set(visit.programmes)
