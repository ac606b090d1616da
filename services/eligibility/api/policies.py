"""Policy versions: what changes, from when, on whose authority, and how far it is."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Header
from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.actions import policies as actions
from services.eligibility.actions.guard_rails import Other, unit_text, value_on, warnings_of
from services.eligibility.api.answers import Words
from services.eligibility.api.places import place_name
from services.eligibility.api.policy_bodies import (
    ChangeOut,
    PolicyIn,
    PolicyList,
    PolicyOut,
    ScenarioChangeOut,
    State,
    StepIn,
    StepOut,
    WarningOut,
    proposed_of,
)
from services.eligibility.errors import UnknownPolicy
from services.eligibility.models import Policy
from services.eligibility.rules.book import RuleBook, rule_book
from services.eligibility.rules.in_words import told_in_words
from services.eligibility.rules.layers import Change, read_changes
from services.eligibility.rules.rendering import Text2
from services.eligibility.store import policies as store
from services.kit.application import router
from services.kit.auth import ActorDep, require
from services.kit.clock import Clock
from services.kit.db import SessionDep
from services.kit.errors import BadInput, FieldError
from services.kit.pages import Cursor, Limit, moment_and_id, write_cursor

routes = router(prefix="/api/v1/eligibility", tags=["policies"])
_READ = [require("eligibility:read")]
_WRITE = [require("policy:write")]
_IN_BOOK = ("in_force", "superseded")
IfMatch = Annotated[str | None, Header(max_length=40, description="the version that was read, quoted or not")]


@routes.get("/policies", dependencies=_READ, summary="政策版本 / Policy versions")
async def get_policies(
    db: SessionDep, state: State | None = None, cursor: Cursor = None, limit: Limit = 50
) -> PolicyList:
    """Policy versions of the caller's places and of the places around them, newest first."""
    rows = await store.policies_page(db, state=state, after=moment_and_id(cursor), limit=limit + 1)
    following = write_cursor(rows[limit - 1].created_at.isoformat(), rows[limit - 1].id) if len(rows) > limit else None
    return PolicyList(items=await _out(db, rows[:limit]), next=following)


@routes.post("/policies", dependencies=_WRITE, status_code=201, summary="起草政策版本 / Write a policy version")
async def post_policy(body: PolicyIn, db: SessionDep, actor: ActorDep) -> PolicyOut:
    """A draft; what is wrong is named by field, what is odd comes back as a warning."""
    draft = actions.Draft(body.title, body.reason, proposed_of(body.changes))
    return await _one(db, await actions.create_policy(db, draft, rule_book(), actor=actor, now=Clock().now()))


@routes.get("/policies/{policy_id}", dependencies=_READ, summary="一个政策版本 / A policy version")
async def get_policy(policy_id: UUID, db: SessionDep) -> PolicyOut:
    """A policy version with its changes, steps and rehearsals."""
    policy = await store.find_policy(db, policy_id)
    if policy is None:
        raise UnknownPolicy()
    return await _one(db, policy)


@routes.put("/policies/{policy_id}", dependencies=_WRITE, summary="修改草稿 / Write a policy version anew")
async def put_policy(
    policy_id: UUID, body: PolicyIn, db: SessionDep, actor: ActorDep, if_match: IfMatch = None
) -> PolicyOut:
    """Draft or rehearsed versions only; it is a draft again."""
    draft = actions.Draft(body.title, body.reason, proposed_of(body.changes))
    version = body.version or _matched(if_match)
    if version is None:
        wrong = FieldError("version", "missing", "请带上所读的版本号", "Say which version was read")
        raise BadInput(errors=(wrong,))
    policy = await actions.change_policy(
        db, policy_id, draft, rule_book(), version=version, actor=actor, now=Clock().now()
    )
    return await _one(db, policy)


