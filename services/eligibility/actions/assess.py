"""Assess households again: read all that is known of them, decide, and write what follows, in whole batches.

The caller holds the households. However many there are, the statements are the same few.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.eligibility import AssessmentCompleted
from services.eligibility.actions.decide import Decision, Known, decide
from services.eligibility.actions.look import persons_by_home, reports_by_home
from services.eligibility.actions.record import assessment_row, closing_row, completed_event, making, visit_row
from services.eligibility.store import assessments, care, households, visits
from services.eligibility.store.bulk import Row
from services.kit.clock import shanghai_date
from services.kit.ids import new_id
from services.kit.outbox import emit


@dataclass(slots=True)
class Changes:
    """Rows to write for a batch of households."""

    closed: list[Row] = field(default_factory=list)
    assessments: list[Row] = field(default_factory=list)
    counts: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    visits_closed: list[Row] = field(default_factory=list)
    watch: list[Row] = field(default_factory=list)
    events: list[AssessmentCompleted] = field(default_factory=list)


async def assess_again(db: AsyncSession, refs: Collection[UUID], *, now: datetime) -> None:
    """Look at households again and write what changed: assessments, accounts, visits, the watch, and events."""
    if not refs:
        return
    as_of = shanghai_date(now)
    changes = Changes()
    for known in await _known(db, refs):
        _add(changes, known, decide(known, as_of), as_of, now)
    await assessments.close_assessments(db, changes.closed)
    await assessments.add_assessments(db, changes.assessments, making(as_of, now))
    await households.count_assessments(db, changes.counts)
    await assessments.write_accounts(db, changes.accounts)
    await visits.write_visits(db, changes.visits)
    await visits.close_visits(db, changes.visits_closed, now=now)
    await assessments.write_watch(db, refs, changes.watch)
    await emit(db, *changes.events)


async def _known(db: AsyncSession, refs: Collection[UUID]) -> list[Known]:
    rows = await households.read_households(db, refs)
    people = await care.persons_of(db, refs)
    registered = {row.household_ref for row in rows if row.version > 0 and not row.provisional}
    watched: Sequence[Any] = []
    if registered:
        watched = await care.watched_of(db, [p.person_ref for p in people if p.household_ref in registered])
    persons = persons_by_home(people, watched)
    reports = reports_by_home(await care.reports_of(db, refs))
    live = {row.household_ref: row for row in await assessments.live_assessments(db, refs)}
    listed = {row.household_ref: row for row in await visits.visits_of(db, refs)}
    return [
        Known(
            row,
            persons.get(row.household_ref, ()),
            reports.get(row.household_ref, ()),
            live.get(row.household_ref),
            listed.get(row.household_ref),
        )
        for row in rows
    ]


def _add(changes: Changes, known: Known, decision: Decision, as_of: date, now: datetime) -> None:
    home = decision.home
    ref = home.household_ref
    number = known.row.assessments + 1
    assessment_id = known.live.assessment_id if decision.step == "same" else None
    if decision.step in ("new", "withdrawn", "merged"):
        assessment_id = new_id()
        if known.live is not None:
            changes.closed.append((ref, "superseded", assessment_id))
        changes.counts.append((ref, number, home.division))
        changes.events.append(completed_event(decision, assessment_id, number, as_of, now))
        if decision.step == "new":
            changes.assessments.append(assessment_row(decision, assessment_id, number))
            changes.visits.append(visit_row(decision, known.visit, assessment_id, as_of, now))
        else:
            changes.assessments.append(closing_row(decision, known.live, assessment_id, number, as_of))
            if known.visit is not None:
                changes.visits_closed.append((ref, decision.step, assessment_id))
    for account in decision.accounts:
        mine = assessment_id if account.reason is None else None
        changes.accounts.append(
            (
                *(account.record_id, account.division, account.source, ref, account.person_ref, account.year),
                *("assessment" if mine else "none", account.reason, mine),
            )
        )
    changes.watch += [(ref, reason, home.division, as_of) for reason in decision.watch]
