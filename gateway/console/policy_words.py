"""How parameters, amounts with a sign and rehearsals look on screen. Pure; the language comes as `Words`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from gateway.console.texts import Words
from gateway.console.view import NONE, fen_of, yuan, yuan_short

Json = Mapping[str, Any]
BANDS = ("gain_over_5", "gain", "same", "loss", "loss_over_5")
COUNTS = ("gained", "more", "same", "less", "lost")
"""Households of a rehearsal by what becomes of them."""
MEASURES = ("change", *COUNTS)
"""What the map can show."""


def signed_yuan(amount: object, words: Words) -> str:
    """A change of money as on cards, its sign written: `+39.20万元`, `−1,200.00元`, `0.00元`."""
    fen = fen_of(amount)
    if fen is None:
        return NONE
    return _sign(fen) + yuan_short(abs(fen), words)


def signed_exact(amount: object) -> str:
    """A change of money to the fen, as in tables: `+1,020.00`."""
    fen = fen_of(amount)
    return NONE if fen is None else _sign(fen) + yuan(abs(fen))


def short_yuan(amount: object, words: Words) -> str:
    """An amount as on cards."""
    return yuan_short(fen_of(amount), words)


def signed_count(number: object) -> str:
    """A difference of a count: `+12`, `−3`, `0`."""
    return f"{_sign(number)}{abs(number):,}" if isinstance(number, int) else NONE


def times(value: object, present: object) -> Decimal | None:
    """A new value as a multiple of the present one; None where they are no numbers."""
    try:
        old = Decimal(str(present))
        return Decimal(str(value)) / old if old else None
    except InvalidOperation:
        return None


@dataclass(frozen=True)
class Bar:
    """One bar: how long it is of a thousand, and the share it stands for."""

    code: str
    number: int
    length: int
    base: int


def bars_of(bands: Sequence[Json]) -> list[Bar]:
    """The five bands in order, as long as their share of the largest."""
    numbers = {str(band.get("code")): int(band.get("households") or 0) for band in bands}
    largest, base = max(numbers.values(), default=0), sum(numbers.values())
    return [
        Bar(code, numbers.get(code, 0), numbers.get(code, 0) * 1000 // largest if largest else 0, base)
        for code in BANDS
    ]


def measure_of(rows: Sequence[Json], measure: str) -> dict[str, int | None]:
    """One measure by county code. Units: fen for `change`, households else."""
    values: dict[str, int | None] = {}
    for row in rows:
        value = row.get(measure)
        values[str(row.get("division"))] = fen_of(value) if measure == "change" else value
    return values


def _sign(number: int) -> str:
    return "+" if number > 0 else "−" if number < 0 else ""
