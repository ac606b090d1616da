"""What routes share: the time, the keys, who asks, and rows as answers."""

from typing import Annotated

from fastapi import Depends, Request

from services.contracts.money import yuan
from services.kit.auth import Actor, ActorDep
from services.kit.clock import Clock
from services.kit.errors import NotAllowed
from services.kit.privacy import Sealer
from services.referral.actions.cases import books
from services.referral.delivery.payload import Letterhead
from services.referral.delivery.send import Sender, make_sender
from services.referral.partners.gaps import gap_band
from services.referral.partners.state import ReferralState
from services.referral.partners.why import explain
from services.referral.schemas import OutcomeOut, ReferralOut, ThinReferral, Words
from services.referral.settings import ReferralSettings
from services.referral.store.lists import Listed


def clock_of(request: Request) -> Clock:
    """The routes' time."""
    clock: Clock = request.app.state.clock
    return clock


def settings_of(request: Request) -> ReferralSettings:
    """The part's settings."""
    settings: ReferralSettings = request.app.state.settings
    return settings


def letterhead_of(request: Request) -> Letterhead:
    """Case refs and links."""
    letterhead: Letterhead = request.app.state.letterhead
    return letterhead


def sealer_of(request: Request) -> Sealer:
    """Seals notes and endpoint secrets."""
    return Sealer(settings_of(request).seal_key.get_secret_value())


def sender_of(settings: ReferralSettings) -> Sender:
    """A sender of its own for one challenge. The caller closes it."""
    return make_sender(settings.allowed_networks, settings.webhook_ca_file)


ClockDep = Annotated[Clock, Depends(clock_of)]
LetterheadDep = Annotated[Letterhead, Depends(letterhead_of)]
SealerDep = Annotated[Sealer, Depends(sealer_of)]


def check_partner(actor: ActorDep) -> None:
    """The door is for partners; an operator may look on, and leaves no trace of a partner's reading.

    Raises: NotAllowed for a caller of no partner.
    """
    if actor.partner is None and not actor.may("*"):
        raise NotAllowed()


def partner_of(actor: ActorDep, partner: str | None = None) -> str:
    """Whose door it is: the actor's own partner; somebody of none (an operator) names one with `?partner=`.

    Raises: NotAllowed.
    """
    if actor.partner is not None:
        return actor.partner
    if partner is None or not actor.may("*"):
        raise NotAllowed()
    return partner


PartnerDep = Annotated[str, Depends(partner_of)]


def by(actor: Actor) -> str:
    """Who made a step, as it is noted."""
    return f"partner:{actor.partner}" if actor.partner else actor.subject


def yuan_or_none(fen: int | None) -> str | None:
    """An amount in yuan, None when unknown."""
    return None if fen is None else yuan(fen)


def referral_out(listed: Listed) -> ReferralOut:
    """A referral as officers see it."""
    referral = listed.referral
    return ReferralOut(
        id=referral.id,
        household_ref=referral.household_ref,
        partner=referral.partner,
        need=referral.need,
        status=referral.status,
        held_for=referral.held_for,
        delivery_state=listed.delivery_state,
        priority=referral.priority,
        due_on=referral.due_on,
        why=Words(**explain(referral.why, referral.need, near_miss=referral.near_miss, directory=books().directory)),
        acknowledged_at=referral.acknowledged_at,
        outcome=outcome_out(referral),
        confirmed=referral.confirmed,
        version=referral.version,
    )


def outcome_out(referral: ReferralState) -> OutcomeOut | None:
    """What a partner reported, or None."""
    if referral.outcome_kind is None or referral.outcome_on is None:
        return None
    return OutcomeOut(
        kind=referral.outcome_kind, amount=yuan_or_none(referral.outcome_amount_fen), on=referral.outcome_on
    )


def thin(referral: ReferralState, letterhead: Letterhead) -> ThinReferral:
    """A referral as its partner sees it: nothing that identifies."""
    return ThinReferral(
        referral_id=referral.id,
        case_ref=letterhead.case_ref(referral.partner, referral.household_ref),
        need=referral.need,
        programme=referral.programme,
        status=referral.status,
        version=referral.version,
        priority=referral.priority,
        township_code=referral.division[:9],
        age_band=referral.age_band,
        household_size=referral.household_size,
        gap_band=gap_band(referral.gap_fen),
        consent=referral.consent,
        expires_on=referral.consent_expires_on,
        due_on=referral.due_on,
        links=letterhead.links(referral.id),
    )
