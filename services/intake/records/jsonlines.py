"""JSON Lines: one object a line, numbers kept as their text, no key twice."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from services.intake.records.headers import Column, RefusedFile
from services.intake.records.issues import Issue, Notes
from services.intake.records.tables import Limits, TableRow, decode
from services.intake.records.text_cells import has_surrogate

_DEEPEST = 32
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


class NumberText(str):
    """A JSON number as its source text, so that no amount goes through a float."""

    __slots__ = ()

    @property
    def text(self) -> str:
        """The text itself."""
        return str(self)


class UnreadableLine(ValueError):
    """A line is not one JSON object that can be stored."""


def is_json_lines(data: bytes) -> bool:
    """Whether a file begins like a JSON object, whatever its name says."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def parse_line(text: str) -> dict[str, Any]:
    """One JSON object. Whole numbers are int, others NumberText.

    Raises: UnreadableLine for anything else: no object, a key twice, NaN, half a character, too deep a nest.
    """
    if text.count("[") + text.count("{") > _DEEPEST and _depth(text) > _DEEPEST:
        raise UnreadableLine("nested too deeply")
    try:
        value = json.loads(
            text, parse_float=NumberText, parse_int=_whole, parse_constant=_refuse, object_pairs_hook=_object
        )
    except (ValueError, RecursionError) as error:
        raise UnreadableLine("not JSON") from error
    if not isinstance(value, dict) or ("\\u" in text and not _is_storable(value)) or "\x00" in text:
        raise UnreadableLine("not one object that can be stored")
    return value


def _whole(text: str) -> int:
    if len(text.lstrip("-")) > 18:
        raise ValueError("too many digits")
    return int(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError("not a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    answer = dict(pairs)
    if len(answer) != len(pairs):
        raise ValueError("a key twice")
    return answer


def _depth(text: str) -> int:
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        mark = match.group()[0]
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "]}":
            depth -= 1
    return deepest


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and not has_surrogate(value)
    if isinstance(value, dict):
        return all(_is_storable(key) and _is_storable(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(_is_storable(inner) for inner in value)
    return True


def objects(data: bytes, *, limits: Limits) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Each line's number and object; None for a line that cannot be read. Blank lines are passed over.

    Raises: RefusedFile.
    """
    if len(data) > limits.most_bytes:
        raise RefusedFile(Issue("FILE_TOO_LARGE", None, (("most", f"{limits.most_bytes // 1048576} MiB"),)))
    text, _ = decode(data, Notes())
    count = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        count += 1
        if count > limits.most_rows:
            raise RefusedFile(Issue("FILE_ROWS", None, (("most", str(limits.most_rows)),)))
        try:
            yield number, parse_line(line)
        except UnreadableLine:
            yield number, None
    if not count:
        raise RefusedFile(Issue("FILE_EMPTY", None))


def read_lines(
    data: bytes, columns: Sequence[Column], *, limits: Limits
) -> tuple[Iterator[TableRow], tuple[Issue, ...]]:
    """Rows of flat objects whose keys are fields or Chinese headers; values as text cells.

    Raises: RefusedFile; also while the rows are walked.
    """
    return _table_rows(data, columns, limits), ()


def _table_rows(data: bytes, columns: Sequence[Column], limits: Limits) -> Iterator[TableRow]:
    fields = {column.zh: column.field for column in columns} | {column.field: column.field for column in columns}
    for number, found in objects(data, limits=limits):
        notes = Notes()
        if found is None:
            notes.add("ROW_UNREADABLE")
            yield TableRow(number, {}, notes.issues)
            continue
        values: dict[str, str] = {}
        for key, value in found.items():
            field = fields.get(key)
            if field is None:
                notes.add("FIELD_UNKNOWN", key if key.isidentifier() and key.isascii() and len(key) <= 40 else None)
            elif isinstance(value, dict | list):
                notes.add("FIELD_TYPE", field)
            else:
                values[field] = _cell(value)
        yield TableRow(number, values, notes.issues)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
