"""A household's open gap for one need, shared among the partners who help with it. Pure.

Accepting reserves part of the gap, so that two partners never fill the same one: the amount a partner names, else an
equal share of what is left among those who have not answered.

Units: fen.
"""

from collections.abc import Iterable
from datetime import date

from services.contracts.codes import AgeBand, GapBand
from services.kit.clock import shanghai_date
from services.referral.partners.state import ReferralState
from services.referral.partners.statuses import TAKEN

_AGES: tuple[tuple[int, AgeBand], ...] = (
    (80, "80+"),
    (70, "70-79"),
    (60, "60-69"),
    (35, "35-59"),
    (18, "18-34"),
    (16, "16-17"),
    (6, "6-15"),
    (0, "0-5"),
)
_GAPS: tuple[tuple[int, GapBand], ...] = (
    (2_000_000, "20000_plus"),
    (500_000, "5000_20000"),
    (100_000, "1000_5000"),
    (1, "lt_1000"),
)


def taken_fen(referral: ReferralState, as_of: date | None) -> int:
    """What a referral takes of the gap: reserved while it is at work, what it paid once completed.

    Help completed before the assessment's date is in the assessment's own gap already.
    """
    if referral.bureau:
        return 0
    if referral.status in TAKEN:
        return referral.reserved_fen
    if referral.status == "completed":
        closed_on = shanghai_date(referral.closed_at) if referral.closed_at else None
        if as_of is None or closed_on is None or closed_on >= as_of:
            return referral.outcome_amount_fen if referral.outcome_amount_fen is not None else referral.reserved_fen
    return 0


def left_for(
    referral: ReferralState | None, others: Iterable[ReferralState], gap_fen: int | None, as_of: date | None
) -> int | None:
    """What is left of the gap for one partner after what all others took; None when nobody can say."""
    if gap_fen is None:
        return None
    mine = referral.id if referral is not None else None
    return max(0, gap_fen - sum(taken_fen(other, as_of) for other in others if other.id != mine))


def share_fen(left_fen: int | None, named_fen: int | None, waiting: int) -> int:
    """What an acceptance reserves: the named amount, else an equal share among `waiting` partners, rounded up."""
    if left_fen is None:
        return named_fen or 0
    if named_fen is not None:
        return min(named_fen, left_fen)
    return -(-left_fen // max(1, waiting))


def gap_band(gap_fen: int | None) -> GapBand:
    """The band a partner may see; `none` also when nobody can say."""
    return next((band for least, band in _GAPS if gap_fen is not None and gap_fen >= least), "none")


def age_on(born: date, day: date) -> int:
    """Completed years on a day; somebody born on 29 February completes a year on 1 March of a common year."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def age_band(age: int | None) -> AgeBand | None:
    """The band of an age in completed years, None when unknown."""
    return next((band for least, band in _AGES if age is not None and age >= least), None)
