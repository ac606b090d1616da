"""Referrals and needs: read and written many at a time."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Statement, fetch, run_many
from services.referral.partners.state import NeedRecord, ReferralState

REFERRAL_COLUMNS = tuple(ReferralState.__slots__)
_FIXED = {"id", "household_ref", "partner", "bureau", "need", "created_at", "rerouted_from"}
_CHANGING = tuple(name for name in REFERRAL_COLUMNS if name not in _FIXED)
_LIST = ", ".join(REFERRAL_COLUMNS)
_FIND = Statement(f"SELECT {_LIST} FROM referral WHERE id = :id")
_OF = Statement(
    f"SELECT {_LIST} FROM referral WHERE household_ref = ANY(CAST(:refs AS uuid[])) ORDER BY created_at, id"
)
_ADD = Statement(f"INSERT INTO referral ({_LIST}) VALUES ({', '.join(':' + name for name in REFERRAL_COLUMNS)})")
_SAVE = Statement(f"UPDATE referral SET {', '.join(f'{name} = :{name}' for name in _CHANGING)} WHERE id = :id")
_NEEDS = Statement(
    f"SELECT {', '.join(NeedRecord.__slots__)} FROM need WHERE household_ref = ANY(CAST(:refs AS uuid[]))"
)
_DUE = Statement(
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
    rows = await fetch(db, _FIND, {"id": referral_id})
    return read_referral(rows[0]) if rows else None


async def referrals_of(db: AsyncSession, household_refs: Collection[UUID]) -> dict[UUID, list[ReferralState]]:
    """Every referral of some households, oldest first."""
    found: dict[UUID, list[ReferralState]] = {}
    if household_refs:
        for row in await fetch(db, _OF, {"refs": list(household_refs)}):
            found.setdefault(row["household_ref"], []).append(read_referral(row))
    return found


async def needs_of(db: AsyncSession, household_refs: Collection[UUID]) -> dict[UUID, list[NeedRecord]]:
    """Every need of some households, gone ones included."""
    found: dict[UUID, list[NeedRecord]] = {}
    if household_refs:
        for row in await fetch(db, _NEEDS, {"refs": list(household_refs)}):
            found.setdefault(row["household_ref"], []).append(NeedRecord(**dict(row)))
    return found


async def add_referrals(db: AsyncSession, referrals: Sequence[ReferralState]) -> None:
    """Insert new referrals. A second open one for a household, partner and need breaks a unique index."""
    await run_many(db, _ADD, [_values(referral) for referral in referrals])


async def save_referrals(db: AsyncSession, referrals: Sequence[ReferralState]) -> None:
    """Write referrals back."""
    await run_many(db, _SAVE, [_values(referral) for referral in referrals])


async def households_due(db: AsyncSession, *, today: date, most: int) -> list[UUID]:
    """Households with something that a passed day changes: an answer or outcome late, a consent run out."""
    return [row["household_ref"] for row in await fetch(db, _DUE, {"today": today, "most": most})]


def read_referral(row: Any) -> ReferralState:
    """A row of REFERRAL_COLUMNS (and maybe more), read by name, as a plain value."""
    return ReferralState(**{name: row[name] for name in REFERRAL_COLUMNS})


def _values(referral: ReferralState) -> dict[str, Any]:
    values = {name: getattr(referral, name) for name in REFERRAL_COLUMNS}
    values["told"] = None if referral.told is None else orjson.dumps(referral.told).decode()
    return values
