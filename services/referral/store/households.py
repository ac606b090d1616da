"""Households as referral knows them: locked, read and written whole, many at a time.

Whoever changes a household's referrals holds its row's lock, so that its gap is shared out and its needs are handed on
by one at a time.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.eligibility import NeedState, PersonState
from services.contracts.intake import ConsentDecision
from services.referral.partners.state import HouseholdState

_PEOPLE: TypeAdapter[tuple[PersonState, ...]] = TypeAdapter(tuple[PersonState, ...])
_NEEDS: TypeAdapter[tuple[NeedState, ...]] = TypeAdapter(tuple[NeedState, ...])
_DECISIONS: TypeAdapter[tuple[ConsentDecision, ...]] = TypeAdapter(tuple[ConsentDecision, ...])

_NAMES = (
    "household_ref, division, assessment_version, consent_version, assessment_id, as_of, cause, status,"
    " household_size, priority, safe_to_call, people, needs, decisions"
)
# The update that changes nothing locks the row and answers it, so that a new household and a known one cost the same.
_OPEN = text(
    "INSERT INTO household (household_ref, division, changed_at)"
    " SELECT ref, division, :now FROM unnest(CAST(:refs AS uuid[]), CAST(:divisions AS text[])) AS h(ref, division)"
    " ORDER BY ref ON CONFLICT (household_ref) DO UPDATE SET changed_at = household.changed_at RETURNING " + _NAMES
)
_READ = text(f"SELECT {_NAMES} FROM household WHERE household_ref = ANY(CAST(:refs AS uuid[]))")
_LOCK = text(_READ.text + " ORDER BY household_ref FOR UPDATE")
_SAVE = text(
    "UPDATE household SET division = :division, assessment_version = :assessment_version,"
    " consent_version = :consent_version, assessment_id = :assessment_id, as_of = :as_of, cause = :cause,"
    " status = :status, household_size = :household_size, priority = :priority, safe_to_call = :safe_to_call,"
    " people = CAST(:people AS jsonb), needs = CAST(:needs AS jsonb), decisions = CAST(:decisions AS jsonb),"
    " changed_at = :now WHERE household_ref = :household_ref"
)


async def open_households(
    db: AsyncSession, divisions: Mapping[UUID, str], *, now: datetime
) -> dict[UUID, HouseholdState]:
    """Lock and read households, making rows for those that have none yet.

    In order of ref, so that two transactions never wait crosswise.
    """
    refs = sorted(divisions)
    rows = await db.execute(_OPEN, {"refs": refs, "divisions": [divisions[ref] for ref in refs], "now": now})
    return {row.household_ref: _household(row) for row in rows}


async def lock_households(db: AsyncSession, refs: Collection[UUID]) -> dict[UUID, HouseholdState]:
    """Lock and read households; those absent or out of the territory are left out."""
    rows = await db.execute(_LOCK, {"refs": list(refs)})
    return {row.household_ref: _household(row) for row in rows}


async def read_household(db: AsyncSession, household_ref: UUID) -> HouseholdState | None:
    """Read one household without its lock; None when absent or out of the territory."""
    row = (await db.execute(_READ, {"refs": [household_ref]})).one_or_none()
    return _household(row) if row else None


async def save_households(db: AsyncSession, households: Sequence[HouseholdState], *, now: datetime) -> None:
    """Write households back."""
    if households:
        await db.execute(_SAVE, [_parameters(household, now) for household in households])


def _household(row: Any) -> HouseholdState:
    return HouseholdState(
        household_ref=row.household_ref,
        division=row.division,
        assessment_version=row.assessment_version,
        consent_version=row.consent_version,
        assessment_id=row.assessment_id,
        as_of=row.as_of,
        cause=row.cause,
        status=row.status,
        household_size=row.household_size,
        priority=row.priority,
        safe_to_call=row.safe_to_call,
        people=_PEOPLE.validate_python(_loaded(row.people)),
        needs=_NEEDS.validate_python(_loaded(row.needs)),
        decisions=_DECISIONS.validate_python(_loaded(row.decisions)),
        is_new=row.assessment_version == 0,
    )


def _loaded(value: Any) -> Any:
    """A jsonb column of a plain statement comes as text."""
    return orjson.loads(value) if isinstance(value, str) else value


def _parameters(household: HouseholdState, now: datetime) -> dict[str, Any]:
    values = {name: getattr(household, name) for name in HouseholdState.__slots__ if name != "is_new"}
    values["people"] = _PEOPLE.dump_json(household.people).decode()
    values["needs"] = _NEEDS.dump_json(household.needs).decode()
    values["decisions"] = _DECISIONS.dump_json(household.decisions).decode()
    return values | {"now": now}
