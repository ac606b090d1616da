"""Errors people and programs can act on, as RFC 9457 problem JSON in Chinese and English.

ServiceError                       any refusal; knows its status, code and both texts
├── BadInput              422      fields are wrong; lists each field, never its value
├── Unreadable            400      the body is no JSON, too deep, or holds what JSON may not
├── NotSignedIn           401
├── NotAllowed            403
├── NotFound              404      absent, or another territory's: the same answer
├── Conflict              409
├── TooLarge              413
├── KeyReused             422      the same Idempotency-Key with another body
└── Unavailable           503      a part this one needs does not answer; try again

RefusedConfiguration               start-up only; the process ends with status 78
"""

from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


@dataclass(frozen=True)
class FieldError:
    """One wrong field: its path (`household.members[0].birth_date`), a stable code and both texts. Never the value."""

    field: str
    code: str
    zh: str
    en: str


class ServiceError(HTTPException):
    """A refusal with a stable code and texts in both languages. Texts never carry a name, a number or a secret."""

    status = 400
    code = "refused"
    zh = "请求未被接受"
    en = "The request was refused"

    def __init__(
        self,
        zh: str | None = None,
        en: str | None = None,
        *,
        code: str | None = None,
        errors: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(status_code=type(self).status, headers=headers)
        self.code = code or type(self).code
        self.zh = zh or type(self).zh
        self.en = en or type(self).en
        self.errors = errors
        self.extra = extra or {}

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 body."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.en,
            "status": self.status_code,
            "detail": self.zh,
            "code": self.code,
            "message": {"zh": self.zh, "en": self.en},
        }
        if self.errors:
            body["errors"] = [
                {"field": e.field, "code": e.code, "message": {"zh": e.zh, "en": e.en}} for e in self.errors
            ]
        return body | self.extra

    def response(self) -> Response:
        """The answer to send."""
        return JSONResponse(
            self.problem(), self.status_code, headers=self.headers, media_type="application/problem+json"
        )


class BadInput(ServiceError):
    """Fields are wrong."""

    status = 422
    code = "bad_input"
    zh = "提交的内容有误，请按字段改正"
    en = "Some fields are wrong"


class Unreadable(ServiceError):
    """The body cannot be read as JSON."""

    status = 400
    code = "unreadable_body"
    zh = "请求正文不是可读的JSON"
    en = "The body is not readable JSON"


class NotSignedIn(ServiceError):
    """No token, or one that is unknown or has run out."""

    status = 401
    code = "not_signed_in"
    zh = "请先登录或出示有效令牌"
    en = "Sign in or present a valid token"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"}, **kwargs)


class NotAllowed(ServiceError):
    """The right person, the wrong action."""

    status = 403
    code = "not_allowed"
    zh = "您的角色不能做这件事"
    en = "Your role may not do this"


class NotFound(ServiceError):
    """Absent, or not in the caller's territory: the same answer for both."""

    status = 404
    code = "not_found"
    zh = "没有找到"
    en = "Not found"


class Conflict(ServiceError):
    """The present state does not allow it."""

    status = 409
    code = "conflict"
    zh = "与现有状态冲突"
    en = "Conflicts with the present state"


class TooLarge(ServiceError):
    """The body is larger than this route takes."""

    status = 413
    code = "too_large"
    zh = "请求正文过大"
    en = "The body is too large"


class KeyReused(ServiceError):
    """The same Idempotency-Key came with another body."""

    status = 422
    code = "idempotency_key_reused"
    zh = "同一个Idempotency-Key用在了不同的内容上"
    en = "The same Idempotency-Key was used with another body"


class Unavailable(ServiceError):
    """A part this one needs does not answer. Nothing was lost; try again."""

    status = 503
    code = "unavailable"
    zh = "服务暂时连不上，请稍后再试，已保存的不会丢"
    en = "A part is not answering; try again, nothing saved is lost"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(headers={"Retry-After": "2"}, **kwargs)


class RefusedConfiguration(Exception):
    """The part will not start like this. The text says what to change and never holds a secret."""


async def answer_service_error(request: Request, error: Exception) -> Response:
    """Exception handler for ServiceError."""
    assert isinstance(error, ServiceError)
    return error.response()


_BY_STATUS: dict[int, type[ServiceError]] = {
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
}


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Exception handler for Starlette's own HTTP errors (404, 405, 413, …): problem JSON like all others."""
    assert isinstance(error, HTTPException)
    kind = _BY_STATUS.get(error.status_code)
    if kind is not None:
        return kind().response()
    refused = ServiceError(code=f"http_{error.status_code}", headers=dict(error.headers or {}))
    refused.status_code = error.status_code
    return refused.response()
