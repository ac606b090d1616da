"""What happens by itself: a scheduled version comes into force on its day, the former is superseded, people are found.

Each step is one transaction that finds its own work, so that a killed worker leaves nothing half-done and a second
worker does nothing twice.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.actions.books import layer_sha256
from services.eligibility.actions.policies import move
from services.eligibility.actions.screening.runs import screen_for_policy
from services.eligibility.models import Policy
from services.eligibility.rules.layers import Change, LayeredPolicy, read_changes, write_layer
from services.eligibility.store import policies as store
from services.kit.clock import shanghai_date

BY_ITSELF: Final = "system"
"""Who takes the steps that nobody takes."""


async def bring_into_force(db: AsyncSession, *, now: datetime) -> list[Policy]:
    """Bring every scheduled version whose day has come into force, and supersede what it replaces whole.

    Once it is committed, each process finds the new layer and takes it into use (`books.keep_up`).
    """
    today = shanghai_date(now)
    if not await store.due_policies(db, today):
        return []
    await store.take_turns(db)
    started: list[Policy] = []
    for policy_id in await store.due_policies(db, today):
        policy = await store.hold_policy(db, policy_id)
        if policy is None or policy.state != "scheduled":
            continue
        policy.sequence = await store.next_sequence(db)
        await move(db, policy, "in_force", by=BY_ITSELF, now=now)
        lasting = await store.policies_in(db, ("in_force", "superseded"))
        layer = write_layer(LayeredPolicy(str(each.id), read_changes(each.changes)) for each in lasting)
        await store.add_layer(db, layer=layer, sha256=layer_sha256(layer), policy_id=policy.id, now=now)
        await store.add_onsets(db, policy, onsets(read_changes(policy.changes)))
        started.append(policy)
    await retire(db, now=now)
    return started


async def retire(db: AsyncSession, *, now: datetime) -> None:
    """Mark as superseded what is in force by name only: others say the same better, or its days are over."""
    today = shanghai_date(now)
    living = await store.policies_in(db, ("in_force",))
    for policy in living:
        later = [read_changes(each.changes) for each in living if (each.sequence or 0) > (policy.sequence or 0)]
        if is_over(read_changes(policy.changes), [change for changes in later for change in changes], today):
            held = await store.hold_policy(db, policy.id)
            if held is not None and held.state == "in_force":
                await move(db, held, "superseded", by=BY_ITSELF, now=now)


async def look_at_people(db: AsyncSession, *, now: datetime) -> bool:
    """Have the households of one day that has come looked at again. False when none is left."""
    onset = await store.claim_onset(db, shanghai_date(now))
    if onset is None:
        return False
    parameters = sorted({change.parameter for change in read_changes(onset.changes) if onset.day in onsets([change])})
    screening_id = await screen_for_policy(
        db, policy_ref=onset.policy_id, division=onset.division, parameters=parameters, now=now
    )
    await retire(db, now=now)
    await store.onset_done(db, policy_id=onset.policy_id, day=onset.day, screening_id=screening_id, now=now)
    return True


def onsets(changes: Iterable[Change]) -> set[date]:
    """The days on which changes change what holds: each first day, and the day after each last one."""
    days = set()
    for change in changes:
        days.add(change.start)
        if change.end is not None:
            days.add(change.end + timedelta(days=1))
    return days


def is_over(mine: Sequence[Change], later: Sequence[Change], today: date) -> bool:
    """Whether none of a version's values holds any more: it ended, or a later version says another from some day on."""
    return all(
        (each.end is not None and each.end < today) or any(_replaces(other, each, today) for other in later)
        for each in mine
    )


def _replaces(later: Change, earlier: Change, today: date) -> bool:
    if (later.parameter, later.division) != (earlier.parameter, earlier.division) or later.start > today:
        return False
    return later.end is None or (earlier.end is not None and earlier.end <= later.end)
