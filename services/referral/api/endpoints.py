"""Officers' door: the directory of partners and their endpoints."""

import secrets
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request

from services.kit.application import router as strict_router
from services.kit.auth import ActorDep, require
from services.kit.db import Database, Scope, SessionDep
from services.referral.actions import endpoints as actions
from services.referral.actions.cases import books
from services.referral.api.common import ClockDep, SealerDep, sender_of, settings_of
from services.referral.delivery.guard import ForbiddenTarget, check_resolves, check_url, read_networks
from services.referral.errors import ForbiddenAddress
from services.referral.models import Endpoint
from services.referral.schemas import (
    EndpointChanged,
    EndpointIn,
    EndpointMade,
    EndpointOut,
    PartnerOut,
    Partners,
    ReplayedRange,
    ReplayIn,
    TestQueued,
    Words,
)
from services.referral.store import endpoints as store

router = strict_router(prefix="/api/v1/referral", tags=["partners"])
_WRITE = [require("referral:write")]


@router.get("/partners", dependencies=[require("referral:read")])
async def get_partners(
    db: SessionDep, kind: Annotated[Literal["partner", "bureau", "all"], Query()] = "partner"
) -> Partners:
    """Partners (or bureaux), the needs they serve, and their endpoints within the caller's territory."""
    directory = books().directory
    parties = {
        "partner": directory.partners(),
        "bureau": directory.bureaux(),
        "all": (*directory.partners(), *directory.bureaux()),
    }
    held = await store.endpoints(db)
    items = [
        PartnerOut(
            code=party.code,
            name=Words(zh=party.name.zh, en=party.name.en),
            needs=list(party.needs),
            endpoints=[_endpoint_out(endpoint) for endpoint in held if endpoint.partner == party.code],
        )
        for party in parties[kind]
    ]
    return Partners(items=items)


def _endpoint_out(endpoint: Endpoint) -> EndpointOut:
    return EndpointOut(
        id=endpoint.id,
        division=endpoint.division,
        url=endpoint.url,
        types=endpoint.types,
        state=endpoint.state,
        asked=endpoint.asked_url,
        failing_since=endpoint.failing_since,
        resting_until=endpoint.rest_until,
    )


@router.put("/partners/{code}/endpoint", dependencies=_WRITE)
async def put_endpoint(
    code: str, body: EndpointIn, request: Request, actor: ActorDep, clock: ClockDep, sealer: SealerDep
) -> EndpointMade:
    """Register or replace where a partner takes webhooks for a place; the new secret is shown this once."""
    division = actions.check_place(code, body.division, actor)
    try:
        networks = read_networks(settings_of(request).allowed_networks)
        await check_resolves(check_url(body.url, networks), networks)
    except ForbiddenTarget as error:
        raise ForbiddenAddress(error.code) from error
    is_verified = None
    if body.verify:  # before the transaction: another's server must not hold it open
        sender = sender_of(settings_of(request))
        try:
            is_verified = await sender.challenge(body.url, secrets.token_urlsafe(24))
        finally:
            await sender.close()
    database: Database = request.app.state.database
    async with database.transaction(Scope(actor.territory or "none", actor.partner or "")) as db:
        made = await actions.register(
            db,
            code,
            body,
            division=division,
            is_verified=is_verified,
            actor=actor,
            now=clock.now(),
            sealer=sealer,
        )
    return EndpointMade(id=made.id, secret=made.secret, state=made.state)


@router.post("/endpoints/{endpoint_id}/approve", dependencies=_WRITE)
async def post_approve(endpoint_id: UUID, db: SessionDep, actor: ActorDep, clock: ClockDep) -> EndpointChanged:
    """A second person's approval; from then on the endpoint receives."""
    state = await actions.approve(db, endpoint_id, actor=actor, now=clock.now())
    return EndpointChanged(id=endpoint_id, state=state)


@router.post("/endpoints/{endpoint_id}/pause", dependencies=_WRITE)
async def post_pause(endpoint_id: UUID, db: SessionDep, clock: ClockDep) -> EndpointChanged:
    """Send nothing for a while; what is queued stays queued."""
    return EndpointChanged(id=endpoint_id, state=await actions.pause(db, endpoint_id, now=clock.now()))


@router.post("/endpoints/{endpoint_id}/resume", dependencies=_WRITE)
async def post_resume(endpoint_id: UUID, db: SessionDep, clock: ClockDep) -> EndpointChanged:
    """Go on sending after a pause."""
    return EndpointChanged(id=endpoint_id, state=await actions.resume(db, endpoint_id, now=clock.now()))


@router.post("/endpoints/{endpoint_id}/test", dependencies=_WRITE, status_code=202)
async def post_test(endpoint_id: UUID, db: SessionDep, clock: ClockDep) -> TestQueued:
    """Queue `endpoint.test`: a signed message about nobody."""
    return TestQueued(webhook_id=await actions.try_out(db, endpoint_id, now=clock.now()))


@router.post("/endpoints/{endpoint_id}/replay", dependencies=_WRITE)
async def post_replay_range(endpoint_id: UUID, body: ReplayIn, db: SessionDep, clock: ClockDep) -> ReplayedRange:
    """Send the webhooks of a span of time again: those that never arrived, or all; same ids, same bodies."""
    return ReplayedRange(queued=await actions.replay_range(db, endpoint_id, body, now=clock.now()))
