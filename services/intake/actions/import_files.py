"""Import files opened: which kind, which columns, each line read on its own."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.intake.actions.work import is_within
from services.intake.errors import NotAFileKind
from services.intake.records.batch import ReadLine
from services.intake.records.child import read_in_child
from services.intake.records.grid import read_report
from services.intake.records.headers import MappingNeeded
from services.intake.records.hospital import ReadCost
from services.intake.records.hospital_file import open_hospital_file
from services.intake.records.households import read_household
from services.intake.records.issues import Action, Issue, gravest
from services.intake.records.jsonlines import objects
from services.intake.records.opened import OpenFile
from services.intake.records.roll import ReadRoll
from services.intake.records.roll_file import RollRead, open_roll_file
from services.intake.records.tables import Limits

HOSPITAL_COSTS, GRID_REPORTS, HOUSEHOLDS = "hospital-costs", "grid-reports", "households"
BENEFIT_ROLLS = "benefit-rolls"
KINDS = (HOSPITAL_COSTS, GRID_REPORTS, HOUSEHOLDS, BENEFIT_ROLLS)
TABLES = (HOSPITAL_COSTS, BENEFIT_ROLLS)
"""Kinds that are tables with headers, written all at once and taken back all at once."""
SOURCES = {BENEFIT_ROLLS: "civil_affairs"}
"""Who sends a kind of file when the sender does not say; the medical-insurance bureau for any other."""


@dataclass(frozen=True, slots=True)
class ReadObject:
    """One line of a JSONL file: what it is (None when it cannot be stored), its issues, and what else it says."""

    line: int
    value: Any
    issues: tuple[Issue, ...]
    consents: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class FileOrder:
    """How to read a file."""

    kind: str
    source: str
    territory: str
    today: date
    now: datetime
    limits: Limits
    mapping: Mapping[str, str]


def headers_key(headers: tuple[str, ...]) -> bytes:
    """By which a sender's answer about its headers is remembered."""
    return hashlib.sha256("\x1f".join(headers).encode()).digest()


def check_kind(kind: str) -> None:
    """Raises: NotAFileKind."""
    if kind not in KINDS:
        raise NotAFileKind()


def open_costs(data: bytes, order: FileOrder) -> OpenFile[ReadLine]:
    """A hospital-cost file whose columns are known.

    Raises: RefusedFile, MappingNeeded.
    """
    return open_hospital_file(
        data,
        source=order.source,
        today=order.today,
        mapping=order.mapping,
        limits=order.limits,
        read_workbook=read_in_child,
    )


def open_roll(data: bytes, order: FileOrder) -> OpenFile[RollRead]:
    """A benefit roll whose columns are known.

    Raises: RefusedFile, MappingNeeded.
    """
    return open_roll_file(
        data, today=order.today, mapping=order.mapping, limits=order.limits, read_workbook=read_in_child
    )


def open_headers(data: bytes, order: FileOrder) -> tuple[str, ...]:
    """The headers of a table, when its columns are known.

    Raises: RefusedFile, MappingNeeded.
    """
    return (open_roll if order.kind == BENEFIT_ROLLS else open_costs)(data, order).headers


def read_roll(opened: OpenFile[RollRead], territory: str) -> list[RollRead]:
    """Every row; one about a place that is not the sender's is rejected.

    Raises: RefusedFile.
    """
    lines = []
    for number, row, read in opened.lines:
        if read.line is not None and not is_within(read.line.division, territory):
            read = ReadRoll(None, (*read.issues, Issue("DIVISION_OUTSIDE_TERRITORY", "roll_division")))
        lines.append((number, row, read))
    return lines


def read_costs(opened: OpenFile[ReadLine], territory: str) -> list[ReadLine]:
    """Every row; one about a place that is not the sender's is rejected.

    Raises: RefusedFile.
    """
    lines = []
    for line in opened.lines:
        cost = line.read.cost
        if cost is not None and not is_within(cost.division, territory):
            outside = Issue("DIVISION_OUTSIDE_TERRITORY", "division")
            line = ReadLine(line.line, line.row, ReadCost(None, (*line.read.issues, outside)))
        lines.append(line)
    return lines


def read_objects(data: bytes, order: FileOrder) -> Iterator[ReadObject]:
    """Every line of a file of grid reports or households.

    Raises: RefusedFile, also while the lines are walked.
    """
    for number, found in objects(data, limits=order.limits):
        if found is None:
            yield ReadObject(number, None, (Issue("ROW_UNREADABLE", None),))
        elif order.kind == GRID_REPORTS:
            read = read_report(found, now=order.now)
            yield _placed(ReadObject(number, read if read.report else None, read.issues), order, found)
        else:
            said = found.pop("consents", None)
            form = read_household(found, today=order.today)
            issues = form.issues
            if said is not None and not (isinstance(said, list) and all(isinstance(one, dict) for one in said)):
                issues, said = (*issues, Issue("FIELD_TYPE", "consents")), []
            is_good = gravest(issues) is not Action.REJECT
            yield _placed(ReadObject(number, form.form if is_good else None, issues, tuple(said or ())), order, found)


def _placed(read: ReadObject, order: FileOrder, found: Mapping[str, Any]) -> ReadObject:
    if read.value is None:
        return read
    division = read.value.report.division if order.kind == GRID_REPORTS else read.value.division
    if is_within(division, order.territory):
        return read
    return ReadObject(read.line, None, (*read.issues, Issue("DIVISION_OUTSIDE_TERRITORY", "division")))


def asked_mapping(error: MappingNeeded, known: Mapping[str, str] | None) -> Mapping[str, str]:
    """The sender's earlier answer about these headers.

    Raises: MappingNeeded when there is none.
    """
    if not known:
        raise error
    return known
