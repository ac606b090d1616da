"""Cursor paging: an opaque cursor holds the last row's sort key."""

import base64
import json
from typing import Annotated, Any

from fastapi import Query

from services.kit.errors import BadInput, FieldError

Limit = Annotated[int, Query(ge=1, le=200, description="rows a page")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next` of the page before")]


def write_cursor(*key: object) -> str:
    """The cursor after a row with this sort key."""
    raw = json.dumps([str(part) for part in key], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_cursor(cursor: str | None, length: int) -> list[str] | None:
    """The sort key in a cursor, None for the first page.

    Raises: BadInput when it is none of ours.
    """
    if not cursor:
        return None
    try:
        key: Any = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(key, list) and len(key) == length and all(isinstance(part, str) for part in key):
            return key
    except ValueError:
        pass
    raise BadInput(errors=(FieldError("cursor", "bad_cursor", "翻页标记无效", "The cursor is not valid"),))
