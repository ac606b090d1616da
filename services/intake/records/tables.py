"""Files of rows: encoding, separator, header row and columns told; each row with its line number.

Lines are counted as records, the first one of the file as 1, as a spreadsheet counts them.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from services.intake.records.headers import Column, HeaderMap, RefusedFile, map_headers, recognised
from services.intake.records.issues import Issue, Notes
from services.intake.records.workbook import (
    FormulaCell,
    Workbook,
    WorkbookReader,
    is_old_office_file,
    is_zip,
    open_workbook,
)

_SEPARATORS = (",", ";", "\t")
_TOTALS = frozenset({"合计", "总计", "小计", "共计", "总合计", "total", "sum"})
_HEADER_WITHIN = 10
_ENOUGH = 3
csv.field_size_limit(1_000_000)


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be."""

    most_bytes: int = 5 * 1024 * 1024
    most_rows: int = 20_000
    most_columns: int = 64


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row. `values` are text cells by field; `issues` say why a row cannot be read or need not be."""

    line: int
    values: Mapping[str, str]
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True)
class Table:
    """A file whose columns are known. `rows` can be walked once."""

    form: str
    encoding: str
    separator: str
    sheet: str
    header_line: int
    headers: tuple[str, ...]
    columns: HeaderMap
    notes: tuple[Issue, ...]
    rows: Iterator[TableRow]


def open_table(
    data: bytes,
    columns: Sequence[Column],
    *,
    mapping: Mapping[str, str] | None = None,
    limits: Limits = Limits(),
    read_workbook: WorkbookReader = open_workbook,
) -> Table:
    """Open a CSV or XLSX file, told apart by content and not by name.

    `read_workbook` may be a reader in another process, since a workbook is a stranger's archive.

    Raises: RefusedFile, MappingNeeded.
    """
    notes = Notes()
    if len(data) > limits.most_bytes:
        raise RefusedFile(Issue("FILE_TOO_LARGE", None, (("most", f"{limits.most_bytes // 1048576} MiB"),)))
    if is_old_office_file(data):
        raise RefusedFile(Issue("FILE_ENCRYPTED", None))
    if is_zip(data):
        book = read_workbook(data, most_rows=limits.most_rows, most_columns=limits.most_columns)
        return _table("xlsx", book.rows, columns, mapping, limits, notes, sheet=book.sheet, book=book)
    text, encoding = decode(data, notes)
    mark = _separator(text)
    return _table("csv", _records(text, mark), columns, mapping, limits, notes, encoding=encoding, separator=mark)


def decode(data: bytes, notes: Notes) -> tuple[str, str]:
    """The text of a file and its encoding: UTF-8 with or without mark, UTF-16 with mark, else GB18030.

    GB18030 and not GBK: rare characters in names need its four bytes.

    Raises: RefusedFile.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = [("utf-16", "ENCODING_UTF16")]
    else:
        candidates = [("utf-8-sig", ""), ("gb18030", "ENCODING_GB18030")]
    for encoding, code in candidates:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        if code:
            notes.add(code)
        return text, encoding
    raise RefusedFile(Issue("ENCODING_UNKNOWN", None))


def _separator(text: str) -> str:
    """The separator that cuts the first lines into most cells."""
    head = "\n".join(text.splitlines()[:_HEADER_WITHIN])
    return max(_SEPARATORS, key=lambda mark: max((line.count(mark) for line in head.splitlines()), default=0))


