"""Assess households again: read all that is known of them, decide, and write what follows, in whole batches.

The caller holds the households. However many there are, the statements are the same few.
"""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.eligibility import AssessmentCompleted
from services.eligibility.actions.books import keep_up_with
from services.eligibility.actions.decide import Decision, decide
from services.eligibility.actions.look import Known, known_of
from services.eligibility.actions.record import assessment_row, closing_row, completed_event, making, visit_row
from services.eligibility.rules.book import rule_book
from services.eligibility.store.books import BookStanding
from services.eligibility.store.changes import Changes, write_changes
from services.eligibility.store.known import read_known
from services.kit.clock import shanghai_date
from services.kit.ids import new_id
from services.kit.outbox import emit


async def assess_again(db: AsyncSession, refs: Collection[UUID], *, now: datetime) -> None:
    """Look at households again and write what changed: assessments, accounts, visits, the watch, and events."""
    if not refs:
        return
    as_of = shanghai_date(now)
    changes = Changes()
    events: list[AssessmentCompleted] = []
    rows = await read_known(db, refs, rule_digest=rule_book().digest)
    if rows:
        await keep_up_with(db, BookStanding(rows[0].layer_sha256 or "", rows[0].is_kept))
    for row in rows:
        known = known_of(row)
        events += _add(changes, known, decide(known, as_of), as_of, now)
    await write_changes(db, refs, changes, making(as_of, now))
    await emit(db, *events)


def _add(changes: Changes, known: Known, decision: Decision, as_of: date, now: datetime) -> list[AssessmentCompleted]:
    """The rows of a decision, and the event it is told by, if any."""
    home = decision.home
    events: list[AssessmentCompleted] = []
    ref = home.household_ref
    number = known.row.assessments + 1
    assessment_id = known.live.assessment_id if decision.step == "same" else None
    if decision.step in ("new", "withdrawn", "merged"):
        assessment_id = new_id()
        if known.live is not None:
            changes.closed.append((ref, "superseded", assessment_id))
        events.append(completed_event(decision, assessment_id, number, as_of, now))
        if decision.step == "new":
            changes.assessments.append(assessment_row(decision, assessment_id, number))
            changes.visits.append(visit_row(decision, known.visit, assessment_id, as_of, now))
        else:
            changes.assessments.append(closing_row(decision, known.live, assessment_id, number, as_of))
            if known.visit is not None:
                changes.unlisted.append((ref, decision.step, assessment_id))
    for account in decision.accounts:
        mine = assessment_id if account.reason is None else None
        changes.accounts.append(
            (
                *(account.record_id, account.division, account.source, ref, account.person_ref, account.year),
                *("assessment" if mine else "none", account.reason, mine),
            )
        )
    changes.watch += [(ref, reason, home.division, as_of) for reason in decision.watch]
    return events
