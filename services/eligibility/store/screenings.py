"""Screening runs: their rows, what was found of every household, and who works on which run."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Found, Row, bound, rows_of

_ADD = text(
    "INSERT INTO screening_run (run_id, division, basis, since_run, cause, policy_ref, parameters, note, requested_by,"
    " state, as_of, rule_version, rule_digest, engine, created_at, changed_at) VALUES (:run_id, :division, :basis,"
    " :since_run, :cause, :policy_ref, :parameters, :note, :requested_by, 'queued', :as_of, :rule_version,"
    " :rule_digest, :engine, :now, :now)"
)
_ONE = text("SELECT * FROM screening_run WHERE run_id = :run_id")
_HELD = text("SELECT * FROM screening_run WHERE run_id = :run_id FOR UPDATE")
_LIST = text(
    "SELECT * FROM screening_run WHERE starts_with(division, :division)"
    " AND (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:before AS timestamptz) IS NULL"
    " OR (created_at, run_id) < (CAST(:before AS timestamptz), CAST(:last AS uuid)))"
    " ORDER BY created_at DESC, run_id DESC LIMIT :limit"
)
_LIVE = text(
    "SELECT run_id FROM screening_run WHERE division = :division AND basis = :basis AND cause IN ('officer', 'command')"
    " AND state IN ('queued', 'running') AND (CAST(:since_run AS uuid) IS NULL OR since_run = :since_run)"
    " ORDER BY created_at DESC LIMIT 1"
)
_STATE = text(
    "UPDATE screening_run SET state = :state, problem = :problem, changed_at = :now,"
    " finished_at = CASE WHEN CAST(:is_over AS boolean) THEN CAST(:now AS timestamptz) END,"
    " lease_by = NULL, lease_until = NULL WHERE run_id = :run_id"
)
_BASELINE = text(
    "SELECT run_id FROM screening_run WHERE state = 'completed' AND forgotten_at IS NULL"
    " AND starts_with(:division, division)"
    " ORDER BY finished_at DESC LIMIT 1"
)
_CLAIM = text(
    "UPDATE screening_run r SET state = 'running', lease_by = :worker, lease_until = now() + interval '20 seconds',"
    " started_at = coalesce(r.started_at, :now), changed_at = :now FROM (SELECT run_id FROM screening_run"
    " WHERE state = 'queued' OR (state = 'running' AND (lease_until IS NULL OR lease_until < now()))"
    " ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED) due WHERE r.run_id = due.run_id RETURNING r.*"
)
_RELEASE = text("UPDATE screening_run SET lease_until = NULL WHERE lease_by = :worker AND state = 'running'")
_COUNT = text("SELECT count(*) FROM household_facts WHERE starts_with(division, :division) AND merged_into IS NULL")
_BEGIN = text(
    "UPDATE screening_run SET households_total = :total, since_run = :since_run, rule_version = :rule_version,"
    " rule_digest = :rule_digest, cursor_ref = NULL, households_done = 0, persons_done = 0, carried = 0, leads = 0,"
    " tally = '{}', visits_ref = NULL WHERE run_id = :run_id RETURNING *"
)
_NO_LIMIT = text("SET LOCAL statement_timeout = 0")
_FORGET = (
    text("DELETE FROM screening_outcome WHERE run_id = :run_id"),
    text("DELETE FROM lead WHERE run_id = :run_id"),
)
# What a household's answers were read from: a change in any of it changes the mark.
_MARK = (
    "md5(concat_ws('|', h.version, h.division, h.applied_on, v.result, v.result_on,"
    " (SELECT string_agg(concat_ws(':', p.person_ref, p.version), ',' ORDER BY p.person_ref)"
    " FROM person_care p WHERE p.household_ref = h.household_ref),"
    " (SELECT string_agg(concat_ws(':', g.record_id, g.version), ',' ORDER BY g.record_id)"
    " FROM grid_report g WHERE g.household_ref = h.household_ref),"
    " (SELECT string_agg(concat_ws(':', b.person_ref, b.version), ',' ORDER BY b.person_ref)"
    " FROM person_benefit b WHERE b.household_ref = h.household_ref)))"
)
_BENEFITS = (
    "(SELECT json_agg(json_build_array(b.person_ref, b.benefits) ORDER BY b.person_ref)"
    " FROM person_benefit b WHERE b.household_ref = h.household_ref)"
)
_NEXT = text(
    f"SELECT h.household_ref, h.division, {_MARK} AS mark, CAST({_BENEFITS} AS text) AS benefits, v.result_on,"
    " o.mark AS mark_before, o.fresh_until,"
    " o.outcomes AS letters_before, o.found AS found_before FROM household_facts h"
    " LEFT JOIN visit v ON v.household_ref = h.household_ref"
    " LEFT JOIN screening_outcome o ON o.run_id = :since_run AND o.household_ref = h.household_ref"
    " WHERE starts_with(h.division, :division) AND h.merged_into IS NULL"
    " AND (CAST(:after AS uuid) IS NULL OR h.household_ref > :after) ORDER BY h.household_ref LIMIT :limit"
)
_STANDING = text("SELECT state, lease_by, cursor_ref, tally FROM screening_run WHERE run_id = :run_id FOR UPDATE")
_OUTCOMES = {
    "household_ref": "uuid",
    "division": "text",
    "mark": "text",
    "fresh_until": "date",
    "outcomes": "text",
    "found": "text",
}
_KEEP = text(
    f"INSERT INTO screening_outcome (run_id, {', '.join(_OUTCOMES)})"
    f" SELECT CAST(:run_id AS uuid), {', '.join(_OUTCOMES)} FROM {rows_of(_OUTCOMES)}"
)
_CARRY = text(
    "INSERT INTO screening_outcome (run_id, household_ref, division, mark, fresh_until, outcomes, found)"
    " SELECT CAST(:run_id AS uuid), household_ref, division, mark, fresh_until, outcomes, found FROM screening_outcome"
    " WHERE run_id = :since_run AND household_ref = ANY(CAST(:refs AS uuid[]))"
)
_ADVANCE = text(
    "UPDATE screening_run SET cursor_ref = :cursor, households_done = households_done + :households,"
    " persons_done = persons_done + :persons, carried = carried + :carried, leads = leads + :leads, tally = :tally,"
    " lease_until = now() + interval '20 seconds', changed_at = :now WHERE run_id = :run_id"
)
_COMPLETE = text(
    "UPDATE screening_run SET state = 'completed', households_total = households_done, finished_at = :now,"
    " changed_at = :now, lease_by = NULL, lease_until = NULL"
    " WHERE run_id = :run_id AND lease_by = :worker AND state = 'running' RETURNING run_id"
)
_OLD = text(
    "UPDATE screening_run SET forgotten_at = :now WHERE forgotten_at IS NULL AND run_id IN (SELECT run_id FROM"
    " (SELECT run_id, row_number() OVER (PARTITION BY division ORDER BY created_at DESC, run_id) AS place"
    " FROM screening_run WHERE state IN ('completed', 'failed', 'cancelled')) ended WHERE place > :keep)"
    " AND NOT EXISTS (SELECT FROM screening_run u WHERE u.since_run = screening_run.run_id"
    " AND u.state IN ('queued', 'running', 'paused')) RETURNING run_id"
)
_VISITED = text(
    "UPDATE screening_run SET visits_ref = :visited, lease_until = now() + interval '20 seconds', changed_at = :now"
    " WHERE run_id = :run_id"
)
_PAIRS = text(
    "SELECT coalesce(a.outcomes, '') AS before, coalesce(b.outcomes, '') AS after, count(*) AS n FROM"
    " (SELECT household_ref, outcomes FROM screening_outcome WHERE run_id = :one) a FULL JOIN"
    " (SELECT household_ref, outcomes FROM screening_outcome WHERE run_id = :other) b USING (household_ref)"
    " GROUP BY 1, 2"
)
_CHANGED = text(
    "SELECT household_ref, coalesce(b.division, a.division) AS division, coalesce(a.outcomes, '') AS before,"
    " coalesce(b.outcomes, '') AS after FROM"
    " (SELECT * FROM screening_outcome WHERE run_id = :one) a FULL JOIN"
    " (SELECT * FROM screening_outcome WHERE run_id = :other) b USING (household_ref)"
    " WHERE a.outcomes IS DISTINCT FROM b.outcomes AND (CAST(:after AS uuid) IS NULL OR household_ref > :after)"
    " ORDER BY household_ref LIMIT :limit"
)
_ONE_ASKS = text("SELECT pg_advisory_xact_lock(hashtext('screening_nightly'))")
_NIGHTLY = text(
    "SELECT run_id, division FROM screening_run r WHERE state = 'completed' AND finished_at = (SELECT max(finished_at)"
    " FROM screening_run l WHERE l.state = 'completed' AND l.division = r.division) AND NOT EXISTS (SELECT FROM"
    " screening_run d WHERE d.division = r.division AND (d.as_of >= :today"
    " OR d.state IN ('queued', 'running', 'paused')))"
)


async def add_run(db: AsyncSession, **values: Any) -> None:
    """A new run, waiting to be taken up."""
    await db.execute(_ADD, values)


async def find_run(db: AsyncSession, run_id: UUID, *, hold: bool = False) -> Found | None:
    """One run, held until the transaction ends where `hold` is set."""
    return (await db.execute(_HELD if hold else _ONE, {"run_id": run_id})).one_or_none()


async def list_runs(
    db: AsyncSession, *, division: str, state: str | None, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Found]:
    """Runs, newest first."""
    before, last = after or (None, None)
    values = {"division": division, "state": state, "before": before, "last": last, "limit": limit}
    return (await db.execute(_LIST, values)).all()


async def find_live_run(db: AsyncSession, *, division: str, basis: str, since_run: UUID | None) -> UUID | None:
    """The run that was ordered for the same and is under way."""
    values = {"division": division, "basis": basis, "since_run": since_run}
    found: UUID | None = (await db.execute(_LIVE, values)).scalar()
    return found


async def set_state(
    db: AsyncSession, run_id: UUID, state: str, *, is_over: bool, now: datetime, problem: str | None = None
) -> None:
    """Put a run into a state; nobody works on it then, and who did notices at the next chunk."""
    await db.execute(_STATE, {"run_id": run_id, "state": state, "problem": problem, "is_over": is_over, "now": now})


async def latest_completed(db: AsyncSession, division: str) -> UUID | None:
    """The run completed last that covers a place."""
    found: UUID | None = (await db.execute(_BASELINE, {"division": division})).scalar()
    return found


async def claim_run(db: AsyncSession, worker: UUID, now: datetime) -> Found | None:
    """The oldest run that waits, or whose worker is gone, taken up by `worker`."""
    return (await db.execute(_CLAIM, {"worker": worker, "now": now})).one_or_none()


async def release_runs(db: AsyncSession, worker: UUID) -> None:
    """Let another worker take up at once what this one leaves."""
    await db.execute(_RELEASE, {"worker": worker})


async def count_households(db: AsyncSession, division: str) -> int:
    """How many households a place has."""
    return int((await db.execute(_COUNT, {"division": division})).scalar_one())


async def begin_run(
    db: AsyncSession, run_id: UUID, *, division: str, since_run: UUID | None, version: str, digest: str
) -> Found:
    """Start a run, which is held, from the first household, whatever was found before."""
    await db.execute(_NO_LIMIT)
    for statement in _FORGET:
        await db.execute(statement, {"run_id": run_id})
    total = (await db.execute(_COUNT, {"division": division})).scalar_one()
    values = {"run_id": run_id, "total": total, "since_run": since_run}
    return (await db.execute(_BEGIN, {**values, "rule_version": version, "rule_digest": digest})).one()


async def next_households(
    db: AsyncSession, *, division: str, since_run: UUID | None, after: UUID | None, limit: int
) -> Sequence[Found]:
    """The next households of a place by ref, each with its mark, and what the run before found of it."""
    values = {"division": division, "since_run": since_run, "after": after, "limit": limit}
    return (await db.execute(_NEXT, values)).all()


async def hold_standing(db: AsyncSession, run_id: UUID) -> Found | None:
    """How a run stands now, held: nobody pauses it until the transaction ends."""
    return (await db.execute(_STANDING, {"run_id": run_id})).one_or_none()


async def keep_outcomes(db: AsyncSession, run_id: UUID, rows: Sequence[Row]) -> None:
    """What was found of households. Rows: (household_ref, division, mark, fresh_until, letters, found)."""
    if rows:
        await db.execute(_KEEP, {"run_id": run_id, **bound(_OUTCOMES, rows)})


async def carry_outcomes(db: AsyncSession, run_id: UUID, since_run: UUID, refs: Collection[UUID]) -> None:
    """Take over from an earlier run what it found of some households."""
    await db.execute(_CARRY, {"run_id": run_id, "since_run": since_run, "refs": list(refs)})


async def advance(
    db: AsyncSession,
    run_id: UUID,
    *,
    cursor: UUID,
    households: int,
    persons: int,
    carried: int,
    leads: int,
    tally: str,
    now: datetime,
) -> None:
    """A chunk is done."""
    values = {"households": households, "persons": persons, "carried": carried, "leads": leads, "tally": tally}
    await db.execute(_ADVANCE, {"run_id": run_id, "cursor": cursor, "now": now, **values})


async def complete_run(db: AsyncSession, run_id: UUID, worker: UUID, now: datetime) -> bool:
    """All households are done. False when the run is not this worker's any more."""
    values = {"run_id": run_id, "worker": worker, "now": now}
    return (await db.execute(_COMPLETE, values)).scalar() is not None


