"""Policy versions, their steps, and the days on which they change what holds."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.eligibility.models import Policy, PolicyStep
from services.kit.statements import Found

_TURNS = text("SELECT pg_advisory_xact_lock(hashtext('yiqijiu policy layer'))")
_DUE = text("SELECT id FROM policy WHERE state = 'scheduled' AND scheduled_for <= :today ORDER BY scheduled_for, id")
_NEXT_SEQUENCE = text("SELECT coalesce(max(sequence), 0) + 1 FROM policy")
_ADD_LAYER = text(
    "INSERT INTO rule_layer (edition, layer, sha256, policy_id, made_at)"
    " SELECT coalesce(max(edition), 0) + 1, :layer, :sha256, :policy_id, :now FROM rule_layer"
)
_ADD_ONSET = text(
    "INSERT INTO policy_onset (policy_id, day, division) VALUES (:policy_id, :day, :division) ON CONFLICT DO NOTHING"
)
_DUE_ONSET = text(
    "SELECT o.policy_id, o.day, o.division, p.changes FROM policy_onset o JOIN policy p ON p.id = o.policy_id"
    " WHERE o.done_at IS NULL AND o.day <= :today ORDER BY o.day, p.sequence LIMIT 1 FOR UPDATE OF o SKIP LOCKED"
)
_ONSET_DONE = text(
    "UPDATE policy_onset SET done_at = :now, screening_id = :screening_id WHERE policy_id = :policy_id AND day = :day"
)
_SCREENINGS = text(
    "SELECT policy_id, screening_id FROM policy_onset WHERE policy_id = ANY(CAST(:ids AS uuid[]))"
    " AND screening_id IS NOT NULL ORDER BY day"
)
_REHEARSALS = text(
    "SELECT policy_id, id FROM rehearsal WHERE policy_id = ANY(CAST(:ids AS uuid[])) ORDER BY created_at DESC, id"
)


async def take_turns(db: AsyncSession) -> None:
    """One transaction at a time approves, schedules or brings into force; the others wait for its end."""
    await db.execute(_TURNS)


async def find_policy(db: AsyncSession, policy_id: UUID) -> Policy | None:
    """One policy version, as it can be seen."""
    return await db.get(Policy, policy_id)


async def hold_policy(db: AsyncSession, policy_id: UUID) -> Policy | None:
    """One policy version of the caller's territory, held until the transaction ends."""
    query = select(Policy).where(col(Policy.id) == policy_id).with_for_update()
    return (await db.scalars(query)).one_or_none()


async def policies_in(db: AsyncSession, states: Collection[str]) -> list[Policy]:
    """All policy versions in some states; of those in force, in the order in which they came."""
    query = select(Policy).where(col(Policy.state).in_(states)).order_by(col(Policy.sequence), col(Policy.created_at))
    return list((await db.scalars(query)).all())


async def policies_page(
    db: AsyncSession, *, state: str | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Policy]:
    """Policy versions, newest first."""
    query = select(Policy)
    if state is not None:
        query = query.where(col(Policy.state) == state)
    if after is not None:
        at, id = after
        query = query.where(
            (col(Policy.created_at) < at) | ((col(Policy.created_at) == at) & (col(Policy.id) > id)),
        )
    return list((await db.scalars(query.order_by(col(Policy.created_at).desc(), col(Policy.id)).limit(limit))).all())


async def steps_of(db: AsyncSession, ids: Collection[UUID]) -> dict[UUID, list[PolicyStep]]:
    """The steps of policy versions, oldest first."""
    steps: dict[UUID, list[PolicyStep]] = {id: [] for id in ids}
    query = select(PolicyStep).where(col(PolicyStep.policy_id).in_(ids)).order_by(col(PolicyStep.version))
    for step in (await db.scalars(query)).all():
        steps[step.policy_id].append(step)
    return steps


async def rehearsals_of(db: AsyncSession, ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The rehearsals of policy versions, newest first."""
    found: dict[UUID, list[UUID]] = {id: [] for id in ids}
    for row in await db.execute(_REHEARSALS, {"ids": list(ids)}):
        found[row.policy_id].append(row.id)
    return found


async def screenings_of(db: AsyncSession, ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The screenings that policy versions set off."""
    found: dict[UUID, list[UUID]] = {id: [] for id in ids}
    for row in await db.execute(_SCREENINGS, {"ids": list(ids)}):
        found[row.policy_id].append(row.screening_id)
    return found


async def due_policies(db: AsyncSession, today: date) -> Sequence[UUID]:
    """Scheduled policy versions whose day has come, in order of their days."""
    return (await db.execute(_DUE, {"today": today})).scalars().all()


async def next_sequence(db: AsyncSession) -> int:
    """The place of the next version that comes into force. The caller holds the turn."""
    return int((await db.execute(_NEXT_SEQUENCE)).scalar_one())


async def add_layer(db: AsyncSession, *, layer: str, sha256: str, policy_id: UUID, now: datetime) -> None:
    """From this commit on the layer is in force. The caller holds the turn."""
    values = {"layer": layer, "sha256": sha256, "policy_id": policy_id, "now": now}
    await db.execute(_ADD_LAYER, values)


async def add_onsets(db: AsyncSession, policy: Policy, days: Collection[date]) -> None:
    """The days on which a version changes what holds."""
    for day in sorted(days):
        await db.execute(_ADD_ONSET, {"policy_id": policy.id, "day": day, "division": policy.division})


async def claim_onset(db: AsyncSession, today: date) -> Found | None:
    """A day that has come and whose households were not yet looked at again, held until the transaction ends."""
    return (await db.execute(_DUE_ONSET, {"today": today})).one_or_none()


async def onset_done(db: AsyncSession, *, policy_id: UUID, day: date, screening_id: UUID, now: datetime) -> None:
    """The households of a day are being looked at again."""
    values = {"policy_id": policy_id, "day": day, "screening_id": screening_id, "now": now}
    await db.execute(_ONSET_DONE, values)
