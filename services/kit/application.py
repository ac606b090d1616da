"""One FastAPI application for a part: strict bodies, problem JSON, health, and the part's loops in its lifespan."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from services.kit import strict_json
from services.kit.auth import TokenVerifier, current_actor
from services.kit.db import Database, is_passing
from services.kit.errors import (
    BadInput,
    FieldError,
    ServiceError,
    TooLarge,
    Unavailable,
    answer_http_error,
    answer_service_error,
)
from services.kit.idempotency import KeyedRequest
from services.kit.migrations import wait_for_schema
from services.kit.settings import PartSettings

log = logging.getLogger(__name__)

SMALL_BODY = 256 * 1024
"""Bytes a body may have where a route does not say otherwise (`x-max-body` in its openapi_extra)."""
BATCH_BODY = 4 * 1024 * 1024
Loops = Callable[[FastAPI], Coroutine[Any, Any, None]]


class StrictRequest(Request):
    """A request whose JSON is read strictly and once."""

    async def json(self) -> Any:
        """The parsed body. Raises: Unreadable."""
        if not hasattr(self, "_json"):
            self._json = strict_json.loads(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route that reads bodies strictly, limits their size, and honours Idempotency-Key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, wrapped."""
        handle = super().get_route_handler()
        most = int((self.openapi_extra or {}).get("x-max-body", SMALL_BODY))

        async def strict(request: Request) -> Response:
            if request.method not in ("POST", "PUT", "PATCH"):
                return await handle(request)
            request = StrictRequest(request.scope, _limited(request.receive, most))
            _check_length(request, most)
            key = request.headers.get("idempotency-key")
            if key is None:
                return await handle(request)
            return await _keyed(request, key, handle)

        return strict


async def _keyed(request: Request, key: str, handle: Callable[[Request], Awaitable[Response]]) -> Response:
    actor = await current_actor(request)
    keyed = KeyedRequest(request.app.state.database, actor.subject, request, key, await request.body())
    stored = await keyed.begin()
    if stored is not None:
        return stored
    try:
        response = await handle(request)
    except BaseException:
        await keyed.forget()
        raise
    await keyed.end(response)
    return response


def _check_length(request: Request, most: int) -> None:
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length[:12]) > most:
        raise TooLarge()


def _limited(receive: Receive, most: int) -> Receive:
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise TooLarge()
        return message

    return limited


def field_path(where: Sequence[Any]) -> str:
    """`("body", "household", "members", 0, "birth_date")` as `household.members[0].birth_date`."""
    path = ""
    for step in where[1:] if where and where[0] in ("body", "query", "path", "header") else where:
        path += f"[{step}]" if isinstance(step, int) else (f".{step}" if path else str(step))
    return path or "body"


_TEXTS = {
    "missing": ("缺少此项", "This field is needed"),
    "extra_forbidden": ("没有这个字段", "There is no such field"),
    "amount": ("金额应为最多两位小数的数字", "An amount has digits and at most two decimals"),
    "date": ("日期应写成2025-03-05并且存在", "A date is written 2025-03-05 and must exist"),
    "moment": ("时间应带时区，如2025-03-05T16:05:00+08:00", "A time needs its offset"),
    "ref": ("编号格式不对", "Not an identifier of ours"),
    "literal_error": ("不在可选值之内", "Not one of the allowed values"),
    "string_too_long": ("文字过长", "The text is too long"),
    "string_pattern_mismatch": ("格式不对", "The format is wrong"),
    "too_long": ("条数过多", "Too many items"),
    "too_short": ("条数过少", "Too few items"),
}


async def answer_invalid(request: Request, error: Exception) -> Response:
    """Exception handler for request validation: names each field, never echoes a value."""
    assert isinstance(error, RequestValidationError)
    fields = []
    for item in error.errors()[:50]:
        code = str(item["type"])
        context = item.get("ctx") or {}
        zh, en = _TEXTS.get(code, ("此项的值不对", "The value is wrong"))
        if "zh" in context and "en" in context:
            zh, en = str(context["zh"]), str(context["en"])
        fields.append(FieldError(field_path(item["loc"]), code, zh, en))
    return BadInput(errors=tuple(fields)).response()


