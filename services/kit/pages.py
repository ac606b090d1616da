"""Cursor paging: an opaque cursor holds the last row's sort key."""

import base64
import json
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query

from services.kit.errors import BadInput, FieldError

Limit = Annotated[int, Query(ge=1, le=200, description="rows a page")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next` of the page before")]
_MOST_DIGITS: Final = 18


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
    raise bad_cursor()


def bad_cursor() -> BadInput:
    """A cursor that is none of ours."""
    return BadInput(errors=(FieldError("cursor", "bad_cursor", "翻页标记无效", "The cursor is not valid"),))


def only_id(cursor: str | None) -> UUID | None:
    """The id in a cursor; None for the first page. Raises: BadInput."""
    key = read_cursor(cursor, 1)
    return None if key is None else id_in(key[0])


def only_number(cursor: str | None) -> int | None:
    """The number in a cursor; None for the first page. Raises: BadInput."""
    key = read_cursor(cursor, 1)
    return None if key is None else number_in(key[0])


def moment_and_id(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The moment and id in a cursor; None for the first page. Raises: BadInput."""
    key = read_cursor(cursor, 2)
    return None if key is None else (moment_in(key[0]), id_in(key[1]))


def id_in(text: str) -> UUID:
    """A part of a cursor as an id. Raises: BadInput."""
    try:
        return UUID(text)
    except ValueError:
        raise bad_cursor() from None


def number_in(text: str) -> int:
    """A part of a cursor as a number from 0. Raises: BadInput."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise bad_cursor()
    return int(text)


def moment_in(text: str) -> datetime:
    """A part of a cursor as a moment with its offset. Raises: BadInput."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_cursor() from None
    if moment.tzinfo is None:
        raise bad_cursor()
    return moment
