"""A partner's answer: checked against the machine, its share of the gap reserved, the need handed on when refused."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.kit import signing
from services.kit.clock import shanghai_date
from services.kit.errors import BadInput, Conflict, FieldError, NotFound
from services.kit.privacy import Sealer
from services.referral.actions.cases import open_case, put_back
from services.referral.actions.secrets import open_secrets
from services.referral.errors import GapTaken, IllegalStep, ReasonRequired, UnsignedCallback
from services.referral.partners.casework import Casework
from services.referral.partners.settle import settle
from services.referral.partners.state import ReferralState
from services.referral.partners.statuses import NEEDS_REASON, NEXT, PARTNER_SETS, allowed
from services.referral.schemas import OutcomeIn, StatusIn
from services.referral.store import deliveries, door
from services.referral.store.referrals import find_referral, see_every_partner


async def partners_referral(db: AsyncSession, referral_id: UUID) -> ReferralState:
    """A referral that its partner may know of, under the transaction's territory and partner.

    Raises: NotFound for one that never left, or is another partner's.
    """
    referral = await find_referral(db, referral_id)
    if referral is None or referral.requested_at is None:
        raise NotFound()
    return referral


async def take_answer(
    db: AsyncSession, referral_id: UUID, body: StatusIn, *, by: str, now: datetime, sealer: Sealer
) -> ReferralState:
    """Take a partner's answer. The same step again changes nothing.

    Raises: NotFound, IllegalStep, ReasonRequired, GapTaken, BadInput.
    """
    referral = await partners_referral(db, referral_id)
    case = await _open(db, referral, now=now)
    return await _apply(db, case, referral_id, body, by=by, now=now, sealer=sealer)


async def take_signed_answer(
    db: AsyncSession,
    referral_id: UUID,
    body: StatusIn,
    *,
    headers: Mapping[str, str],
    raw: bytes,
    now: datetime,
    sealer: Sealer,
) -> dict[str, Any]:
    """Take an answer signed with a secret of the partner whose referral it is. A webhook-id counts once.

    Answers `{id, status, version}`; the same callback again answers what the first one did.

    Raises: as take_answer; UnsignedCallback; Conflict when the id came with another body.
    """
    referral = await partners_referral(db, referral_id)
    secrets = await open_secrets(db, referral.partner, now=now, sealer=sealer)
    try:
        webhook_id = signing.verify(secrets, headers, raw, now=now.timestamp())
    except signing.BadSignature as error:
        raise UnsignedCallback() from error
    case = await _open(db, referral, now=now)
    sha256 = hashlib.sha256(raw).digest()
    known = await door.find_callback(db, referral.partner, webhook_id)
    if known is not None:
        if known[:2] != (referral_id, sha256):
            raise Conflict(
                "同一个webhook-id用在了不同的内容上", "This webhook-id came with another body", code="webhook_id_reused"
            )
        return known[2]
    by = f"partner:{referral.partner}"
    done = await _apply(db, case, referral_id, body, by=by, now=now, sealer=sealer)
    answer = {"id": str(done.id), "status": done.status, "version": done.version}
    await door.keep_callback(db, referral, webhook_id=webhook_id, sha256=sha256, answer=answer, now=now)
    return answer


async def _open(db: AsyncSession, referral: ReferralState, *, now: datetime) -> Casework:
    await see_every_partner(db)
    case = await open_case(db, referral.household_ref, now=now)
    if case is None or referral.id not in case.referrals:
        raise NotFound()
    return case


async def _apply(
    db: AsyncSession, case: Casework, referral_id: UUID, body: StatusIn, *, by: str, now: datetime, sealer: Sealer
) -> ReferralState:
    referral = case.referrals[referral_id]
    if body.status == referral.status:
        return referral
    if body.status not in PARTNER_SETS or body.status not in NEXT[referral.status]:
        raise IllegalStep(allowed(referral.status, to_partner=True), referral.status)
    if body.status in NEEDS_REASON and body.reason_code is None:
        raise ReasonRequired()
    if body.status == "accepted":
        if not case.reserve(referral, body.outcome.amount if body.outcome else None):
            raise GapTaken()
    elif body.outcome is not None:
        _note_outcome(referral, body.outcome, is_done=body.status == "completed", now=now, sealer=sealer)
    referral.acknowledged_at = referral.acknowledged_at or now
    case.set_status(referral, body.status, reason=body.reason_code if body.status in NEEDS_REASON else None)
    settle(case)
    await deliveries.note_arrival(db, referral_id, now=now)
    await put_back(db, [case], by=by, now=now)
    return referral


def _note_outcome(referral: ReferralState, outcome: OutcomeIn, *, is_done: bool, now: datetime, sealer: Sealer) -> None:
    if is_done and outcome.on > shanghai_date(now):
        text = ("落实日期不能在将来", "What is done has no date in the future")
        raise BadInput(errors=(FieldError("outcome.on", "future_date", *text),))
    referral.outcome_kind = outcome.kind
    referral.outcome_amount_fen = outcome.amount
    referral.outcome_on = outcome.on
    if outcome.note is not None:
        referral.outcome_note_sealed = sealer.seal(outcome.note, note_place(referral.id))


def note_place(referral_id: UUID) -> str:
    """What binds a sealed note to its row."""
    return f"referral/outcome_note/{referral_id}"
