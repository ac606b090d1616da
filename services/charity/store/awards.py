"""Awards and their history."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.charity.models import Award, AwardStep
from services.charity.store.reading import among, fresh, fresh_one

_ADD = text(
    "INSERT INTO award (id, version, household_ref, division, subject_ref, need, brand, amount_fen, gap_fen, near_miss,"
    " cause, referral_id, status, proposed_at, changed_at)"
    " SELECT i, 1, h, d, s, n, b, a, g, m, c, r, 'proposed', :now, :now FROM unnest(CAST(:ids AS uuid[]),"
    " CAST(:households AS uuid[]), CAST(:divisions AS text[]), CAST(:subjects AS uuid[]), CAST(:needs AS text[]),"
    " CAST(:brands AS text[]), CAST(:amounts AS bigint[]), CAST(:gaps AS bigint[]), CAST(:near AS boolean[]),"
    " CAST(:causes AS text[]), CAST(:referrals AS uuid[])) AS p(i, h, d, s, n, b, a, g, m, c, r)"
    " ON CONFLICT DO NOTHING RETURNING id"
)
_ADD_STEPS = text(
    "INSERT INTO award_step (award_id, version, division, status, brand, amount_fen, fund, reason, four_eyes_waived,"
    " taken_by, taken_at) SELECT *, :taken_by, :taken_at FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS bigint[]),"
    " CAST(:divisions AS text[]), CAST(:statuses AS text[]), CAST(:brands AS text[]), CAST(:amounts AS bigint[]),"
    " CAST(:funds AS text[]), CAST(:reasons AS text[]), CAST(:waived AS boolean[]))"
)
_CHANGE = text(
    "UPDATE award a SET version = n.version, status = n.status, reason = n.reason, brand = n.brand,"
    " amount_fen = n.amount_fen, gap_fen = n.gap_fen, fund = n.fund, same_help_accepted = n.same_help_accepted,"
    " reviewed_by = n.reviewed_by, reviewed_at = n.reviewed_at, approved_by = n.approved_by,"
    " approved_at = n.approved_at, four_eyes_waived = n.four_eyes_waived, round = n.round, batch_id = n.batch_id,"
    " paid_on = n.paid_on, changed_at = n.changed_at"
    " FROM unnest(CAST(:id AS uuid[]), CAST(:version AS bigint[]), CAST(:status AS text[]), CAST(:reason AS text[]),"
    " CAST(:brand AS text[]), CAST(:amount_fen AS bigint[]), CAST(:gap_fen AS bigint[]), CAST(:fund AS text[]),"
    " CAST(:same_help_accepted AS boolean[]), CAST(:reviewed_by AS text[]), CAST(:reviewed_at AS timestamptz[]),"
    " CAST(:approved_by AS text[]), CAST(:approved_at AS timestamptz[]), CAST(:four_eyes_waived AS boolean[]),"
    " CAST(:round AS int[]), CAST(:batch_id AS uuid[]), CAST(:paid_on AS date[]), CAST(:changed_at AS timestamptz[]))"
    " AS n(id, version, status, reason, brand, amount_fen, gap_fen, fund, same_help_accepted, reviewed_by, reviewed_at,"
    " approved_by, approved_at, four_eyes_waived, round, batch_id, paid_on, changed_at) WHERE a.id = n.id"
)
_CHANGED = (
    "id",
    "version",
    "status",
    "reason",
    "brand",
    "amount_fen",
    "gap_fen",
    "fund",
    "same_help_accepted",
    "reviewed_by",
    "reviewed_at",
    "approved_by",
    "approved_at",
    "four_eyes_waived",
    "round",
    "batch_id",
    "paid_on",
    "changed_at",
)
_LIVE = ("proposed", "reviewed", "approved", "in_payment")


async def add_proposals(db: AsyncSession, awards: Sequence[Award], *, now: datetime) -> set[UUID]:
    """Add proposals. Answers the ids that were not there before and broke no rule of one live award a need."""
    answer = await db.execute(
        _ADD,
        {
            "ids": [award.id for award in awards],
            "households": [award.household_ref for award in awards],
            "divisions": [award.division for award in awards],
            "subjects": [award.subject_ref for award in awards],
            "needs": [award.need for award in awards],
            "brands": [award.brand for award in awards],
            "amounts": [award.amount_fen for award in awards],
            "gaps": [award.gap_fen for award in awards],
            "near": [award.near_miss for award in awards],
            "causes": [award.cause for award in awards],
            "referrals": [award.referral_id for award in awards],
            "now": now,
        },
    )
    return set(answer.scalars())


async def change_awards(db: AsyncSession, awards: Sequence[Award]) -> None:
    """Write what changed of held awards, in one statement."""
    await db.execute(_CHANGE, {name: [getattr(award, name) for award in awards] for name in _CHANGED})


async def add_steps(db: AsyncSession, awards: Sequence[Award], *, taken_by: str, now: datetime) -> None:
    """Keep the history: who brought each award to its present version."""
    await db.execute(
        _ADD_STEPS,
        {
            "ids": [award.id for award in awards],
            "versions": [award.version for award in awards],
            "divisions": [award.division for award in awards],
            "statuses": [award.status for award in awards],
            "brands": [award.brand for award in awards],
            "amounts": [award.amount_fen for award in awards],
            "funds": [award.fund for award in awards],
            "reasons": [award.reason for award in awards],
            "waived": [award.four_eyes_waived for award in awards],
            "taken_by": taken_by,
            "taken_at": now,
        },
    )


async def lock_awards(db: AsyncSession, ids: Collection[UUID]) -> list[Award]:
    """Hold awards until the transaction ends, in order of id; those out of sight are left out."""
    query = select(Award).where(among(Award.id, ids)).order_by(col(Award.id)).with_for_update()
    return await fresh(db, query)


async def live_awards(db: AsyncSession, refs: Collection[UUID], *, hold: bool) -> list[Award]:
    """The awards of households that are on their way, in order of id; with `hold` until the transaction ends."""
    query = select(Award).where(among(Award.household_ref, refs), col(Award.status).in_(_LIVE))
    query = query.order_by(col(Award.id))
    return await fresh(db, query.with_for_update() if hold else query)


async def lock_approved(
    db: AsyncSession, *, ids: Collection[UUID] | None, brand: str | None, limit: int
) -> list[Award]:
    """Hold approved awards for a payment batch: the named ones, or of a brand or all, the oldest first."""
    query = select(Award).where(col(Award.status) == "approved")
    if ids is not None:
        query = query.where(among(Award.id, ids))
    if brand is not None:
        query = query.where(col(Award.brand) == brand)
    chosen = await db.execute(
        query.order_by(col(Award.proposed_at), col(Award.id)).limit(limit).with_only_columns(col(Award.id))
    )
    held = await lock_awards(db, [UUID(str(award_id)) for award_id in chosen.scalars()])
    return [award for award in held if award.status == "approved"]


async def get_award(db: AsyncSession, award_id: UUID) -> Award | None:
    """An award."""
    return await fresh_one(db, Award, award_id)


async def awards_by_id(db: AsyncSession, ids: Collection[UUID]) -> list[Award]:
    """Awards by id, in no order."""
    return await fresh(db, select(Award).where(among(Award.id, ids)))


async def awards_of(db: AsyncSession, refs: Collection[UUID]) -> list[Award]:
    """All awards of households, oldest first."""
    return await fresh(
        db,
        select(Award).where(among(Award.household_ref, refs)).order_by(col(Award.proposed_at), col(Award.id)),
    )


async def awards_page(
    db: AsyncSession,
    *,
    statuses: Sequence[str],
    household: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Award]:
    """Awards in any of the statuses, oldest first: who waits longest is served first."""
    query = select(Award).where(col(Award.status).in_(statuses))
    if household is not None:
        query = query.where(col(Award.household_ref) == household)
    if after is not None:
        query = query.where(text("(proposed_at, id) > (:at, :after_id)").bindparams(at=after[0], after_id=after[1]))
    return await fresh(db, query.order_by(col(Award.proposed_at), col(Award.id)).limit(limit))


async def steps_of(db: AsyncSession, award_id: UUID) -> list[AwardStep]:
    """An award's history, oldest first."""
    return await fresh(
        db, select(AwardStep).where(col(AwardStep.award_id) == award_id).order_by(col(AwardStep.version))
    )
