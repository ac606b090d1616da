"""What a person paid in a settlement year: which records count, and the sums.

Order never matters: the answer depends only on the set of records. Units: all amounts in fen.
Source: domain practice of the hospital-cost rule (sum per person and year of the settlement date; corrections replace,
refunds subtract, a refund counts once its original is known).
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Note = Literal["", "superseded", "held", "withdrawn", "refunded"]


@dataclass(frozen=True, slots=True)
class SumRecord:
    """What the sums need of one record. `ref` is any name the caller knows it by."""

    ref: Hashable
    source: str
    settlement_id: str
    version: int
    refund_of: str | None
    hospital: str
    settled_on: date
    self_paid_fen: int
    is_refund: bool
    is_held: bool = False
    is_withdrawn: bool = False
    is_superseded: bool = False
    """A higher version of the settlement stands under another person: the number was corrected."""


@dataclass(frozen=True, slots=True)
class YearSum:
    """One settlement year of one person. `latest_settled_on` tells which dated threshold holds."""

    year: int
    self_paid_fen: int
    records: int
    latest_settled_on: date


@dataclass(frozen=True)
class PersonSums:
    """All of a person's records: why each is not counted ("" when it is), refunds with their originals, the sums.

    A refund whose original is unknown, or smaller than what is left of it, waits: its note is `refunded`.
    """

    notes: dict[Hashable, Note]
    originals: dict[Hashable, Hashable]
    years: dict[int, YearSum]
    counted: tuple[SumRecord, ...] = field(repr=False)

    def rolling_fen(self, on: date) -> int:
        """What was paid for bills settled in the twelve months up to and including a day; for information only."""
        since = _year_before(on)
        return sum(record.self_paid_fen for record in self.counted if since < record.settled_on <= on)


def person_sums(records: Iterable[SumRecord]) -> PersonSums:
    """Decide which records of ONE person count, and sum them by settlement year."""
    all_records = list(records)
    notes: dict[Hashable, Note] = {}
    live = _live(all_records, notes)
    originals = _match_refunds(live)
    counted: list[SumRecord] = []
    for record in live:
        waits = record.is_refund and record.ref not in originals
        notes[record.ref] = "refunded" if waits else ""
        if not waits:
            counted.append(record)
    return PersonSums(notes, originals, _by_year(counted), tuple(counted))


def _live(records: Sequence[SumRecord], notes: dict[Hashable, Note]) -> list[SumRecord]:
    """The highest version of each settlement that is neither held nor withdrawn; why the others are not."""
    highest: dict[tuple[str, str], SumRecord] = {}
    for record in records:
        if record.is_withdrawn or record.is_held:
            notes[record.ref] = "withdrawn" if record.is_withdrawn else "held"
            continue
        if record.is_superseded:
            notes[record.ref] = "superseded"
            continue
        key = (record.source, record.settlement_id)
        other = highest.get(key)
        if other is None or record.version > other.version:
            highest[key] = record
            if other is not None:
                notes[other.ref] = "superseded"
        else:
            notes[record.ref] = "superseded"
    return sorted(highest.values(), key=lambda r: (r.settled_on, r.source, r.settlement_id))


def _match_refunds(live: Sequence[SumRecord]) -> dict[Hashable, Hashable]:
    """Give each refund its original: the one it names, else one of the same person that it can have come from.

    An original cannot give back more than was paid. Among several the same hospital comes first, then the nearest day.
    """
    left = {record.ref: record.self_paid_fen for record in live if not record.is_refund}
    bills = [record for record in live if not record.is_refund]
    refunds = [record for record in live if record.is_refund]
    matches: dict[Hashable, Hashable] = {}
    for refund in sorted(refunds, key=lambda r: r.refund_of is None):
        able = [bill for bill in bills if left[bill.ref] >= -refund.self_paid_fen]
        if refund.refund_of is not None:
            able = [b for b in able if (b.source, b.settlement_id) == (refund.source, refund.refund_of)]
        else:
            able = [b for b in able if b.settled_on <= refund.settled_on]
        if able:
            best = max(able, key=lambda b: (b.hospital == refund.hospital, b.settled_on, b.settlement_id))
            matches[refund.ref] = best.ref
            left[best.ref] += refund.self_paid_fen
    return matches


def _by_year(counted: Iterable[SumRecord]) -> dict[int, YearSum]:
    groups: dict[int, list[SumRecord]] = {}
    for record in counted:
        groups.setdefault(record.settled_on.year, []).append(record)
    return {
        year: YearSum(year, sum(r.self_paid_fen for r in group), len(group), max(r.settled_on for r in group))
        for year, group in sorted(groups.items())
    }


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return date(day.year - 1, 2, 28)
