"""Sort keys in cursors, read strictly."""

from datetime import datetime
from uuid import UUID

from services.kit.errors import BadInput, FieldError
from services.kit.pages import read_cursor


def _bad() -> BadInput:
    return BadInput(errors=(FieldError("cursor", "bad_cursor", "翻页标记无效", "The cursor is not valid"),))


def moment_and_id(cursor: str | None) -> tuple[datetime, UUID] | None:
    """(moment, id) of the last row seen; None for the first page. Raises: BadInput."""
    key = read_cursor(cursor, 2)
    if key is None:
        return None
    try:
        at = datetime.fromisoformat(key[0])
        if at.tzinfo is None:
            raise ValueError("no offset")
        return at, UUID(key[1])
    except ValueError as error:
        raise _bad() from error


def only_id(cursor: str | None) -> UUID | None:
    """The id of the last row seen. Raises: BadInput."""
    key = read_cursor(cursor, 1)
    if key is None:
        return None
    try:
        return UUID(key[0])
    except ValueError as error:
        raise _bad() from error


def only_number(cursor: str | None) -> int | None:
    """The position of the last row seen. Raises: BadInput."""
    key = read_cursor(cursor, 1)
    return None if key is None else _number(key[0])


def place_in_feed(cursor: str | None) -> tuple[str, int]:
    """A place in the feed, as the transaction that queued a message and its position; its beginning without a cursor.

    Raises: BadInput.
    """
    key = read_cursor(cursor, 2)
    return ("0", 0) if key is None else (str(_number(key[0])), _number(key[1]))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise _bad()
    return int(text)
