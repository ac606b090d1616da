"""Invariant 3: every need of an assessment has one referral for each party it matches, or a reason for none."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from deploy.local.opened import Databases
from deploy.local.refusal import Words
from deploy.local.verify.check import Check
from deploy.local.verify.events import Pending
from services.contracts.eligibility import AssessmentCompleted

_LIVE = "SELECT assessment_id, household_ref, needs FROM assessment WHERE state = 'live'"
_STILL = "SELECT assessment_id FROM assessment WHERE state = 'live'"
_OUTCOMES = "SELECT assessment_id, need, party FROM need_outcome"
_TWICE = """
    SELECT household_ref::text || ' ' || partner || ' ' || need FROM referral
    WHERE status IN ('draft', 'requested', 'accepted', 'in_progress', 'on_hold')
    GROUP BY household_ref, partner, need HAVING count(*) > 1
"""
_NOWHERE = "SELECT id FROM referral r WHERE NOT EXISTS (SELECT 1 FROM need_outcome o WHERE o.referral_id = r.id)"


@dataclass(frozen=True)
class Asked:
    """What one assessment asks for: pairs of need and party."""

    household_ref: UUID
    pairs: frozenset[tuple[str, str]]


async def needs_in_force(databases: Databases) -> dict[UUID, Asked]:
    """Needs of the assessments in force. Read before the events."""
    rows = await databases["eligibility"].fetch(_LIVE)
    return {row["assessment_id"]: Asked(row["household_ref"], frozenset(_pairs(row["needs"]))) for row in rows}


def _pairs(needs: str) -> Iterable[tuple[str, str]]:
    for need in json.loads(needs):
        for party in (*need.get("partners", ()), *need.get("bureaux", ())):
            yield need["code"], party


async def check_needs(databases: Databases, asked: dict[UUID, Asked], pending: Pending) -> list[Check]:
    """Compare what assessments ask for with what referral noted for each party."""
    answered = Check(
        3,
        "needs_are_answered",
        Words("每个需求对每家单位都有一个转介或不转介的理由", "each need has a referral or a reason for none"),
    )
    once = Check(
        3, "referrals_are_open_once", Words("同一户同一单位同一需求只有一个未了结转介", "no triple is open twice")
    )
    referral = databases["referral"]
    noted: dict[UUID, set[tuple[str, str]]] = {}
    for row in await referral.fetch(_OUTCOMES):
        noted.setdefault(row["assessment_id"], set()).add((row["need"], row["party"]))
    still = {row["assessment_id"] for row in await databases["eligibility"].fetch(_STILL)}
    waiting = pending.get((AssessmentCompleted.SUBJECT, "referral"), set())
    for assessment, what in asked.items():
        if assessment not in still:
            continue
        answered.looked_at += len(what.pairs)
        missing = what.pairs - noted.get(assessment, set())
        if missing and what.household_ref in waiting:
            answered.notes["on_the_way"] = answered.notes.get("on_the_way", 0) + len(missing)
        else:
            answered.blame("no answer", [f"{assessment} {need} {party}" for need, party in missing])
    once.looked_at = await referral.fetchval("SELECT count(*) FROM referral")
    once.blame("open twice", [row[0] for row in await referral.fetch(_TWICE)])
    return [answered, once]
