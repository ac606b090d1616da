"""Counts of a run: programmes, reasons, missing facts by source, the funnel and the counties. Tallies add up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from services.eligibility.rules.screening.outcome import Outcome
from services.eligibility.rules.screening.population import CODES, NO, RECEIVING, UNKNOWN_YET, YES
from services.eligibility.rules.screening.words import screening_words

_LETTERS: Final = (YES, NO, UNKNOWN_YET, RECEIVING)
_COUNTY: Final = 6

Counts = dict[str, int]


@dataclass(slots=True)
class Tally:
    """What a run has counted so far.

    `programmes`: by code, households with a yes, a no, unknown, receiving already, and fen a month and once of the yes.
    `facts` and `sources`: households where it is missing, and those where its source alone would settle everything.
    `counties`: households, with a yes, unknown, leads.
    """

    households: int = 0
    persons: int = 0
    leads: int = 0
    programmes: dict[str, list[int]] = field(default_factory=lambda: {code: [0] * 6 for code in CODES})
    reasons: Counts = field(default_factory=dict)
    facts: dict[str, list[int]] = field(default_factory=dict)
    sources: dict[str, list[int]] = field(default_factory=dict)
    funnel: Counts = field(default_factory=dict)
    counties: dict[str, list[int]] = field(default_factory=dict)

    def add(self, outcome: Outcome, division: str) -> None:
        """Count one household."""
        self.households += 1
        self.persons += outcome.persons
        self.leads += outcome.leads
        for code, letter in zip(CODES, outcome.letters, strict=True):
            self.programmes[code][_LETTERS.index(letter)] += 1
        for code, (month_fen, once_fen) in outcome.amounts.items():
            self.programmes[code][4] += month_fen
            self.programmes[code][5] += once_fen
        for code, codes in outcome.reasons.items():
            for reason in codes:
                key = f"{code}/{reason}"
                self.reasons[key] = self.reasons.get(key, 0) + 1
        self._add_facts(outcome)
        self._add_steps(outcome)
        county = self.counties.setdefault(division[:_COUNTY], [0, 0, 0, 0])
        for place, count in enumerate((1, outcome.is_eligible, outcome.is_unknown, outcome.leads)):
            county[place] += count

    def _add_facts(self, outcome: Outcome) -> None:
        known = screening_words().facts
        sources = {known[kind]["source"] for kind in outcome.facts}
        alone = len(sources) == 1
        for table, keys in ((self.facts, outcome.facts), (self.sources, sources)):
            for key in keys:
                row = table.setdefault(key, [0, 0])
                row[0] += 1
                row[1] += alone

    def _add_steps(self, outcome: Outcome) -> None:
        steps = {
            "households": True,
            "told": outcome.is_told,
            "signals": outcome.has_signals,
            "eligible": outcome.is_eligible,
            "unknown": outcome.is_unknown,
            "near_miss": outcome.is_near,
            "leads": outcome.leads > 0,
            "review": outcome.is_review,
        }
        for step, holds in steps.items():
            self.funnel[step] = self.funnel.get(step, 0) + holds

    def merge(self, other: "Tally") -> None:
        """Add another tally's counts."""
        self.households += other.households
        self.persons += other.persons
        self.leads += other.leads
        for mine, theirs in ((self.reasons, other.reasons), (self.funnel, other.funnel)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count
        for rows, more in (
            (self.programmes, other.programmes),
            (self.facts, other.facts),
            (self.sources, other.sources),
            (self.counties, other.counties),
        ):
            for key, counts in more.items():
                row = rows.setdefault(key, [0] * len(counts))
                for place, count in enumerate(counts):
                    row[place] += count

    def to_text(self) -> str:
        """The stored form."""
        return orjson.dumps(
            {name: getattr(self, name) for name in self.__dataclass_fields__}, option=orjson.OPT_SORT_KEYS
        ).decode()

    @classmethod
    def from_text(cls, text: str) -> "Tally":
        """The stored form read back; "{}" is nothing counted."""
        raw: Mapping[str, Any] = orjson.loads(text)  # Any: JSON
        return cls(**raw)
