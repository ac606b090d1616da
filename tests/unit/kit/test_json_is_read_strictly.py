"""Bodies: what RFC 8259 or good sense forbids is refused with a code that says why."""

import pytest

from services.kit.errors import Unreadable
from services.kit.strict_json import NumberText, loads


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a": NaN}', "not_a_number"),
        (b'{"a": -Infinity}', "not_a_number"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"a": "\\ud800"}', "bad_character"),
        (b'{"a": "\\u0000"}', "bad_character"),
        (b'{"a": "\x00"}', "unreadable_body"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
        (b'{"a": ' + b"9" * 6000 + b"}", "number_too_long"),
        (b'{"a": "\xff"}', "not_utf8"),
        (b"", "unreadable_body"),
        (b"{} x", "unreadable_body"),
    ],
)
def test_a_body_that_is_not_plain_json_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        loads(body)
    assert refused.value.code == code


def test_a_number_keeps_its_own_text() -> None:
    value = loads(b'{"a": 40000.010, "b": 7, "c": 1e9999}')
    assert isinstance(value["a"], NumberText)
    assert (value["a"].text, value["b"], value["c"].text) == ("40000.010", 7, "1e9999")


def test_brackets_and_escapes_inside_texts_are_texts() -> None:
    assert loads(b'{"a": "' + b"[" * 50 + b'", "b": "\\\\u0000", "c": "\\ud840\\udc0b"}') == {
        "a": "[" * 50,
        "b": "\\u0000",
        "c": "\U0002000b",
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"total": 1, "self_paid": NaN}', "self_paid"),
        (b'{"records": [{"a": 1}, {"name": "\\ud83d"}]}', "records[1].name"),
        (b'{"household": {"members": [{"age": ' + b"9" * 30 + b"}]}}", "household.members[0].age"),
        ('{"某人": NaN}'.encode(), "…"),
        (b"NaN", "body"),
    ],
)
def test_what_may_not_be_is_named_by_its_field_and_never_said_again(body: bytes, field: str) -> None:
    with pytest.raises(Unreadable) as refused:
        loads(body)
    assert [error.field for error in refused.value.errors] == [field]
    assert "某人" not in str(refused.value.problem())
