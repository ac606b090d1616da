"""All that is known of households, in one question."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.store.books import IS_KEPT, NEWEST_LAYER
from services.kit.statements import Statement, fetch

_PERSONS = (
    "(SELECT json_agg(json_build_array(p.person_ref, p.division, p.birth_date, p.gender, p.in_city, p.deceased,"
    " p.records, (SELECT json_object_agg(y.year, y.watched_at) FROM person_year y"
    " WHERE y.person_ref = p.person_ref AND y.watched_at IS NOT NULL)) ORDER BY p.person_ref)"
    " FROM person_care p WHERE p.household_ref = h.household_ref)"
)
_REPORTS = (
    "(SELECT json_agg(json_build_array(g.record_id, g.division, g.person_ref, g.birth_date, g.gender,"
    " g.household_size, g.kinds, g.urgency, g.reported_on, g.told_at, g.safe_to_call, g.in_city) ORDER BY g.record_id)"
    " FROM grid_report g WHERE g.household_ref = h.household_ref)"
)
_KNOWN = Statement(
    "SELECT h.household_ref, h.version, h.division, h.provisional, h.merged_into, CAST(h.facts AS text) AS facts,"
    f" h.stated_at, h.applied_on, h.screened_on, h.assessments, CAST({_PERSONS} AS text) AS persons,"
    f" CAST({_REPORTS} AS text) AS reports,"
    " a.assessment_id, a.as_of, a.cause, a.facts_sha256, a.rule_digest, a.status,"
    " v.version AS visit_version, v.state AS visit_state, v.due_on, v.band, v.programmes, v.result, v.worked_at,"
    f" v.opened_at, {NEWEST_LAYER} AS layer_sha256, {IS_KEPT} AS is_kept FROM household_facts h"
    " LEFT JOIN assessment a ON a.household_ref = h.household_ref AND a.state = 'live'"
    " LEFT JOIN visit v ON v.household_ref = h.household_ref"
    " WHERE h.household_ref = ANY(CAST(:refs AS uuid[])) ORDER BY h.household_ref"
)


async def read_known(db: AsyncSession, refs: Collection[UUID], *, rule_digest: str) -> Sequence[Any]:
    """Households as told, with their people and reports as JSON arrays, the assessment in force and the visit.

    The caller holds the households: what another transaction wrote to them is then committed and seen here. Each row
    tells besides how the rule book of the digest stands, so that nobody has to ask for it.
    """
    return await fetch(db, _KNOWN, {"refs": list(refs), "rule_digest": rule_digest})
