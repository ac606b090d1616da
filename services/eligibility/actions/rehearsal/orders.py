"""Order a rehearsal: of a policy version, or of a scenario of its own."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.divisions import UnreadableDivision, divisions, shorten, within
from services.eligibility.actions.guard_rails import Proposed, division_of, read_proposed
from services.eligibility.actions.policies import STEPS, first_day
from services.eligibility.errors import PolicyStep, UnknownPolicy
from services.eligibility.models import Rehearsal
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.layers import read_changes, write_changes
from services.eligibility.store.policies import find_policy
from services.eligibility.store.rehearsals import find_under_way
from services.kit.auth import Actor
from services.kit.clock import shanghai_date
from services.kit.errors import BadInput, FieldError
from services.kit.ids import new_id

_LONGEST_TITLE: Final = 200


async def rehearse_policy(db: AsyncSession, policy_id: UUID, *, actor: Actor, now: datetime) -> Rehearsal:
    """Rehearse a policy version as it is written now, for its first day, or for today where that has passed.

    Raises: UnknownPolicy, PolicyStep, BadInput when its place is not the caller's.
    """
    policy = await find_policy(db, policy_id)
    if policy is None:
        raise UnknownPolicy()
    if "rehearse" not in STEPS[policy.state]:
        raise PolicyStep(extra={"state": policy.state, "allowed": list(STEPS[policy.state])})
    if not _is_within(policy.division, actor.territory):
        raise UnknownPolicy()
    row = Rehearsal(
        id=new_id(),
        policy_id=policy.id,
        policy_version=policy.version,
        title=policy.title,
        division=policy.division,
        as_of=max(first_day(read_changes(policy.changes)), shanghai_date(now)),
        changes=policy.changes,
        state="queued",
        created_by=actor.subject,
        created_at=now,
    )
    return await _added(db, row)


async def rehearse_scenario(
    db: AsyncSession,
    book: RuleBook,
    *,
    title: str,
    division: str | None,
    as_of: date | None,
    proposed: Sequence[Proposed],
    actor: Actor,
    now: datetime,
) -> Rehearsal:
    """Rehearse changes that nobody proposed yet. Without a place: the smallest that holds all changes.

    Raises: BadInput, naming each field.
    """
    wrong: list[FieldError] = []
    if not proposed:
        wrong.append(FieldError("changes", "no_changes", "与现行一致，没有改动", "As it is in force: no change"))
    place = _place(division, actor, wrong) if division else None
    # A scenario may say something of days that another version has settled: it is a question, not an order.
    changes, found = read_proposed(proposed, book, territory="all", is_scenario=True)
    if wrong or found:
        raise BadInput(errors=(*wrong, *found))
    if place is None:
        widest = division_of(changes)
        place = widest if _is_within(widest, actor.territory) else actor.territory
    row = Rehearsal(
        id=new_id(),
        title=title.strip()[:_LONGEST_TITLE]
        or "、".join(book.definitions[c.parameter].zh for c in changes)[:_LONGEST_TITLE],
        division=place,
        as_of=as_of or max(first_day(changes), shanghai_date(now)),
        changes=write_changes(changes),
        state="queued",
        created_by=actor.subject,
        created_at=now,
    )
    return await _added(db, row)


def _place(division: str, actor: Actor, wrong: list[FieldError]) -> str | None:
    try:
        place = shorten(division)
    except UnreadableDivision:
        wrong.append(FieldError("division", "division", "不是区划代码", "Not a division code"))
        return None
    if divisions().get(place) is None:
        wrong.append(FieldError("division", "unknown_division", "本市没有这个区划", "There is no such place"))
    elif not _is_within(place, actor.territory):
        wrong.append(FieldError("division", "outside_territory", "不在您的辖区内", "Not in your territory"))
    return place


def _is_within(place: str, territory: str) -> bool:
    return territory == "all" or within(place, territory)


async def _added(db: AsyncSession, row: Rehearsal) -> Rehearsal:
    """The row, or the one already under way for the same: asking twice is asking once."""
    known = await find_under_way(db, row)
    if known is not None:
        return known
    db.add(row)
    await db.flush()
    return row
