"""What households receive by the rolls, read beside what the rules say of them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.rules.assessment import Assessment
from services.eligibility.rules.screening.held import NOTHING, Holding, held_of, holding_on
from services.eligibility.store import benefits
from services.eligibility.store.assessments import findings_of


async def holdings_of(db: AsyncSession, refs: Collection[UUID], day: date) -> dict[UUID, Holding]:
    """What each of some households receives on a day; those on no roll are absent."""
    people: dict[UUID, list[tuple[UUID, list[list[object]]]]] = {}
    for row in await benefits.benefits_of(db, refs):
        people.setdefault(row.household_ref, []).append((row.person_ref, orjson.loads(row.benefits)))
    found = {ref: holding_on(held_of(some), day) for ref, some in people.items()}
    return {ref: holding for ref, holding in found.items() if holding.lines}


async def holding_of(db: AsyncSession, household_ref: UUID, day: date) -> Holding:
    """What one household receives on a day."""
    return (await holdings_of(db, [household_ref], day)).get(household_ref, NOTHING)


async def amounts_left(db: AsyncSession, assessments: Mapping[UUID, Holding]) -> dict[UUID, tuple[int, int]]:
    """What assessments propose besides what each household holds: (a month, once), in fen."""
    left: dict[UUID, tuple[int, int]] = {}
    for row in await findings_of(db, assessments.keys()):
        kept = without_held(Assessment.from_json(orjson.loads(row.findings)), assessments[row.assessment_id])
        yes = [finding for finding in kept.findings if finding.outcome == "eligible"]
        left[row.assessment_id] = (sum(f.monthly_fen or 0 for f in yes), sum(f.one_off_fen or 0 for f in yes))
    return left


def without_held(assessment: Assessment, holding: Holding) -> Assessment:
    """An assessment without proposals of what the family has already."""
    left = tuple(
        finding
        for finding in assessment.findings
        if finding.outcome == "not_eligible" or finding.programme not in holding.covers
    )
    return replace(assessment, findings=left)
