"""Whether a household's referral to one party for one need may leave, by the decisions in force. Pure.

The more exact decision wins: (partner, purpose), then (partner, any), (any, purpose), (any, any); of two equally exact
ones the later. A decision that has run out counts for nothing. Who of the family spoke is not asked: intake keeps one
decision for a household, partner and purpose.

Source: PIPL Art 13(3), 15, 23; design of consent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.contracts.intake import ConsentDecision
from services.referral.partners.directory import Party

ANY = "any"


@dataclass(frozen=True, slots=True)
class Permission:
    """`granted` until and including `expires_on`; `not_required` has a statutory basis; `none` was never asked."""

    state: Literal["granted", "not_required", "none", "refused", "revoked"]
    expires_on: date | None = None

    @property
    def may_leave(self) -> bool:
        """Whether a webhook may go out."""
        return self.state in ("granted", "not_required")

    @property
    def is_no(self) -> bool:
        """Whether the family said no, or took a yes back."""
        return self.state in ("refused", "revoked")


def permission(
    decisions: Iterable[ConsentDecision], party: Party, need: str, *, near_miss: bool, today: date
) -> Permission:
    """What the decisions say. A bureau has a statutory basis; a near-miss leaves only by the family's recorded yes."""
    if party.bureau:
        return Permission("not_required")
    best: ConsentDecision | None = None
    best_rank: tuple[bool, bool, date] | None = None
    for decision in decisions:
        if decision.partner not in (party.code, ANY) or decision.purpose not in (need, ANY):
            continue
        if decision.expires_on is not None and decision.expires_on < today:
            continue
        if near_miss and decision.basis == "statutory":
            continue
        rank = (decision.partner != ANY, decision.purpose != ANY, decision.given_on)
        if best_rank is None or rank >= best_rank:
            best, best_rank = decision, rank
    if best is None:
        return Permission("none")
    if best.decision != "given":
        return Permission(best.decision)
    return Permission("not_required" if best.basis == "statutory" else "granted", best.expires_on)
