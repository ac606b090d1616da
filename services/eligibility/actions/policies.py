"""A policy version on its way: written, rehearsed, approved by a second person, scheduled, or taken back.

What brings it into force is `activation.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.actions.guard_rails import Other, Proposed, division_of, read_proposed
from services.eligibility.errors import NotReady, PolicyMoved, PolicyStep, SamePerson, UnknownPolicy
from services.eligibility.models import Policy, Rehearsal
from services.eligibility.models import PolicyStep as Step
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.layers import Change, read_changes, write_changes
from services.eligibility.store import policies as store
from services.eligibility.store import rehearsals
from services.kit.auth import Actor
from services.kit.errors import BadInput, FieldError
from services.kit.ids import new_id

FRESH: Final = timedelta(hours=24)
"""How long a rehearsal may be approved on: the registry moves on."""

STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "draft": ("change", "rehearse", "withdraw"),
    "rehearsed": ("change", "rehearse", "approve", "withdraw"),
    "approved": ("schedule", "withdraw"),
    "scheduled": ("withdraw",),
    "in_force": (),
    "superseded": (),
    "withdrawn": (),
}
"""What people may do in each state; the rest happens by itself."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an author writes."""

    title: str
    reason: str
    changes: tuple[Proposed, ...]


async def create_policy(db: AsyncSession, draft: Draft, book: RuleBook, *, actor: Actor, now: datetime) -> Policy:
    """Write a new version.

    Raises: BadInput, naming each field.
    """
    changes = await _read(db, draft, book, actor=actor, but=None)
    policy = Policy(
        id=new_id(),
        version=1,
        division=division_of(changes),
        title=draft.title.strip(),
        reason=draft.reason.strip(),
        state="draft",
        changes=write_changes(changes),
        created_by=actor.subject,
        created_at=now,
        changed_at=now,
    )
    db.add(policy)
    await db.flush()
    await _note(db, policy, by=actor.subject, now=now)
    return policy


async def change_policy(
    db: AsyncSession, policy_id: UUID, draft: Draft, book: RuleBook, *, version: int | None, actor: Actor, now: datetime
) -> Policy:
    """Write a version anew. It is a draft again, and its author is who wrote it last.

    Raises: UnknownPolicy, PolicyMoved, PolicyStep, BadInput.
    """
    policy = await _held(db, policy_id, "change", version)
    changes = await _read(db, draft, book, actor=actor, but=policy.id)
    policy.title, policy.reason = draft.title.strip(), draft.reason.strip()
    policy.changes, policy.division = write_changes(changes), division_of(changes)
    policy.created_by, policy.losers_reason = actor.subject, None
    await move(db, policy, "draft", by=actor.subject, now=now)
    return policy


async def approve_policy(
    db: AsyncSession, policy_id: UUID, *, version: int | None, losers_reason: str, actor: Actor, now: datetime
) -> Policy:
    """The second person's yes. An operator may be both; that is written down.

    Raises: UnknownPolicy, PolicyMoved, PolicyStep, SamePerson, NotReady, BadInput.
    """
    await store.take_turns(db)
    policy = await _held(db, policy_id, "approve", version)
    is_own = policy.created_by == actor.subject
    if is_own and "operator" not in actor.roles:
        raise SamePerson()
    await _check_still_free(db, policy)
    rehearsed = await rehearsals.last_completed(db, policy.id, policy.changes)
    losers = _ready(rehearsed, now)
    if losers and not losers_reason.strip():
        raise NotReady(
            f"有{losers}户减少或退出，请写明理由",
            f"{losers} households get less or nothing: give the reason",
            code="losers_need_reason",
            errors=(FieldError("losers_reason", "missing", "请写明理由", "Give the reason"),),
        )
    policy.losers_reason = losers_reason.strip() or None
    policy.approved_by, policy.four_eyes_waived = actor.subject, is_own
    await move(db, policy, "approved", by=actor.subject, now=now)
    return policy


async def schedule_policy(
    db: AsyncSession, policy_id: UUID, *, version: int | None, actor: Actor, now: datetime
) -> Policy:
    """Let an approved version come into force on its first day; at once when that day has come.

    Raises: UnknownPolicy, PolicyMoved, PolicyStep.
    """
    policy = await _held(db, policy_id, "schedule", version)
    policy.scheduled_for = first_day(read_changes(policy.changes))
    await move(db, policy, "scheduled", by=actor.subject, now=now)
    return policy


async def withdraw_policy(
    db: AsyncSession, policy_id: UUID, *, version: int | None, actor: Actor, now: datetime
) -> Policy:
    """Take back a version that is not in force yet.

    Raises: UnknownPolicy, PolicyMoved, PolicyStep.
    """
    policy = await _held(db, policy_id, "withdraw", version)
    await move(db, policy, "withdrawn", by=actor.subject, now=now)
    return policy


