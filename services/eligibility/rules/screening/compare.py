"""Two runs side by side: who gained, who lost, what became known."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.eligibility.rules.screening.population import CODES, NO, RECEIVING, UNKNOWN_YET, YES

_WORDS: Final = {YES: "eligible", NO: "not_eligible", UNKNOWN_YET: "unknown", RECEIVING: "already", "": "absent"}
_POSITIVE: Final = (YES, RECEIVING)


@dataclass(slots=True)
class Apart:
    """How households' answers to one programme went from one run to another; those in one run only count from no."""

    gained: int = 0
    lost: int = 0
    became_known: int = 0
    became_unknown: int = 0
    same: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A household whose answer to a programme changed."""

    programme: str
    before: str
    after: str


def apart(pairs: Iterable[tuple[str, str, int]]) -> dict[str, Apart]:
    """Counts for each programme. Pairs: letters before and after ("" where a household was not in that run), how many.

    Who has a yes now gained, whatever it was before; who had one and is refused now lost; of the others some became
    known or unknown.
    """
    counts = {code: Apart() for code in CODES}
    for before, after, many in pairs:
        for place, code in enumerate(CODES):
            kind = _kind(before[place] if before else "", after[place] if after else "")
            setattr(counts[code], kind, getattr(counts[code], kind) + many)
    return counts


def _kind(before: str, after: str) -> str:
    was, now = before in _POSITIVE, after in _POSITIVE
    if was == now and (was or (before == UNKNOWN_YET) == (after == UNKNOWN_YET)):
        return "same"
    if now:
        return "gained"
    if after == UNKNOWN_YET:
        return "became_unknown"
    return "lost" if was else "became_known"


def changes(before: str, after: str) -> list[Change]:
    """The programmes whose answer changed for one household, in the order of the programmes."""
    found = []
    for place, code in enumerate(CODES):
        one, other = before[place] if before else "", after[place] if after else ""
        if one != other:
            found.append(Change(code, _WORDS[one], _WORDS[other]))
    return found
