"""Files as senders make them: titles, other separators and encodings, formulas, bombs, the wrong ending."""

import csv
import io
import json
import time
import zipfile
from collections.abc import Callable

import openpyxl
import pytest

from services.intake.records.batch import ReviewedLine
from services.intake.records.headers import RefusedFile, hospital_columns
from services.intake.records.hospital_file import open_hospital_file, review_hospital_file
from services.intake.records.jsonlines import parse_line
from services.intake.records.tables import Limits
from tests.unit.intake.samples import GOOD_ROW, SOURCE, TODAY, sample

HEADERS = {column.field: column.zh for column in hospital_columns() if column.field in GOOD_ROW}


def review(data: bytes, **kwargs: object) -> list[ReviewedLine]:
    return review_hospital_file(data, source=SOURCE, today=TODAY, **kwargs)  # type: ignore[arg-type]  # test shorthand


def csv_of(*rows: dict[str, str], separator: str = ",", above: tuple[str, ...] = ()) -> str:
    out = io.StringIO()
    for line in above:
        out.write(line + "\n")
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow(HEADERS.values())
    for row in rows:
        writer.writerow([row[field] for field in HEADERS])
    return out.getvalue()


def workbook_of(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def good_sheet(book: openpyxl.Workbook) -> None:
    sheet = book.active
    sheet.append(list(HEADERS.values()))
    sheet.append([GOOD_ROW[field] for field in HEADERS])


def repacked(data: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def refused_code(data: bytes, **kwargs: object) -> str:
    with pytest.raises(RefusedFile) as refused:
        review(data, **kwargs)
    return refused.value.issues[0].code


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_is_read_whatever_its_separator_and_encoding(separator: str, encoding: str) -> None:
    lines = review(csv_of(GOOD_ROW, separator=separator).encode(encoding))
    assert [(line.line, line.outcome) for line in lines] == [(2, "new")]


def test_a_title_above_the_header_and_blank_lines_keep_the_line_numbers_of_the_sheet() -> None:
    text = csv_of(GOOD_ROW, GOOD_ROW | {"settlement_id": "S2"}, above=("医保推送名单", ""))
    lines = review(text.encode())
    assert [line.line for line in lines] == [4, 5]


def test_english_field_names_are_headers_too() -> None:
    text = ",".join(HEADERS) + "\n" + ",".join(GOOD_ROW[field] for field in HEADERS) + "\n"
    assert review(text.encode())[0].outcome == "new"


def test_a_unit_in_the_header_is_taken_only_when_it_is_yuan() -> None:
    yuan = csv_of(GOOD_ROW).replace("总费用", "总费用（元）").encode()
    assert review(yuan)[0].outcome == "new"
    assert refused_code(csv_of(GOOD_ROW).replace("总费用", "总费用（万元）").encode()) == "COLUMN_MISSING"


def test_two_columns_of_one_name_are_refused() -> None:
    assert refused_code(csv_of(GOOD_ROW).replace("年度", "姓名").encode()) == "COLUMN_TWICE"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "FILE_EMPTY"),
        (b"\n\n", "FILE_EMPTY"),
        (b"\xff\xff\xff", "ENCODING_UNKNOWN"),
        (b"a\x00b", "ENCODING_UNKNOWN"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "FILE_ENCRYPTED"),
        (b"PK\x03\x04junk", "FILE_ARCHIVE"),
        (b"hello", "COLUMN_MISSING"),
    ],
)
def test_what_is_no_file_of_rows_is_refused(data: bytes, code: str) -> None:
    assert refused_code(data) == code


def test_a_header_alone_is_an_empty_file() -> None:
    assert refused_code(csv_of().encode()) == "FILE_EMPTY"


def test_a_quote_that_is_not_closed_refuses_the_file_and_names_its_line() -> None:
    text = csv_of(GOOD_ROW, GOOD_ROW).replace("漳浦县南浦乡", '"漳浦县南浦乡', 1)
    with pytest.raises(RefusedFile) as refused:
        review(text.encode())
    assert refused.value.issues[0].code == "FILE_QUOTE" and "2" in refused.value.issues[0].zh


