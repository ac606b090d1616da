"""Claim what is due for one endpoint, and record what came of it. No transaction is open while a message travels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.clock import shanghai_date
from services.kit.ids import new_id
from services.kit.privacy import Sealer
from services.referral.actions.secrets import open_secret
from services.referral.delivery.bell import Handed
from services.referral.delivery.breaker import Health
from services.referral.delivery.payload import Letterhead, write_body
from services.referral.delivery.schedule import LEASE
from services.referral.store import deliveries
from services.referral.store import endpoints as store
from services.referral.store.deliveries import Result, Waiting

START_WITHIN = timedelta(seconds=4)
"""A claimed message whose attempt has not begun by then is given back: its partner is slow, and others may be due."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One claimed message, ready to be signed. `number` counts its attempts, `tries` those of this round."""

    id: UUID
    division: str
    partner: str
    body: str
    number: int
    tries: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What was claimed for one endpoint, how to reach it, and how it does. `messages` may be empty."""

    id: UUID
    url: str
    secrets: tuple[str, ...]
    partner: str
    health: Health
    messages: tuple[Outgoing, ...]
    claimed_at: datetime


async def claim_due(
    db: AsyncSession, endpoint_id: UUID, *, most: int, now: datetime, letterhead: Letterhead, sealer: Sealer
) -> Claim | None:
    """Claim up to `most` due messages of an endpoint; one only, as a probe, while its breaker is open.

    None when it is not active, or rests. A body is written at its first claim and never again.
    """
    endpoint = await store.sending_of(db, endpoint_id)
    if endpoint is None or endpoint.state != "active" or (endpoint.rest_until and endpoint.rest_until > now):
        return None
    assert endpoint.url is not None and endpoint.secret_sealed is not None
    health = Health(endpoint.failing_since, endpoint.failures, endpoint.rests, endpoint.rest_until)
    waiting = await deliveries.lock_due(
        db,
        endpoint_id,
        now=now,
        today=shanghai_date(now),
        most=1 if health.is_open else most,
        tried_first=health.is_open,
    )
    claim_id = new_id()
    bodies = {message.id: message.body or body_of(message, letterhead) for message in waiting}
    if bodies:
        await deliveries.claim(db, bodies, claim_id=claim_id, until=now + LEASE)
    secrets = [open_secret(sealer, endpoint_id, endpoint.secret_sealed)]
    if endpoint.previous_secret_sealed is not None and endpoint.previous_until and endpoint.previous_until > now:
        secrets.append(open_secret(sealer, endpoint_id, endpoint.previous_secret_sealed))
    return Claim(
        claim_id,
        endpoint.url,
        tuple(secrets),
        endpoint.partner,
        health,
        tuple(Outgoing(m.id, m.division, m.partner, bodies[m.id], m.attempts + 1, m.tries + 1) for m in waiting),
        now,
    )


def claim_of(handed: Handed, sealer: Sealer) -> Claim:
    """The claim of a message that was claimed as it was written. Its endpoint did well then."""
    message = Outgoing(handed.id, handed.division, handed.partner, handed.body, 1, 1)
    secrets = [open_secret(sealer, handed.endpoint_id, handed.secret_sealed)]
    former, until = handed.previous_secret_sealed, handed.previous_until
    if former is not None and until is not None and until > handed.claimed_at:
        secrets.append(open_secret(sealer, handed.endpoint_id, former))
    return Claim(handed.claim, handed.url, tuple(secrets), handed.partner, Health(), (message,), handed.claimed_at)


def body_of(message: Waiting, letterhead: Letterhead) -> str:
    """The body of a message that was never written."""
    return write_body(
        message.type,  # type: ignore[arg-type]  # only webhook types are queued
        message.facts,
        partner=message.partner,
        referral_id=message.referral_id,
        household_ref=message.household_ref,
        sequence=message.sequence,
        at=message.created_at,
        letterhead=letterhead,
    )


async def renew_claim(db: AsyncSession, claim: Claim, *, now: datetime) -> None:
    """The round goes on: hold what it claimed for longer."""
    await deliveries.renew(db, [message.id for message in claim.messages], claim_id=claim.id, until=now + LEASE)


async def record_round(
    db: AsyncSession,
    endpoint_id: UUID,
    claim: Claim,
    results: Sequence[Result],
    *,
    unsent: Sequence[UUID],
    health: Health,
    now: datetime,
) -> None:
    """Record a round of attempts, give back what was not sent, and note how the endpoint does when that changed."""
    await deliveries.record(db, results, now=now)
    if unsent:
        await deliveries.release(db, unsent, claim_id=claim.id, now=now)
    if health != claim.health:
        values: dict[str, object] = {
            "failing_since": health.failing_since,
            "failures": health.failures,
            "rests": health.rests,
            "rest_until": health.rest_until,
        }
        if health.is_gone:
            values["state"] = "disabled"
        await store.save_endpoint(db, endpoint_id, values)
