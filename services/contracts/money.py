"""Money between the parts: integer fen inside, decimal yuan text at every border, never a float."""

import re

# ASCII digits only: int() and Decimal() would also read full-width digits. Ten digits of yuan are 9,999,999,999.99.
_YUAN = re.compile(r"-?(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,2})?", re.ASCII)
_FEN = re.compile(r"-?(?:0|[1-9][0-9]{0,11})", re.ASCII)


class UnreadableAmount(ValueError):
    """The text is no amount: not ASCII decimal digits, more than two decimals, an exponent, or too large."""


def parse_yuan(text: str) -> int:
    """Read decimal yuan text ("812.50", "-3", "0.5") as fen.

    Units: answer in fen.
    Raises: UnreadableAmount, without the text in its message.
    """
    if not _YUAN.fullmatch(text):
        raise UnreadableAmount("not a decimal amount in yuan with at most two decimals")
    sign = -1 if text.startswith("-") else 1
    yuan, _, part = text.lstrip("-").partition(".")
    return sign * (int(yuan) * 100 + int((part + "00")[:2]))


def parse_fen(text: str) -> int:
    """Read whole fen text ("81250").

    Units: answer in fen.
    Raises: UnreadableAmount, without the text in its message.
    """
    if not _FEN.fullmatch(text):
        raise UnreadableAmount("not a whole amount in fen")
    return int(text)


def yuan(fen: int) -> str:
    """Write fen as decimal yuan text with two decimals: 81250 -> "812.50"."""
    whole, part = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{part:02d}"
