"""A benefit roll as a whole: opened, each row read, all rows judged together and beside the rolls there are."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.contracts.divisions import divisions
from services.intake.records.batch import Outcome, ReviewedLine, is_same_name
from services.intake.records.headers import roll_columns
from services.intake.records.identity import Identity
from services.intake.records.issues import Action, Issue, Notes
from services.intake.records.opened import OpenFile, is_readable, open_records
from services.intake.records.roll import ReadRoll, RollLine, read_roll_row, roll_programmes
from services.intake.records.tables import Limits, TableRow
from services.intake.records.workbook import WorkbookReader, open_workbook

Roll = tuple[str, str]
"""Which roll: (programme, place)."""
Content = tuple[date, date | None, int | None]
"""What a roll says of a person: since, until, fen a month."""
RollRead = tuple[int, int, ReadRoll]
"""A row as read on its own: (line of the file, row from 1, what was read)."""


def open_roll_file(
    data: bytes,
    *,
    today: date,
    mapping: Mapping[str, str] | None = None,
    limits: Limits = Limits(),  # noqa: B008  frozen
    read_workbook: WorkbookReader = open_workbook,
) -> OpenFile[RollRead]:
    """Open a CSV, XLSX or JSONL roll.

    Raises: RefusedFile, MappingNeeded; also while `lines` are walked.
    """

    def read(row: TableRow, number: int) -> RollRead:
        if not is_readable(row):
            return row.line, number, ReadRoll(None, row.issues)
        alone = read_roll_row(row.values, today=today)
        return row.line, number, ReadRoll(alone.line, row.issues + alone.issues)

    return open_records(data, roll_columns(), read, mapping=mapping, limits=limits, read_workbook=read_workbook)


@dataclass(frozen=True)
class Standing:
    """The rolls there are, as far as a file is about them.

    `replaced`: for each roll of the file, what the rolls it takes the place of say of each person (by any key);
    None where there was no roll. `person_of`: the key of an identity; absent for somebody new. `names`: what the known
    ones are called. `elsewhere`: (key, programme) of people on a roll that stays.
    """

    replaced: Mapping[Roll, Mapping[object, Content] | None] = field(default_factory=dict)
    person_of: Mapping[Identity, object] = field(default_factory=dict)
    names: Mapping[Identity, str] = field(default_factory=dict)
    elsewhere: Collection[tuple[object, str]] = frozenset()


@dataclass(frozen=True)
class ReviewedRoll:
    """A roll judged: every row with what happens to it, the lines that are stored by row, and what the file means."""

    rows: list[ReviewedLine]
    stored: list[tuple[int, RollLine]]
    notes: tuple[Issue, ...]


def rolls_of(reads: Iterable[RollRead]) -> set[Roll]:
    """The rolls that a file is about: those with a line that can be stored."""
    return {read.line.roll for _, _, read in reads if read.line is not None}


def takes_place_of(roll: Roll, other: Roll) -> bool:
    """Whether a new roll replaces another one: of the same programme, for the same place or one within it."""
    return roll[0] == other[0] and other[1].startswith(roll[1])


def review_roll(reads: Sequence[RollRead], standing: Standing) -> ReviewedRoll:
    """Judge the rows of a roll together and beside the rolls there are. Pure."""
    seen: dict[tuple[Identity, Roll], tuple[int, RollLine]] = {}
    rows: list[ReviewedLine] = []
    stored: list[tuple[int, RollLine]] = []
    for number, row, read in reads:
        notes, line = Notes(read.issues), read.line
        if line is None:
            outcome: Outcome = "skipped" if notes.action is Action.SKIP else "rejected"
        elif (earlier := seen.get((line.person, line.roll))) is not None:
            outcome = _repeated(line, *earlier, notes)
        else:
            seen[line.person, line.roll] = (row, line)
            stored.append((number, line))
            outcome = _outcome(line, standing)
            _note_person(line, standing, notes)
        rows.append(ReviewedLine(number, None, notes.issues, outcome))
    return ReviewedRoll(rows, stored, _file_notes([line for _, line in stored], standing))


def _repeated(line: RollLine, row: int, other: RollLine, notes: Notes) -> Outcome:
    if line.content == other.content:
        notes.add("DUPLICATE_SAME", None, "", where=f"第{row}行", where_en=f"row {row}")
        return "duplicate"
    notes.add("ROLL_TWICE", None)
    return "rejected"


def _outcome(line: RollLine, standing: Standing) -> Outcome:
    before = (standing.replaced.get(line.roll) or {}).get(standing.person_of.get(line.person))
    if before is None:
        return "new"
    return "same" if before == line.content else "changed"


def _note_person(line: RollLine, standing: Standing, notes: Notes) -> None:
    known = standing.names.get(line.person)
    if known is not None and not is_same_name(line.name, known):
        notes.add("ID_TWO_NAMES", "name", line.name)
    if (standing.person_of.get(line.person), line.programme) in standing.elsewhere:
        notes.add("ROLL_ELSEWHERE", None)


def _file_notes(lines: Sequence[RollLine], standing: Standing) -> tuple[Issue, ...]:
    """What the file does to each roll: who leaves it, or that it is the first one."""
    notes = Notes()
    kept: dict[Roll, set[object]] = {}
    for line in lines:
        kept.setdefault(line.roll, set()).add(standing.person_of.get(line.person))
    on_programme: dict[str, set[object]] = {}
    for (programme, _), people in kept.items():
        on_programme.setdefault(programme, set()).update(people)
    for roll in sorted(kept):
        programme, place = roll
        words = {"programme": roll_programmes()[programme], "place": divisions().full_name(place) or place}
        before = standing.replaced.get(roll)
        if before is None:
            notes.add("ROLL_NEW", None, "", **words)
        elif gone := len(before.keys() - on_programme[programme]):
            notes.add("ROLL_LEAVES", None, "", count=gone, **words)
    return notes.issues
