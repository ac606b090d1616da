"""Proposals and awards: reviewed by one person, approved by another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from services.charity.actions import awards as actions
from services.charity.api.common import (
    PREFIX,
    ClockDep,
    PathRef,
    award_fields,
    award_out,
    entries_out,
    next_key,
    optional_yuan,
    step_out,
)
from services.charity.errors import NotFound
from services.charity.models import Award
from services.charity.programmes.award_steps import AwardStatus
from services.charity.programmes.directory import directory
from services.charity.schemas.answers import AwardDetailOut, AwardOut, AwardsOut, SameHelpOut
from services.charity.schemas.bodies import ApproveIn, RejectIn, ReviewIn
from services.charity.store import awards as store
from services.charity.store import books
from services.kit.application import router as new_router
from services.kit.auth import ActorDep, require
from services.kit.clock import Clock
from services.kit.db import SessionDep
from services.kit.fields import Ref
from services.kit.pages import Cursor, Limit, moment_and_id

router = new_router(prefix=PREFIX, tags=["proposals and awards"])
_PROPOSALS: tuple[AwardStatus, ...] = ("proposed", "reviewed", "rejected", "withdrawn")
_AWARDS: tuple[AwardStatus, ...] = ("approved", "in_payment", "paid", "failed")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which proposals or awards, and which page of them. Any status may be asked for under either name."""

    status: AwardStatus | None
    household: UUID | None
    cursor: str | None
    limit: int


def asked(
    status: AwardStatus | None = None, household: Ref | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Asked:
    """What the query asks for."""
    return Asked(status, household, cursor, limit)


AskedDep = Annotated[Asked, Depends(asked)]


async def _page(db: AsyncSession, usual: Sequence[AwardStatus], asked: Asked) -> AwardsOut:
    rows = await store.awards_page(
        db,
        statuses=[asked.status] if asked.status else usual,
        household=asked.household,
        after=moment_and_id(asked.cursor),
        limit=asked.limit,
    )
    keys = [(award.proposed_at, award.id) for award in rows]
    return AwardsOut(items=[award_out(award) for award in rows], next=next_key(keys, asked.limit))


@router.get("/proposals", dependencies=[require("charity:read")])
async def get_proposals(db: SessionDep, asked: AskedDep) -> AwardsOut:
    """Proposals, who waits longest first; any status of the path may be asked for."""
    return await _page(db, _PROPOSALS, asked)


@router.get("/awards", dependencies=[require("charity:read")])
async def get_awards(db: SessionDep, asked: AskedDep) -> AwardsOut:
    """Awards, oldest first; any status of the path may be asked for."""
    return await _page(db, _AWARDS, asked)


async def _detail(db: AsyncSession, award: Award | None, clock: Clock) -> AwardDetailOut:
    if award is None:
        raise NotFound()
    brand = directory().get(award.brand)
    alike = await actions.same_help_of(db, award, brand, now=clock.now()) if brand else ()
    heads = await books.entries_about(db, award.id)
    lines = await books.lines_of(db, [head.id for head in heads])
    return AwardDetailOut(
        **award_fields(award),
        same_help=[
            SameHelpOut(
                source=line.source,
                giver=line.giver,
                kind=line.kind,
                amount=optional_yuan(line.amount_fen),
                on=line.on,
                needs_word=line.needs_word,
            )
            for line in alike
        ],
        steps=[step_out(step) for step in await store.steps_of(db, award.id)],
        entries=entries_out(heads, lines),
    )


@router.get("/proposals/{award_id}", dependencies=[require("charity:read")])
async def get_proposal(award_id: PathRef, db: SessionDep, clock: ClockDep) -> AwardDetailOut:
    """A proposal with other help for the same need, its history and its entries."""
    return await _detail(db, await store.get_award(db, award_id), clock)


@router.get("/awards/{award_id}", dependencies=[require("charity:read")])
async def get_award(award_id: PathRef, db: SessionDep, clock: ClockDep) -> AwardDetailOut:
    """The same by its other name."""
    return await _detail(db, await store.get_award(db, award_id), clock)


@router.post("/proposals/{award_id}/review", dependencies=[require("charity:write")])
async def post_review(award_id: PathRef, body: ReviewIn, db: SessionDep, actor: ActorDep, clock: ClockDep) -> AwardOut:
    """The first person: how much, from which brand; other help of the season has to be accepted expressly."""
    return award_out(await actions.review(db, award_id, body, actor=actor, now=clock.now()))


@router.post("/proposals/{award_id}/approve", dependencies=[require("charity:decide")])
async def post_approve(
    award_id: PathRef, body: ApproveIn, db: SessionDep, actor: ActorDep, clock: ClockDep
) -> AwardOut:
    """The second person: the amount is reserved in a fund whose purpose covers it."""
    return award_out(await actions.approve(db, award_id, body, actor=actor, now=clock.now()))


@router.post("/proposals/{award_id}/reject", dependencies=[require("charity:write")])
async def post_reject(award_id: PathRef, body: RejectIn, db: SessionDep, actor: ActorDep, clock: ClockDep) -> AwardOut:
    """A no with its reason, until the award is in payment."""
    return award_out(await actions.reject(db, award_id, body, actor=actor, now=clock.now()))
