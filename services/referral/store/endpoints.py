"""Partners' endpoints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Statement, fetch
from services.referral.models import Endpoint

_TABLE = Endpoint.__table__
_SENDING = Statement(
    "SELECT partner, state, url, secret_sealed, previous_secret_sealed, previous_until, failing_since, failures, rests,"
    " rest_until FROM endpoint WHERE id = :id"
)
_SECRETS = text(
    "SELECT id, secret_sealed, CASE WHEN previous_until > :now THEN previous_secret_sealed END AS previous_sealed"
    " FROM endpoint WHERE partner = :partner AND secret_sealed IS NOT NULL ORDER BY division"
)


async def endpoints(db: AsyncSession) -> list[Endpoint]:
    """Every endpoint in the transaction's territory."""
    query = select(Endpoint).order_by(_TABLE.c.partner, _TABLE.c.division)
    return list((await db.execute(query)).scalars())


@dataclass(frozen=True, slots=True)
class Sending:
    """What a lane needs of its endpoint."""

    partner: str
    state: str
    url: str | None
    secret_sealed: bytes | None
    previous_secret_sealed: bytes | None
    previous_until: datetime | None
    failing_since: datetime | None
    failures: int
    rests: int
    rest_until: datetime | None


async def sending_of(db: AsyncSession, endpoint_id: UUID) -> Sending | None:
    """What a lane needs of its endpoint, or None."""
    rows = await fetch(db, _SENDING, {"id": endpoint_id})
    return Sending(**dict(rows[0])) if rows else None


async def find_endpoint(db: AsyncSession, endpoint_id: UUID, *, lock: bool = False) -> Endpoint | None:
    """One endpoint, or None."""
    return await _one(db, _TABLE.c.id == endpoint_id, lock)


async def endpoint_at(db: AsyncSession, partner: str, division: str) -> Endpoint | None:
    """The endpoint of a partner for exactly this place, locked, or None."""
    return await _one(db, (_TABLE.c.partner == partner) & (_TABLE.c.division == division), True)


async def _one(db: AsyncSession, where: Any, lock: bool) -> Endpoint | None:
    query = select(Endpoint).where(where).execution_options(populate_existing=True)
    if lock:
        query = query.with_for_update(key_share=True)
    return (await db.execute(query)).scalars().one_or_none()


async def add_endpoint(db: AsyncSession, values: dict[str, Any]) -> None:
    """Insert an endpoint. Another for the same partner and place breaks a unique key."""
    await db.execute(insert(_TABLE).values(values))


async def save_endpoint(db: AsyncSession, endpoint_id: UUID, values: dict[str, Any]) -> None:
    """Change columns of an endpoint."""
    await db.execute(update(_TABLE).where(_TABLE.c.id == endpoint_id).values(values))


async def secrets_of(db: AsyncSession, partner: str, *, now: datetime) -> Sequence[tuple[UUID, bytes, bytes | None]]:
    """(endpoint id, secret, former secret while it is still good) of each endpoint of a partner, sealed."""
    rows = await db.execute(_SECRETS, {"partner": partner, "now": now})
    return [(row.id, row.secret_sealed, row.previous_sealed) for row in rows]
