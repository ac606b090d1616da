"""Who asks, by bearer token or session cookie, and the inner token that tells a part so.

Looked-up callers are remembered for a few seconds, so that a steady sender costs no database round trip; inner tokens
are signed once in four minutes for each caller and part.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any

from joserfc.jwk import OKPKey

from gateway.roles import scopes_of
from gateway.session_cookie import LONGEST, SHORTEST, read_session_cookie
from gateway.store import SessionRow, TokenRow, find_session, find_token
from gateway.tokens import token_hash
from services.kit.auth import Actor, mint
from services.kit.clock import Clock
from services.kit.db import Database
from services.kit.errors import NotSignedIn

FRESH_S = 4.0
STALE_S = 8.0
"""From FRESH_S to STALE_S a caller is still served while the look-up runs beside; later the look-up is waited for."""
INNER_S = 300
_RENEW_S = 60
_MOST_KNOWN = 5_000
SESSION_LASTS = timedelta(hours=8)
SESSION_IDLE = timedelta(minutes=30)

SIGNED_PARTNER = Actor("partner-signature", ("partner_system",), "all", frozenset({"partner:signed"}))
"""Stands for whoever signed a callback: referral verifies the signature and knows then which partner it is."""

ANYBODY = Actor("anybody", (), "", frozenset())
"""Whoever comes to a public route: no role, no place, no scope."""


LookUp = Callable[[bytes], Coroutine[Any, Any, "Grant"]]


class Grant:
    """A caller as known now, with the inner tokens signed for it."""

    __slots__ = ("actor", "expires_at", "inner", "session", "since")

    def __init__(self, actor: Actor, expires_at: float, since: float, session: SessionRow | None = None) -> None:
        self.actor = actor
        self.expires_at = expires_at
        self.since = since
        self.session = session
        self.inner: dict[str, tuple[str, float]] = {}

    @property
    def is_operator(self) -> bool:
        """Whether a token made on the machine itself is used."""
        return "operator" in self.actor.roles


def actor_of_token(row: TokenRow) -> Actor:
    """The actor a token stands for."""
    return Actor(f"token:{row.token_id}", row.roles, row.territory, scopes_of(row.roles), row.partner)


def actor_of_session(row: SessionRow) -> Actor:
    """The actor a signed-in person is."""
    account = row.account
    subject = f"user:{account.account_id}"
    return Actor(subject, account.roles, account.territory, scopes_of(account.roles), account.partner)


class Callers:
    """Looks callers up and signs inner tokens for them.

    Units: `now` answers Unix seconds.
    """

    def __init__(
        self,
        database: Callable[[], Database],
        private_key_pem: str,
        *,
        clock: Clock,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._key = OKPKey.import_key(private_key_pem)
        self._clock = clock
        self._now = now
        self._known: OrderedDict[bytes, Grant] = OrderedDict()
        self._looking: dict[bytes, asyncio.Task[Grant]] = {}
        self._signed = Grant(SIGNED_PARTNER, float("inf"), 0.0)
        self._anybody = Grant(ANYBODY, float("inf"), 0.0)

    async def by_token(self, token: str) -> Grant:
        """The caller with this bearer token.

        Raises: NotSignedIn; Unavailable when it is not remembered and the database does not answer.
        """
        return await self._recall(b"t" + token_hash(token), self._look_up_token)

    async def by_session(self, cookie: str) -> Grant:
        """The signed-in person with this session cookie.

        Raises: as by_token.
        """
        return await self._recall(b"s" + token_hash(cookie), self._look_up_session)

    async def of_request(self, headers: Mapping[str, str], *, is_tls: bool, with_cookie: bool) -> Grant:
        """The caller of a request: by bearer token, or else by the console's cookie where that may count.

        Raises: NotSignedIn; Unavailable.
        """
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind:
            if kind.lower() != "bearer" or not SHORTEST <= len(token) <= LONGEST:
                raise NotSignedIn()
            return await self.by_token(token)
        cookie = read_session_cookie(headers.get("cookie", ""), is_tls=is_tls) if with_cookie else None
        if cookie is None:
            raise NotSignedIn()
        return await self.by_session(cookie)

    def by_signature(self) -> Grant:
        """Whoever signed a partner's callback."""
        return self._signed

    def anybody(self) -> Grant:
        """Whoever comes to a public route."""
        return self._anybody

    def forget_session(self, cookie: str) -> None:
        """A session was closed here: do not serve it from memory."""
        self._known.pop(b"s" + token_hash(cookie), None)

    async def _recall(self, key: bytes, look_up: LookUp) -> Grant:
        now = self._now()
        grant = self._known.get(key)
        if grant is not None:
            age = now - grant.since
            if age <= FRESH_S and grant.expires_at > now:
                return grant
            if age <= STALE_S and grant.expires_at > now:
                self._look(key, look_up)
                return grant
        return await asyncio.shield(self._look(key, look_up))

    def _look(self, key: bytes, look_up: LookUp) -> "asyncio.Task[Grant]":
        task = self._looking.get(key)
        if task is None:
            task = asyncio.create_task(self._refresh(key, look_up))
            self._looking[key] = task
            task.add_done_callback(lambda done: self._looked(key, done))
        return task

    def _looked(self, key: bytes, task: "asyncio.Task[Grant]") -> None:
        self._looking.pop(key, None)
        if not task.cancelled():
            task.exception()  # a background look that failed: the next request will look again and say so

    async def _refresh(self, key: bytes, look_up: LookUp) -> Grant:
        try:
            grant = await look_up(key[1:])
        except NotSignedIn:
            self._known.pop(key, None)
            raise
        former = self._known.get(key)
        if former is not None and former.actor == grant.actor:
            grant.inner = former.inner
        self._known[key] = grant
        self._known.move_to_end(key)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return grant

    async def _look_up_token(self, sha256: bytes) -> Grant:
        async with self._database().transaction() as db:
            row = await find_token(db, sha256, now=self._clock.now())
        if row is None:
            raise NotSignedIn()
        return Grant(actor_of_token(row), row.expires_at.timestamp(), self._now())

    async def _look_up_session(self, sha256: bytes) -> Grant:
        async with self._database().transaction() as db:
            row = await find_session(db, sha256, now=self._clock.now(), idle=SESSION_IDLE)
        if row is None:
            raise NotSignedIn()
        return Grant(actor_of_session(row), row.expires_at.timestamp(), self._now(), row)

    def inner_token(self, grant: Grant, part: str) -> str:
        """The token that tells `part` who asks. Lives at most five minutes and never longer than the caller's own."""
        now = self._now()
        held = grant.inner.get(part)
        if held is not None and held[1] > now:
            return held[0]
        ttl_s = int(min(INNER_S, max(1.0, grant.expires_at - now)))
        token = mint(self._key, part, grant.actor, now=now, ttl_s=ttl_s)
        grant.inner[part] = (token, now + ttl_s - min(_RENEW_S, ttl_s / 2))
        return token

    def inner_token_for(self, actor: Actor, part: str) -> str:
        """A token of one minute for a call that the gateway makes with other scopes than its caller's."""
        return mint(self._key, part, actor, now=self._now(), ttl_s=60)
