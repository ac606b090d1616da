"""Which place a list is asked for."""

from services.contracts.divisions import UnreadableDivision, divisions, shorten
from services.kit.auth import Actor
from services.kit.errors import BadInput, FieldError


def asked_place(division: str | None, actor: Actor) -> str:
    """The prefix of division codes to show: what was asked for, else the actor's own territory ("" for everywhere).

    Raises: BadInput when it is no division code.
    """
    if not division:
        return "" if actor.territory == "all" else actor.territory
    try:
        return shorten(division)
    except UnreadableDivision:
        wrong = FieldError("division", "division", "不是区划代码", "Not a division code")
        raise BadInput(errors=(wrong,)) from None


def place_name(division: str) -> str:
    """The place in words, its code when the table does not know it."""
    return divisions().full_name(division) or division