def test_a_row_in_another_encoding_spoils_the_file() -> None:
    head, _, row = csv_of(GOOD_ROW).partition("\n")
    code = refused_code(head.encode() + b"\n" + row.encode("gbk"))
    assert code in ("COLUMN_MISSING", "ENCODING_UNKNOWN")


def test_a_file_too_long_too_wide_or_too_large_is_refused() -> None:
    two = csv_of(GOOD_ROW, GOOD_ROW | {"settlement_id": "S2"}).encode()
    assert refused_code(two, limits=Limits(most_rows=1)) == "FILE_ROWS"
    assert refused_code(two, limits=Limits(most_columns=10)) == "FILE_COLUMNS"
    assert refused_code(two, limits=Limits(most_bytes=100)) == "FILE_TOO_LARGE"
    assert refused_code(workbook_of(good_sheet), limits=Limits(most_columns=10)) == "FILE_COLUMNS"


def test_a_workbook_named_csv_and_the_reverse_are_told_by_their_content() -> None:
    assert open_hospital_file(sample("hospital-costs.xlsx"), source=SOURCE, today=TODAY).form == "xlsx"
    assert open_hospital_file(sample("hospital-costs.csv"), source=SOURCE, today=TODAY).form == "csv"


def test_the_first_visible_sheet_is_read_and_hidden_ones_are_not() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        book.active.title = "hidden"
        book.active.append(["x"])
        book.active.sheet_state = "hidden"
        sheet = book.create_sheet("医保推送")
        sheet.append(list(HEADERS.values()))
        sheet.append([GOOD_ROW[field] for field in HEADERS])

    assert [line.outcome for line in review(workbook_of(fill))] == ["new"]


def test_a_formula_is_never_taken_for_its_value_and_a_formula_in_the_total_row_does_no_harm() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        good_sheet(book)
        sheet = book.active
        row = [GOOD_ROW[field] for field in HEADERS]
        row[list(HEADERS).index("self_paid")] = "=1+1"
        sheet.append(row)
        sheet.append(["合计"] + [""] * 15 + ["=SUM(Q2:Q3)", ""])

    lines = review(workbook_of(fill))
    assert [line.outcome for line in lines] == ["new", "rejected", "skipped"]
    assert {(issue.code, issue.field) for issue in lines[1].issues} >= {("CELL_FORMULA_VALUE", "self_paid")}


def test_numbers_a_spreadsheet_kept_are_read_and_numbers_it_spoiled_are_rejected() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.active
        sheet.append(list(HEADERS.values()))
        as_numbers = GOOD_ROW | {"division": 350623200207, "self_paid": 40000, "total": 125000.0, "phone": 15400000001}
        sheet.append([as_numbers[field] for field in HEADERS])
        sheet.append(
            [(as_numbers | {"id_number": 350623195209169991, "settlement_id": "S2"})[field] for field in HEADERS]
        )

    kept, spoiled = review(workbook_of(fill))
    assert kept.outcome == "new" and kept.cost and kept.cost.division == "350623200207"
    assert spoiled.outcome == "rejected" and spoiled.issues[0].code == "ID_SCIENTIFIC"


