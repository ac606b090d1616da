"""What a partner reads at its door: its list, one referral's allowed fields, its messages, the day's statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.divisions import divisions
from services.contracts.money import yuan
from services.kit.clock import SHANGHAI, shanghai_date
from services.kit.errors import BadInput, FieldError, NotFound
from services.referral.actions.answers import partners_referral
from services.referral.actions.cases import books
from services.referral.actions.deliver import body_of
from services.referral.delivery.payload import Letterhead
from services.referral.partners.consent import Permission, permission
from services.referral.partners.fields import allowed_fields
from services.referral.partners.state import HouseholdState, ReferralState
from services.referral.store import door
from services.referral.store.households import read_household

_MOST_FED = 100


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One referral, what the family's decisions say today, the fields allowed, and those that referral itself knows."""

    referral: ReferralState
    permission: Permission
    fields: tuple[str, ...]
    known: dict[str, Any]
    person_ref: UUID | None


async def disclose(db: AsyncSession, referral_id: UUID, *, is_partner: bool, now: datetime) -> Disclosure:
    """What a partner may know of its referral now; noted as read when it is the partner that reads.

    Raises: NotFound for another partner's, or one that never left.
    """
    referral = await partners_referral(db, referral_id)
    household = await read_household(db, referral.household_ref)
    party = books().directory.get(referral.partner)
    if household is None or party is None:
        raise NotFound()
    said = permission(household.decisions, party, referral.need, near_miss=referral.near_miss, today=shanghai_date(now))
    if is_partner and said.may_leave and referral.acknowledged_at is None:
        await door.acknowledge(db, [referral_id], now=now)
    fields = allowed_fields(
        party,
        referral.need,
        near_miss=referral.near_miss,
        is_minor=referral.is_minor,
        safe_to_call=referral.safe_to_call,
    )
    known = {name: value for name, value in _known(referral).items() if name in fields}
    return Disclosure(referral, said, fields, known, _person(referral, household))


def _person(referral: ReferralState, household: HouseholdState) -> UUID | None:
    """Whom the referral is about: the subject, else the household's first person, who applied for it."""
    if referral.subject_ref is not None or not household.people:
        return referral.subject_ref
    return household.people[0].person_ref


def _known(referral: ReferralState) -> dict[str, Any]:
    need = books().directory.need_name(referral.need)
    return {
        "need_sentence": {"zh": f"需要{need.zh}方面的帮助", "en": f"Needs help with {need.en}"},
        "gap_amount": None if referral.gap_fen is None else yuan(referral.gap_fen),
        "township": divisions().full_name(referral.division[:9]) or referral.division[:9],
        "hardship_type": referral.hardship,
        "household_size": referral.household_size,
        "risk_flag": not referral.safe_to_call,
    }


@dataclass(frozen=True, slots=True)
class Fed:
    """One message of the feed: its id, its body as text, and its place."""

    id: UUID
    body: str
    place: tuple[str, int]


async def read_feed(
    db: AsyncSession,
    partner: str,
    *,
    after: tuple[str, int],
    is_partner: bool,
    letterhead: Letterhead,
    now: datetime,
) -> list[Fed]:
    """A partner's messages after a place, in the order they were queued, with the bodies its webhooks have.

    A partner that asks for what comes after a place says that everything up to it arrived.
    """
    if is_partner:
        await door.note_polled(db, partner, upto=after, now=now)
    found = await door.feed(db, partner, after=after, today=shanghai_date(now), most=_MOST_FED)
    unwritten = {message.id: body_of(message, letterhead) for message, _, _ in found if message.body is None}
    written = await door.write_bodies(db, unwritten)
    if is_partner:
        await door.acknowledge(db, {message.referral_id for message, _, _ in found if message.referral_id}, now=now)
    return [
        Fed(message.id, message.body or written[message.id], (made_by, position))
        for message, made_by, position in found
    ]


async def day_statement(db: AsyncSession, partner: str, day: date, *, now: datetime) -> Sequence[Any]:
    """Referrals that changed on a Shanghai day, each as it stood at the day's end.

    Raises: BadInput for a day that has not come.
    """
    if day > shanghai_date(now):
        text = ("对账日期还没有到", "That day has not come yet")
        raise BadInput(errors=(FieldError("date", "future_date", *text),))
    since = datetime.combine(day, datetime.min.time(), SHANGHAI)
    return await door.statement(db, partner, since=since, until=since + timedelta(days=1))
