"""A table of records opened, CSV, XLSX or JSONL: what it turned out to be, and its rows read one by one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.intake.records.headers import Column
from services.intake.records.issues import Action, Issue
from services.intake.records.jsonlines import is_json_lines, read_lines
from services.intake.records.tables import Limits, TableRow, open_table
from services.intake.records.workbook import WorkbookReader, open_workbook

L = TypeVar("L")
Reader = Callable[[TableRow, int], L]
"""(row, its number among the rows from 1) → the row as read on its own."""


@dataclass(frozen=True)
class OpenFile(Generic[L]):
    """A file whose columns are known; `lines` can be walked once, each row read on its own."""

    form: str
    encoding: str
    separator: str
    sheet: str
    headers: tuple[str, ...]
    notes: tuple[Issue, ...]
    lines: Iterator[L]


def open_records(
    data: bytes,
    columns: tuple[Column, ...],
    read: Reader[L],
    *,
    mapping: Mapping[str, str] | None = None,
    limits: Limits = Limits(),  # noqa: B008  frozen
    read_workbook: WorkbookReader = open_workbook,
) -> OpenFile[L]:
    """Open a file of records with these columns.

    Raises: RefusedFile, MappingNeeded; also while `lines` are walked.
    """
    if is_json_lines(data):
        rows, notes = read_lines(data, columns, limits=limits)
        return OpenFile("jsonl", "utf-8", "", "", (), notes, _lines(rows, 0, read))
    table = open_table(data, columns, mapping=mapping, limits=limits, read_workbook=read_workbook)
    lines = _lines(table.rows, table.header_line, read)
    return OpenFile(table.form, table.encoding, table.separator, table.sheet, table.headers, table.notes, lines)


def _lines(rows: Iterator[TableRow], header_line: int, read: Reader[L]) -> Iterator[L]:
    for row in rows:
        yield read(row, row.line - header_line)


def is_readable(row: TableRow) -> bool:
    """Whether a row's fields may be read: nothing found with the row as a whole rejects or skips it."""
    return not any(issue.action in (Action.REJECT, Action.SKIP) for issue in row.issues)