async def note_rehearsed(db: AsyncSession, row: Rehearsal, *, now: datetime) -> None:
    """A completed rehearsal of a draft's very changes makes it a rehearsed one."""
    if row.policy_id is None:
        return
    policy = await store.hold_policy(db, row.policy_id)
    if policy is not None and policy.state == "draft" and policy.changes == row.changes:
        await move(db, policy, "rehearsed", by=row.created_by, now=now)


async def move(db: AsyncSession, policy: Policy, state: str, *, by: str, now: datetime) -> None:
    """Put a version into a state and write the step down."""
    policy.state, policy.version, policy.changed_at = state, policy.version + 1, now
    db.add(policy)
    await db.flush()
    await _note(db, policy, by=by, now=now)


def first_day(changes: Sequence[Change]) -> date:
    """The day on which the first of some changes begins."""
    return min(change.start for change in changes)


async def others_than(db: AsyncSession, policy_id: UUID | None) -> list[Other]:
    """The other versions on their way, as far as they can be seen."""
    rows = await store.policies_in(db, ("draft", "rehearsed", "approved", "scheduled"))
    return [Other(row.state, read_changes(row.changes)) for row in rows if row.id != policy_id]


async def _read(db: AsyncSession, draft: Draft, book: RuleBook, *, actor: Actor, but: UUID | None) -> Sequence[Change]:
    wrong = [
        FieldError(name, "missing", zh, en)
        for name, text, zh, en in (
            ("title", draft.title, "请写标题", "Give it a title"),
            ("reason", draft.reason, "请写理由", "Give the reason"),
        )
        if not text.strip()
    ]
    if not draft.changes:
        wrong.append(FieldError("changes", "no_changes", "与现行一致，没有改动", "As it is in force: no change"))
    others = await others_than(db, but)
    changes, found = read_proposed(draft.changes, book, territory=actor.territory, others=others)
    if wrong or found:
        raise BadInput(errors=(*wrong, *found))
    return changes


async def _held(db: AsyncSession, policy_id: UUID, step: str, version: int | None) -> Policy:
    """The version, held, if the step is legal and it is still what the caller saw."""
    policy = await store.hold_policy(db, policy_id)
    if policy is None:
        raise UnknownPolicy()
    if version is not None and version != policy.version:
        raise PolicyMoved(extra={"version": policy.version})
    if step == "approve" and policy.state == "draft":
        raise NotReady("请先演练", "Rehearse it first", code="not_rehearsed")
    if step not in STEPS[policy.state]:
        raise PolicyStep(extra={"state": policy.state, "allowed": list(STEPS[policy.state])})
    return policy


async def _check_still_free(db: AsyncSession, policy: Policy) -> None:
    """Nobody approved something else for the same days since this was written."""
    settled = [
        each
        for other in await others_than(db, policy.id)
        if other.state in ("approved", "scheduled")
        for each in other.changes
    ]
    if any(change.overlaps(each) for change in read_changes(policy.changes) for each in settled):
        raise NotReady(
            "日期与另一个已批准或已排期的政策版本重叠",
            "Its days overlap with another approved or scheduled version",
            code="overlap",
        )


def _ready(rehearsed: Rehearsal | None, now: datetime) -> int:
    """How many households would get less or nothing, by a rehearsal that may be approved on.

    Raises: NotReady.
    """
    if rehearsed is None or rehearsed.finished_at is None:
        raise NotReady("请先演练", "Rehearse it first", code="not_rehearsed")
    if now - rehearsed.finished_at > FRESH:
        raise NotReady(
            "演练结果已超过24小时，请重新演练",
            "The rehearsal is older than 24 hours; rehearse again",
            code="rehearsal_old",
        )
    tests = orjson.loads(rehearsed.tests)
    if tests["failed"]:
        raise NotReady(
            f"有{tests['failed']}项检验未通过",
            f"{tests['failed']} tests failed",
            code="tests_failed",
            extra={"tests": tests},
        )
    figures = orjson.loads(rehearsed.result)["figures"]
    return int(figures["less"]) + int(figures["lost"])


async def _note(db: AsyncSession, policy: Policy, *, by: str, now: datetime) -> None:
    step = Step(
        policy_id=policy.id,
        version=policy.version,
        division=policy.division,
        state=policy.state,
        four_eyes_waived=policy.four_eyes_waived and policy.state == "approved",
        taken_by=by,
        taken_at=now,
    )
    db.add(step)
    await db.flush()
