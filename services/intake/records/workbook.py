"""XLSX workbooks, opened only after their archive was looked at: sizes, entries, macros, links, DTDs, cell positions.

A workbook is a zip that a stranger packed. Everything that could blow up in a reader is refused before one sees it.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, Protocol

from services.intake.records.headers import RefusedFile
from services.intake.records.issues import Issue

_MOST_UNPACKED = 64 * 1024 * 1024
_MOST_ENTRIES = 200
_MOST_RATIO = 100
# Small entries pack well without being a bomb.
_RATIO_FROM = 512 * 1024
_CHUNK = 256 * 1024
_OVERLAP = 512
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,7})([0-9]{1,9})["']""")
_FORMULA = re.compile(rb"""<c\b[^>]{0,200}?\br\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["'][^>]{0,200}?>\s*<f\b""")
_ROW = re.compile(rb"<row\b")
_SHEET_ID = re.compile(rb"""<(?:\w+:)?sheet\b[^>]*?\b\w+:id\s*=\s*["']([^"']+)["']""")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_RELATION_ID = re.compile(rb"""\bId\s*=\s*["']([^"']+)["']""")
_RELATION_TARGET = re.compile(rb"""\bTarget\s*=\s*["']/?(?:xl/)?([^"']+)["']""")
_KEPT = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_FORBIDDEN_PARTS = {
    "FILE_MACROS": re.compile(r"vbaProject|\.bin$|macrosheets|activeX", re.IGNORECASE),
    "FILE_EXTERNAL": re.compile(r"externalLinks/|embeddings/|\.(?:zip|xlsx|xlsm|exe|dll|docx?)$", re.IGNORECASE),
}
_PRINTER = re.compile(r"xl/printerSettings/[^/]+\.bin$")


class FormulaCell(NamedTuple):
    """Where a cell holds a formula: line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Workbook:
    """One sheet's rows as text cells, and which cells are formulas."""

    sheet: str
    rows: Iterator[list[str]]
    formulas: frozenset[FormulaCell]


class WorkbookReader(Protocol):
    """Reads a workbook. Raises: RefusedFile."""

    def __call__(self, data: bytes, *, most_rows: int, most_columns: int) -> Workbook:
        """The first visible sheet that has rows."""
        ...


def is_zip(data: bytes) -> bool:
    """Whether a file is an archive, whatever its name says."""
    return data.startswith(b"PK\x03\x04")


def is_old_office_file(data: bytes) -> bool:
    """Whether a file is an old xls, or a workbook with a password, which is wrapped in the same container."""
    return data.startswith(_OLD_OFFICE)


def open_workbook(data: bytes, *, most_rows: int, most_columns: int) -> Workbook:
    """Open the first visible sheet that has rows.

    Raises: RefusedFile.
    """
    formulas = check_archive(data, most_rows=most_rows, most_columns=most_columns)
    # calamine is imported here so that the reader of plain files does not pay for it.
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for index, sheet in enumerate(book.sheets_metadata):
            if sheet.typ is not SheetTypeEnum.WorkSheet or sheet.visible is not SheetVisibleEnum.Visible:
                continue
            opened = book.get_sheet_by_index(index)
            if opened.total_height:
                return Workbook(sheet.name, _text_rows(opened), formulas.of_sheet(index))
    except (CalamineError, OSError, ValueError) as error:
        raise RefusedFile(Issue("FILE_UNREADABLE", None)) from error
    raise RefusedFile(Issue("FILE_EMPTY", None))


def _text_rows(sheet: object) -> Iterator[list[str]]:
    for row in sheet.to_python(skip_empty_area=False):  # type: ignore[attr-defined]  # calamine has no stubs for it
        yield [cell_text(cell) for cell in row]


