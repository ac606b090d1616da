"""Whether a webhook is from the office: the specification read by the partner's side, sharing no code with the sender.

Source: Standard Webhooks 1.0.0, "Verifying webhook authenticity" and "Webhook headers".
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

_FIVE_MINUTES = 300


class NotGenuine(Exception):
    """The message must be refused. Its text says which check failed and holds no secret."""


def check_message(headers: Mapping[str, str], body: bytes, *, secrets: Iterable[str], now: float) -> str:
    """The message's webhook-id when it is genuine and fresh.

    Raises: NotGenuine.
    """
    try:
        message, sent, signatures = (headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    except KeyError as error:
        raise NotGenuine(f"no {error.args[0]} header") from None
    if not sent.isascii() or not sent.isdigit():
        raise NotGenuine("the timestamp is not whole seconds")
    if not -_FIVE_MINUTES <= now - int(sent) <= _FIVE_MINUTES:
        raise NotGenuine("the timestamp is not of now")
    signed = b".".join((message.encode(), sent.encode(), body))
    for secret in secrets:
        expected = hmac.digest(base64.b64decode(secret.split("_", 1)[-1]), signed, hashlib.sha256)
        if any(hmac.compare_digest(expected, given) for given in _versioned(signatures, "v1")):
            return message
    raise NotGenuine("no signature fits")


def _versioned(signatures: str, version: str) -> Iterable[bytes]:
    """The decoded signatures of one version, of a space-separated list such as `v1,… v1a,… v1,…`."""
    for entry in signatures.split(" "):
        kind, _, text = entry.partition(",")
        if kind == version:
            try:
                yield base64.b64decode(text, validate=True)
            except binascii.Error:
                continue
