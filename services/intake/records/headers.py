"""Which column is which: the agreed headers are known, other senders' words are only suggested."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from services.intake.records.issues import Issue, load_yaml

# A unit behind a header may be dropped only when it is the one amounts are read in.
_YUAN_SUFFIX = re.compile(r"[(（]元[)）]$")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the template. `also` are headers other senders use."""

    field: str
    zh: str
    is_needed: bool
    also: tuple[str, ...]


class RefusedFile(Exception):
    """The file is refused as a whole; `issues` say why. Nothing of it is imported."""

    def __init__(self, *issues: Issue) -> None:
        super().__init__(", ".join(issue.code for issue in issues))
        self.issues = issues


class MappingNeeded(RefusedFile):
    """The headers are other words; the sender must say which column is which.

    `suggestion` maps a header of the file to a field; `headers` are all headers of the file.
    """

    def __init__(self, headers: Sequence[str], suggestion: Mapping[str, str], missing: Sequence[str]) -> None:
        super().__init__(Issue("COLUMN_MAPPING_NEEDED", None))
        self.headers = tuple(headers)
        self.suggestion = dict(suggestion)
        self.missing = tuple(missing)


@cache
def hospital_columns() -> tuple[Column, ...]:
    """The columns of a hospital-cost file, in the order of the template."""
    return _columns("columns.yaml")


@cache
def roll_columns() -> tuple[Column, ...]:
    """The columns of a benefit roll, in the order of the template."""
    return _columns("roll_columns.yaml")


def _columns(name: str) -> tuple[Column, ...]:
    rows: dict[str, dict[str, Any]] = load_yaml(name)
    return tuple(
        Column(field, row["zh"], row.get("needed", False), tuple(row.get("also", ()))) for field, row in rows.items()
    )


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """The field of each position ("" for a column that is not used)."""

    fields: tuple[str, ...]
    ignored: int

    @property
    def width(self) -> int:
        """How many cells a row has."""
        return len(self.fields)


def clean_header(text: str) -> str:
    """A header without blanks, invisible characters, a mark and the unit 元."""
    bare = "".join(c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))
    return _YUAN_SUFFIX.sub("", bare).strip("*：:")


def recognised(headers: Sequence[str], columns: Sequence[Column]) -> int:
    """How many headers are a known column or a known synonym: by which a header row is told from a title."""
    words = {word for column in columns for word in (column.field, column.zh, *column.also)}
    return sum(clean_header(header) in words for header in headers)


def map_headers(
    headers: Sequence[str], columns: Sequence[Column], mapping: Mapping[str, str] | None = None
) -> HeaderMap:
    """Say which column is which.

    `mapping` (header → field, given or remembered for the sender) is taken on top of the agreed headers.

    Raises: MappingNeeded when a needed column is there only under another word; RefusedFile when it is not there, or
    when two columns are the same field.
    """
    cleaned = [clean_header(header) for header in headers]
    exact = {column.zh: column.field for column in columns} | {column.field: column.field for column in columns}
    known_fields = {column.field for column in columns}
    given = {clean_header(h): field for h, field in (mapping or {}).items() if field in known_fields}
    fields = [given.get(header) or exact.get(header, "") for header in cleaned]
    _refuse_twice(fields, columns)
    missing = [column for column in columns if column.is_needed and column.field not in fields]
    if missing:
        _ask_or_refuse(headers, cleaned, fields, columns, missing)
    ignored = sum(1 for field, header in zip(fields, cleaned, strict=True) if header and not field)
    return HeaderMap(tuple(fields), ignored)


def _refuse_twice(fields: Sequence[str], columns: Sequence[Column]) -> None:
    twice = [column.zh for column in columns if fields.count(column.field) > 1]
    if twice:
        raise RefusedFile(Issue("COLUMN_TWICE", None, (("columns", "、".join(twice)),)))


def _ask_or_refuse(
    headers: Sequence[str],
    cleaned: Sequence[str],
    fields: Sequence[str],
    columns: Sequence[Column],
    missing: Sequence[Column],
) -> None:
    suggestion: dict[str, str] = {}
    for column in columns:
        if column.field in fields:
            continue
        for header, word, field in zip(headers, cleaned, fields, strict=True):
            if not field and word in column.also and header not in suggestion:
                suggestion[header] = column.field
                break
    lost = [column for column in missing if column.field not in suggestion.values()]
    if lost:
        names = "、".join(column.zh for column in lost)
        raise RefusedFile(*(Issue("COLUMN_MISSING", column.field, (("columns", names),)) for column in lost))
    raise MappingNeeded(headers, suggestion, [column.field for column in missing])