def cell_text(value: object) -> str:
    """A cell as the text a person would have typed.

    Numbers are shown at the 15 digits a spreadsheet keeps; longer ones in scientific notation, since their end is lost.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        if float(value).is_integer() and abs(value) < 1e15:
            return str(int(value))
        return format(value, ".15g")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


@dataclass(frozen=True)
class Formulas:
    """Formula cells by archive entry, and the entries of the sheets in their order."""

    by_entry: dict[str, frozenset[FormulaCell]]
    entries: tuple[str, ...]

    def of_sheet(self, index: int) -> frozenset[FormulaCell]:
        """The formula cells of a sheet; those of all sheets when the order cannot be told."""
        if index < len(self.entries) and self.entries[index] in self.by_entry:
            return self.by_entry[self.entries[index]]
        return frozenset().union(*self.by_entry.values())


def _sheet_entries(kept: dict[str, bytes]) -> tuple[str, ...]:
    """The archive entries of the sheets, in the order of the workbook."""
    targets: dict[bytes, bytes] = {}
    for tag in _RELATION.findall(kept.get(_KEPT[1], b"")):
        name, target = _RELATION_ID.search(tag), _RELATION_TARGET.search(tag)
        if name and target:
            targets[name[1]] = target[1]
    ids = _SHEET_ID.findall(kept.get(_KEPT[0], b""))
    return tuple("xl/" + targets.get(name, b"?").decode("utf-8", "replace") for name in ids)


def check_archive(data: bytes, *, most_rows: int, most_columns: int) -> Formulas:
    """Look through the archive without opening the workbook; where its formulas are.

    Raises: RefusedFile.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            watches = {entry.filename: _Watch(entry.filename, most_rows, most_columns) for entry in entries}
            unpacked = 0
            for entry in entries:
                unpacked += _unpack(archive, entry, watches[entry.filename], _MOST_UNPACKED - unpacked)
            by_entry = {name: frozenset(watch.formulas) for name, watch in watches.items() if watch.is_sheet}
            kept = {name: bytes(watches[name].kept) for name in _KEPT if name in watches}
            return Formulas(by_entry, _sheet_entries(kept))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise RefusedFile(Issue("FILE_ARCHIVE", None)) from error


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(entries) > _MOST_ENTRIES or len(set(names)) != len(names) or "xl/workbook.xml" not in names:
        raise RefusedFile(Issue("FILE_ARCHIVE", None))
    for entry in entries:
        name = entry.filename
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name:
            raise RefusedFile(Issue("FILE_ARCHIVE", None))
        if entry.flag_bits & 0x1:
            raise RefusedFile(Issue("FILE_ENCRYPTED", None))
        for code, pattern in _FORBIDDEN_PARTS.items():
            if pattern.search(name) and not _PRINTER.fullmatch(name):
                raise RefusedFile(Issue(code, None))
        if entry.file_size > _RATIO_FROM and entry.file_size > _MOST_RATIO * max(entry.compress_size, 1):
            raise RefusedFile(Issue("FILE_ARCHIVE", None))
    if sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
        raise RefusedFile(Issue("FILE_ARCHIVE", None))


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, watch: "_Watch", room: int) -> int:
    """Unpack an entry in pieces, counting: the sizes an archive states may lie."""
    size = 0
    is_xml = entry.filename.lower().endswith((".xml", ".rels", ".vml"))
    tail = b""
    with archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > room or size > entry.file_size:
                raise RefusedFile(Issue("FILE_ARCHIVE", None))
            if is_xml:
                piece = tail + chunk
                watch.look(piece, seen=len(tail))
                tail = piece[-_OVERLAP:]
    return size


class _Watch:
    """Looks at XML going by: no DTD, no other encoding, no macros in the content types, no cell far away."""

    def __init__(self, name: str, most_rows: int, most_columns: int) -> None:
        self.is_sheet = bool(_SHEET.fullmatch(name))
        self.formulas: set[FormulaCell] = set()
        self.kept = bytearray()
        self._keeps = name in _KEPT
        # A title and a few blank lines may stand above the rows, a total below.
        self._most_rows = most_rows + 20
        self._most_columns = most_columns
        self._rows = 0

    def look(self, piece: bytes, *, seen: int) -> None:
        """Check a piece whose first `seen` bytes were looked at before."""
        if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
            raise RefusedFile(Issue("FILE_DTD", None))
        if b"\x00" in piece:
            raise RefusedFile(Issue("FILE_ARCHIVE", None))
        if b"macroEnabled" in piece or b"vbaProject" in piece:
            raise RefusedFile(Issue("FILE_MACROS", None))
        for tag in _RELATION.findall(piece):
            if b"External" in tag and b"/hyperlink" not in tag:
                raise RefusedFile(Issue("FILE_EXTERNAL", None))
        if self._keeps:
            self.kept += piece[seen:]
        if self.is_sheet:
            self._look_at_cells(piece, seen)

    def _look_at_cells(self, piece: bytes, seen: int) -> None:
        self._rows += sum(match.end() > seen for match in _ROW.finditer(piece))
        if self._rows > self._most_rows:
            raise RefusedFile(Issue("FILE_ROWS", None, (("most", str(self._most_rows - 20)),)))
        for match in _REFERENCE.finditer(piece):
            if int(match[2]) > self._most_rows + 1_000:
                raise RefusedFile(Issue("FILE_ROWS", None, (("most", str(self._most_rows - 20)),)))
            if match[1] and _column(match[1]) > self._most_columns:
                raise RefusedFile(Issue("FILE_COLUMNS", None, (("most", str(self._most_columns)),)))
        for match in _FORMULA.finditer(piece):
            self.formulas.add(FormulaCell(int(match[2]), _column(match[1])))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
