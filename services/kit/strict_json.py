"""JSON bodies read strictly: exact numbers, no NaN, no duplicate keys, no lone surrogates, no NUL, no deep nests.

Source: RFC 8259; I-JSON (RFC 7493) for duplicate keys and surrogates.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from services.kit.errors import FieldError, Unreadable

_DEEPEST = 32
_LONGEST_INTEGER = 18
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Only names that look like ours are said again: a key may hold anything.
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}", re.ASCII)


class NumberText:
    """A JSON number with a fraction or an exponent, kept as its source text so that no amount goes through a float."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "NumberText(…)"


class _Forbidden:
    """Stands where a number was that may not be. `error` says why."""

    def __init__(self, zh: str, en: str, *, code: str) -> None:
        self.zh, self.en, self.code = zh, en, code


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


def _refuse_forbidden(value: Any) -> None:
    """Raises: Unreadable naming the field of the first forbidden number; nothing when there is none."""
    _look(value, "", lambda inner, _: inner if isinstance(inner, _Forbidden) else None)


def _check_text(value: Any) -> None:
    """Raises: Unreadable naming the field of the first text with a NUL or a lone surrogate."""
    bad = _Forbidden("文字中有不允许的字符", "A text holds a character not allowed", code="bad_character")

    def judge(inner: Any, key: str) -> _Forbidden | None:
        is_bad = any(isinstance(one, str) and ("\x00" in one or _SURROGATE.search(one)) for one in (inner, key))
        return bad if is_bad else None

    _look(value, "", judge)


def _look(value: Any, path: str, judge: Callable[[Any, str], _Forbidden | None], key: str = "") -> None:
    found = judge(value, key)
    if found is not None:
        error = FieldError(path or "body", found.code, found.zh, found.en)
        raise Unreadable(found.zh, found.en, code=found.code, errors=(error,))
    if isinstance(value, dict):
        for name, inner in value.items():
            shown = name if _PLAIN_NAME.fullmatch(name) else "…"
            _look(inner, f"{path}.{shown}" if path else shown, judge, name)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            _look(inner, f"{path}[{place}]", judge)


def loads(body: bytes) -> Any:
    """Parse a body. Integers stay int, other numbers become NumberText.

    Raises: Unreadable, with a code that says why, the field where one can be named, and never the content.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("请求正文不是UTF-8", "The body is not UTF-8", code="not_utf8") from error
    forbidden: list[_Forbidden] = []

    def integer(digits: str) -> Any:  # an int, or what stands for a forbidden one
        if len(digits.lstrip("-")) > _LONGEST_INTEGER:
            forbidden.append(_Forbidden("数字位数过多", "A number has too many digits", code="number_too_long"))
            return forbidden[-1]
        return int(digits)

    def constant(_: str) -> _Forbidden:
        forbidden.append(_Forbidden("不允许NaN或Infinity", "NaN and Infinity are not allowed", code="not_a_number"))
        return forbidden[-1]

    try:
        value = json.loads(
            text, parse_float=NumberText, parse_int=integer, parse_constant=constant, object_pairs_hook=_object
        )
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise Unreadable() from error
    if isinstance(value, dict | list) and body.count(b"[") + body.count(b"{") > _DEEPEST:
        _check_depth(value)
    if forbidden:
        _refuse_forbidden(value)
    if "\x00" in text or "\\u0000" in text or "\\ud" in text or "\\uD" in text:
        _check_text(value)
    return value
