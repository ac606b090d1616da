"""The ASGI door in front of everything: API requests are matched, admitted, written down and forwarded here, without
the web framework; the gateway's own pages and composed answers go on to the application inside."""

import asyncio
from collections.abc import Iterable

from fastapi import FastAPI, Request
from starlette.datastructures import State
from starlette.types import Message, Receive, Scope, Send

from gateway.auth import Grant
from gateway.desk import Desk, new_request_id
from gateway.errors import KeyNeeded, MethodNotAllowed, TooSlow
from gateway.proxy import PASSED_ON, Answer
from gateway.routes import UNSAFE, Match, Route
from services.kit.application import answer_unexpected
from services.kit.errors import NotAllowed, ServiceError, TooLarge

_BODY_S = 30.0
_LONGEST_QUERY = 2_048
PAGE_BODY = 256 * 1024
"""Bytes a form of a page may have."""
BASE_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""On every answer that does not set its own."""
TLS_ONLY = (b"strict-transport-security", b"max-age=31536000")


class Door:
    """The gateway as it is served: answers what routes.yaml names and passes the rest on to `app`.

    It stands before the framework, not inside it, since every forwarded request would pay for what it does not use.
    """

    def __init__(self, app: FastAPI, *, desk: Desk) -> None:
        self.app = app
        self._desk = desk

    @property
    def state(self) -> State:
        """The application's state."""
        return self.app.state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = new_request_id()
        scope.setdefault("state", {})["request_id"] = request_id
        send = _with_base_headers(send, request_id, is_tls=scope.get("scheme") == "https")
        found = self._desk.table.find(scope["method"], scope["path"])
        if found is None:
            await self.app(scope, _limited(receive, PAGE_BODY), send)
            return
        try:
            if isinstance(found, tuple):
                raise MethodNotAllowed(found)
            await self._serve(found, scope, receive, send, request_id)
        except ServiceError as error:
            await error.response()(scope, receive, send)
        except Exception as error:  # the border of the part: no traceback gets out
            await (await answer_unexpected(Request(scope), error))(scope, receive, send)

    async def _serve(self, match: Match, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        route = match.route
        headers = dict(scope["headers"])
        if len(scope["query_string"]) > _LONGEST_QUERY:
            raise TooLarge()
        grant = await self._who(route, headers, scope)
        try:
            self._desk.admit(grant, route)
        except NotAllowed:
            self._desk.note_refusal(grant, match, request_id)
            raise
        if route.needs_key and not headers.get(b"idempotency-key"):
            raise KeyNeeded()
        purpose = headers.get(b"x-purpose", b"").decode("latin-1")
        if route.part == "gateway":
            scope["state"] |= {"grant": grant, "match": match, "purpose": purpose}
            await self._compose(match, grant, purpose, scope, receive, send, request_id)
            return
        body = await read_body(receive, headers, route) if route.method in UNSAFE else None
        answer = await self._desk.ask(
            grant,
            match,
            target_of(scope),
            request_id=request_id,
            purpose=purpose,
            headers=[(name, value) for name, value in scope["headers"] if name in PASSED_ON],
            body=body,
        )
        await send_answer(send, answer)

    async def _who(self, route: Route, headers: dict[bytes, bytes], scope: Scope) -> Grant:
        """The caller by bearer token; for reads also by the console's cookie; for a signed callback by its signature.

        Raises: NotSignedIn.
        """
        if route.is_public:
            return self._desk.callers.anybody()
        if route.is_signed and b"webhook-signature" in headers and b"authorization" not in headers:
            return self._desk.callers.by_signature()
        told = {
            name: headers[name.encode()].decode("latin-1")
            for name in ("authorization", "cookie")
            if name.encode() in headers
        }
        is_tls = scope.get("scheme") == "https"
        return await self._desk.callers.of_request(told, is_tls=is_tls, with_cookie=route.method == "GET")

    async def _compose(
        self, match: Match, grant: Grant, purpose: str, scope: Scope, receive: Receive, send: Send, request_id: str
    ) -> None:
        """Let the application answer; what must be written down is so before the first byte leaves."""
        desk, route = self._desk, match.route
        written = None
        recorded = desk.is_recorded(grant, route)
        if recorded:
            desk.check_audit(route)
            written = desk.audit.ask(desk.entry(grant, match, request_id=request_id, purpose=purpose))
        status = 503

        async def gated(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                if written is not None and route.is_audited:
                    await desk.audit.committed(written)
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, gated)
        finally:
            if recorded:
                desk.note_answer(request_id, status)


def _limited(receive: Receive, most: int) -> Receive:
    """`receive` for a page's form: at most so many bytes, in the time a body may take."""
    seen = 0
    ends: float | None = None

    async def limited() -> Message:
        nonlocal seen, ends
        loop = asyncio.get_running_loop()
        ends = ends or loop.time() + _BODY_S
        if seen < 0:  # the body is whole: what comes now is the news that the client left, which may take any time
            return await receive()
        try:
            async with asyncio.timeout_at(ends):
                message = await receive()
        except TimeoutError as error:
            raise TooSlow() from error
        seen += len(message.get("body", b""))
        if seen > most:
            raise TooLarge()
        if not message.get("more_body", False):
            seen = -1
        return message

    return limited


def target_of(scope: Scope) -> str:
    """The path and query to forward. The path matched a route, so it holds nothing that would need quoting."""
    query = scope["query_string"].decode("latin-1")
    path: str = scope["path"]
    return f"{path}?{query}" if query else path


async def read_body(receive: Receive, headers: dict[bytes, bytes], route: Route) -> bytes:
    """The whole body, within the route's size and the time a body may take.

    Raises: TooLarge, TooSlow.
    """
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length[:15]) > route.most_body:
        raise TooLarge()
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_BODY_S):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise TooSlow()
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > route.most_body:
                    raise TooLarge()
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError as error:
        raise TooSlow() from error


async def send_answer(send: Send, answer: Answer) -> None:
    """Send a part's answer on."""
    headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
    if answer.status in (204, 304):
        headers = list(answer.headers)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _with_base_headers(send: Send, request_id: str, *, is_tls: bool) -> Send:
    marks = [(b"x-request-id", request_id.encode()), *((TLS_ONLY,) if is_tls else ())]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given: Iterable[tuple[bytes, bytes]] = message.get("headers", ())
            names = {name.lower() for name, _ in given}
            added = [pair for pair in BASE_HEADERS if pair[0] not in names]
            message = {**message, "headers": [*given, *marks, *added]}
        await send(message)

    return sending
