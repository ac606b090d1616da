"""Administrative divisions of Zhangzhou (漳州): codes read, shortened, checked, and found by name.

A code has 4 digits (city), 6 (county), 9 (township) or 12 (village). `350600` and zero padding are accepted and
shortened; a territory is a prefix of the shortened code.

Source: statistical division codes as of 2023-06-30, National Bureau of Statistics, published 2023-09-11 (by way of npm
china-division 2.7.0). Abolished codes stay resolvable: 350621 and 350681 → 350604 (龙海区), 350625 → 350605 (长泰区).
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

CITY = "3506"
_DATA = Path(__file__).parent / "data" / "divisions.csv"
_SHAPE = re.compile(r"[1-9][0-9]{3}(?:[0-9]{2}|[0-9]{5}|[0-9]{8})?", re.ASCII)
# First two digits of GB/T 2260 codes: the provinces, autonomous regions and municipalities, 71 Taiwan, 81 and 82.
_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]", re.ASCII)
_LEVELS: dict[int, "Level"] = {4: "city", 6: "county", 9: "township", 12: "village"}
_COUNTY_ENDINGS = ("区", "县", "市")
_VILLAGE_ENDINGS = ("社区居民委员会", "居民委员会", "社区居委会", "村民委员会", "居委会", "村委会", "社区", "村")

Level = Literal["city", "county", "township", "village"]
Finding = Literal["known", "abolished", "new_village", "out_of_area", "unknown"]


class UnreadableDivision(ValueError):
    """The text is no division code: not 4, 6, 9 or 12 ASCII digits."""


@dataclass(frozen=True, slots=True)
class Division:
    """One place. `code` is shortened; `name` is the place's own name, without its parents'."""

    code: str
    name: str

    @property
    def level(self) -> Level:
        """What kind of place it is."""
        return _LEVELS[len(self.code)]


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a code turned out to be.

    `code` is the shortened code in force (after an abolished one was followed). `new_village` is a village that the
    table does not know under a township that it knows: villages are split and merged every year. `out_of_area` is a
    plausible code of another city. For `unknown`, `code` is the shortened text that was asked for.
    """

    code: str
    finding: Finding
    written: str
    """The shortened code as it was written."""

    @property
    def in_city(self) -> bool:
        """Whether the place belongs to the city."""
        return self.finding in ("known", "abolished", "new_village")


def shorten(code: str) -> str:
    """Drop zero padding: `350602007000` → `350602007`, `350622000000` → `350622`, `350600` → `3506`.

    Raises: UnreadableDivision when it is no code of 4, 6, 9 or 12 digits.
    """
    if not _SHAPE.fullmatch(code):
        raise UnreadableDivision("not a division code of 4, 6, 9 or 12 digits")
    if len(code) == 12 and code.endswith("000"):
        code = code[:9]
    if len(code) == 9 and code.endswith("000"):
        code = code[:6]
    if len(code) == 6 and code.endswith("00"):
        code = code[:4]
    return code


def within(division: str, territory: str) -> bool:
    """Whether a division lies in a territory, which is a prefix of shortened codes ("" covers nothing).

    Raises: UnreadableDivision for a text that is no code.
    """
    return bool(territory) and shorten(division).startswith(shorten(territory))


class Divisions:
    """The table of places, by code and by name."""

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """`rows` are (code, name, code now in force or "")."""
        self._places: dict[str, Division] = {}
        self._abolished: dict[str, tuple[str, str]] = {}
        self._children: dict[str, list[Division]] = {}
        for code, name, now in rows:
            if now:
                self._abolished[code] = (name, now)
                continue
            place = Division(code, name)
            self._places[code] = place
            if len(code) > len(CITY):
                self._children.setdefault(parent(code), []).append(place)

    def get(self, code: str) -> Division | None:
        """The place of a shortened code, or None."""
        return self._places.get(code)

    def children(self, code: str = CITY) -> tuple[Division, ...]:
        """The places directly below a shortened code, in order of code; empty below a village."""
        return tuple(self._children.get(code, ()))

    def full_name(self, code: str) -> str:
        """County, township and village run together (漳浦县赤湖镇); the city's own name for the city, "" if unknown."""
        if code == CITY:
            return self._places[code].name
        parts = [self._places.get(code[:width]) for width in (6, 9, 12) if width <= len(code)]
        return "".join(place.name for place in parts if place)

    def abolished_name(self, code: str) -> str:
        """The former name of an abolished county code, or ""."""
        return self._abolished.get(code, ("", ""))[0]

    def resolve(self, written: str) -> Resolved:
        """Say what a code is.

        Raises: UnreadableDivision when it is no code at all.
        """
        code = shorten(written)
        if not code.startswith(CITY):
            plausible = bool(_PROVINCE.fullmatch(code[:2])) and code[2:4] != "00"
            return Resolved(code, "out_of_area" if plausible else "unknown", code)
        if code in self._places:
            return Resolved(code, "known", code)
        former = self._abolished.get(code[:6])
        if former:
            now = former[1] + code[6:]
            return Resolved(now if now in self._places else former[1], "abolished", code)
        if len(code) == 12 and code[:9] in self._places:
            return Resolved(code, "new_village", code)
        return Resolved(code, "unknown", code)

    def find(self, text: str) -> Division | None:
        """The one place that a name such as 漳浦县赤湖镇 or 福建省漳州市芗城区芝山街道惠民社区 means, or None."""
        rest = re.sub(r"\s+", "", text)
        for larger in ("福建省", "福建", "漳州市"):
            rest = rest.removeprefix(larger)
        if not rest:
            return self._places.get(CITY) if "漳州" in text else None
        counties = [(place, ending) for place, ending in self._counties_named(rest)]
        for county, tail in counties:
            found = self._below(county, tail)
            if found:
                return found
        if counties:
            return None
        found_townships = [self._below(place, rest) for place in self.children()]
        matches = [place for place in found_townships if place]
        return matches[0] if len(matches) == 1 else None

    def _counties_named(self, text: str) -> Iterable[tuple[Division, str]]:
        former = [(name, self._places[now]) for name, now in self._abolished.values()]
        named = [(place.name, place) for place in self.children()] + former
        for name, place in named:
            if text.startswith(name):
                yield place, text.removeprefix(name)
        for place in self.children():
            short = place.name.rstrip("".join(_COUNTY_ENDINGS))
            if text.startswith(short) and not text.startswith(place.name):
                yield place, text.removeprefix(short)

    def _below(self, county: Division, text: str) -> Division | None:
        """The township or village of a county that the whole text names; the county itself for ""."""
        if not text:
            return county
        for township in self.children(county.code):
            if text == township.name:
                return township
            if text.startswith(township.name):
                tail = _village_stem(text.removeprefix(township.name))
                villages = [place for place in self.children(township.code) if _village_stem(place.name) == tail]
                return villages[0] if len(villages) == 1 else None
        return None


def parent(code: str) -> str:
    """The shortened code one level up: village → township → county → city."""
    return code[: {12: 9, 9: 6, 6: 4}[len(code)]]


def _village_stem(name: str) -> str:
    for ending in _VILLAGE_ENDINGS:
        if name.endswith(ending) and name != ending:
            return name.removesuffix(ending)
    return name


@cache
def divisions() -> Divisions:
    """The table beside this reader, read once."""
    with _DATA.open(encoding="utf-8", newline="") as file:
        return Divisions((row["code"], row["name"], row["now"]) for row in csv.DictReader(file))
