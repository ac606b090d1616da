"""The parts as a signed-in person sees them: every read passes the desk (scope, rate, audit) like the same read by
API, and carries the person's own inner token, so that a part shows no more than the person may see.

The classes name what the console shows of an answer; whatever else a part says is left aside.
"""

from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.auth import Grant
from gateway.compose import Refused
from gateway.desk import Desk
from gateway.errors import PartAway
from gateway.proxy import Answer
from gateway.routes import Match

Json = dict[str, Any]
Both = dict[str, str]
"""A text in both languages, `{zh, en}`."""


class Shown(BaseModel):
    """Base of what pages show."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Coded(Shown):
    """A code with its text in both languages."""

    code: str
    zh: str = ""
    en: str = ""

    def both(self) -> Both:
        """The text, the code where there is none."""
        return {"zh": self.zh or self.code, "en": self.en or self.code}


class Visit(Shown):
    """A household on the visit list."""

    household_ref: str
    place: str
    version: int
    state: str
    priority: str
    priority_text: Both
    reasons: tuple[Coded, ...] = ()
    programmes: tuple[Coded, ...] = ()
    unknown: tuple[Coded, ...] = ()
    on_rolls: tuple[Coded, ...] = ()
    money: Json = Field(default_factory=dict)
    due_on: str
    assignee: Json = Field(default_factory=dict)
    safe_to_call: bool = True
    sum_dropped: bool = False
    result: Coded | None = None
    result_on: str | None = None


class VisitPage(Shown):
    """A page of the visit list."""

    items: tuple[Visit, ...]
    next: str | None = None


class ReferralRow(Shown):
    """A referral in a list: its three states are delivery, status and the person's own word."""

    id: str
    household_ref: str
    partner: str
    need: str
    status: str
    held_for: str | None = None
    delivery_state: str | None = None
    priority: str = "routine"
    due_on: str | None = None
    why: Both = Field(default_factory=dict)
    outcome: Json | None = None
    confirmed: bool | None = None


class ReferralPage(Shown):
    """A page of referrals."""

    items: tuple[ReferralRow, ...]
    next: str | None = None


class Listing(Shown):
    """A page of a list whose rows the page shows as they are."""

    items: tuple[Json, ...]
    next: str | None = None


S = TypeVar("S", bound=Shown)


class Parts:
    """One person's view of the parts, for one page."""

    def __init__(self, desk: Desk, grant: Grant, request_id: str, *, purpose: str = "console") -> None:
        self._desk = desk
        self._grant = grant
        self._request_id = request_id
        self._purpose = purpose

    async def get(self, path: str, **query: str | None) -> Json:
        """A read.

        Raises: NotAllowed, TooManyRequests, PartAway, Refused.
        """
        return await self._ask("GET", path, query, None)

    async def post(self, path: str, body: Json, *, key: str = "", **query: str | None) -> Json:
        """A change. A second one with the same key is the first one. Raises: as get."""
        return await self._ask("POST", path, query, body, key)

    async def put(self, path: str, body: Json) -> Json:
        """A thing in its new shape. Raises: as get."""
        return await self._ask("PUT", path, {}, body)

    async def shown(self, kind: type[S], path: str, **query: str | None) -> S:
        """A read, as the class of what is shown.

        Raises: as get; PartAway when the part answers something else than it should.
        """
        body = await self.get(path, **query)
        try:
            return kind.model_validate(body)
        except ValidationError as error:
            raise PartAway(self._match("GET", path).route.part) from error

    async def visits(
        self, *, state: str, division: str | None, cursor: str | None, limit: int = 20, is_overdue: bool = False
    ) -> VisitPage:
        """The visit list."""
        query = {"state": state, "division": division, "cursor": cursor, "limit": str(limit)}
        query |= {"overdue": "true"} if is_overdue else {}
        return await self.shown(VisitPage, "/api/v1/eligibility/visits", **query)

    def _match(self, method: str, path: str) -> Match:
        found = self._desk.table.find(method, path)
        if not isinstance(found, Match):
            raise KeyError(f"routes.yaml lacks {method} {path}")
        return found

    async def file(self, path: str, **query: str | None) -> bytes:
        """A list as CSV. Raises: as get."""
        return (await self._answer("GET", path, query, None, accept=b"text/csv")).body

    async def _ask(
        self, method: str, path: str, query: dict[str, str | None], body: Json | None, key: str = ""
    ) -> Json:
        answer = await self._answer(method, path, query, body, key)
        told: Json = answer.json() if answer.body else {}
        return told

    async def _answer(
        self,
        method: str,
        path: str,
        query: dict[str, str | None],
        body: Json | None,
        key: str = "",
        *,
        accept: bytes = b"application/json",
    ) -> Answer:
        match = self._match(method, path)
        if match.route.part == "gateway":
            raise KeyError(f"{path} is composed here, not asked of a part")
        self._desk.admit(self._grant, match.route)
        asked = {name: value for name, value in query.items() if value}
        headers: list[tuple[bytes, bytes]] = [(b"accept", accept)]
        if body is not None:
            headers.append((b"content-type", b"application/json"))
        if key:
            headers.append((b"idempotency-key", key.encode("latin-1")))
        answer = await self._desk.ask(
            self._grant,
            match,
            f"{path}?{urlencode(asked)}" if asked else path,
            request_id=self._request_id,
            purpose=self._purpose,
            headers=headers,
            body=None if body is None else orjson.dumps(body),
        )
        if not answer.is_good:
            raise PartAway(match.route.part) if answer.status >= 500 else Refused(answer)
        return answer


def segment(value: object) -> str:
    """A value as one segment of a path."""
    return quote(str(value), safe="")


def may_ask(desk: Desk, grant: Grant, template: str) -> bool:
    """Whether the caller's roles reach a route, so that a page offers only what will work."""
    method, _, path = template.partition(" ")
    route = next((one for one in desk.table.routes if (one.method, one.path) == (method, path)), None)
    if route is None:
        return False
    has_role = grant.is_operator or not route.roles or not route.roles.isdisjoint(grant.actor.roles)
    return grant.actor.may(route.scope) and has_role
