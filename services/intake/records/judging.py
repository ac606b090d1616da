"""What a pushed record is beside what is recorded: new, the same again, a correction, late, held, or a conflict."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from services.intake.records.hospital import HospitalCost

Verdict = Literal["new", "same", "correction", "superseded", "held", "conflict"]


@dataclass(frozen=True, slots=True)
class RecordedVersion:
    """One version of a settlement that is recorded. `ref` is its record, `owner` its person."""

    ref: Hashable
    owner: Hashable
    source: str
    settlement_id: str
    version: int
    digest: bytes
    is_held: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one pushed record is. `same_as` is the record it repeats or collides with: a recorded one's ref, or the
    position of an earlier record of the same push."""

    verdict: Verdict
    digest: bytes
    same_as: Hashable = None

    @property
    def is_stored(self) -> bool:
        """Whether a row comes of it."""
        return self.verdict not in ("same", "conflict")


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a record in its push."""

    index: int


def judge(costs: Sequence[HospitalCost], recorded: Iterable[RecordedVersion]) -> list[Judgement]:
    """Judge the records of one push in their order. A lower version than a known one is recorded as superseded."""
    known: dict[tuple[str, str, int], tuple[bytes, Hashable]] = {}
    highest: dict[tuple[str, str], int] = {}
    for row in recorded:
        known[row.source, row.settlement_id, row.version] = (row.digest, row.ref)
        if not row.is_held:
            _raise(highest, (row.source, row.settlement_id), row.version)
    judgements = []
    for index, cost in enumerate(costs):
        digest = cost.digest()
        there = known.get(cost.key)
        if there is not None:
            judgements.append(Judgement("same" if there[0] == digest else "conflict", digest, there[1]))
            continue
        known[cost.key] = (digest, Position(index))
        settlement = (cost.source, cost.settlement_id)
        judgements.append(Judgement(_verdict(cost, highest.get(settlement, 0)), digest))
        if not cost.is_held:
            _raise(highest, settlement, cost.version)
    return judgements


def _verdict(cost: HospitalCost, highest: int) -> Verdict:
    if cost.is_held:
        return "held"
    if highest > cost.version:
        return "superseded"
    return "correction" if highest else "new"


def _raise(highest: dict[tuple[str, str], int], settlement: tuple[str, str], version: int) -> None:
    if version > highest.get(settlement, 0):
        highest[settlement] = version