BOMBS: dict[str, tuple[str, Callable[[dict[str, bytes]], object]]] = {
    "macros": ("FILE_MACROS", lambda parts: parts.update({"xl/vbaProject.bin": b"x"})),
    "macro content type": (
        "FILE_MACROS",
        lambda parts: parts.update(
            {
                "[Content_Types].xml": parts["[Content_Types].xml"].replace(
                    b"spreadsheetml.sheet.main", b"macroEnabled.main"
                )
            }
        ),
    ),
    "dtd": (
        "FILE_DTD",
        lambda parts: parts.update(
            {"xl/worksheets/sheet1.xml": b'<!DOCTYPE x [<!ENTITY a "b">]>' + parts["xl/worksheets/sheet1.xml"]}
        ),
    ),
    "external link": ("FILE_EXTERNAL", lambda parts: parts.update({"xl/externalLinks/externalLink1.xml": b"<x/>"})),
    "nested archive": ("FILE_EXTERNAL", lambda parts: parts.update({"xl/embeddings/a.xlsx": b"x"})),
    "zip slip": ("FILE_ARCHIVE", lambda parts: parts.update({"../../etc/passwd": b"x"})),
    "ratio": ("FILE_ARCHIVE", lambda parts: parts.update({"xl/media/a.xml": b" " * 8_000_000})),
    "many entries": ("FILE_ARCHIVE", lambda parts: parts.update({f"xl/media/{n}.xml": b"x" for n in range(201)})),
    "far row": (
        "FILE_ROWS",
        lambda parts: parts.update(
            {"xl/worksheets/sheet1.xml": parts["xl/worksheets/sheet1.xml"].replace(b'"A2"', b'"A1048576"')}
        ),
    ),
    "far column": (
        "FILE_COLUMNS",
        lambda parts: parts.update(
            {"xl/worksheets/sheet1.xml": parts["xl/worksheets/sheet1.xml"].replace(b'"A2"', b'"XFD2"')}
        ),
    ),
    "utf-16 xml": (
        "FILE_ARCHIVE",
        lambda parts: parts.update({"xl/workbook.xml": parts["xl/workbook.xml"].decode().encode("utf-16")}),
    ),
    "no workbook": ("FILE_ARCHIVE", lambda parts: parts.pop("xl/workbook.xml")),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_workbook_that_could_blow_up_is_refused_before_a_reader_sees_it(name: str) -> None:
    code, change = BOMBS[name]
    data = repacked(workbook_of(good_sheet), change)
    began = time.perf_counter()
    assert refused_code(data) == code
    assert time.perf_counter() - began < 2


def test_a_workbook_of_a_million_empty_rows_is_refused_quickly() -> None:
    def change(parts: dict[str, bytes]) -> None:
        sheet = parts["xl/worksheets/sheet1.xml"]
        rows = b"".join(b'<row r="%d" spans="1:18" ht="%d"/>' % (n, n * 7919 % 409) for n in range(3, 600_000))
        parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"</sheetData>", rows + b"</sheetData>")

    began = time.perf_counter()
    data = repacked(workbook_of(good_sheet), change)
    made = time.perf_counter()
    assert refused_code(data) in ("FILE_ROWS", "FILE_ARCHIVE")
    assert time.perf_counter() - made < 2, made - began


def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    data = bytearray(workbook_of(good_sheet))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    assert refused_code(bytes(data)) == "FILE_ARCHIVE"


def test_json_lines_are_a_file_too_and_numbers_keep_their_text() -> None:
    row = {name: value for name, value in GOOD_ROW.items()} | {"self_paid": 40000.00, "total": 125000}
    bad = '{"name": "x", "name": "y"}\n[1]\n{"a": NaN}\n' + "[" * 100_000 + "\n"
    data = (json.dumps(row, ensure_ascii=False) + "\n\n" + bad + json.dumps(row | {"status": 1}) + "\n").encode()
    lines = review(data)
    assert [(line.line, line.outcome) for line in lines] == [
        (1, "new"),
        (3, "rejected"),
        (4, "rejected"),
        (5, "rejected"),
        (6, "rejected"),
        (7, "rejected"),
    ]
    assert [line.issues[0].code for line in lines[1:]] == ["ROW_UNREADABLE"] * 4 + ["FIELD_UNKNOWN"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "1",
        '{"a": 1e9999999}{',
        '{"a": "\\ud800"}',
        '{"a": "\\u0000"}',
        '{"a":' + "9" * 6000 + "}",
        '{"a": Infinity}',
        '{"a": ' + "[" * 50 + "]" * 50 + "}",
    ],
)
def test_a_line_that_is_not_one_clean_object_is_unreadable(text: str) -> None:
    with pytest.raises(ValueError):
        parse_line(text)


def test_fifteen_thousand_rows_are_read_in_seconds() -> None:
    rows = [GOOD_ROW | {"settlement_id": f"S{n}"} for n in range(15_313)]
    data = csv_of(*rows).encode()
    began = time.perf_counter()
    assert len(review(data)) == 15_313
    assert time.perf_counter() - began < 8
