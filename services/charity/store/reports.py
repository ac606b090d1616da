"""The queue of what charity says at the partner door: in order for each referral, kept until it was heard."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.charity.models import Report
from services.charity.store.reading import fresh

_ADD = text(
    "INSERT INTO report (id, referral_id, award_id, division, status, reason_code, outcome_kind, outcome_fen,"
    " outcome_on, next_try_at, created_at)"
    " SELECT *, :now, :now FROM unnest(CAST(:ids AS uuid[]), CAST(:referrals AS uuid[]),"
    " CAST(:awards AS uuid[]), CAST(:divisions AS text[]), CAST(:statuses AS text[]), CAST(:reasons AS text[]),"
    " CAST(:kinds AS text[]), CAST(:amounts AS bigint[]), CAST(:days AS date[])) ON CONFLICT (id) DO NOTHING"
)
# A claim is a lease: whoever dies with it lets it run out. `tries` counts before the call, so that a call whose answer
# was lost is known to have perhaps been heard.
_CLAIM = text(
    "UPDATE report SET tries = tries + 1, next_try_at = :until WHERE id IN ("
    "SELECT r.id FROM report r WHERE r.state = 'waiting' AND r.next_try_at <= :now AND NOT EXISTS ("
    "SELECT 1 FROM report b WHERE b.referral_id = r.referral_id AND b.ordinal < r.ordinal AND b.state = 'waiting')"
    " ORDER BY r.ordinal LIMIT :most FOR UPDATE SKIP LOCKED)"
    " RETURNING id, ordinal, referral_id, award_id, division, status, reason_code, outcome_kind, outcome_fen,"
    " outcome_on, tries"
)
_SETTLE = text(
    "UPDATE report SET state = :state, answer = :answer, settled_at = :now"
    " WHERE id = :id AND state = 'waiting' RETURNING id"
)
_AGAIN = text("UPDATE report SET next_try_at = :at, answer = :answer WHERE id = :id AND state = 'waiting'")
_UNHEARD = text(
    "UPDATE report SET next_try_at = :at, answer = :answer, tries = tries - 1 WHERE id = :id AND state = 'waiting'"
)
_DROP_LATER = text(
    "UPDATE report SET state = 'dropped', settled_at = :now WHERE referral_id = :referral_id AND state = 'waiting'"
    " AND ordinal > :ordinal"
)
_DROP_UNTRIED = text(
    "UPDATE report SET state = 'dropped', settled_at = :now WHERE award_id = ANY(CAST(:ids AS uuid[]))"
    " AND state = 'waiting' AND tries = 0"
)


async def add_reports(db: AsyncSession, reports: Sequence[Report], *, now: datetime) -> None:
    """Queue reports, in their order; one already queued stays as it is."""
    await db.execute(
        _ADD,
        {
            "ids": [report.id for report in reports],
            "referrals": [report.referral_id for report in reports],
            "awards": [report.award_id for report in reports],
            "divisions": [report.division for report in reports],
            "statuses": [report.status for report in reports],
            "reasons": [report.reason_code for report in reports],
            "kinds": [report.outcome_kind for report in reports],
            "amounts": [report.outcome_fen for report in reports],
            "days": [report.outcome_on for report in reports],
            "now": now,
        },
    )


async def claim_due(db: AsyncSession, *, now: datetime, lease: timedelta, most: int) -> list[Report]:
    """Claim the first waiting report of each referral that is due, oldest first."""
    rows = await db.execute(_CLAIM, {"now": now, "until": now + lease, "most": most})
    claimed = [
        Report(**row._mapping, state="waiting", next_try_at=now + lease, created_at=now)  # the rest is not asked for
        for row in rows
    ]
    return sorted(claimed, key=lambda report: report.ordinal)


async def settle_report(db: AsyncSession, report: Report, *, state: str, answer: str, now: datetime) -> bool:
    """Note that a report was heard, or refused for good. False when somebody else had noted it."""
    done = await db.execute(_SETTLE, {"id": report.id, "state": state, "answer": answer, "now": now})
    return done.scalar() is not None


async def drop_later(db: AsyncSession, report: Report, *, now: datetime) -> None:
    """Give up what was still to be said of a referral after a refused report."""
    await db.execute(_DROP_LATER, {"referral_id": report.referral_id, "ordinal": report.ordinal, "now": now})


async def drop_untried(db: AsyncSession, award_ids: Collection[UUID], *, now: datetime) -> None:
    """Give up what was queued for awards and never said."""
    await db.execute(_DROP_UNTRIED, {"ids": sorted(award_ids), "now": now})


async def try_again(db: AsyncSession, report_id: UUID, *, at: datetime, answer: str, heard: bool) -> None:
    """Note a failed try. `heard`: the door may have taken it in; else it surely has not, and the try does not count."""
    await db.execute(_AGAIN if heard else _UNHEARD, {"id": report_id, "at": at, "answer": answer})


async def said_of(db: AsyncSession, referral_ids: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    """Statuses that were, or may have been, said of each referral."""
    rows = await db.execute(
        text(
            "SELECT referral_id, array_agg(DISTINCT status) AS said FROM report"
            " WHERE referral_id = ANY(CAST(:ids AS uuid[]))"
            " AND (state = 'sent' OR (state = 'waiting' AND tries > 0)) GROUP BY referral_id"
        ),
        {"ids": sorted(referral_ids)},
    )
    return {row.referral_id: frozenset(row.said) for row in rows}


async def reports_page(
    db: AsyncSession, *, state: str | None, referral_id: UUID | None, after: int | None, limit: int
) -> list[Report]:
    """Reports in the order they were queued."""
    query = select(Report)
    if state is not None:
        query = query.where(col(Report.state) == state)
    if referral_id is not None:
        query = query.where(col(Report.referral_id) == referral_id)
    if after is not None:
        query = query.where(col(Report.ordinal) > after)
    return await fresh(db, query.order_by(col(Report.ordinal)).limit(limit))


async def hurry(db: AsyncSession, report_id: UUID, *, now: datetime) -> bool:
    """Try a waiting report at once. False when it does not wait."""
    done = await db.execute(
        text("UPDATE report SET next_try_at = :now WHERE id = :id AND state = 'waiting' RETURNING id"),
        {"id": report_id, "now": now},
    )
    return done.scalar() is not None
