"""Rows seen together: repeats and conflicts in the file and against what is recorded, two names, refunds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from services.intake.records.hospital import HospitalCost, ReadCost
from services.intake.records.identity import Identity
from services.intake.records.issues import Action, Issue, Notes, gravest
from services.intake.records.sums import SumRecord, person_sums

Outcome = Literal["new", "changed", "same", "duplicate", "superseded", "held", "skipped", "rejected"]
_MASKS = "*＊●✱"


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """One version of a settlement that is recorded already."""

    version: int
    digest: bytes
    total_fen: int
    self_paid_fen: int


class Known(Protocol):
    """What is recorded already about the people and settlements of a file."""

    def versions(self, source: str, settlement_id: str) -> Sequence[KnownVersion]:
        """All recorded versions of a settlement."""

    def names(self, person: Identity) -> Iterable[str]:
        """The names a person is known by."""

    def records(self, person: Identity) -> Iterable[SumRecord]:
        """A person's recorded costs."""


@dataclass(frozen=True)
class KnownRecords:
    """What is known, from mappings; empty for a file judged by itself."""

    by_settlement: Mapping[tuple[str, str], Sequence[KnownVersion]] = field(default_factory=dict)
    by_person_names: Mapping[tuple[str, str], Iterable[str]] = field(default_factory=dict)
    by_person_records: Mapping[tuple[str, str], Iterable[SumRecord]] = field(default_factory=dict)

    def versions(self, source: str, settlement_id: str) -> Sequence[KnownVersion]:
        """All recorded versions of a settlement."""
        return self.by_settlement.get((source, settlement_id), ())

    def names(self, person: Identity) -> Iterable[str]:
        """The names a person is known by."""
        return self.by_person_names.get((person.id_type, person.id_number), ())

    def records(self, person: Identity) -> Iterable[SumRecord]:
        """A person's recorded costs."""
        return self.by_person_records.get((person.id_type, person.id_number), ())


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One row as read on its own. `row` counts data rows from 1, `line` counts the header as 1."""

    line: int
    row: int
    read: ReadCost


@dataclass(frozen=True, slots=True)
class ReviewedLine:
    """One row after all were seen together."""

    line: int
    cost: HospitalCost | None
    issues: tuple[Issue, ...]
    outcome: Outcome

    @property
    def action(self) -> Action:
        """What happens to the row."""
        return gravest(self.issues)


def review(lines: Iterable[ReadLine], known: Known) -> list[ReviewedLine]:
    """Judge the rows of one file or batch together, and against what is recorded."""
    seen = _Seen(known)
    first = [seen.judge(line) for line in lines]
    refunds = _judge_refunds(first, known)
    return [
        ReviewedLine(line.line, line.cost, line.issues + refunds.get(line.line, ()), line.outcome) for line in first
    ]


class _Seen:
    """The settlements and names met so far in the file."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._rows: dict[tuple[str, str, int], tuple[int, HospitalCost]] = {}
        self._highest: dict[tuple[str, str], int] = {}
        self._names: dict[Identity, str] = {}

    def judge(self, line: ReadLine) -> ReviewedLine:
        """Say what a row is, given the rows before it and what is recorded."""
        notes = Notes(line.read.issues)
        cost = line.read.cost
        if cost is None:
            outcome: Outcome = "skipped" if notes.action is Action.SKIP else "rejected"
            return ReviewedLine(line.line, None, notes.issues, outcome)
        outcome = self._outcome(cost, line, notes)
        if outcome in ("duplicate", "rejected", "same"):
            return ReviewedLine(line.line, cost if outcome == "same" else None, notes.issues, outcome)
        self._rows[cost.key] = (line.row, cost)
        key = (cost.source, cost.settlement_id)
        self._highest[key] = max(cost.version, self._highest.get(key, 0))
        self._note_two_names(cost, notes)
        return ReviewedLine(line.line, cost, notes.issues, outcome)

    def _outcome(self, cost: HospitalCost, line: ReadLine, notes: Notes) -> Outcome:
        earlier = self._rows.get(cost.key)
        if earlier:
            row, other = earlier
            return self._repeat(cost, other.digest(), other.amounts == cost.amounts, f"第{row}行", f"row {row}", notes)
        versions = self._known.versions(cost.source, cost.settlement_id)
        for known in versions:
            if known.version != cost.version:
                continue
            money = (cost.amounts.total_fen, cost.amounts.self_paid_fen)
            is_money_same = money == (known.total_fen, known.self_paid_fen)
            if known.digest == cost.digest():
                return "same"
            return self._repeat(cost, known.digest, is_money_same, "已入库的记录", "a recorded one", notes)
        highest = max([v.version for v in versions] + [self._highest.get((cost.source, cost.settlement_id), 0)])
        if highest > cost.version:
            return "superseded"
        if cost.is_held:
            return "held"
        return "changed" if highest else "new"

    def _repeat(
        self, cost: HospitalCost, digest: bytes, is_money_same: bool, where: str, where_en: str, notes: Notes
    ) -> Outcome:
        if digest == cost.digest():
            notes.add("DUPLICATE_SAME", "settlement_id", cost.settlement_id, where=where, where_en=where_en)
            return "duplicate"
        what = "内容" if is_money_same else "金额"
        notes.add("DUPLICATE_DIFFERENT", "settlement_id", cost.settlement_id, where=where, where_en=where_en, what=what)
        return "rejected"

    def _note_two_names(self, cost: HospitalCost, notes: Notes) -> None:
        others = [*self._known.names(cost.person)]
        if cost.person in self._names:
            others.append(self._names[cost.person])
        self._names.setdefault(cost.person, cost.name)
        if any(not is_same_name(cost.name, other) for other in others):
            notes.add("ID_TWO_NAMES", "name", cost.name)


