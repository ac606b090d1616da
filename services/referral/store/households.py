"""Households as referral knows them: locked, read and written whole, many at a time.

Whoever changes a household's referrals holds its row's lock, so that its gap is shared out and its needs are handed on
by one at a time.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.eligibility import NeedState, PersonState
from services.contracts.intake import ConsentDecision
from services.kit.statements import Statement, fetch, run_many
from services.referral.partners.state import HouseholdState

_PEOPLE: TypeAdapter[tuple[PersonState, ...]] = TypeAdapter(tuple[PersonState, ...])
_NEEDS: TypeAdapter[tuple[NeedState, ...]] = TypeAdapter(tuple[NeedState, ...])
_DECISIONS: TypeAdapter[tuple[ConsentDecision, ...]] = TypeAdapter(tuple[ConsentDecision, ...])

_NAMES = (
    "household_ref, division, assessment_version, consent_version, assessment_id, as_of, cause, status,"
    " household_size, priority, safe_to_call, people, needs, decisions"
)
# The update that changes nothing locks the row and answers it, so that a new household and a known one cost the same.
_OPEN = Statement(
    "INSERT INTO household (household_ref, division, changed_at)"
    " SELECT ref, division, CAST(:now AS timestamptz)"
    " FROM unnest(CAST(:refs AS uuid[]), CAST(:divisions AS text[])) AS h(ref, division)"
    " ORDER BY ref ON CONFLICT (household_ref) DO UPDATE SET changed_at = household.changed_at RETURNING " + _NAMES
)
_SELECT = f"SELECT {_NAMES} FROM household WHERE household_ref = ANY(CAST(:refs AS uuid[]))"
_READ = Statement(_SELECT)
_LOCK = Statement(_SELECT + " ORDER BY household_ref FOR UPDATE")
_SAVE = Statement(
    "UPDATE household SET division = :division, assessment_version = :assessment_version,"
    " consent_version = :consent_version, assessment_id = :assessment_id, as_of = :as_of, cause = :cause,"
    " status = :status, household_size = :household_size, priority = :priority, safe_to_call = :safe_to_call,"
    " people = :people, needs = :needs, decisions = :decisions, changed_at = :now WHERE household_ref = :household_ref"
)


async def open_households(
    db: AsyncSession, divisions: Mapping[UUID, str], *, now: datetime
) -> dict[UUID, HouseholdState]:
    """Lock and read households, making rows for those that have none yet.

    In order of ref, so that two transactions never wait crosswise.
    """
    refs = sorted(divisions)
    rows = await fetch(db, _OPEN, {"refs": refs, "divisions": [divisions[ref] for ref in refs], "now": now})
    return {row["household_ref"]: _household(row) for row in rows}


async def lock_households(db: AsyncSession, refs: Collection[UUID]) -> dict[UUID, HouseholdState]:
    """Lock and read households; those absent or out of the territory are left out."""
    rows = await fetch(db, _LOCK, {"refs": list(refs)})
    return {row["household_ref"]: _household(row) for row in rows}


async def read_household(db: AsyncSession, household_ref: UUID) -> HouseholdState | None:
    """Read one household without its lock; None when absent or out of the territory."""
    rows = await fetch(db, _READ, {"refs": [household_ref]})
    return _household(rows[0]) if rows else None


async def save_households(db: AsyncSession, households: Sequence[HouseholdState], *, now: datetime) -> None:
    """Write households back."""
    await run_many(db, _SAVE, [_parameters(household, now) for household in households])


def _household(row: Any) -> HouseholdState:
    return HouseholdState(
        household_ref=row["household_ref"],
        division=row["division"],
        assessment_version=row["assessment_version"],
        consent_version=row["consent_version"],
        assessment_id=row["assessment_id"],
        as_of=row["as_of"],
        cause=row["cause"],
        status=row["status"],
        household_size=row["household_size"],
        priority=row["priority"],
        safe_to_call=row["safe_to_call"],
        people=_PEOPLE.validate_python(row["people"]),
        needs=_NEEDS.validate_python(row["needs"]),
        decisions=_DECISIONS.validate_python(row["decisions"]),
        is_new=row["assessment_version"] == 0,
    )


def _parameters(household: HouseholdState, now: datetime) -> dict[str, Any]:
    values = {name: getattr(household, name) for name in HouseholdState.__slots__ if name != "is_new"}
    values["people"] = _PEOPLE.dump_json(household.people).decode()
    values["needs"] = _NEEDS.dump_json(household.needs).decode()
    values["decisions"] = _DECISIONS.dump_json(household.decisions).decode()
    return values | {"now": now}