def _records(text: str, separator: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    count = 0
    try:
        for record in reader:
            count += 1
            yield record
    except csv.Error as error:
        raise RefusedFile(Issue("FILE_QUOTE", None, (("line", str(count + 1)),))) from error


def _table(
    form: str,
    records: Iterable[Sequence[str]],
    columns: Sequence[Column],
    mapping: Mapping[str, str] | None,
    limits: Limits,
    notes: Notes,
    *,
    encoding: str = "",
    separator: str = "",
    sheet: str = "",
    book: Workbook | None = None,
) -> Table:
    records = iter(records)
    header_line, headers, held = _find_header(records, columns, mapping)
    headers = _without_empty_tail(headers)
    if len(headers) > limits.most_columns:
        raise RefusedFile(Issue("FILE_COLUMNS", None, (("most", str(limits.most_columns)),)))
    header_map = map_headers(headers, columns, mapping)
    if header_map.ignored:
        notes.add("COLUMN_IGNORED", None, count=header_map.ignored)
    rest = chain(held, records)
    in_gb = encoding == "gb18030"
    rows = _rows(rest, header_line, headers, header_map, limits, pads=form == "xlsx", in_gb=in_gb, book=book)
    return Table(form, encoding, separator, sheet, header_line, tuple(headers), header_map, notes.issues, rows)


def _find_header(
    records: Iterator[Sequence[str]], columns: Sequence[Column], mapping: Mapping[str, str] | None
) -> tuple[int, Sequence[str], list[Sequence[str]]]:
    """The header's line, its cells, and the rows read past it: the first of ten lines with known headers.

    A title or a blank line may stand above it. Where no line is known, the first one that is not blank is taken.
    """
    seen: list[Sequence[str]] = []
    for record in records:
        seen.append(record)
        known = recognised(record, columns) + sum(cell in (mapping or {}) for cell in record)
        if known >= _ENOUGH:
            return len(seen), record, []
        if len(seen) == _HEADER_WITHIN:
            break
    for index, record in enumerate(seen):
        if any(cell.strip() for cell in record):
            return index + 1, record, seen[index + 1 :]
    raise RefusedFile(Issue("FILE_EMPTY", None))


def _without_empty_tail(cells: Sequence[str]) -> list[str]:
    kept = list(cells)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def _rows(
    records: Iterable[Sequence[str]],
    header_line: int,
    headers: Sequence[str],
    columns: HeaderMap,
    limits: Limits,
    *,
    pads: bool,
    in_gb: bool,
    book: Workbook | None,
) -> Iterator[TableRow]:
    line = header_line
    count = 0
    for record in records:
        line += 1
        if not any(cell.strip() for cell in record):
            continue
        count += 1
        if count > limits.most_rows:
            raise RefusedFile(Issue("FILE_ROWS", None, (("most", str(limits.most_rows)),)))
        notes = Notes()
        cells = _fitted(record, headers, pads, notes)
        values = {field: cell for field, cell in zip(columns.fields, cells, strict=False) if field} if cells else {}
        _note_formulas(book, line, columns, notes)
        if in_gb and not notes.has_error:
            _note_rare(values.get("name", ""), notes)
        yield TableRow(line, values, notes.issues)
    if not count:
        raise RefusedFile(Issue("FILE_EMPTY", None))


def _fitted(record: Sequence[str], headers: Sequence[str], pads: bool, notes: Notes) -> Sequence[str]:
    """The cells of a row that has as many as the header; () when the row is skipped or cannot be read."""
    same = sum(cell.strip() == header.strip() for cell, header in zip(record, headers, strict=False) if header.strip())
    if same > len(headers) // 2:
        notes.add("ROW_HEADER_AGAIN")
        return ()
    first = next(cell for cell in record if cell.strip())
    if "".join(first.split()).rstrip("：:").lower() in _TOTALS:
        notes.add("ROW_TOTAL")
        return ()
    width = len(headers)
    if pads:
        record = [*record, *[""] * (width - len(record))]
    if len(record) < width:
        notes.add("ROW_SHORT", None, count=len(record), expected=width)
        return ()
    if len(record) > width and (not pads or any(cell.strip() for cell in record[width:])):
        notes.add("ROW_LONG", None, count=len(record) - width)
        return ()
    return record[:width]


def _note_formulas(book: Workbook | None, line: int, columns: HeaderMap, notes: Notes) -> None:
    if book is None or any(issue.code in ("ROW_TOTAL", "ROW_HEADER_AGAIN") for issue in notes):
        return
    for position, field in enumerate(columns.fields):
        if field and FormulaCell(line, position + 1) in book.formulas:
            notes.add("CELL_FORMULA_VALUE", field)


def _note_rare(name: str, notes: Notes) -> None:
    try:
        name.encode("gbk")
    except UnicodeEncodeError:
        notes.add("NAME_RARE_CHARACTER", "name", name)
