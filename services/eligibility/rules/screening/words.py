"""What `data/screening.yaml` says, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from services.contracts.money import parse_yuan

_DATA: Final = Path(__file__).parents[2] / "data" / "screening.yaml"

Words = Mapping[str, str]
"""A text by language: zh, en."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A sign of hardship: its points, the programmes it points at, and its words."""

    points: int
    programmes: frozenset[str]
    words: Words


@dataclass(frozen=True, slots=True)
class ScreeningWords:
    """The file. `point_fen`: what one point of money stands for; `most_points`: what money may add at most."""

    shares: Mapping[str, int]
    outcomes: Mapping[str, Words]
    weights: Mapping[str, int]
    point_fen: int
    most_points: int
    signals: Mapping[str, Signal]
    facts: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, Words]
    items: Mapping[str, tuple[str, ...]]
    results: Mapping[str, tuple[str, ...]]
    months: int
    rolls: Mapping[str, tuple[str, ...]]
    held: Mapping[str, Words]
    funnel: Mapping[str, Words]
    reasons: Mapping[str, Words]
    join: Mapping[str, Mapping[str, str]]
    watch: Mapping[str, Words]


@cache
def screening_words() -> ScreeningWords:
    """The words and weights of screening."""
    raw: dict[str, Any] = yaml.safe_load(_DATA.read_text(encoding="utf-8"))  # Any: YAML
    receiving = raw["receiving"]
    return ScreeningWords(
        shares={code: int(each["share"]) for code, each in raw["outcomes"].items()},
        outcomes=raw["outcomes"],
        weights=raw["programmes"],
        point_fen=parse_yuan(str(raw["money"]["yuan_a_point"])),
        most_points=int(raw["money"]["most"]),
        signals={
            code: Signal(int(each["points"]), frozenset(each["for"]), {"zh": each["zh"], "en": each["en"]})
            for code, each in raw["signals"].items()
        },
        facts=raw["facts"],
        sources=raw["sources"],
        items={item: tuple(codes) for item, codes in receiving["items"].items()},
        results={result: tuple(codes) for result, codes in receiving["results"].items()},
        months=int(receiving["months"]),
        rolls={code: tuple(codes) for code, codes in receiving["rolls"].items()},
        held=raw["held"],
        funnel=raw["funnel"],
        reasons=raw["reasons"],
        join=raw["join"],
        watch=raw["watch"],
    )
