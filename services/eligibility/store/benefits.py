"""What persons receive by the rolls."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Row, Statement, bound, fetch, rows_of

_TOLD = {"person_ref": "uuid", "version": "bigint", "division": "text", "household_ref": "uuid", "benefits": "text"}
_TELL = Statement(
    "INSERT INTO person_benefit AS b (person_ref, version, division, household_ref, benefits)"
    f" SELECT person_ref, version, division, household_ref, CAST(benefits AS jsonb) FROM {rows_of(_TOLD)}"
    " ORDER BY person_ref ON CONFLICT (person_ref) DO UPDATE SET version = excluded.version,"
    " division = excluded.division, household_ref = excluded.household_ref, benefits = excluded.benefits,"
    " changed_at = now() WHERE excluded.version > b.version RETURNING b.person_ref"
)
_OF = Statement(
    "SELECT household_ref, person_ref, CAST(benefits AS text) AS benefits FROM person_benefit"
    " WHERE household_ref = ANY(CAST(:refs AS uuid[])) AND benefits <> '[]' ORDER BY household_ref, person_ref"
)


async def tell_persons(db: AsyncSession, rows: Sequence[Row]) -> set[UUID]:
    """Write what was told, where it is newer. Answers the persons that changed.

    Rows: (person_ref, version, division, household_ref, benefits as JSON text).
    """
    if not rows:
        return set()
    return {row.person_ref for row in await fetch(db, _TELL, bound(_TOLD, rows))}


async def benefits_of(db: AsyncSession, refs: Collection[UUID]) -> list[Any]:
    """Who of some households stands on a roll: rows of (household_ref, person_ref, benefits as JSON text)."""
    return await fetch(db, _OF, {"refs": list(refs)}) if refs else []
