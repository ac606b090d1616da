"""The map of the eleven counties as SVG without a script: outlines from a file, colours as classes, numbers as text.

A page gives the values and how to say them; `county_map.html` holds the macro that draws what comes back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.contracts.divisions import divisions

_FILE = Path(__file__).parent / "county_map.yaml"
_CLASSES = 5


@dataclass(frozen=True)
class Outline:
    """A county's outline (an SVG path) and where its name and number stand.

    A county too small for them has `leader`, the end of a line that leads there.
    """

    path: str
    x: int
    y: int
    leader: tuple[int, int] | None = None


@dataclass(frozen=True)
class DrawnCounty:
    """One county as drawn. `look` is the class of its colour, `number` the printed text."""

    code: str
    name: str
    outline: Outline
    value: int | None
    number: str
    look: str


@dataclass(frozen=True)
class LegendRow:
    """A colour with the smallest and the largest value it stands for, said as on the map."""

    look: str
    least: str
    most: str


@dataclass(frozen=True)
class CountyMap:
    """What the macro draws."""

    width: int
    height: int
    counties: tuple[DrawnCounty, ...]
    legend: tuple[LegendRow, ...]


def draw_counties(
    values: Mapping[str, int | None], say: Callable[[int], str], *, unknown: str, is_change: bool = False
) -> CountyMap:
    """The map of one measure, in at most five colours.

    Shapes: `values` by county code of six digits; a county without a value is drawn as not known.
    `say` gives the number printed in a county; `unknown` is printed where there is none. With `is_change` a value is a
    difference: below zero in one hue, above zero in another, nothing in between. Counties come in order of their code.
    """
    width, height, outlines = _outlines()
    known = [value for code in outlines if (value := values.get(code)) is not None]
    looks = _looks_of_change(known) if is_change else _looks_of_size(known)
    drawn = []
    for code, outline in outlines.items():
        value = values.get(code)
        number, look = (unknown, "no-value") if value is None else (say(value), looks[value])
        drawn.append(DrawnCounty(code, _name(code), outline, value, number, look))
    return CountyMap(width, height, tuple(drawn), _legend(looks, say))


@cache
def _outlines() -> tuple[int, int, dict[str, Outline]]:
    data = yaml.safe_load(_FILE.read_text("utf-8"))
    outlines = {code: _outline(row) for code, row in sorted(data["counties"].items())}
    return data["width"], data["height"], outlines


def _outline(row: Mapping[str, Any]) -> Outline:
    x, y = row["at"]
    return Outline(row["outline"], x, y, tuple(row["from"]) if "from" in row else None)


def _name(code: str) -> str:
    place = divisions().get(code)
    return place.name if place else code


def _looks_of_size(known: Sequence[int]) -> dict[int, str]:
    """`size-1` to `size-5`: about as many counties in each; equal values never part."""
    ranked = sorted(set(known))
    if len(ranked) == 1:
        return {ranked[0]: "size-1" if ranked[0] == 0 else "size-3"}
    return {value: f"size-{1 + index * _CLASSES // len(ranked)}" for index, value in enumerate(ranked)}


def _looks_of_change(known: Sequence[int]) -> dict[int, str]:
    """`less-2`, `less-1`, `same`, `more-1`, `more-2`: the stronger from half of the largest difference on."""
    largest = max((abs(value) for value in known), default=0)
    return {value: _look_of_change(value, largest) for value in known}


def _look_of_change(value: int, largest: int) -> str:
    if value == 0:
        return "same"
    return f"{'more' if value > 0 else 'less'}-{2 if abs(value) * 2 >= largest else 1}"


def _legend(looks: Mapping[int, str], say: Callable[[int], str]) -> tuple[LegendRow, ...]:
    bounds: dict[str, list[int]] = {}
    for value in sorted(looks):
        bounds.setdefault(looks[value], []).append(value)
    return tuple(LegendRow(look, say(held[0]), say(held[-1])) for look, held in bounds.items())
