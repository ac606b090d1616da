"""The directory of brands: every `data/*.yaml`, read and checked once. A tenth brand is a tenth file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from services.contracts.money import parse_yuan

AidKind = Literal["cash", "bursary", "goods", "service"]
SameKind = Literal["once_a_season", "free"]
FactName = Literal["union_member", "student", "minor", "elder", "orphan", "card_holder"]
_DATA = Path(__file__).parent / "data"


class BadBrand(Exception):
    """A brand file is wrong; the text names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Amounts:
    """What one award may be from a day on. Units: fen. `illustrative`: no published figure is known."""

    first: date
    last: date | None
    least_fen: int
    most_fen: int
    illustrative: bool
    source: str

    def in_force(self, on: date) -> bool:
        """Whether the row holds on a day."""
        return self.first <= on and (self.last is None or on <= self.last)


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand programme. `owner` is a partner code; where nobody is sure of it, `owner_certain` is false.

    `requires` are facts that must all hold, `requires_any` facts of which one must. `months` are those in which it
    is open; `round_months` above zero cuts an all-year brand into rounds that long, from January on. `stacks`: may be
    given beside other brands' help of the same season; `same_kind`: how often the same kind of help.
    """

    code: str
    number: int
    name: Words
    owner: str
    owner_certain: bool
    owner_note: Words | None
    beneficiaries: Words
    needs: tuple[str, ...]
    requires: tuple[FactName, ...]
    requires_any: tuple[FactName, ...]
    aid: AidKind
    months: tuple[int, ...]
    round_months: int
    season_note: Words
    amounts: tuple[Amounts, ...]
    stacks: bool
    same_kind: SameKind
    stacking_note: Words
    source: str

    def amounts_on(self, on: date) -> Amounts | None:
        """The amounts in force on a day; None for services and before the first row."""
        return next((row for row in self.amounts if row.in_force(on)), None)

    def is_open(self, on: date) -> bool:
        """Whether the season runs on a day."""
        return on.month in self.months

    def season(self, on: date) -> tuple[date, date]:
        """The first and last day of the season or round a day falls in, or of the next one when it is closed."""
        start = next(first for first in _months_from(on) if first.month in self.months)
        if self.round_months:
            start = date(start.year, (start.month - 1) // self.round_months * self.round_months + 1, 1)
            return start, _add_months(start, self.round_months) - _DAY
        while (before := _add_months(start, -1)).month in self.months:
            start = before
        end = start
        while (after := _add_months(end, 1)).month in self.months:
            end = after
        return start, _add_months(end, 1) - _DAY


_DAY = date(2000, 1, 2) - date(2000, 1, 1)


def _add_months(first: date, count: int) -> date:
    years, month = divmod(first.month - 1 + count, 12)
    return date(first.year + years, month + 1, 1)


def _months_from(on: date) -> Iterator[date]:
    first = on.replace(day=1)
    for count in range(12):
        yield _add_months(first, count)


class Directory:
    """Brands by code, in their customary order."""

    def __init__(self, brands: tuple[Brand, ...]) -> None:
        self.brands = tuple(sorted(brands, key=lambda brand: brand.number))
        self._by_code: Mapping[str, Brand] = {brand.code: brand for brand in brands}

    def get(self, code: str) -> Brand | None:
        """The brand of a code, or None."""
        return self._by_code.get(code)


def read_brand(row: Mapping[str, Any], *, name: str) -> Brand:
    """A brand from its file's content.

    Raises: BadBrand.
    """
    try:
        brand = Brand(
            code=row["code"],
            number=row["number"],
            name=Words(**row["name"]),
            owner=row["owner"],
            owner_certain=row["owner_certain"],
            owner_note=Words(**row["owner_note"]) if "owner_note" in row else None,
            beneficiaries=Words(**row["beneficiaries"]),
            needs=tuple(row["needs"]),
            requires=tuple(row["requires"]),
            requires_any=tuple(row["requires_any"]),
            aid=row["aid"],
            months=tuple(row["season"]["months"]),
            round_months=row["season"]["round_months"],
            season_note=Words(**row["season"]["note"]),
            amounts=tuple(_amounts(item) for item in row["amounts"]),
            stacks=row["stacking"]["with_other_brands"],
            same_kind=row["stacking"]["same_kind"],
            stacking_note=Words(**row["stacking"]["note"]),
            source=row["source"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadBrand(f"{name}: {type(error).__name__}") from error
    _check(brand, name)
    return brand


def _amounts(row: Mapping[str, Any]) -> Amounts:
    return Amounts(
        first=row["from"],
        last=row["to"],
        least_fen=parse_yuan(row["least"]),
        most_fen=parse_yuan(row["most"]),
        illustrative=row["illustrative"],
        source=row["source"],
    )


def _check(brand: Brand, name: str) -> None:
    facts = set(get_args(FactName))
    wrong = [
        (brand.aid not in get_args(AidKind), "aid"),
        (brand.same_kind not in get_args(SameKind), "stacking"),
        (bool(set(brand.requires) - facts or set(brand.requires_any) - facts), "requires"),
        (not brand.months or not set(brand.months) <= set(range(1, 13)), "months"),
        (bool(brand.round_months) and (len(set(brand.months)) != 12 or bool(12 % brand.round_months)), "round_months"),
        (len(set(brand.months)) == 12 and not brand.round_months, "round_months"),
        (any(not 0 < row.least_fen <= row.most_fen for row in brand.amounts), "amounts"),
        (brand.aid == "service" and bool(brand.amounts), "amounts of a service"),
        (not brand.owner_certain and brand.owner_note is None, "owner_note"),
    ]
    for is_wrong, what in wrong:
        if is_wrong:
            raise BadBrand(f"{name}: {what}")


@cache
def directory() -> Directory:
    """The brands beside this reader. Raises: BadBrand."""
    files = sorted(_DATA.glob("*.yaml"))
    brands = tuple(read_brand(yaml.safe_load(file.read_text(encoding="utf-8")), name=file.name) for file in files)
    if len({brand.code for brand in brands}) != len(files) or len({brand.number for brand in brands}) != len(files):
        raise BadBrand("a code or a number twice")
    return Directory(brands)
