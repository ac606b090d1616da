"""A journal entry: its postings sum to zero within every fund, or it does not exist.

Debits are positive, credits negative. Every posting names its fund and each fund balances by itself, so no entry can
pay one purpose with another's money.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

EntryKind = Literal[
    "donation_received",
    "fund_transferred",
    "award_reserved",
    "award_released",
    "award_payable",
    "award_paid",
    "award_returned",
    "reversal",
]
Source = Literal["donation", "transfer", "award"]

MOST_FEN = 10**12
"""The largest posting, in fen: a typing error, not a donation, is larger."""


class BadEntry(Exception):
    """The entry would not be double-entry bookkeeping."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One line. Units: fen, positive for a debit, negative for a credit."""

    account: str
    fund: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A balanced journal entry. `id` is chosen by the caller, so that a repeat is the same entry.

    `source` and `source_id` say what it is about; `reverses` is set on a reversal only.
    Raises: BadEntry when made of postings that do not balance.
    """

    id: UUID
    kind: EntryKind
    booked_on: date
    source: Source
    source_id: UUID
    postings: tuple[Posting, ...]
    reverses: UUID | None = None

    def __post_init__(self) -> None:
        if len(self.postings) < 2:
            raise BadEntry("fewer than two postings")
        sums: dict[str, int] = defaultdict(int)
        for posting in self.postings:
            if type(posting.amount_fen) is not int or posting.amount_fen == 0 or abs(posting.amount_fen) > MOST_FEN:
                raise BadEntry("an amount is zero, too large, or no whole number of fen")
            sums[posting.fund] += posting.amount_fen
        if any(sums.values()):
            raise BadEntry("the postings of a fund do not sum to zero")
        if (self.kind == "reversal") != (self.reverses is not None):
            raise BadEntry("a reversal names what it reverses, and nothing else does")

    def digest(self) -> bytes:
        """SHA-256 of the entry's content in one canonical form; equal content, equal digest."""
        lines = sorted([p.fund, p.account, p.amount_fen] for p in self.postings)
        reverses = str(self.reverses) if self.reverses else None
        head = [str(self.id), self.kind, self.booked_on.isoformat(), self.source, str(self.source_id), reverses]
        text = json.dumps([head, lines], separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).digest()


def digest_of_month(entries: Iterable[bytes]) -> bytes:
    """SHA-256 over the digests of a month's entries in their own order: whoever holds the entries can check it."""
    return hashlib.sha256(b"".join(sorted(entries))).digest()
