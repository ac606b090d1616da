"""Invented people: ID numbers that pass their check digit and are nobody's, names from lists, phones nobody has.

Source: GB 11643-1999 (check digit: ISO 7064 MOD 11-2).
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

Gender = Literal["female", "male"]

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
# Sequences 996-999 marked centenarians in the 15-digit era, so that nobody born before 2000 was issued one.
_SEQUENCES: dict[Gender, tuple[int, int]] = {"male": (997, 999), "female": (996, 998)}
# A county abolished in 1993: whoever is born since 2000 cannot have its prefix.
_YOUNG_PREFIX = "350621"
REPORTED_PREFIX = "350681"
"""Abolished as well. People who are met only in grid reports have it, so that they never collide with others."""


@cache
def names() -> dict[str, list[str]]:
    """The lists of `names.yaml`, by kind."""
    held: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "names.yaml").read_text(encoding="utf-8"))
    return held


def id_number(prefix: str, born: date, sequence: int) -> str:
    """An 18-digit resident ID number with its check digit."""
    body = f"{prefix}{born:%Y%m%d}{sequence:03d}"
    return body + _CHECK[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11]


@dataclass(frozen=True)
class Person:
    """Somebody invented. `phone` is empty for children."""

    name: str
    gender: Gender
    born: date
    id_number: str
    phone: str

    def identity(self) -> dict[str, Any]:
        """The identifying fields of a household member."""
        fields = {"name": self.name, "gender": self.gender, "birth_date": self.born.isoformat()}
        fields |= {"id_type": "resident_id", "id_number": self.id_number}
        return fields | ({"phone": self.phone} if self.phone else {})


_TRIES = 10_000
LOTS = 16
"""Birthdays can be cut into so many lots, so that people of different lots never share an ID number."""


class People:
    """Makes people, never two with one ID number. Ages are completed years on `today`; `lot` limits the birthdays."""

    def __init__(self, today: date, *, lot: int | None = None) -> None:
        self.today = today
        self._lot = lot
        self._used: set[str] = set()
        self._phones = 0

    def make(self, rng: random.Random, *, prefix: str, age: int, gender: Gender, surname: str | None = None) -> Person:
        """Somebody of an age. Those born since 2000 get the prefix nobody of that age can have.

        Raises: RuntimeError when this lot has no ID number left for that age, for the town is too large for one lot.
        """
        for _ in range(_TRIES):
            born = self._born(rng, age)
            number = id_number(_YOUNG_PREFIX if born.year >= 2000 else prefix, born, rng.choice(_SEQUENCES[gender]))
            if number not in self._used:
                break
        else:
            raise RuntimeError(f"no ID number left for an age of {age} in {prefix}; a lot holds a small town only")
        self._used.add(number)
        lists = names()
        name = (surname or rng.choice(lists["surnames"])) + rng.choice(lists[gender])
        return Person(name, gender, born, number, self._phone() if age >= 16 else "")

    def _born(self, rng: random.Random, age: int) -> date:
        year = self.today.year - age - 1
        latest = _on(year + 1, self.today)
        earliest = _on(year, self.today) + timedelta(days=1)
        if self._lot is None:
            return earliest + timedelta(days=rng.randrange((latest - earliest).days + 1))
        first = earliest + timedelta(days=(self._lot - earliest.toordinal()) % LOTS)
        return first + timedelta(days=LOTS * rng.randrange((latest - first).days // LOTS + 1))

    def _phone(self) -> str:
        self._phones += 1
        return f"1540000{self._phones % 10_000:04d}"


def _on(year: int, day: date) -> date:
    """The same day in another year; 28 February for the 29th."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
