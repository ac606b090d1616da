"""What a household receives by the rolls (在册), and which programmes that leaves nothing to propose of. Pure.

Units: amounts are in fen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import orjson

from services.contracts.intake import BenefitHeld
from services.eligibility.rules.screening.words import screening_words
from services.eligibility.rules.values import yuan_text


@dataclass(frozen=True, slots=True)
class Held:
    """One line of a roll: who receives what, since when, and until when if that is known."""

    person_ref: str
    programme: str
    division: str
    since: date
    until: date | None
    month_fen: int | None

    def is_on(self, day: date) -> bool:
        """Whether the person receives it on a day."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Holding:
    """A household's lines of rolls on a day, and the programmes they stand for."""

    lines: tuple[Held, ...] = ()
    covers: frozenset[str] = frozenset()

    def first_days(self) -> dict[str, date]:
        """Each programme somebody is on the roll of, with the earliest day."""
        days: dict[str, date] = {}
        for line in self.lines:
            days[line.programme] = min(line.since, days.get(line.programme, line.since))
        return days


NOTHING: Final = Holding()


def stored_form(benefits: Iterable[BenefitHeld]) -> str:
    """An event's benefits as they are stored: arrays of programme, place, since, until, fen."""
    return orjson.dumps([[b.programme, b.division, b.since, b.until, b.monthly_fen] for b in benefits]).decode()


def held_of(people: Iterable[tuple[Any, Iterable[Iterable[Any]]]]) -> tuple[Held, ...]:
    """Lines from their stored form: (person, benefits) of each. Any: JSON."""
    return tuple(
        Held(str(person), programme, division, date.fromisoformat(since), _day(until), fen)
        for person, benefits in people
        for programme, division, since, until, fen in benefits
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def holding_on(lines: Iterable[Held], day: date) -> Holding:
    """What a household receives on a day. A status held stands for the lower ones too: nobody holds two of them."""
    now = tuple(line for line in lines if line.is_on(day))
    if not now:
        return NOTHING
    rolls = screening_words().rolls
    return Holding(now, frozenset(code for line in now for code in (line.programme, *rolls.get(line.programme, ()))))


def turning_days(lines: Iterable[Held]) -> list[date]:
    """The days on which time alone changes what is received: a first day, and the day after a last one."""
    found = list(lines)
    return [line.since for line in found] + [line.until + timedelta(days=1) for line in found if line.until]


def held_words(line: Held, programmes: Mapping[str, Mapping[str, str]], *, is_refused: bool) -> dict[str, str]:
    """A line as it is told in both languages: `在册：最低生活保障，自2025-03`, and that it has to be reviewed."""
    words = screening_words().held
    said = {}
    for language in ("zh", "en"):
        name = programmes.get(line.programme, {}).get(language, line.programme)
        parts = [words["roll"][language].format(programme=name, since=_month(line.since))]
        if line.until is not None:
            parts.append(words["until"][language].format(until=_month(line.until)))
        if line.month_fen is not None:
            parts.append(words["month"][language].format(yuan=yuan_text(line.month_fen)))
        if is_refused:
            parts.append(words["review"][language])
        said[language] = str(screening_words().join[language]["clauses"]).join(parts)
    return said


def _month(day: date) -> str:
    return f"{day:%Y-%m}"
