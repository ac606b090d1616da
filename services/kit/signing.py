"""Webhook signatures of the Standard Webhooks specification, both ways.

Signed text is `id.timestamp.body`; `v1` is HMAC-SHA256 with a `whsec_` secret of 24 to 64 bytes. Several signatures may
stand side by side while a secret is rotated.

Source: Standard Webhooks 1.0.0.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping

TOLERANCE_S = 300


class BadSignature(Exception):
    """The headers are incomplete, too old, too new, or no signature fits."""


def new_secret() -> str:
    """A fresh secret of 32 random bytes."""
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def _signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def sign(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three `webhook-*` headers, one signature for each secret in force."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(secret, message_id, timestamp, body) for secret in secrets),
    }


def verify(secrets: Iterable[str], headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """Check a signed message; answers its webhook-id.

    Raises: BadSignature.
    """
    message_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (0 < len(message_id) <= 200 and stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and given):
        raise BadSignature("headers")
    if abs(now - int(stamp)) > TOLERANCE_S:
        raise BadSignature("time")
    candidates = given.split(" ")[:10]
    fits = False
    for secret in secrets:
        wanted = _signature(secret, message_id, int(stamp), body)
        for candidate in candidates:
            fits |= hmac.compare_digest(wanted.encode(), candidate.encode("utf-8", "replace"))
    if not fits:
        raise BadSignature("signature")
    return message_id
