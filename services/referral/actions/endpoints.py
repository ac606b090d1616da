"""Partners' endpoints: registered, approved by a second person, paused, tried, and their queues sent again.

An operator's endpoint is active at once; anybody else's receives nothing until another person approved it, and one that
should have proved who owns it and did not receives nothing at all. A secret that was replaced signs for another day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.divisions import shorten, within
from services.kit.auth import Actor
from services.kit.clock import shanghai_date
from services.kit.errors import Conflict, NotAllowed, NotFound
from services.kit.ids import new_id
from services.kit.privacy import Sealer
from services.kit.signing import new_secret
from services.referral.actions.cases import books
from services.referral.actions.secrets import seal_secret
from services.referral.errors import SamePerson
from services.referral.models import Endpoint
from services.referral.partners.state import Message
from services.referral.schemas import EndpointIn, EndpointState, ReplayIn
from services.referral.store import deliveries
from services.referral.store import endpoints as store

FORMER_SECRET_LASTS = timedelta(hours=24)
_WELL: dict[str, Any] = {"failing_since": None, "failures": 0, "rests": 0, "rest_until": None}


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of a registration. The secret is shown this once."""

    id: UUID
    secret: str
    state: EndpointState


def check_place(code: str, division: str, actor: Actor) -> str:
    """The shortened division, when the partner exists and the place is within the actor's territory.

    Raises: NotFound, NotAllowed.
    """
    if books().directory.get(code) is None or (actor.partner is not None and actor.partner != code):
        raise NotFound()
    place = shorten(division)
    if actor.territory != "all" and not within(place, actor.territory):
        raise NotAllowed()
    return place


async def register(
    db: AsyncSession,
    code: str,
    body: EndpointIn,
    *,
    division: str,
    is_verified: bool | None,
    actor: Actor,
    now: datetime,
    sealer: Sealer,
) -> Registered:
    """Register a URL or replace it, with a new secret. `is_verified` is None when no proof of ownership was asked for.

    An endpoint at work keeps working with its former URL until the new one is approved.
    """
    existing = await store.endpoint_at(db, code, division)
    endpoint_id = existing.id if existing else new_id()
    secret = new_secret()
    asked: dict[str, Any] = {
        "asked_url": body.url,
        "asked_types": list(body.types),
        "asked_secret_sealed": seal_secret(sealer, endpoint_id, secret),
        "asked_by": actor.subject,
        "asked_is_verified": is_verified,
        "changed_at": now,
    }
    state: EndpointState = "unverified" if is_verified is False else "pending_approval"
    if existing is None:
        made = {"id": endpoint_id, "partner": code, "division": division, "types": [], "created_at": now}
        await store.add_endpoint(db, made | asked | {"state": state})
    else:
        kept = existing.state if existing.url is not None else state
        await store.save_endpoint(db, endpoint_id, asked | {"state": kept})
    if "operator" in actor.roles and is_verified is not False:
        await _activate(db, await _locked(db, endpoint_id), now=now)
        state = "active"
    return Registered(endpoint_id, secret, state)


async def approve(db: AsyncSession, endpoint_id: UUID, *, actor: Actor, now: datetime) -> EndpointState:
    """A second person approves what was asked for. Approving again changes nothing.

    Raises: NotFound, SamePerson, Conflict when its owner was not proved.
    """
    endpoint = await _locked(db, endpoint_id)
    if endpoint.asked_url is None:
        return _state(endpoint)
    if endpoint.asked_is_verified is False:
        text = ("该地址未通过归属验证，请重新登记", "Its owner was not proved; register it again")
        raise Conflict(*text, code="unverified")
    if endpoint.asked_by == actor.subject and "operator" not in actor.roles:
        raise SamePerson()
    await _activate(db, endpoint, now=now)
    return "active"


async def _activate(db: AsyncSession, endpoint: Endpoint, *, now: datetime) -> None:
    """Put what was asked for to work; the former secret signs and verifies for another day."""
    types = list(endpoint.asked_types or ())
    values = {
        "url": endpoint.asked_url,
        "types": types,
        "secret_sealed": endpoint.asked_secret_sealed,
        "previous_secret_sealed": endpoint.secret_sealed,
        "previous_until": now + FORMER_SECRET_LASTS if endpoint.secret_sealed is not None else None,
        "state": "active",
        "asked_url": None,
        "asked_types": None,
        "asked_secret_sealed": None,
        "asked_by": None,
        "asked_is_verified": None,
        "changed_at": now,
    }
    await store.save_endpoint(db, endpoint.id, values | _WELL)
    await deliveries.adopt(db, endpoint.id, partner=endpoint.partner, division=endpoint.division, types=types, now=now)


async def pause(db: AsyncSession, endpoint_id: UUID, *, now: datetime) -> EndpointState:
    """Send nothing until it is resumed; what is queued stays queued. Raises: NotFound, Conflict."""
    return await _switch(db, endpoint_id, "active", "paused", now=now)


async def resume(db: AsyncSession, endpoint_id: UUID, *, now: datetime) -> EndpointState:
    """Go on after a pause. Raises: NotFound, Conflict."""
    return await _switch(db, endpoint_id, "paused", "active", now=now)


async def _switch(
    db: AsyncSession, endpoint_id: UUID, was: EndpointState, becomes: EndpointState, *, now: datetime
) -> EndpointState:
    endpoint = await _locked(db, endpoint_id)
    if endpoint.state not in (was, becomes):
        raise Conflict(extra={"state": endpoint.state})
    await store.save_endpoint(db, endpoint_id, {"state": becomes, "changed_at": now} | _WELL)
    if becomes == "active":
        deliveries.wake(db, endpoint_id)
    return becomes


async def try_out(db: AsyncSession, endpoint_id: UUID, *, now: datetime) -> UUID:
    """Queue `endpoint.test` for one endpoint. Answers its webhook-id. Raises: NotFound, Conflict unless active."""
    endpoint = await _active(db, endpoint_id)
    message = Message(
        type="endpoint.test",
        referral_id=None,
        household_ref=None,
        partner=endpoint.partner,
        division=endpoint.division,
        sequence=1,
        facts={"endpoint_id": str(endpoint_id)},
    )
    return await deliveries.queue_for(db, endpoint_id, message, now=now)


async def replay_range(db: AsyncSession, endpoint_id: UUID, body: ReplayIn, *, now: datetime) -> int:
    """Queue an endpoint's webhooks of a span again, with their ids and bodies; consent that ran out leaves one out.

    Answers how many. Raises: NotFound, Conflict unless active.
    """
    await _active(db, endpoint_id)
    missing = ("dead", "retrying")
    return await deliveries.send_range_again(
        db,
        endpoint_id,
        since=body.since,
        until=body.until or now,
        states=missing if body.only == "missing" else (*missing, "delivered"),
        now=now,
        today=shanghai_date(now),
    )


async def _active(db: AsyncSession, endpoint_id: UUID) -> Endpoint:
    endpoint = await _locked(db, endpoint_id)
    if endpoint.state != "active":
        raise Conflict("该地址未启用", "The endpoint is not active", code="not_active", extra={"state": endpoint.state})
    return endpoint


async def _locked(db: AsyncSession, endpoint_id: UUID) -> Endpoint:
    endpoint = await store.find_endpoint(db, endpoint_id, lock=True)
    if endpoint is None:
        raise NotFound()
    return endpoint


def _state(endpoint: Endpoint) -> EndpointState:
    state: EndpointState = endpoint.state  # type: ignore[assignment]  # the table's check holds it to these
    return state
