"""People's accounts: made by an administrator or the demo, opened with a password, locked for a while after wrong ones.

Source: RFC 9106 (argon2id, second recommended option: 64 MiB, three passes, four lanes).
"""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway import store
from gateway.audit import Entry, write_once
from gateway.auth import SESSION_LASTS
from gateway.rate_limit import Rate, RateLimiter
from gateway.roles import roles
from gateway.store import AccountRow
from gateway.tokens import BadTokenOrder, read_territory, token_hash
from services.kit.clock import Clock
from services.kit.db import Database
from services.kit.ids import new_id

SHORTEST_PASSWORD = 12
SIGN_IN_RATE = Rate(5 / 60, 5)
FREE_TRIES = 5
"""Wrong passwords before the first lock; each further one doubles the lock."""
_FIRST_LOCK_MINUTES = 1
_LONGEST_LOCK = timedelta(minutes=30)
_hasher = PasswordHasher()
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))
"""Verified for a name that does not exist, so that both take the same time."""


class BadAccountOrder(ValueError):
    """The account may not be made like this; the text says why."""


class WrongSignIn(Exception):
    """The name or the password is wrong; which of them is not told."""


class Locked(Exception):
    """Too many wrong passwords; `wait` is how long the lock still stands."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("locked")
        self.wait = wait


@dataclass(frozen=True)
class OpenedSession:
    """A fresh session: the cookie's secret (seen only now) and its account."""

    secret: str
    account: AccountRow


def lock_after(failures: int) -> timedelta | None:
    """How long an account is locked after so many wrong passwords in a row."""
    if failures < FREE_TRIES:
        return None
    doublings = min(failures - FREE_TRIES, 10)
    return min(timedelta(minutes=_FIRST_LOCK_MINUTES << doublings), _LONGEST_LOCK)


async def create_account(
    database_url: str,
    username: str,
    password: str,
    *,
    roles_: tuple[str, ...],
    territory: str,
    display_name: str,
    partner: str | None = None,
    audit_key: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Make an account (or give the one of that name a new password, roles and place); answers its id.

    Raises: BadAccountOrder; Unavailable when the database does not answer.
    """
    if any(role not in roles() or role == "operator" for role in roles_) or not roles_:
        raise BadAccountOrder("an account has roles of roles.yaml, and never operator")
    if len(password) < SHORTEST_PASSWORD:
        raise BadAccountOrder(f"a password has at least {SHORTEST_PASSWORD} characters")
    if not (username.isascii() and 3 <= len(username) <= 40 and username.replace("_", "").replace(".", "").isalnum()):
        raise BadAccountOrder("a name to sign in with has 3 to 40 letters, digits, dots and underscores")
    if any(role.startswith("partner_") for role in roles_) != (partner is not None):
        raise BadAccountOrder("a partner code goes with partner_officer, and only with it")
    try:
        place = read_territory(territory)
    except BadTokenOrder as error:
        raise BadAccountOrder(str(error)) from error
    password_hash = await asyncio.to_thread(_hasher.hash, password)
    account = AccountRow(
        new_id(), username.lower(), password_hash, display_name, tuple(roles_), place, partner, "zh-CN", 0, None
    )
    database = Database(database_url, name="gateway-account", pool_size=1)
    try:
        async with database.transaction() as db:
            account_id = str(await store.put_account(db, account))
    finally:
        await database.close()
    if audit_key is not None:
        at = (clock or Clock()).now()
        await write_once(
            database_url,
            audit_key,
            Entry(kind="account_made", at=at, object=account_id, roles=account.roles, territory=place),
        )
    return account_id


class SignIn:
    """Opens and closes sessions.

    At most two passwords are verified at a time: each takes 64 MiB and 0.1 s of a core.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._limiter = RateLimiter()
        self._verifying = asyncio.Semaphore(2)

    async def open(self, database: Database, username: str, password: str, *, address: str) -> OpenedSession:
        """Open a session.

        Raises: WrongSignIn, Locked; Unavailable.
        """
        now = self._clock.now()
        name = username.strip().lower()[:80]
        wait_s = self._limiter.take((name, address), SIGN_IN_RATE, now.timestamp())
        if wait_s:
            raise Locked(timedelta(seconds=wait_s))
        async with database.transaction() as db:
            account = await store.find_account(db, name)
        if account is not None and account.locked_until is not None and account.locked_until > now:
            raise Locked(account.locked_until - now)
        is_right = await self._verify(account.password_hash if account else _NOBODY, password)
        if account is None or not is_right:
            await self._refuse(database, account, now)
            raise WrongSignIn
        secret = secrets.token_urlsafe(32)
        async with database.transaction() as db:
            await store.note_sign_in(db, account.account_id, now=now)
            await store.add_session(
                db, token_hash(secret), account.account_id, secrets.token_urlsafe(24), now=now, lasts=SESSION_LASTS
            )
        return OpenedSession(secret, account)

    async def _refuse(self, database: Database, account: AccountRow | None, now: datetime) -> None:
        if account is None:
            return
        lock = lock_after(account.failures + 1)
        async with database.transaction() as db:
            await store.note_failure(db, account.account_id, now + lock if lock else None)

    async def _verify(self, password_hash: str, password: str) -> bool:
        async with self._verifying:
            try:
                return await asyncio.to_thread(_hasher.verify, password_hash, password[:1000])
            except (VerificationError, InvalidHashError):
                return False

    async def close(self, database: Database, secret: str) -> None:
        """Close a session."""
        async with database.transaction() as db:
            await store.end_session(db, token_hash(secret))
