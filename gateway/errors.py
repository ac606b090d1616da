"""The gateway's own refusals.

ServiceError
├── TooManyRequests       429      more than the route's rate; says when to come again
├── KeyNeeded             428      a second one would make a second thing, and no Idempotency-Key tells them apart
├── TooSlow               408      the body did not arrive in time
├── MethodNotAllowed      405      the path exists, with other methods
├── ForgedForm            403      a form that did not come from our own page
└── PartAway              503      one part does not answer; names it
"""

from services.kit.errors import NotAllowed, ServiceError, Unavailable


class TooManyRequests(ServiceError):
    """More requests than the route's rate."""

    status = 429
    code = "too_many_requests"
    zh = "请求过于频繁，请稍后再试"
    en = "Too many requests; try again shortly"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(headers={"Retry-After": str(max(1, round(retry_after_s)))})


class KeyNeeded(ServiceError):
    """A second one would make a second thing, and no Idempotency-Key tells a repeat from it.

    Source: draft-ietf-httpapi-idempotency-key-header, section 2.7; RFC 6585, section 3.
    """

    status = 428
    code = "idempotency_key_needed"
    zh = "此操作重复提交会再做一次，请带上Idempotency-Key"
    en = "Sent twice this is done twice; send an Idempotency-Key"


class TooSlow(ServiceError):
    """The body did not arrive in time."""

    status = 408
    code = "too_slow"
    zh = "请求正文没有在规定时间内传完"
    en = "The body did not arrive in time"


class MethodNotAllowed(ServiceError):
    """The path exists, with other methods."""

    status = 405
    code = "method_not_allowed"
    zh = "此地址不支持这种请求方法"
    en = "This address does not take that method"

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__(headers={"Allow": ", ".join(allowed)})


class ForgedForm(NotAllowed):
    """A form that did not come from our own page, or whose page is too old."""

    code = "forged_form"
    zh = "页面已过期，请返回重试"
    en = "The page has expired; go back and try again"


class PartAway(Unavailable):
    """One part does not answer; the others go on."""

    def __init__(self, part: str) -> None:
        super().__init__(
            zh="服务暂时连不上，其余照常，已保存的不会丢",
            en="A part is not answering; the others go on and nothing saved is lost",
            extra={"part": part},
        )
