"""Referrals, their steps, needs and what became of each need: read and written many at a time."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.models import Referral, ReferralStep
from services.referral.partners.state import NeedOutcome, NeedRecord, ReferralState

REFERRAL_COLUMNS = tuple(ReferralState.__slots__)
_TABLE = Referral.__table__
_FIXED = {"id", "household_ref", "partner", "bureau", "need", "created_at", "rerouted_from"}
_UPDATE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("row_id"))
    .values({name: bindparam(name) for name in REFERRAL_COLUMNS if name not in _FIXED})
)
_NEEDS = text(
    "SELECT household_ref, code, need_id, division, state, gap_fen, subject_ref, unmet_state, unmet_version,"
    " unmet_gap_fen, tried FROM need WHERE household_ref = ANY(CAST(:refs AS uuid[]))"
)
_SAVE_NEED = text(
    "INSERT INTO need (household_ref, code, need_id, division, state, gap_fen, subject_ref, unmet_state, unmet_version,"
    " unmet_gap_fen, tried) VALUES (:household_ref, :code, :need_id, :division, :state, :gap_fen, :subject_ref,"
    " :unmet_state, :unmet_version, :unmet_gap_fen, CAST(:tried AS text[]))"
    " ON CONFLICT (household_ref, code) DO UPDATE SET division = excluded.division, state = excluded.state,"
    " gap_fen = excluded.gap_fen, subject_ref = excluded.subject_ref, unmet_state = excluded.unmet_state,"
    " unmet_version = excluded.unmet_version, unmet_gap_fen = excluded.unmet_gap_fen, tried = excluded.tried"
)
_SAVE_OUTCOMES = text(
    "INSERT INTO need_outcome (assessment_id, household_ref, division, need, party, referral_id, reason)"
    " SELECT * FROM unnest(CAST(:assessment_ids AS uuid[]), CAST(:refs AS uuid[]), CAST(:divisions AS text[]),"
    " CAST(:needs AS text[]), CAST(:parties AS text[]), CAST(:referral_ids AS uuid[]), CAST(:reasons AS text[]))"
    " ON CONFLICT (assessment_id, need, party) DO UPDATE SET referral_id = excluded.referral_id,"
    " reason = excluded.reason WHERE need_outcome.referral_id IS DISTINCT FROM excluded.referral_id"
    " OR need_outcome.reason IS DISTINCT FROM excluded.reason"
)
_DUE = text(
    "(SELECT household_ref FROM referral WHERE status = 'requested' AND overdue_on IS NULL AND held_for IS NULL"
    " AND due_on < :today ORDER BY due_on LIMIT :most)"
    " UNION (SELECT household_ref FROM referral WHERE status IN ('accepted', 'in_progress', 'on_hold')"
    " AND outcome_asked_on IS NULL AND held_for IS NULL AND outcome_due_on < :today"
    " ORDER BY outcome_due_on LIMIT :most)"
    " UNION (SELECT household_ref FROM referral WHERE consent_expires_on < :today AND held_for IS NULL"
    " AND status IN ('requested', 'accepted', 'in_progress', 'on_hold') ORDER BY consent_expires_on LIMIT :most)"
    " LIMIT :most"
)
_WIDEN = text("SELECT set_config('yiqijiu.partner', '', true)")


async def see_every_partner(db: AsyncSession) -> None:
    """Let the rest of this transaction see the household's referrals to other partners.

    Called only after the caller's own referral was found under its own partner's rule: what a partner answers changes
    the gap left for others and whom a need is handed on to. Nothing that was read after this may be answered to it.
    """
    await db.execute(_WIDEN)


async def find_referral(db: AsyncSession, referral_id: UUID) -> ReferralState | None:
    """One referral within the transaction's territory and partner, or None."""
    row = (await db.execute(select(_TABLE).where(_TABLE.c.id == referral_id))).one_or_none()
    return read_referral(row) if row else None


