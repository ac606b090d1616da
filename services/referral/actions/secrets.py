"""Endpoint secrets: sealed at rest, opened to sign and to verify."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.privacy import Sealer
from services.referral.store.endpoints import secrets_of


def seal_secret(sealer: Sealer, endpoint_id: UUID, secret: str) -> bytes:
    """A secret as it is kept."""
    return sealer.seal(secret, _place(endpoint_id))


def open_secret(sealer: Sealer, endpoint_id: UUID, sealed: bytes) -> str:
    """A kept secret. Raises: SealBroken."""
    return sealer.unseal(sealed, _place(endpoint_id))


def _place(endpoint_id: UUID) -> str:
    return f"endpoint/secret/{endpoint_id}"


async def open_secrets(db: AsyncSession, partner: str, *, now: datetime, sealer: Sealer) -> list[str]:
    """Every secret a partner may sign with now: of each endpoint the present one, and the former for a day."""
    found: list[str] = []
    for endpoint_id, secret, former in await secrets_of(db, partner, now=now):
        found += [open_secret(sealer, endpoint_id, sealed) for sealed in (secret, former) if sealed is not None]
    return found
