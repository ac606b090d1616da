"""Which place a list is asked for."""

from services.contracts.divisions import UnreadableDivision, divisions
from services.kit.auth import Actor
from services.kit.errors import BadInput, FieldError


def read_place(division: str) -> str:
    """The shortened code of a division; of an abolished one the code of what it became.

    Raises: BadInput when it is none.
    """
    try:
        return divisions().resolve(division).code
    except UnreadableDivision:
        wrong = FieldError("division", "division", "不是区划代码", "Not a division code")
        raise BadInput(errors=(wrong,)) from None


def asked_place(division: str | None, actor: Actor) -> str:
    """The prefix of division codes to show: what was asked for, else the actor's own territory ("" for everywhere).

    Raises: BadInput when it is no division code.
    """
    if division:
        return read_place(division)
    return "" if actor.territory == "all" else actor.territory


def place_name(division: str) -> str:
    """The place in words, its code when the table does not know it."""
    return divisions().full_name(division) or division
