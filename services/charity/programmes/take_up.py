"""Whether charity takes up a household's need, goes on with it, or stands back. Pure.

Decided anew from everything known of the household's need whenever any of it changes, so that the order in which
events arrive does not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from services.charity.programmes.award_steps import AwardStatus
from services.charity.programmes.policy import Policy
from services.contracts.codes import ReferralStatus

_ANSWERED: frozenset[ReferralStatus] = frozenset({"accepted", "in_progress", "on_hold"})
_OPEN = _ANSWERED | {"requested"}
_WITHDRAWABLE: frozenset[AwardStatus] = frozenset({"proposed", "reviewed", "approved"})


@dataclass(frozen=True, slots=True)
class KnownReferral:
    """A referral of the household for the need, as last told. Units: fen."""

    id: UUID
    partner: str
    bureau: bool
    near_miss: bool
    status: ReferralStatus
    gap_fen: int | None = None
    outcome_fen: int | None = None
    outcome_on: date | None = None
    subject_ref: UUID | None = None
    reported: frozenset[str] = frozenset()
    """Statuses that charity itself has said, or may have said, at the partner door."""


@dataclass(frozen=True, slots=True)
class KnownUnmet:
    """A need nobody could meet, as last told. `opened_version` tells one opening from the next. Units: fen."""

    ref: UUID
    is_open: bool
    opened_version: int
    gap_fen: int | None = None
    subject_ref: UUID | None = None


@dataclass(frozen=True, slots=True)
class KnownAward:
    """The award that is on its way for the need."""

    id: UUID
    status: AwardStatus
    referral_id: UUID | None


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything known of a household's need. `gap_fen` is what the newest assessment left open."""

    need: str
    gap_fen: int | None
    referrals: Sequence[KnownReferral]
    unmet: KnownUnmet | None
    live: KnownAward | None
    paid_fen: int
    today: date


@dataclass(frozen=True, slots=True)
class Propose:
    """Make a proposal. `key` is the same for the same occasion, so that it is proposed once. Units: fen."""

    key: tuple[str, ...]
    cause: Literal["referral", "need_unmet"]
    referral_id: UUID | None
    subject_ref: UUID | None
    near_miss: bool
    gap_fen: int | None


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Stand back, for a reason code."""

    award_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class GoOn:
    """The award on its way stays, with this gap. Units: fen."""

    award_id: UUID
    gap_fen: int | None


@dataclass(frozen=True, slots=True)
class LeaveIt:
    """Nothing to do, and why."""

    reason: str


Decision = Propose | Withdraw | GoOn | LeaveIt


def gap_left(situation: Situation, policy: Policy) -> int | None:
    """What is still open of the need after the help that others reported and charity paid; None when nobody can say.

    Units: fen, never below zero.
    """
    since = situation.today - timedelta(days=policy.outcomes_count_days)
    helped = situation.paid_fen + sum(
        referral.outcome_fen
        for referral in situation.referrals
        if referral.outcome_fen
        and referral.outcome_on
        and referral.outcome_on >= since
        and "completed" not in referral.reported
    )
    known = [gap for gap in (situation.gap_fen, *(r.gap_fen for r in _mine(situation, policy))) if gap is not None]
    bounds = [min(known) - helped] if known else []
    if situation.unmet is not None and situation.unmet.is_open and situation.unmet.gap_fen is not None:
        # Partners' outcomes are already taken off; charity's own payments are not.
        bounds.append(situation.unmet.gap_fen - situation.paid_fen)
    return max(0, min(bounds)) if bounds else None


def _mine(situation: Situation, policy: Policy) -> list[KnownReferral]:
    return [
        referral
        for referral in situation.referrals
        if not referral.bureau and policy.takes_up(referral.partner, near_miss=referral.near_miss)
    ]


def decide(situation: Situation, policy: Policy) -> Decision:
    """What to do now."""
    gap_fen = gap_left(situation, policy)
    live = situation.live
    if live is not None:
        reason = _stand_back(situation, live, gap_fen)
        if reason and live.status in _WITHDRAWABLE:
            return Withdraw(live.id, reason)
        return GoOn(live.id, gap_fen)
    if gap_fen == 0:
        return LeaveIt("need_met")
    mine = [referral for referral in _mine(situation, policy) if referral.status == "requested"]
    others = [referral for referral in _partners(situation) if referral not in mine]
    if mine:
        if any(referral.status in _ANSWERED for referral in others):
            return LeaveIt("another_referral_open")
        chosen = min(mine, key=lambda referral: str(referral.id))
        return Propose(
            ("referral", str(chosen.id)), "referral", chosen.id, chosen.subject_ref, chosen.near_miss, gap_fen
        )
    if situation.unmet is not None and situation.unmet.is_open:
        if any(referral.status in _OPEN for referral in others):
            return LeaveIt("another_referral_open")
        unmet = situation.unmet
        key = ("need_unmet", str(unmet.ref), str(unmet.opened_version))
        return Propose(key, "need_unmet", None, unmet.subject_ref, False, gap_fen)
    return LeaveIt("not_asked")


def _partners(situation: Situation) -> list[KnownReferral]:
    """Bureaux do a duty of their own; what they do is government aid, not another answer to the same call."""
    return [referral for referral in situation.referrals if not referral.bureau]


def _stand_back(situation: Situation, live: KnownAward, gap_fen: int | None) -> str | None:
    """Why the award on its way has to be withdrawn, or None."""
    for referral in _partners(situation):
        if referral.id == live.referral_id:
            if referral.status in ("draft", "rejected", "failed", "cancelled", "entered_in_error"):
                return "referral_closed"
            if referral.status != "requested" and referral.status not in referral.reported:
                return "answered_elsewhere"
        elif referral.status in _ANSWERED or (live.referral_id is None and referral.status in _OPEN):
            return "another_referral_open"
    if live.referral_id is None and (situation.unmet is None or not situation.unmet.is_open):
        return "need_closed"
    if gap_fen == 0:
        return "need_met"
    return None
