"""Who does a piece of work, when, and with which keys; and whether a place is theirs."""

from dataclasses import dataclass
from datetime import date, datetime

from services.contracts.divisions import CITY
from services.intake.errors import OutsideTerritory
from services.intake.settings import Keys
from services.kit.auth import Actor


@dataclass(frozen=True)
class Work:
    """What every verb needs to know of its caller. `today` is the Shanghai date of `now`."""

    actor: Actor
    keys: Keys
    now: datetime
    today: date


def home_of(division: str) -> str:
    """The division whose workers keep a row about somebody registered there: the city for people from outside."""
    return division if division.startswith(CITY) else CITY


def is_within(division: str, territory: str) -> bool:
    """Whether a place, or for another city's the city's own desk, is in a territory ("all", or a prefix)."""
    return territory == "all" or (bool(territory) and home_of(division).startswith(territory))


def check_territory(division: str, actor: Actor) -> None:
    """Raises: OutsideTerritory when the place is not the caller's."""
    if not is_within(division, actor.territory):
        raise OutsideTerritory()