def is_same_name(one: str, other: str) -> bool:
    """Whether two writings may be one name: dots, blanks and case do not count, a masked character fits any."""
    a, b = ("".join(c for c in name.casefold() if c not in " ·•．") for name in (one, other))
    if a == b:
        return True
    if not any(c in _MASKS for c in a + b):
        return False
    if a.rstrip(_MASKS) != a or b.rstrip(_MASKS) != b:
        shorter = min(len(a.rstrip(_MASKS)), len(b.rstrip(_MASKS)))
        return a[:shorter] == b[:shorter]
    return len(a) == len(b) and all(x == y or x in _MASKS or y in _MASKS for x, y in zip(a, b, strict=True))


def sum_record(cost: HospitalCost, ref: object) -> SumRecord:
    """What the sums need of a record."""
    return SumRecord(
        ref=ref, source=cost.source, settlement_id=cost.settlement_id, version=cost.version, refund_of=cost.refund_of,
        hospital=cost.hospital, settled_on=cost.settled_on, self_paid_fen=cost.amounts.self_paid_fen,
        is_refund=cost.is_refund, is_held=cost.is_held,
    )  # fmt: skip


def _judge_refunds(lines: Sequence[ReviewedLine], known: Known) -> dict[int, tuple[Issue, ...]]:
    """For each refund of the file, whether its original is in the file or recorded."""
    people: dict[Identity, list[ReviewedLine]] = {}
    refunding: set[Identity] = set()
    for line in lines:
        if line.cost and line.outcome != "same":
            people.setdefault(line.cost.person, []).append(line)
            if line.cost.is_refund and not line.cost.is_held:
                refunding.add(line.cost.person)
    found: dict[int, tuple[Issue, ...]] = {}
    for person in refunding:
        own = [(line, sum_record(line.cost, ("line", line.line))) for line in people[person] if line.cost]
        sums = person_sums([*known.records(person), *(record for _, record in own)])
        for line, record in own:
            if record.is_refund and not record.is_held:
                code = "REFUND_MATCHED" if record.ref in sums.originals else "REFUND_NO_ORIGINAL"
                found[line.line] = (Issue(code, "self_paid"),)
    return found
