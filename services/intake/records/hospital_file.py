"""A hospital-cost file as a whole: opened, each row read, all rows seen together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from services.intake.records.batch import Known, KnownRecords, ReadLine, ReviewedLine, review
from services.intake.records.headers import hospital_columns
from services.intake.records.hospital import ReadCost
from services.intake.records.hospital_row import read_row
from services.intake.records.issues import Action, Issue
from services.intake.records.jsonlines import is_json_lines, read_lines
from services.intake.records.tables import Limits, TableRow, open_table
from services.intake.records.workbook import WorkbookReader, open_workbook


@dataclass(frozen=True)
class OpenFile:
    """A file whose columns are known; `lines` can be walked once, each row read on its own."""

    form: str
    encoding: str
    separator: str
    sheet: str
    headers: tuple[str, ...]
    notes: tuple[Issue, ...]
    lines: Iterator[ReadLine]


def open_hospital_file(
    data: bytes,
    *,
    source: str,
    today: date,
    mapping: Mapping[str, str] | None = None,
    limits: Limits = Limits(),  # noqa: B008  frozen
    read_workbook: WorkbookReader = open_workbook,
) -> OpenFile:
    """Open a CSV, XLSX or JSONL file of hospital costs.

    Raises: RefusedFile, MappingNeeded; also while `lines` are walked.
    """
    if is_json_lines(data):
        rows, notes = read_lines(data, hospital_columns(), limits=limits)
        return OpenFile("jsonl", "utf-8", "", "", (), notes, _read(rows, 0, source, today))
    table = open_table(data, hospital_columns(), mapping=mapping, limits=limits, read_workbook=read_workbook)
    lines = _read(table.rows, table.header_line, source, today)
    return OpenFile(table.form, table.encoding, table.separator, table.sheet, table.headers, table.notes, lines)


def _read(rows: Iterator[TableRow], header_line: int, source: str, today: date) -> Iterator[ReadLine]:
    for row in rows:
        if any(issue.action in (Action.REJECT, Action.SKIP) for issue in row.issues):
            read = ReadCost(None, row.issues)
        else:
            alone = read_row(row.values, source=source, today=today)
            read = ReadCost(alone.cost, row.issues + alone.issues)
        yield ReadLine(row.line, row.line - header_line, read)


def review_hospital_file(
    data: bytes,
    *,
    source: str,
    today: date,
    known: Known = KnownRecords(),  # noqa: B008  frozen
    mapping: Mapping[str, str] | None = None,
    limits: Limits = Limits(),  # noqa: B008  frozen
) -> list[ReviewedLine]:
    """Every row of a file with what happens to it.

    Raises: RefusedFile, MappingNeeded.
    """
    opened = open_hospital_file(data, source=source, today=today, mapping=mapping, limits=limits)
    return review(opened.lines, known)
