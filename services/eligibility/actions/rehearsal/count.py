"""Households under the rule book in force and under the changed one, and who gains or loses. Pure.

A household counts as helped when it holds a basic-living status or is paid something a month. `gained`: helped only
afterwards; `lost`: helped only before; `more`, `less`, `same`: helped both times, by its monthly sum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal

import orjson
import polars as pl

from services.eligibility.rules.assess import status_of
from services.eligibility.rules.columns.frames import Frames, frames_of
from services.eligibility.rules.columns.screen import screen
from services.eligibility.rules.facts import Event, Facts, History
from services.eligibility.rules.findings import make_finding
from services.eligibility.rules.plain import work_through
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.snapshot import Parameters

Kind = Literal["gained", "more", "same", "less", "lost", "none"]
KINDS: Final[tuple[Kind, ...]] = ("gained", "more", "same", "less", "lost")
CHANGED: Final[tuple[Kind, ...]] = ("gained", "lost", "more", "less")
BANDS: Final = ("gain_over_5", "gain", "same", "loss", "loss_over_5")
CODES: Final = tuple(programme.code for programme in PROGRAMMES)
STATUSES: Final = ("dibao", "margin", "rigid", "tekun", "orphan")
SAMPLES: Final = 20
"""Households of each kind that are kept to choose the samples from."""
_FIVE_PERCENT: Final = (105, 95, 100)


@dataclass(frozen=True, slots=True)
class Case:
    """A household to count: where it lives, how many live there, and what the rules look at."""

    ref: str
    division: str
    persons: int
    facts: Facts
    event: Event
    history: History


@dataclass(frozen=True, slots=True)
class Help:
    """What one book gives a household: programmes with their monthly fen, the one-off sum, and whether it is helped."""

    months: Mapping[str, int]
    once_fen: int

    @property
    def month_fen(self) -> int:
        """All it is paid a month."""
        return sum(self.months.values())

    @property
    def is_helped(self) -> bool:
        """It holds a status or is paid something a month."""
        return any(code in self.months for code in STATUSES) or self.month_fen > 0


@dataclass(slots=True)
class Tally:
    """What was counted so far; whole numbers, so that two halves add up to the whole.

    `places`: by the smallest place named, fen before and after, households of each kind, households in all.
    `programmes`: households and monthly fen, before and after. `samples`: by kind, (fen of change, ref), largest first.
    """

    places: dict[str, list[int]] = field(default_factory=dict)
    programmes: dict[str, list[int]] = field(default_factory=lambda: {code: [0, 0, 0, 0] for code in CODES})
    bands: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BANDS, 0))
    once: list[int] = field(default_factory=lambda: [0, 0])
    persons: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHANGED, 0))
    unreadable: int = 0
    samples: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: {kind: [] for kind in CHANGED})

    def add(self, case: Case, before: Help, after: Help) -> None:
        """Count one household."""
        was, now = before.month_fen, after.month_fen
        kind = kind_of(before, after)
        place = self.places.setdefault(case.division[:9], [0] * (2 + len(KINDS) + 1))
        place[0] += was
        place[1] += now
        place[-1] += 1
        self.once[0] += before.once_fen
        self.once[1] += after.once_fen
        for code, fen in before.months.items():
            row = self.programmes[code]
            row[0] += 1
            row[2] += fen
        for code, fen in after.months.items():
            row = self.programmes[code]
            row[1] += 1
            row[3] += fen
        if kind == "none":
            return
        place[2 + KINDS.index(kind)] += 1
        self.bands[band_of(kind, was, now)] += 1
        if kind != "same":
            self.persons[kind] += case.persons
            self._sample(kind, abs(now - was), case.ref)

    def _sample(self, kind: Kind, by_fen: int, ref: str) -> None:
        kept = self.samples[kind]
        if len(kept) >= SAMPLES and by_fen <= kept[-1][0]:
            return
        kept.append((by_fen, ref))
        kept.sort(key=lambda each: (-each[0], each[1]))
        del kept[SAMPLES:]

    def to_text(self) -> str:
        """As it is stored between chunks."""
        names = ("places", "programmes", "bands", "once", "persons", "unreadable", "samples")
        return orjson.dumps({name: getattr(self, name) for name in names}).decode()

    @classmethod
    def from_text(cls, text: str) -> "Tally":
        """Read the stored form back; "" is nothing yet."""
        if not text:
            return cls()
        raw = orjson.loads(text)
        samples = {kind: [(fen, ref) for fen, ref in rows] for kind, rows in raw.pop("samples").items()}
        return cls(**raw, samples=samples)


def kind_of(before: Help, after: Help) -> Kind:
    """What becomes of a household."""
    if not before.is_helped:
        return "gained" if after.is_helped else "none"
    if not after.is_helped:
        return "lost"
    was, now = before.month_fen, after.month_fen
    return "same" if was == now else ("more" if now > was else "less")


def band_of(kind: Kind, was_fen: int, now_fen: int) -> str:
    """Which of five bands a change of the monthly sum lies in; a status without money is the small one."""
    rise, fall, whole = _FIVE_PERCENT
    if kind in ("gained", "more"):
        return "gain_over_5" if now_fen * whole > was_fen * rise else "gain"
    if kind in ("lost", "less"):
        return "loss_over_5" if now_fen * whole < was_fen * fall else "loss"
    return "same"


def count(cases: Sequence[Case], before: "Places", after: "Places", tally: Tally) -> None:
    """Count households into a tally."""
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((before.key(case.division), after.key(case.division)), []).append(case)
    for (one, other), group in groups.items():
        frames = None
        helps: list[list[Help]] = []
        for places, key in ((before, one), (after, other)):
            if key == one and helps:  # every value is the same there: so is the answer
                helps.append(helps[0])
                continue
            p = places.parameters(key)
            frames = frames or _frames(group)
            helps.append(_help_on_columns(group, frames, p))
        for case, was, now in zip(group, helps[0], helps[1], strict=True):
            tally.add(case, was, now)


class Places:
    """One book on one day: places that share every value are read together."""

    def __init__(self, book: Any, on: Any) -> None:
        self._book = book
        self._on = on
        self._by_key: dict[str, Parameters] = {}
        self.key = lru_cache(maxsize=65536)(self._key)

    def _key(self, division: str) -> str:
        p = self._book.at(division[: self._book.finest], self._on)
        key = repr(sorted((id, getattr(p, id)) for id in p.ids()))
        self._by_key.setdefault(key, p)
        return key

    def parameters(self, key: str) -> Parameters:
        """The values behind a key."""
        return self._by_key[key]


def _frames(group: Sequence[Case]) -> Frames:
    return frames_of([(case.facts, case.event, case.history) for case in group])


def _help_on_columns(group: Sequence[Case], frames: Frames, p: Parameters) -> list[Help]:
    if p.has_gaps:
        return [help_of(case, p) for case in group]
    try:
        table = screen(frames, p).households
    except OverflowError:  # an amount that no household has: whole numbers of any size on plain values
        return [help_of(case, p) for case in group]
    months: list[dict[str, int]] = [{} for _ in group]
    once = [0] * len(group)
    for programme in PROGRAMMES:
        code = programme.code
        columns = [table.get_column(f"{code}_{name}").fill_null(0) for name, _ in programme.components]
        paid = sum(columns, pl.zeros(len(group), dtype=pl.Int64, eager=True)).to_list()
        single = table.get_column(f"{code}_one_off").fill_null(0).to_list() if programme.one_off is not None else None
        for index in table.get_column(programme.anyone).fill_null(False).arg_true().to_list():
            months[index][code] = paid[index]
            if single is not None:
                once[index] += single[index]
    return [Help(month, fen) for month, fen in zip(months, once, strict=True)]


def help_of(case: Case, p: Parameters) -> Help:
    """What a book gives one household, by the reading of one household alone."""
    h = work_through(case.facts, case.event, case.history, p)
    held = [finding for programme in PROGRAMMES if (finding := make_finding(programme, h)).outcome == "eligible"]
    assert status_of(h) is None or held
    h.release()
    return Help({f.programme: f.monthly_fen or 0 for f in held}, sum(f.one_off_fen or 0 for f in held))
