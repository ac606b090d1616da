"""New identifiers."""

import hashlib
import os
from uuid import UUID


def new_id() -> UUID:
    """A random UUID (version 4): may be seen outside, so it tells neither time nor order. Source: RFC 9562 §5.4."""
    return UUID(bytes=os.urandom(16), version=4)


def derived_id(*parts: object) -> UUID:
    """The same parts always give the same UUID (version 8): a repeat finds its first row. Source: RFC 9562 §5.8."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    value = int.from_bytes(digest[:16], "big")
    value = value & ~(0xF << 76) | 0x8 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
