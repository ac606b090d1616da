"""The partner door: a partner's own referrals, the fields it may see, its answers, its messages, its statement.

A partner is known by its token; an answer may be known by its Standard Webhooks signature instead.
"""

import asyncio
from contextlib import suppress
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request

from services.contracts.codes import ReferralStatus
from services.contracts.money import yuan
from services.kit.application import router as strict_router
from services.kit.auth import ActorDep, require
from services.kit.db import Database, Scope, SessionDep
from services.kit.errors import NotAllowed
from services.kit.fields import Day
from services.kit.pages import Cursor, Limit, moment_and_id, write_cursor
from services.referral.actions import doorway
from services.referral.actions.answers import take_answer, take_signed_answer
from services.referral.api.common import (
    ClockDep,
    LetterheadDep,
    PartnerDep,
    SealerDep,
    by,
    check_partner,
    thin,
    yuan_or_none,
)
from services.referral.api.cursors import place_in_feed
from services.referral.delivery.bell import bell_of
from services.referral.errors import ConsentRequired
from services.referral.schemas import (
    Feed,
    FeedItem,
    PartnerDetail,
    Statement,
    StatementLine,
    StatusIn,
    StatusOut,
    ThinReferrals,
)
from services.referral.store import door

router = strict_router(prefix="/partner/v1", tags=["partner door"])
_READ = [require("partner:read"), Depends(check_partner)]
COMPOSE = "compose:disclosure"
"""The scope of the gateway, which asks intake for a person's fields and answers without the refs."""
_LOOK_AGAIN_S = 1.0


@router.get("/referrals", dependencies=_READ)
async def get_own_referrals(
    db: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    letterhead: LetterheadDep,
    status: ReferralStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ThinReferrals:
    """The partner's own referrals that have left, newest first, thin."""
    found = await door.partner_referrals(
        db, partner=actor.partner, status=status, before=moment_and_id(cursor), most=limit + 1
    )
    page = found[:limit]
    if actor.partner is not None:
        await door.acknowledge(db, [referral.id for referral in page], now=clock.now())
    last = page[-1] if len(found) > limit else None
    return ThinReferrals(
        items=[thin(referral, letterhead) for referral in page],
        next=write_cursor(last.created_at.isoformat(), last.id) if last else None,
    )


@router.get("/referrals/{referral_id}", dependencies=_READ, response_model_exclude_unset=True)
async def get_own_referral(
    referral_id: UUID, db: SessionDep, actor: ActorDep, clock: ClockDep, letterhead: LetterheadDep
) -> PartnerDetail:
    """The fields a partner may see. Consent revoked or run out: 409 `consent_required` with the thin form."""
    shown = await doorway.disclose(db, referral_id, is_partner=actor.partner is not None, now=clock.now())
    referral = shown.referral
    if not shown.permission.may_leave:
        raise ConsentRequired(thin(referral, letterhead).model_dump(mode="json"))
    refs = {"person_ref": shown.person_ref, "household_ref": referral.household_ref} if actor.may(COMPOSE) else {}
    return PartnerDetail(
        referral_id=referral.id,
        case_ref=letterhead.case_ref(referral.partner, referral.household_ref),
        need=referral.need,
        status=referral.status,
        version=referral.version,
        fields=list(shown.fields),
        person=shown.known,
        **refs,
    )


@router.post("/referrals/{referral_id}/status")
async def post_status(
    referral_id: UUID,
    body: StatusIn,
    request: Request,
    db: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    sealer: SealerDep,
) -> StatusOut:
    """A partner's answer, by its token or signed with its endpoint's secret. The same step again answers 200."""
    if actor.may("partner:write"):
        check_partner(actor)
        done = await take_answer(db, referral_id, body, by=by(actor), now=clock.now(), sealer=sealer)
        return StatusOut(id=done.id, status=done.status, version=done.version)
    if not actor.may("partner:signed"):
        raise NotAllowed()
    answer = await take_signed_answer(
        db,
        referral_id,
        body,
        headers=request.headers,
        raw=await request.body(),
        now=clock.now(),
        sealer=sealer,
    )
    return StatusOut.model_validate(answer)


@router.get("/events", dependencies=_READ)
async def get_events(
    request: Request,
    actor: ActorDep,
    partner: PartnerDep,
    clock: ClockDep,
    letterhead: LetterheadDep,
    after: Cursor = None,
    wait: Annotated[int, Query(ge=0, le=30)] = 0,
) -> Feed:
    """The webhooks' bodies in their order, revocations included; waits up to `wait` seconds for the next."""
    database: Database = request.app.state.database
    place = place_in_feed(after)
    loop = asyncio.get_running_loop()
    end = loop.time() + wait
    while True:
        ring = bell_of(database).next_ring()
        # A transaction of its own for each look: none is held open while waiting.
        async with database.transaction(Scope(actor.territory or "none", actor.partner or "")) as db:
            fed = await doorway.read_feed(
                db,
                partner,
                after=place,
                is_partner=actor.partner is not None,
                letterhead=letterhead,
                now=clock.now(),
            )
        left = end - loop.time()
        if fed or left <= 0:
            items = [FeedItem(id=message.id, **orjson.loads(message.body)) for message in fed]
            return Feed(items=items, next=write_cursor(*(fed[-1].place if fed else place)))
        with suppress(TimeoutError):
            await asyncio.wait_for(ring.wait(), min(left, _LOOK_AGAIN_S))


@router.get("/statement", dependencies=_READ)
async def get_statement(
    db: SessionDep,
    partner: PartnerDep,
    clock: ClockDep,
    letterhead: LetterheadDep,
    day: Annotated[Day, Query(alias="date")],
) -> Statement:
    """What both sides must agree on for a day: each referral that changed, as it stood at the day's end."""
    rows = await doorway.day_statement(db, partner, day, now=clock.now())
    lines = [
        StatementLine(
            referral_id=row.referral_id,
            case_ref=letterhead.case_ref(partner, row.household_ref),
            need=row.need,
            status=row.status,
            version=row.version,
            amount=yuan_or_none(row.amount_fen),
            changed_at=row.at,
        )
        for row in rows
    ]
    total = sum(row.amount_fen or 0 for row in rows)
    return Statement(date=day, partner=partner, items=lines, count=len(lines), amount=yuan(total))
