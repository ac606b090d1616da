"""What every door does: read the body, know the caller, do the work in one go."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.actions.work import Work
from services.intake.errors import NotJson, Raced
from services.kit.auth import Actor
from services.kit.db import Database
from services.kit.errors import BadInput, FieldError, Unavailable

T = TypeVar("T")
_TRIES = 6
_DEADLOCK = frozenset({"40P01", "40001"})


async def json_object(request: Request) -> dict[str, Any]:
    """The body as one JSON object.

    Raises: NotJson, Unreadable, BadInput.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise NotJson()
    body = await request.json()
    if not isinstance(body, dict):
        wrong = FieldError("body", "FIELD_TYPE", "请求正文应是一个JSON对象", "The body must be one JSON object")
        raise BadInput(errors=(wrong,))
    return body


def work_of(request: Request, actor: Actor) -> Work:
    """Who asks, now, with the part's keys."""
    state = request.app.state
    return Work(actor, state.keys, state.clock.now(), state.clock.today())


async def in_one_go(request: Request, verb: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Do a verb in a transaction of its own that sees every territory, and commit before anything is answered.

    A bill is about a person whose rows may lie in another territory than the caller's; the door has checked that the
    place in the body is the caller's, and the answer tells nothing about the person. A race with another push of the
    same is done again.
    """
    database: Database = request.app.state.database
    for last in [False] * (_TRIES - 1) + [True]:
        try:
            async with database.transaction() as db:
                return await verb(db)
        except Raced:
            if last:
                raise
        except (DBAPIError, Unavailable) as error:
            if last or not _is_deadlock(error):
                raise
    raise AssertionError


def _is_deadlock(error: Exception) -> bool:
    """Whether two pushes held what the other wanted. Source: PostgreSQL's error codes, class 40."""
    causes = (getattr(error, "orig", None), error.__cause__)
    return any(getattr(cause, "sqlstate", None) in _DEADLOCK for cause in causes)


def documented(schema: dict[str, Any], *, most_bytes: int | None = None) -> dict[str, Any]:
    """The openapi_extra of a route whose body a reader takes."""
    extra: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
    return extra | ({"x-max-body": most_bytes} if most_bytes else {})


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text}
    for status, text in {
        400: "不是可读的JSON / not readable JSON",
        401: "未登录 / not signed in",
        403: "无权或不在辖区 / not allowed, or outside the territory",
        409: "与现有状态冲突 / conflicts with what is recorded",
        413: "过大 / too large",
        415: "不是JSON / not JSON",
        422: "字段有误 / some fields are wrong",
        503: "稍后再试 / try again",
    }.items()
}
"""Answers that any of these routes may give, as problem JSON."""