async def forget_old_lists(db: AsyncSession, *, keep: int, now: datetime) -> None:
    """Clear away what all but the last `keep` ended runs of each place hold of households; their counts stay."""
    await db.execute(_NO_LIMIT)
    for run_id in (await db.execute(_OLD, {"keep": keep, "now": now})).scalars().all():
        for statement in _FORGET:
            await db.execute(statement, {"run_id": run_id})


async def note_visited(db: AsyncSession, run_id: UUID, visited: UUID, now: datetime) -> None:
    """New leads up to this household are on the visit list."""
    await db.execute(_VISITED, {"run_id": run_id, "visited": visited, "now": now})


async def outcome_pairs(db: AsyncSession, one: UUID, other: UUID) -> list[tuple[str, str, int]]:
    """How many households had which letters in two runs."""
    return [(row.before, row.after, row.n) for row in await db.execute(_PAIRS, {"one": one, "other": other})]


async def changed_outcomes(
    db: AsyncSession, one: UUID, other: UUID, *, after: UUID | None, limit: int
) -> Sequence[Found]:
    """Households whose letters differ between two runs, by ref."""
    return (await db.execute(_CHANGED, {"one": one, "other": other, "after": after, "limit": limit})).all()


async def places_to_look_at_again(db: AsyncSession, today: date) -> Sequence[Found]:
    """Places with a completed run and none of today: (run_id of the last, division). One replica asks at a time."""
    await db.execute(_ONE_ASKS)
    return (await db.execute(_NIGHTLY, {"today": today})).all()
