"""What a donor gave money for, and which funds may pay for an award. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Purpose:
    """A fund's purpose: a brand, needs and a place; what is empty is not limited. All that is named must fit."""

    brand: str | None = None
    needs: tuple[str, ...] = ()
    division: str | None = None

    def covers(self, *, brand: str, need: str, division: str) -> bool:
        """Whether an award of `brand` for `need` of a household in `division` may be paid from it."""
        return (
            self.brand in (None, brand)
            and (not self.needs or need in self.needs)
            and (self.division is None or division.startswith(self.division))
        )

    @property
    def narrowness(self) -> int:
        """Higher for money that fewer awards may use; such money is spent first."""
        return 4 * (self.brand is not None) + 2 * bool(self.needs) + (self.division is not None)


@dataclass(frozen=True, slots=True)
class Purse:
    """A fund as a payer of awards. Units: fen."""

    code: str
    restricted: bool
    purpose: Purpose
    available_fen: int


def paying_fund(purses: Iterable[Purse], *, brand: str, need: str, division: str, amount_fen: int) -> Purse | None:
    """The fund to pay an award from: restricted before free money, narrow purposes first; None when none has enough."""
    fitting = [
        purse
        for purse in purses
        if purse.available_fen >= amount_fen and purse.purpose.covers(brand=brand, need=need, division=division)
    ]
    if not fitting:
        return None
    return min(fitting, key=lambda purse: (not purse.restricted, -purse.purpose.narrowness, purse.code))
