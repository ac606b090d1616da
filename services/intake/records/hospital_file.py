"""A hospital-cost file as a whole: opened, each row read, all rows seen together."""

from collections.abc import Mapping
from datetime import date

from services.intake.records.batch import Known, KnownRecords, ReadLine, ReviewedLine, review
from services.intake.records.headers import hospital_columns
from services.intake.records.hospital import ReadCost
from services.intake.records.hospital_row import read_row
from services.intake.records.opened import OpenFile, is_readable, open_records
from services.intake.records.tables import Limits, TableRow
from services.intake.records.workbook import WorkbookReader, open_workbook


def open_hospital_file(
    data: bytes,
    *,
    source: str,
    today: date,
    mapping: Mapping[str, str] | None = None,
    limits: Limits = Limits(),  # noqa: B008  frozen
    read_workbook: WorkbookReader = open_workbook,
) -> OpenFile[ReadLine]:
    """Open a CSV, XLSX or JSONL file of hospital costs.

    Raises: RefusedFile, MappingNeeded; also while `lines` are walked.
    """

    def read(row: TableRow, number: int) -> ReadLine:
        if not is_readable(row):
            return ReadLine(row.line, number, ReadCost(None, row.issues))
        alone = read_row(row.values, source=source, today=today)
        return ReadLine(row.line, number, ReadCost(alone.cost, row.issues + alone.issues))

    return open_records(data, hospital_columns(), read, mapping=mapping, limits=limits, read_workbook=read_workbook)


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
