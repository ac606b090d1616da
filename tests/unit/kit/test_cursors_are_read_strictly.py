"""A cursor comes back from outside: whatever was made of it, it is read or refused, never a fault of ours."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.kit.errors import BadInput
from services.kit.pages import moment_and_id, only_id, only_number, read_cursor, write_cursor

REF = UUID("2766fe40-27a1-8985-8d63-413c1dce3cfa")
AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def test_what_was_written_is_read_again() -> None:
    assert read_cursor(write_cursor("a", 3), 2) == ["a", "3"]
    assert only_id(write_cursor(REF)) == REF
    assert only_number(write_cursor(17)) == 17
    assert moment_and_id(write_cursor(AT.isoformat(), REF)) == (AT, REF)


@pytest.mark.parametrize("read", [only_id, only_number, moment_and_id])
def test_the_first_page_has_none(read: Callable[[str | None], object]) -> None:
    assert read(None) is None and read("") is None


@pytest.mark.parametrize(
    ("read", "key"),
    [
        (only_number, ("-1",)),
        (only_number, ("²",)),  # a digit to Unicode, no number
        (only_number, ("9" * 19,)),
        (only_number, ("",)),
        (only_number, ("1", "2")),
        (only_id, ("17",)),
        (moment_and_id, ("2026-03-01T08:30:00", str(REF))),  # a moment without its offset
        (moment_and_id, ("yesterday", str(REF))),
        (moment_and_id, (AT.isoformat(), "nobody")),
    ],
)
def test_a_cursor_that_is_none_of_ours_is_refused(read: Callable[[str | None], object], key: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        read(write_cursor(*key))


@pytest.mark.parametrize("content", [b"", b"17", b"{}", b"[1]", b"\xff", json.dumps("text").encode()])
def test_what_is_no_list_of_texts_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput):
        read_cursor(base64.urlsafe_b64encode(content).decode() or "====", 1)
