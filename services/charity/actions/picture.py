"""Everything known of some households' needs, and the decision on each. Reads only; `hold` holds live awards."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.charity.models import Award, Household, Referral, Unmet
from services.charity.programmes.policy import Policy
from services.charity.programmes.take_up import Decision, KnownAward, KnownReferral, KnownUnmet, Situation, decide
from services.charity.store import awards as store
from services.charity.store import known, reports
from services.kit.clock import shanghai_date

Pair = tuple[UUID, str]


class _OfNeed(Protocol):
    household_ref: UUID
    need: str


R = TypeVar("R", bound=_OfNeed)


@dataclass(frozen=True)
class Picture:
    """What is known, by id, and the decision on each (household, need)."""

    households: dict[UUID, Household]
    referrals: dict[UUID, Referral]
    live: dict[UUID, Award]
    said: dict[UUID, frozenset[str]]
    decisions: dict[Pair, Decision]


async def look_at(
    db: AsyncSession, pairs: Collection[Pair], *, policy: Policy, now: datetime, hold: bool = True
) -> Picture:
    """See what is known of (household, need) pairs and what follows."""
    refs = {ref for ref, _ in pairs}
    live = await store.live_awards(db, refs, hold=hold)
    past = await store.awards_of(db, refs)
    referrals = await known.referrals_of(db, refs)
    unmet = await known.unmet_of(db, refs)
    households = await known.households_by_ref(db, refs)
    said = await reports.said_of(db, [referral.id for referral in referrals if referral.partner in policy.acts_for])
    today = shanghai_date(now)
    since = today - timedelta(days=policy.outcomes_count_days)
    live_by, past_by, referrals_by, unmet_by = _by_pair(live), _by_pair(past), _by_pair(referrals), _by_pair(unmet)
    decisions = {
        pair: decide(
            Situation(
                need=pair[1],
                gap_fen=known.needs_of(households.get(pair[0])).get(pair[1], {}).get("gap_fen"),
                referrals=[_referral(row, said) for row in referrals_by[pair]],
                unmet=_unmet(unmet_by[pair]),
                live=_live(live_by[pair]),
                paid_fen=_paid(past_by[pair], since),
                today=today,
            ),
            policy,
        )
        for pair in pairs
    }
    return Picture(
        households=households,
        referrals={referral.id: referral for referral in referrals},
        live={award.id: award for award in live},
        said=said,
        decisions=decisions,
    )


def _by_pair(rows: Iterable[R]) -> dict[Pair, list[R]]:
    grouped: dict[Pair, list[R]] = defaultdict(list)
    for row in rows:
        grouped[row.household_ref, row.need].append(row)
    return grouped


def _live(awards: list[Award]) -> KnownAward | None:
    if not awards:
        return None
    award = awards[0]
    return KnownAward(award.id, award.status, award.referral_id)  # type: ignore[arg-type]  # the column's check holds the same words


def _paid(awards: list[Award], since: date) -> int:
    paid = (award for award in awards if award.status == "paid" and award.paid_on is not None)
    return sum(award.amount_fen for award in paid if award.paid_on is not None and award.paid_on >= since)


def _unmet(rows: list[Unmet]) -> KnownUnmet | None:
    newest = max(rows, key=lambda row: (row.state == "open", row.version), default=None)
    if newest is None:
        return None
    return KnownUnmet(newest.ref, newest.state == "open", newest.opened_version, newest.gap_fen, newest.subject_ref)


def _referral(row: Referral, said: dict[UUID, frozenset[str]]) -> KnownReferral:
    return KnownReferral(
        id=row.id,
        partner=row.partner,
        bureau=row.bureau,
        near_miss=row.near_miss,
        status=row.status,  # type: ignore[arg-type]  # it came from an event of these words
        gap_fen=row.gap_fen,
        outcome_fen=row.outcome_fen,
        outcome_on=row.outcome_on,
        subject_ref=row.subject_ref,
        reported=said.get(row.id, frozenset()),
    )
