"""What came of one attempt to deliver, and what it says about the message and about the endpoint. Pure."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Reply:
    """One attempt's end. `status` is None when no answer came; then `error` says why, in a word.

    `stop`: the receiver asked for no more of this message (`webhook-delivery: abort-message`).
    """

    status: int | None
    error: str | None = None
    retry_after_s: float | None = None
    stop: bool = False
    ms: int = 0


class Verdict(Enum):
    """What a reply means."""

    DELIVERED = "delivered"
    PAYLOAD = "payload"
    """This message was refused; the endpoint itself is well."""
    ENDPOINT = "endpoint"
    """The endpoint is unwell: no answer, a server error, or a redirect."""
    THROTTLE = "throttle"
    """The endpoint asks for fewer or later messages."""
    GONE = "gone"
    """The endpoint wants nothing more."""


def judge(reply: Reply) -> Verdict:
    """Read a reply. Only 2xx is success; a redirect is never followed and is a failure.

    Source: Standard Webhooks 1.0.0, operational considerations.
    """
    status = reply.status
    if status is None:
        return Verdict.ENDPOINT
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status == 410:
        return Verdict.GONE
    if status in (429, 502, 504) or (status == 503 and reply.retry_after_s is not None):
        return Verdict.THROTTLE
    if 400 <= status < 500 and status != 408:
        return Verdict.PAYLOAD
    return Verdict.ENDPOINT
