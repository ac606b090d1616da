"""Opaque bearer tokens: 32 random bytes, of which only the SHA-256 is kept. They survive restarts."""

import hashlib
import secrets
from datetime import datetime, timedelta

from gateway.audit import Entry, write_once
from gateway.roles import roles
from gateway.store import TokenRow, add_token
from services.contracts.divisions import UnreadableDivision, shorten
from services.kit.clock import Clock
from services.kit.db import Database
from services.kit.ids import new_id

PREFIX = "yqj_"
"""Lets a secret scanner know one of ours."""


class BadTokenOrder(ValueError):
    """The role is unknown, the territory unreadable, or a partner is missing or out of place. The text says which."""


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def plan_token(
    *roles_: str, territory: str, partner: str | None = None, ttl: timedelta = timedelta(hours=12), now: datetime
) -> TokenRow:
    """The row of a token that may be made.

    Raises: BadTokenOrder.
    """
    unknown = [role for role in roles_ if role not in roles()]
    if unknown or not roles_:
        raise BadTokenOrder(f"no such role; roles are {', '.join(roles())}")
    is_partner = any(role.startswith("partner_") for role in roles_)
    if is_partner != (partner is not None):
        raise BadTokenOrder("a partner code goes with partner_officer and partner_system, and only with them")
    if ttl <= timedelta(0):
        raise BadTokenOrder("the time to live must be longer than nothing")
    return TokenRow(new_id(), tuple(roles_), read_territory(territory), partner, now + ttl)


def read_territory(text: str) -> str:
    """A territory as it is kept: a shortened division code, or `all`.

    Raises: BadTokenOrder.
    """
    if text == "all":
        return text
    try:
        return shorten(text)
    except UnreadableDivision as error:
        raise BadTokenOrder("the territory is no division code of 4, 6, 9 or 12 digits") from error


def read_ttl(text: str) -> timedelta:
    """A time to live as `12h`, `30m`, `45s` or `7d`.

    Raises: BadTokenOrder.
    """
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}.get(text[-1:])
    if unit is None or not (text[:-1].isascii() and text[:-1].isdigit()):
        raise BadTokenOrder("a time to live is a number and s, m, h or d, such as 12h")
    return timedelta(**{unit: int(text[:-1])})


async def create_token(
    database_url: str,
    role: str,
    territory: str,
    partner: str | None = None,
    ttl: timedelta = timedelta(hours=12),
    *,
    audit_key: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Make a token directly in the gateway's database (the gateway need not run); answers the token, seen only now.

    With the gateway's `audit_key` the making is chained into the audit.

    Raises: BadTokenOrder; Unavailable when the database does not answer.
    """
    now = (clock or Clock()).now()
    row = plan_token(role, territory=territory, partner=partner, ttl=ttl, now=now)
    token = PREFIX + secrets.token_urlsafe(32)
    database = Database(database_url, name="gateway-token", pool_size=1)
    try:
        async with database.transaction() as db:
            await add_token(db, token_hash(token), row, now=now)
    finally:
        await database.close()
    if audit_key is not None:
        entry = Entry(kind="token_made", at=now, object=str(row.token_id), roles=row.roles, territory=row.territory)
        await write_once(database_url, audit_key, entry)
    return token
