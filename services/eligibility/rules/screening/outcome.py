"""What a run keeps of one household: enough to count it again in a later run that carries it over, and to compare runs.

The stored form is small, for there is one a household and run: programmes, reasons and facts are places in lists that
hold as long as the rule book's digest does, and nothing is carried over a change of it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

import orjson

from services.eligibility.rules.columns.reasons import Codes
from services.eligibility.rules.criteria import CATALOGUE
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.screening.held import NOTHING, Holding
from services.eligibility.rules.screening.population import CODES, NO, RECEIVING, UNKNOWN_YET, YES, Reading
from services.eligibility.rules.screening.words import screening_words

_PLACES: Final = re.compile(r"^members\[[^\]]*\]\.|\[\d+\]")
_TOLD, _SIGNS, _NEAR, _REVIEW = 1, 2, 4, 8


@dataclass(slots=True)
class Outcome:
    """One household's answers as counted. `amounts` in fen, (a month, once); `facts` are kinds of missing facts."""

    letters: str
    persons: int
    is_told: bool
    has_signals: bool
    is_near: bool = False
    leads: int = 0
    amounts: dict[str, tuple[int, int]] = field(default_factory=dict)
    reasons: dict[str, Codes] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
    is_review: bool = False

    def letter(self, programme: str) -> str:
        """The answer to one programme."""
        return self.letters[CODES.index(programme)]

    @property
    def is_eligible(self) -> bool:
        """May be eligible for something that it is not receiving."""
        return YES in self.letters

    @property
    def is_unknown(self) -> bool:
        """May be eligible for nothing that is known, and something cannot be told."""
        return UNKNOWN_YET in self.letters and YES not in self.letters


def outcome_of(
    reading: Reading,
    taken: frozenset[str],
    *,
    persons: int,
    is_told: bool,
    has_signals: bool,
    holding: Holding = NOTHING,
) -> Outcome:
    """What a reading comes to for a household that receives the programmes `taken` already, and what it is on rolls of.

    A roll settles an answer that cannot be told; against it the answer no stays, and is a sign for a review.
    """
    letters = "".join(
        RECEIVING if (letter == YES and code in taken) or (letter != NO and code in holding.covers) else letter
        for code, letter in zip(CODES, reading.letters, strict=True)
    )
    settled = {code for code, letter in zip(CODES, letters, strict=True) if letter == RECEIVING}
    return Outcome(
        letters,
        persons,
        is_told,
        has_signals,
        any(code not in holding.covers for code in reading.near),
        0,
        {code: amount for code, amount in reading.amounts.items() if code not in settled},
        {code: codes for code, codes in reading.reasons.items() if letters[CODES.index(code)] == NO},
        kinds_of({fact for code, missing in reading.missing.items() if code not in settled for fact in missing}),
        any(letters[CODES.index(code)] == NO for code in holding.first_days() if code in CODES),
    )


def kinds_of(paths: Collection[str]) -> tuple[str, ...]:
    """Kinds of missing facts, in the order of the file: `members[m2].incomes` is `incomes`."""
    kinds = {_kind_of(path) for path in paths}
    return tuple(kind for kind in screening_words().facts if kind in kinds)


@lru_cache(maxsize=4096)
def _kind_of(path: str) -> str:
    """The kind of a missing fact. A household's programmes miss the same facts, one after the other."""
    kind = _PLACES.sub("", path)
    return kind if kind in screening_words().facts else "parameter"


@cache
def _reasons() -> tuple[tuple[str, str], ...]:
    """Every reason that a programme can be refused for, in a fixed order."""
    refusals = {test.refusal for test in CATALOGUE.values() if test.refusal}
    pairs = {(programme.code, code) for programme in PROGRAMMES for code in refusals}
    pairs |= {(programme.code, programme.unreached) for programme in PROGRAMMES if programme.unreached}
    return tuple(sorted(pairs))


@cache
def _reason_places() -> dict[tuple[str, str], int]:
    return {pair: place for place, pair in enumerate(_reasons())}


@cache
def _facts() -> tuple[str, ...]:
    return tuple(screening_words().facts)


def reason_place(programme: str, code: str) -> int | None:
    """Where a reason stands in the stored form, None for one that does not occur."""
    return _reason_places().get((programme, code))


def fact_place(kind: str) -> int | None:
    """Where a kind of missing fact stands in the stored form, None for one that does not occur."""
    return _facts().index(kind) if kind in _facts() else None


def review_flag() -> int:
    """The bit of the stored form's second place that marks a household to review."""
    return _REVIEW


def pack(outcome: Outcome) -> str:
    """The stored form, without the letters."""
    places, facts = _reason_places(), _facts()
    flags = _TOLD * outcome.is_told | _SIGNS * outcome.has_signals | _NEAR * outcome.is_near
    flags |= _REVIEW * outcome.is_review
    return orjson.dumps(
        [
            outcome.persons,
            flags,
            outcome.leads,
            [[CODES.index(code), *amount] for code, amount in outcome.amounts.items()],
            sorted(places[programme, code] for programme, codes in outcome.reasons.items() for code in codes),
            [facts.index(kind) for kind in outcome.facts],
        ]
    ).decode()


def unpack(letters: str, found: str) -> Outcome:
    """The stored form read back."""
    persons, flags, leads, amounts, places, facts = orjson.loads(found)
    reasons: dict[str, Codes] = {}
    for place in places:
        programme, code = _reasons()[place]
        reasons[programme] = (*reasons.get(programme, ()), code)
    return Outcome(
        letters,
        persons,
        bool(flags & _TOLD),
        bool(flags & _SIGNS),
        bool(flags & _NEAR),
        leads,
        {CODES[place]: (month, once) for place, month, once in amounts},
        reasons,
        tuple(_facts()[place] for place in facts),
        bool(flags & _REVIEW),
    )