async def answer_unexpected(request: Request, error: Exception) -> Response:
    """The last exception handler: a database that is away is 503; anything else is a bug, logged by its class."""
    if is_passing(error):
        return Unavailable().response()
    state = getattr(getattr(error, "orig", None), "sqlstate", "") or ""
    if isinstance(error, DBAPIError) and state.startswith("22"):
        wrong = FieldError("body", "bad_value", "有一项的值不能保存", "A value cannot be stored")
        return BadInput(errors=(wrong,)).response()
    log.error("unexpected", extra={"route": request.scope.get("path", "")[:80]}, exc_info=error)
    body: dict[str, Any] = {
        "type": "/problems/internal",
        "title": "An internal error",
        "status": 500,
        "code": "internal",
    }
    message = {"zh": "系统内部错误，已记录", "en": "An internal error; it was logged"}
    body |= {"code": "internal", "detail": message["zh"], "message": message}
    return JSONResponse(body, 500, media_type="application/problem+json")


class ErrorsInside:
    """Answers unexpected errors inside the application, so that no server error page and no traceback gets out."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:  # the border of the part: nothing may pass
            if started:
                raise
            await (await answer_unexpected(Request(scope), error))(scope, receive, send)


def install_errors(app: FastAPI) -> None:
    """Problem JSON for every error of `app`."""
    app.add_exception_handler(ServiceError, answer_service_error)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(ResponseValidationError, answer_unexpected)
    app.add_middleware(ErrorsInside)


def health_router() -> APIRouter:
    """`/livez` says the process runs; `/readyz` that its database answers and its loops live."""
    router = APIRouter(tags=["health"])

    @router.get("/livez", include_in_schema=False)
    async def livez() -> dict[str, str]:
        return {"status": "up"}

    @router.get("/readyz", include_in_schema=False)
    async def readyz(request: Request) -> Response:
        state = request.app.state
        problems = []
        started = time.monotonic()
        try:
            async with asyncio.timeout(3), state.database.transaction() as db:
                oldest = (
                    await db.execute(
                        text("SELECT extract(epoch FROM now() - min(created_at)) FROM outbox WHERE sent_at IS NULL")
                    )
                ).scalar()
        except Exception:  # whatever stopped the look is the answer: not ready
            problems.append("database")
            oldest = None
        if state.loops is not None and state.loops.done():
            problems.append("loops")
        body = {
            "status": "not_ready" if problems else "ready",
            "problems": problems,
            "outbox_oldest_s": round(float(oldest), 1) if oldest is not None else 0.0,
            "database_ms": round((time.monotonic() - started) * 1000, 1),
        }
        return JSONResponse(body, 503 if problems else 200)

    return router


def build_app(
    settings: PartSettings,
    *,
    title: str,
    description: str,
    routers: Sequence[APIRouter],
    loops: Loops | None = None,
    database: Database | None = None,
) -> FastAPI:
    """The part's application. `loops(app)` runs for as long as the application does, once the schema is there.

    `app.state` holds settings, database, verifier and the task of the loops.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await wait_for_schema(settings.part, settings.database_url.get_secret_value())
        app.state.loops = asyncio.create_task(_guard(loops(app))) if loops else None
        yield
        if app.state.loops is not None:
            app.state.loops.cancel()
            with suppress(asyncio.CancelledError):
                await app.state.loops
        await app.state.database.close()

    app = FastAPI(title=title, description=description, version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.settings = settings
    app.state.database = database or Database(settings.database_url.get_secret_value(), name=settings.part)
    app.state.verifier = TokenVerifier(settings.jwt_public_key, settings.part) if settings.jwt_public_key else None
    app.state.loops = None
    install_errors(app)
    app.include_router(health_router())
    for router in routers:
        app.include_router(router)
    return app


async def _guard(loops: Coroutine[Any, Any, None]) -> None:
    """Run the loops; when one ends in an error, say so and end the process, which is then started again."""
    try:
        await loops
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # a loop that cannot go on: a fresh process is the honest cure
        log.critical("loops ended", exc_info=error)
        import os
        import signal

        os.kill(os.getpid(), signal.SIGTERM)
        raise


def router(*, prefix: str = "", tags: list[str | Any] | None = None) -> APIRouter:
    """A router whose routes read bodies strictly."""
    return APIRouter(prefix=prefix, tags=tags, route_class=StrictRoute)
