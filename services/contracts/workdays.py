"""Working days in China: Monday to Friday, less the State Council's days off, plus its make-up days (调休).

Beyond the last published year (and before the first) Monday to Friday are working days, and a date counted through such
a year is provisional.

Source: yearly notices of the General Office of the State Council, in `data/workdays.yaml`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_DATA = Path(__file__).parent / "data" / "workdays.yaml"
_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Due:
    """A day a clock runs out on. `provisional`: a year whose holidays are not published yet was counted through."""

    on: date
    provisional: bool


class WorkCalendar:
    """Which days are working days."""

    def __init__(self, off: Iterable[date], work: Iterable[date], years: Iterable[int]) -> None:
        """`off` are days off, `work` make-up working days, `years` those whose notice is known."""
        self._off = frozenset(off)
        self._work = frozenset(work)
        self.years = frozenset(years)

    def is_workday(self, day: date) -> bool:
        """Whether offices are open on `day`."""
        if day in self._work:
            return True
        return day not in self._off and day.weekday() < _SATURDAY

    def is_provisional(self, day: date) -> bool:
        """Whether the holidays of the day's year are not known."""
        return day.year not in self.years

    def after(self, start: date, count: int) -> Due:
        """The `count`-th working day after `start`; day 1 is the first working day after it. 0 is `start` itself.

        Raises: ValueError for a negative count.
        """
        if count < 0:
            raise ValueError("counts forward only")
        day, provisional = start, self.is_provisional(start)
        while count:
            day += _DAY
            provisional = provisional or self.is_provisional(day)
            count -= self.is_workday(day)
        return Due(day, provisional)

    def between(self, start: date, end: date) -> int:
        """How many working days lie after `start`, up to and including `end`; negative when `end` is before `start`."""
        if end < start:
            return -self.between(end, start)
        return sum(self.is_workday(start + _DAY * n) for n in range(1, (end - start).days + 1))

    def next_workday(self, day: date) -> date:
        """`day` itself when it is a working day, else the first one after it."""
        while not self.is_workday(day):
            day += _DAY
        return day


def read_calendar(years: Mapping[int, Mapping[str, Any]]) -> WorkCalendar:
    """A calendar from the rows of the YAML file.

    Raises: ValueError when a make-up day is no weekend day, or a day off lies outside its year.
    """
    off: list[date] = []
    work: list[date] = []
    for year, row in years.items():
        for span in row["closed"]:
            length = (span["to"] - span["from"]).days
            off.extend(span["from"] + _DAY * n for n in range(length + 1))
        work.extend(row["open"])
        if any(day.year != year for day in (*row["open"], *(span["from"] for span in row["closed"]))):
            raise ValueError(f"a day of the {year} table lies in another year")
    if any(day.weekday() < _SATURDAY for day in work):
        raise ValueError("a make-up working day must be a Saturday or a Sunday")
    return WorkCalendar(off, work, years)


@cache
def workdays() -> WorkCalendar:
    """The calendar beside this reader, read once."""
    return read_calendar(yaml.safe_load(_DATA.read_text(encoding="utf-8"))["years"])
