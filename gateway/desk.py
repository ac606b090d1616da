"""What every request passes, whether it came as an API call or from a page of the console: may this caller do this, how
often, and was it written down before it is answered."""

import os
import re
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gateway.audit import AuditLog, Entry
from gateway.auth import Callers, Grant
from gateway.errors import TooManyRequests
from gateway.proxy import Answer, Upstream
from gateway.rate_limit import RateLimiter
from gateway.routes import Match, Route, RouteTable
from services.kit.clock import Clock
from services.kit.errors import NotAllowed, Unavailable

_PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def new_request_id() -> str:
    """The gateway's own; one that came from outside is not believed."""
    return os.urandom(16).hex()


def read_purpose(given: str) -> str:
    """A purpose is a code. Any other text could hold a name, so it is kept as `other`; nothing given stays empty."""
    return given if not given or _PURPOSE.fullmatch(given) else "other"


class Desk:
    """The gateway's means, and the rules that use them."""

    def __init__(
        self, *, table: RouteTable, callers: Callers, audit: AuditLog, upstream: Upstream, clock: Clock
    ) -> None:
        self.table = table
        self.callers = callers
        self.audit = audit
        self.upstream = upstream
        self.clock = clock
        self.limiter = RateLimiter()

    def admit(self, grant: Grant, route: Route) -> None:
        """Let the caller to the route.

        Raises: NotAllowed for the wrong scope or role, or a caller bound to no place; TooManyRequests.
        """
        if route.is_public:
            return
        actor = grant.actor
        scope_held = route.is_signed and grant is self.callers.by_signature()
        if not (scope_held or actor.may(route.scope)):
            raise NotAllowed()
        if grant.is_operator or scope_held:
            return
        if route.roles and route.roles.isdisjoint(actor.roles):
            raise NotAllowed()
        if route.needs_territory and not actor.territory:
            raise NotAllowed()
        if route.rate is not None:
            wait_s = self.limiter.take((actor.subject, route.template), route.rate, time.monotonic())
            if wait_s:
                raise TooManyRequests(wait_s)

    def is_recorded(self, grant: Grant, route: Route) -> bool:
        """Whether this use is written down: changes, reads of personal data, and whatever an operator does."""
        return route.is_audited or grant.is_operator

    def check_audit(self, route: Route) -> None:
        """No audit, no change: while the audit cannot write, nothing that needs it is begun.

        Raises: Unavailable.
        """
        if route.is_audited and self.audit.is_ill:
            raise Unavailable()

    def entry(
        self, grant: Grant, match: Match, *, request_id: str, purpose: str = "", fields: Iterable[str] = ()
    ) -> Entry:
        """The audit row of a use."""
        return replace(
            self.row("asked", grant, request_id=request_id, route=match.route.template, about=match.object_ref()),
            purpose=read_purpose(purpose) or match.route.purpose,
            fields=tuple(fields),
        )

    def row(self, kind: str, grant: Grant, *, request_id: str, route: str, about: str) -> Entry:
        """An audit row with who asked, when, and about what."""
        actor = grant.actor
        return Entry(
            kind=kind,
            at=self.now(),
            request_id=request_id,
            actor=actor.subject,
            roles=actor.roles,
            territory=actor.territory,
            partner=actor.partner or "",
            route=route,
            object=about,
            operator=grant.is_operator,
        )

    def note_answer(self, request_id: str, status: int) -> None:
        """The status of a use that was written down."""
        self.audit.note(Entry(kind="answered", at=self.now(), request_id=request_id, status=status))

    def note_refusal(self, grant: Grant, match: Match, request_id: str) -> None:
        """Somebody known asked for what the role may not do."""
        route, about = match.route.template, match.object_ref()
        refused = self.row("refused", grant, request_id=request_id, route=route, about=about)
        self.audit.note(replace(refused, status=403))

    def now(self) -> datetime:
        """The present moment."""
        return self.clock.now()

    async def ask(
        self,
        grant: Grant,
        match: Match,
        target: str,
        *,
        request_id: str,
        purpose: str = "",
        headers: Iterable[tuple[bytes, bytes]] = (),
        body: bytes | None = None,
    ) -> Answer:
        """Write the use down and forward it, both at once; answer when both are done.

        Raises: Unavailable, PartAway.
        """
        route = match.route
        written = None
        recorded = self.is_recorded(grant, route)
        if recorded:
            self.check_audit(route)
            written = self.audit.ask(self.entry(grant, match, request_id=request_id, purpose=purpose))
        status = 503
        try:
            answer = await self.upstream.send(
                route.part,
                route.method,
                target,
                token=self.callers.inner_token(grant, route.part),
                request_id=request_id,
                headers=headers,
                body=body,
                timeout_s=route.timeout_s,
                is_repeatable=route.is_repeatable,
            )
            if written is not None and route.is_audited:
                await self.audit.committed(written)
            status = answer.status
            return answer
        finally:
            if recorded:
                self.note_answer(request_id, status)
