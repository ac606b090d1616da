"""A partner's place in its feed, as a cursor."""

from services.kit.pages import number_in, read_cursor


def place_in_feed(cursor: str | None) -> tuple[str, int]:
    """A place in the feed, as the transaction that queued a message and its position; its beginning without a cursor.

    Raises: BadInput.
    """
    key = read_cursor(cursor, 2)
    return ("0", 0) if key is None else (str(number_in(key[0])), number_in(key[1]))
