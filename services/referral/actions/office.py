"""What officers do with a referral: release it, take it back, confirm that help arrived, send its notice again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.codes import ReasonCode, ReferralStatus
from services.kit.errors import NotFound
from services.referral.actions.cases import open_case, put_back
from services.referral.errors import ConsentRequired, IllegalStep, NothingToReplay
from services.referral.partners.casework import Casework
from services.referral.partners.settle import settle
from services.referral.partners.state import TAKEN_BACK, ReferralState
from services.referral.partners.statuses import NEXT
from services.referral.schemas import ConfirmIn
from services.referral.store import deliveries
from services.referral.store.referrals import find_referral


async def _open(db: AsyncSession, referral_id: UUID, *, now: datetime) -> tuple[Casework, ReferralState]:
    found = await find_referral(db, referral_id)
    case = await open_case(db, found.household_ref, now=now) if found else None
    if case is None or referral_id not in case.referrals:
        raise NotFound()
    return case, case.referrals[referral_id]


async def release(db: AsyncSession, referral_id: UUID, *, by: str, now: datetime) -> ReferralState:
    """An officer's confirmation: the referral leaves, when the family said yes or a statute does.

    One that has left already stays as it is. Raises: NotFound, ConsentRequired, IllegalStep.
    """
    case, referral = await _open(db, referral_id, now=now)
    if referral.status == "requested" and referral.held_for is None:
        return referral
    if referral.status != "draft":
        raise IllegalStep(NEXT[referral.status], referral.status)
    if not case.permission(referral).may_leave:
        raise ConsentRequired()
    referral.released_at, referral.released_by = now, by
    settle(case)
    await put_back(db, [case], by=by, now=now)
    return referral


async def take_back(
    db: AsyncSession, referral_id: UUID, *, reason: ReasonCode, in_error: bool, by: str, now: datetime
) -> ReferralState:
    """Cancel a referral, or mark one that should never have been. A partner that may know of it is told.

    Raises: NotFound, IllegalStep.
    """
    case, referral = await _open(db, referral_id, now=now)
    status: ReferralStatus = "entered_in_error" if in_error else "cancelled"
    if referral.status == status:
        return referral
    if status not in NEXT[referral.status]:
        raise IllegalStep(NEXT[referral.status], referral.status)
    case.set_status(referral, status, reason=reason, closing=TAKEN_BACK)
    settle(case)
    await put_back(db, [case], by=by, now=now)
    return referral


async def confirm(db: AsyncSession, referral_id: UUID, body: ConfirmIn, *, by: str, now: datetime) -> ReferralState:
    """Note whether the help arrived, as the person or a grid worker says.

    Raises: NotFound, IllegalStep before a partner reported any help.
    """
    case, referral = await _open(db, referral_id, now=now)
    if referral.status != "completed":
        raise IllegalStep(NEXT[referral.status], referral.status)
    referral.confirmed, referral.confirmed_by, referral.confirmed_on = body.received, body.by, body.on
    await put_back(db, [case], by=by, now=now)
    return referral


async def replay(db: AsyncSession, referral_id: UUID, *, now: datetime) -> tuple[ReferralState, UUID, str]:
    """Send a referral's newest notice again: the same body with the same webhook-id.

    Answers the referral, the webhook-id and the state of the notice. A word that a referral is taken back needs no
    consent; any other notice does. Raises: NotFound, ConsentRequired, NothingToReplay.
    """
    case, referral = await _open(db, referral_id, now=now)
    newest = await deliveries.newest_message(db, referral_id)
    if newest is None:
        raise NothingToReplay()
    webhook_id, kind, state = newest
    if kind != "referral.revoked" and not case.permission(referral).may_leave:
        raise ConsentRequired()
    await deliveries.send_again(db, webhook_id, now=now)
    return referral, webhook_id, "queued" if state in ("delivered", "dead", "retrying") else state
