"""Officers' door: referrals, what holds them, what came of them, and needs that nobody took."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.contracts.codes import HeldFor, ReferralStatus
from services.kit.application import router as strict_router
from services.kit.auth import ActorDep, require
from services.kit.db import SessionDep
from services.kit.errors import NotFound
from services.kit.pages import Cursor, Limit, moment_and_id, only_id, write_cursor
from services.referral.actions import office
from services.referral.actions.answers import note_place
from services.referral.actions.cases import books
from services.referral.api.common import ClockDep, SealerDep, by, referral_out, yuan_or_none
from services.referral.schemas import (
    CancelIn,
    ConfirmIn,
    Counts,
    NeedName,
    Needs,
    ReferralDetail,
    Referrals,
    Replayed,
    StatusOut,
    StepOut,
    UnmetNeed,
    UnmetNeeds,
    Words,
)
from services.referral.store import lists
from services.referral.store.lists import Listed, ReferralFilter

router = strict_router(prefix="/api/v1/referral", tags=["referrals"])
_READ = [require("referral:read")]
_WRITE = [require("referral:write")]
_PartyCode = Annotated[str | None, Query(max_length=40)]


@router.get("/referrals", dependencies=_READ)
async def get_referrals(
    db: SessionDep,
    household: UUID | None = None,
    partner: _PartyCode = None,
    need: _PartyCode = None,
    status: ReferralStatus | None = None,
    held_for: HeldFor | None = None,
    overdue: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Referrals:
    """Referrals, newest first, to partners and bureaux alike."""
    wanted = ReferralFilter(household, partner, need, status, held_for, overdue)
    found = await lists.list_referrals(db, wanted, before=moment_and_id(cursor), most=limit + 1)
    page = found[:limit]
    last = page[-1].referral if len(found) > limit else None
    return Referrals(
        items=[referral_out(listed) for listed in page],
        next=write_cursor(last.created_at.isoformat(), last.id) if last else None,
    )


@router.get("/referrals/{referral_id}", dependencies=_READ)
async def get_referral(referral_id: UUID, db: SessionDep, actor: ActorDep, sealer: SealerDep) -> ReferralDetail:
    """One referral with every version; the partner's note for those who may read personal fields."""
    listed = await lists.find_listed(db, referral_id)
    if listed is None:
        raise NotFound()
    referral = listed.referral
    note = None
    if referral.outcome_note_sealed is not None and actor.may("people:read"):
        note = sealer.unseal(referral.outcome_note_sealed, note_place(referral_id))
    return ReferralDetail(
        **referral_out(listed).model_dump(),
        reason_code=referral.reason_code,
        closing_code=referral.closing_code,
        bureau=referral.bureau,
        near_miss=referral.near_miss,
        gap=yuan_or_none(referral.gap_fen),
        is_overdue=referral.overdue_on is not None,
        created_at=referral.created_at,
        changed_at=referral.changed_at,
        programme=referral.programme,
        subject_ref=referral.subject_ref,
        assessment_id=referral.assessment_id,
        rerouted_from=referral.rerouted_from,
        consent=referral.consent,
        consent_expires_on=referral.consent_expires_on,
        note=note,
        steps=[_step(step) for step in await lists.steps_of(db, referral_id)],
    )


def _step(step: lists.StepRow) -> StepOut:
    return StepOut(
        version=step.version,
        status=step.status,
        held_for=step.held_for,
        reason_code=step.reason_code,
        closing_code=step.closing_code,
        amount=yuan_or_none(step.amount_fen),
        at=step.at,
        by=step.by,
    )


@router.post("/referrals/{referral_id}/release", dependencies=[require("referral:decide")])
async def post_release(referral_id: UUID, db: SessionDep, actor: ActorDep, clock: ClockDep) -> StatusOut:
    """An officer's confirmation. Without the family's yes it stays held: 409 `consent_required`."""
    referral = await office.release(db, referral_id, by=by(actor), now=clock.now())
    return StatusOut(id=referral.id, status=referral.status, version=referral.version)


@router.post("/referrals/{referral_id}/cancel", dependencies=[require("referral:decide")])
async def post_cancel(referral_id: UUID, body: CancelIn, db: SessionDep, actor: ActorDep, clock: ClockDep) -> StatusOut:
    """Taking back; a partner that may know of the referral is told to forget it."""
    referral = await office.take_back(
        db, referral_id, reason=body.reason_code, in_error=body.in_error, by=by(actor), now=clock.now()
    )
    return StatusOut(id=referral.id, status=referral.status, version=referral.version)


@router.post("/referrals/{referral_id}/confirm", dependencies=_WRITE)
async def post_confirm(
    referral_id: UUID, body: ConfirmIn, db: SessionDep, actor: ActorDep, clock: ClockDep
) -> StatusOut:
    """Whether the reported help arrived, as the person or a grid worker says."""
    referral = await office.confirm(db, referral_id, body, by=by(actor), now=clock.now())
    return StatusOut(id=referral.id, status=referral.status, version=referral.version)


@router.post("/referrals/{referral_id}/replay", dependencies=_WRITE)
async def post_replay(referral_id: UUID, db: SessionDep, clock: ClockDep) -> Replayed:
    """The newest notice again: the same body with the same webhook-id."""
    referral, webhook_id, state = await office.replay(db, referral_id, now=clock.now())
    shown = Listed(referral, state).delivery_state
    return Replayed(id=referral.id, webhook_id=webhook_id, delivery_state=shown)


@router.get("/counts", dependencies=_READ)
async def get_counts(db: SessionDep) -> Counts:
    """How many referrals, held ones, webhooks, outcomes and confirmations there are in the caller's territory."""
    return Counts.model_validate(await lists.count_all(db))


@router.get("/needs", dependencies=_READ)
async def get_needs() -> Needs:
    """The needs there are, and what they are called."""
    named = books().directory.needs
    return Needs(items=[NeedName(code=code, name=Words(zh=name.zh, en=name.en)) for code, name in named.items()])


@router.get("/needs/unmet", dependencies=_READ)
async def get_unmet_needs(
    db: SessionDep, household: UUID | None = None, cursor: Cursor = None, limit: Limit = 50
) -> UnmetNeeds:
    """Needs that every partner asked left open: what the charity side and the joint meeting look at."""
    rows = await lists.list_unmet(db, household=household, after=only_id(cursor), most=limit + 1)
    page = rows[:limit]
    items = [
        UnmetNeed(
            need_id=row.need_id,
            household_ref=row.household_ref,
            need=row.code,
            gap=yuan_or_none(row.gap_fen),
            left=yuan_or_none(row.unmet_gap_fen),
            tried=row.tried,
        )
        for row in page
    ]
    return UnmetNeeds(items=items, next=write_cursor(page[-1].need_id) if len(rows) > limit else None)
