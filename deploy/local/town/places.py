"""Real villages to put invented people in."""

import random
from dataclasses import dataclass
from functools import cache

from services.contracts.divisions import divisions

# Places of the table in which nobody is registered.
_NOBODY_LIVES = ("生活区",)


@dataclass(frozen=True)
class Village:
    """A village or community by its 12-digit code."""

    code: str

    @property
    def county(self) -> str:
        """The county's six digits, which also begin the ID numbers of those born there."""
        return self.code[:6]

    @property
    def full_name(self) -> str:
        """County, township and village run together."""
        return divisions().full_name(self.code)

    def address(self, rng: random.Random) -> str:
        """A house number nobody has, on a road called example."""
        return f"{self.full_name}示例路{rng.randint(9001, 9999)}号"


@cache
def villages(county: str = "") -> tuple[Village, ...]:
    """Every inhabited village of a county, or of the city."""
    table = divisions()
    counties = [place.code for place in table.children() if place.code.startswith(county)]
    found = []
    for one in counties:
        for township in table.children(one):
            found += [
                Village(place.code)
                for place in table.children(township.code)
                if not any(word in place.name for word in _NOBODY_LIVES)
            ]
    return tuple(found)
