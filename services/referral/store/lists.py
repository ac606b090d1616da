"""Lists for officers: referrals, webhooks, needs that nobody took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.models import Attempt, Delivery, Referral, ReferralStep
from services.referral.partners.state import ReferralState
from services.referral.store.referrals import REFERRAL_COLUMNS, read_referral

_R = Referral.__table__.c
_D = Delivery.__table__.c
_STATE = (
    select(_D.state)
    .where(_D.referral_id == _R.id, _D.type == "referral.requested")
    .order_by(_D.sequence.desc())
    .limit(1)
    .scalar_subquery()
)
_UNMET = text(
    "SELECT n.need_id, n.household_ref, n.division, n.code, n.gap_fen, n.unmet_gap_fen, n.tried, n.unmet_version"
    " FROM need n WHERE n.unmet_state = 'open' AND (CAST(:after AS uuid) IS NULL OR n.need_id > CAST(:after AS uuid))"
    " AND (CAST(:household AS uuid) IS NULL OR n.household_ref = CAST(:household AS uuid))"
    " ORDER BY n.need_id LIMIT :most"
)

_COUNTS = text(
    "SELECT"
    " (SELECT jsonb_object_agg(status, n) FROM (SELECT status, count(*) AS n FROM referral GROUP BY 1) a) AS referrals,"
    " (SELECT jsonb_object_agg(held_for, n) FROM (SELECT held_for, count(*) AS n FROM referral"
    "  WHERE held_for IS NOT NULL GROUP BY 1) b) AS held,"
    " (SELECT jsonb_object_agg(partner, states) FROM (SELECT partner, jsonb_object_agg(state, n) AS states FROM"
    "  (SELECT partner, state, count(*) AS n FROM delivery GROUP BY 1, 2) c GROUP BY 1) d) AS deliveries,"
    " (SELECT jsonb_object_agg(partner, n) FROM (SELECT partner, count(*) AS n FROM referral"
    "  WHERE outcome_kind IS NOT NULL OR status IN ('completed', 'failed', 'rejected') GROUP BY 1) e) AS outcomes,"
    " (SELECT jsonb_object_agg(partner, statuses) FROM (SELECT partner, jsonb_object_agg(status, n) AS statuses FROM"
    "  (SELECT partner, status, count(*) AS n FROM referral GROUP BY 1, 2) f GROUP BY 1) g) AS by_partner,"
    " (SELECT count(*) FROM referral WHERE confirmed) AS confirmed,"
    " (SELECT count(*) FROM need WHERE unmet_state = 'open') AS unmet"
)


@dataclass(frozen=True, slots=True)
class ReferralFilter:
    """What a list of referrals is narrowed to; None narrows nothing."""

    household: UUID | None = None
    partner: str | None = None
    need: str | None = None
    status: str | None = None
    held_for: str | None = None
    is_overdue: bool | None = None


StepRow = Any
"""A row of referral_step."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A referral with the state of its notice to the partner."""

    referral: ReferralState
    delivery: str | None

    @property
    def delivery_state(self) -> str:
        """The state to show: what is held back has none of its own."""
        if self.referral.held_for is not None or self.referral.status == "draft":
            return "held"
        return self.delivery or "cancelled"


async def list_referrals(
    db: AsyncSession, wanted: ReferralFilter, *, before: tuple[datetime, UUID] | None, most: int
) -> list[Listed]:
    """Referrals, newest first; `before` is the sort key of the last one seen."""
    query: Select[Any] = select(*(_R[name] for name in REFERRAL_COLUMNS), _STATE.label("delivery"))
    equal = {
        _R.household_ref: wanted.household,
        _R.partner: wanted.partner,
        _R.need: wanted.need,
        _R.status: wanted.status,
        _R.held_for: wanted.held_for,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.is_overdue:
        query = query.where(_R.overdue_on.is_not(None))
    if before is not None:
        query = query.where(tuple_(_R.created_at, _R.id) < before)
    rows = await db.execute(query.order_by(_R.created_at.desc(), _R.id.desc()).limit(most))
    return [Listed(read_referral(row._mapping), row.delivery) for row in rows]


async def find_listed(db: AsyncSession, referral_id: UUID) -> Listed | None:
    """One referral with the state of its notice."""
    query = select(*(_R[name] for name in REFERRAL_COLUMNS), _STATE.label("delivery")).where(_R.id == referral_id)
    row = (await db.execute(query)).one_or_none()
    return Listed(read_referral(row._mapping), row.delivery) if row else None


async def steps_of(db: AsyncSession, referral_id: UUID) -> Sequence[Any]:
    """A referral's versions, oldest first."""
    columns = ReferralStep.__table__.c
    query = select(*columns).where(columns.referral_id == referral_id).order_by(columns.version)
    rows: Sequence[Any] = (await db.execute(query)).all()
    return rows


async def list_deliveries(
    db: AsyncSession,
    *,
    referral: UUID | None,
    partner: str | None,
    state: str | None,
    before: int | None,
    most: int,
) -> Sequence[Any]:
    """Webhooks, newest first; `before` is the position of the last one seen."""
    query: Select[Any] = select(*Delivery.__table__.c)
    for column, value in ((_D.referral_id, referral), (_D.partner, partner), (_D.state, state)):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(_D.position < before)
    rows: Sequence[Any] = (await db.execute(query.order_by(_D.position.desc()).limit(most))).all()
    return rows


async def find_delivery(db: AsyncSession, delivery_id: UUID) -> tuple[Any, Sequence[Any]] | None:
    """One webhook and its attempts, oldest first; None when absent."""
    row = (await db.execute(select(*Delivery.__table__.c).where(_D.id == delivery_id))).one_or_none()
    if row is None:
        return None
    columns = Attempt.__table__.c
    query = select(*columns).where(columns.delivery_id == delivery_id).order_by(columns.number)
    return row, (await db.execute(query)).all()


async def count_all(db: AsyncSession) -> dict[str, Any]:
    """How many referrals, held ones, webhooks, outcomes and confirmations there are in the territory."""
    row = (await db.execute(_COUNTS)).one()
    values = {name: orjson.loads(value) if isinstance(value, str) else value for name, value in row._mapping.items()}
    return {name: value if value is not None else {} for name, value in values.items()}


async def list_unmet(db: AsyncSession, *, household: UUID | None, after: UUID | None, most: int) -> Sequence[Any]:
    """Needs that every partner asked left open: what the joint meeting looks at."""
    rows: Sequence[Any] = (await db.execute(_UNMET, {"household": household, "after": after, "most": most})).all()
    return rows