async def referrals_of(db: AsyncSession, household_refs: Collection[UUID]) -> dict[UUID, list[ReferralState]]:
    """Every referral of some households, oldest first."""
    if not household_refs:
        return {}
    rows = await db.execute(
        select(_TABLE)
        .where(_TABLE.c.household_ref == text("ANY(CAST(:refs AS uuid[]))").bindparams(refs=list(household_refs)))
        .order_by(_TABLE.c.created_at, _TABLE.c.id)
    )
    found: dict[UUID, list[ReferralState]] = {}
    for row in rows:
        found.setdefault(row.household_ref, []).append(read_referral(row))
    return found


async def needs_of(db: AsyncSession, household_refs: Collection[UUID]) -> dict[UUID, list[NeedRecord]]:
    """Every need of some households, gone ones included."""
    found: dict[UUID, list[NeedRecord]] = {}
    if not household_refs:
        return found
    for row in await db.execute(_NEEDS, {"refs": list(household_refs)}):
        found.setdefault(row.household_ref, []).append(NeedRecord(**row._mapping))
    return found


async def add_referrals(db: AsyncSession, referrals: Sequence[ReferralState]) -> None:
    """Insert new referrals. A second open one for a household, partner and need breaks a unique index."""
    if referrals:
        await db.execute(insert(_TABLE), [_values(referral) for referral in referrals])


async def save_referrals(db: AsyncSession, referrals: Sequence[ReferralState]) -> None:
    """Write referrals back."""
    if referrals:
        await (await db.connection()).execute(
            _UPDATE,
            [
                {name: value for name, value in _values(referral).items() if name not in _FIXED}
                | {"row_id": referral.id}
                for referral in referrals
            ],
        )


async def add_steps(db: AsyncSession, referrals: Iterable[ReferralState], *, by: str, at: datetime) -> None:
    """Note a new version of each referral, and who made it (`system`, `partner:<code>`, or an actor's opaque id)."""
    rows = [
        {
            "referral_id": referral.id,
            "version": referral.version,
            "division": referral.division,
            "partner": referral.partner,
            "status": referral.status,
            "held_for": referral.held_for,
            "reason_code": referral.reason_code,
            "closing_code": referral.closing_code,
            "amount_fen": referral.outcome_amount_fen,
            "at": at,
            "by": by,
        }
        for referral in referrals
    ]
    if rows:
        await db.execute(insert(ReferralStep.__table__), rows)


async def save_needs(db: AsyncSession, needs: Sequence[NeedRecord]) -> None:
    """Insert or write back needs."""
    if needs:
        await db.execute(_SAVE_NEED, [{name: getattr(need, name) for name in NeedRecord.__slots__} for need in needs])


async def save_outcomes(db: AsyncSession, outcomes: Sequence[NeedOutcome]) -> None:
    """Note what became of each need for each party; the same again changes nothing."""
    if not outcomes:
        return
    await db.execute(
        _SAVE_OUTCOMES,
        {
            "assessment_ids": [outcome.assessment_id for outcome in outcomes],
            "refs": [outcome.household_ref for outcome in outcomes],
            "divisions": [outcome.division for outcome in outcomes],
            "needs": [outcome.need for outcome in outcomes],
            "parties": [outcome.party for outcome in outcomes],
            "referral_ids": [outcome.referral_id for outcome in outcomes],
            "reasons": [outcome.reason for outcome in outcomes],
        },
    )


async def households_due(db: AsyncSession, *, today: date, most: int) -> list[UUID]:
    """Households with something that a passed day changes: an answer or outcome late, a consent run out."""
    return list((await db.execute(_DUE, {"today": today, "most": most})).scalars())


def read_referral(row: Any) -> ReferralState:
    """A row of REFERRAL_COLUMNS (and maybe more) as a plain value."""
    return ReferralState(**{name: getattr(row, name) for name in REFERRAL_COLUMNS})


def _values(referral: ReferralState) -> dict[str, Any]:
    return {name: getattr(referral, name) for name in REFERRAL_COLUMNS}
