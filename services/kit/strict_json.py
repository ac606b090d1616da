"""JSON bodies read strictly: exact numbers, no NaN, no duplicate keys, no lone surrogates, no NUL, no deep nests.

Source: RFC 8259; I-JSON (RFC 7493) for duplicate keys and surrogates.
"""

import json
import re
from typing import Any, NoReturn

from services.kit.errors import Unreadable

_DEEPEST = 32
_LONGEST_INTEGER = 18
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class NumberText:
    """A JSON number with a fraction or an exponent, kept as its source text so that no amount goes through a float."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "NumberText(…)"


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > _LONGEST_INTEGER:
        raise Unreadable("数字位数过多", "A number has too many digits", code="number_too_long")
    return int(text)


def _constant(text: str) -> NoReturn:
    raise Unreadable("JSON中不允许NaN或Infinity", "NaN and Infinity are not JSON", code="not_a_number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    answer = dict(pairs)
    if len(answer) != len(pairs):
        raise Unreadable("同一个键出现了两次", "A key appears twice", code="duplicate_key")
    return answer


def _check_depth(value: Any) -> None:
    """The parsed value is looked at: the parser itself stops at a few hundred, and a scan of the text costs more."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> Unreadable:
    return Unreadable("JSON嵌套过深", "The JSON is nested too deeply", code="too_deep")


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value or _SURROGATE.search(value):
            raise Unreadable("文字中有不允许的字符", "A text holds a character not allowed", code="bad_character")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check_text(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_text(inner)


def loads(body: bytes) -> Any:
    """Parse a body. Integers stay int, other numbers become NumberText.

    Raises: Unreadable, with a code that says why and never the content.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("请求正文不是UTF-8", "The body is not UTF-8", code="not_utf8") from error
    try:
        value = json.loads(
            text, parse_float=NumberText, parse_int=_integer, parse_constant=_constant, object_pairs_hook=_object
        )
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise Unreadable() from error
    if isinstance(value, dict | list) and body.count(b"[") + body.count(b"{") > _DEEPEST:
        _check_depth(value)
    if "\x00" in text or "\\u0000" in text or "\\ud" in text or "\\uD" in text:
        _check_text(value)
    return value