@routes.post("/policies/{policy_id}/approve", dependencies=_WRITE, summary="第二人批准 / Approve a policy version")
async def post_approve(
    policy_id: UUID, body: StepIn, db: SessionDep, actor: ActorDep, if_match: IfMatch = None
) -> PolicyOut:
    """Another person than the author, on a rehearsal of the last 24 hours whose tests passed; losers need a reason."""
    policy = await actions.approve_policy(
        db,
        policy_id,
        version=body.version or _matched(if_match),
        losers_reason=body.losers_reason or "",
        actor=actor,
        now=Clock().now(),
    )
    return await _one(db, policy)


@routes.post("/policies/{policy_id}/schedule", dependencies=_WRITE, summary="排期生效 / Schedule a policy version")
async def post_schedule(
    policy_id: UUID, body: StepIn, db: SessionDep, actor: ActorDep, if_match: IfMatch = None
) -> PolicyOut:
    """It comes into force by itself on its first day."""
    version = body.version or _matched(if_match)
    return await _one(db, await actions.schedule_policy(db, policy_id, version=version, actor=actor, now=Clock().now()))


@routes.post("/policies/{policy_id}/withdraw", dependencies=_WRITE, summary="撤回 / Withdraw a policy version")
async def post_withdraw(
    policy_id: UUID, body: StepIn, db: SessionDep, actor: ActorDep, if_match: IfMatch = None
) -> PolicyOut:
    """Until it is in force."""
    version = body.version or _matched(if_match)
    return await _one(db, await actions.withdraw_policy(db, policy_id, version=version, actor=actor, now=Clock().now()))


def scenario_change(change: Change, book: RuleBook, *, is_in_book: bool = False) -> ScenarioChangeOut:
    """A change with its parameter's name and the value in force; of one in the book itself, the value before it."""
    before = change.start - timedelta(days=1) if is_in_book else change.start
    definition = book.definitions[change.parameter]
    current = value_on(book, change.parameter, change.division, before)
    return ScenarioChangeOut(
        parameter=change.parameter,
        name=Words(zh=definition.zh, en=definition.en),
        unit=unit_text(definition),
        division=change.division,
        place=place_name(change.division),
        since=change.start,
        to=change.end,
        value=change.value,
        shown=_words(told_in_words(definition, change.value)),
        current_value=current,
        current_shown=_words(told_in_words(definition, current)),
        source={"title": change.title, "article": change.article, "href": change.href},
        illustrative=change.illustrative,
    )


def _words(text: Text2 | None) -> Words | None:
    return None if text is None else Words(**text)


def _matched(header: str | None) -> int | None:
    text = (header or "").removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() else None


async def _one(db: AsyncSession, policy: Policy) -> PolicyOut:
    return (await _out(db, [policy]))[0]


async def _out(db: AsyncSession, rows: Sequence[Policy]) -> list[PolicyOut]:
    if not rows:
        return []
    ids = [row.id for row in rows]
    steps, rehearsals = await store.steps_of(db, ids), await store.rehearsals_of(db, ids)
    screenings = await store.screenings_of(db, ids)
    book, today = rule_book(), Clock().today()
    on_their_way = await store.policies_in(db, ("draft", "rehearsed"))
    answers = []
    for row in rows:
        others = [Other(each.state, read_changes(each.changes)) for each in on_their_way if each.id != row.id]
        is_open = row.state in ("draft", "rehearsed", "approved", "scheduled")
        answers.append(
            PolicyOut(
                **row.model_dump(include=set(PolicyOut.model_fields) - {"changes"}),
                changes=[
                    ChangeOut(
                        **scenario_change(change, book, is_in_book=row.state in _IN_BOOK).model_dump(),
                        warnings=[
                            WarningOut(code=each.code, text=Words(zh=each.zh, en=each.en))
                            for each in (warnings_of(change, book, today=today, others=others) if is_open else ())
                        ],
                    )
                    for change in read_changes(row.changes)
                ],
                history=[
                    StepOut(
                        state=step.state,
                        at=step.taken_at,
                        by=step.taken_by,
                        four_eyes_waived=step.four_eyes_waived,
                    )
                    for step in steps[row.id]
                ],
                rehearsals=rehearsals[row.id],
                screenings=screenings[row.id],
            )
        )
    return answers
