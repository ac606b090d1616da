"""Assessments as they were made, in words; and the proof that they can be made again."""

import hashlib
from typing import Any
from uuid import UUID

import orjson

from services.contracts.money import yuan
from services.eligibility.actions.explain import advice_on
from services.eligibility.actions.former import findings_again
from services.eligibility.actions.holdings import holding_of
from services.eligibility.actions.now import check_now
from services.eligibility.api.answers import (
    AssessmentHead,
    AssessmentList,
    AssessmentOut,
    CertificateOut,
    RerunOut,
    RuleBookOut,
    TriggerOut,
)
from services.eligibility.api.on_rolls import on_rolls
from services.eligibility.errors import UnknownAssessment
from services.eligibility.models import Assessment
from services.eligibility.rules.assessment import Assessment as Answer
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.rendering import render
from services.eligibility.store.assessments import assessments_of, find_assessment, records_of
from services.kit.application import router
from services.kit.auth import require
from services.kit.clock import Clock
from services.kit.db import SessionDep
from services.kit.pages import Cursor, Limit, only_number, write_cursor

routes = router(prefix="/api/v1/eligibility", tags=["assessments"])
_MAY = [require("eligibility:read")]
_MOST_RECORDS = 200
_WITH_FINDINGS = ("live", "superseded")


@routes.get("/assessments/{assessment_id}", dependencies=_MAY, summary="一次评估的逐条说明 / An assessment in words")
async def get_assessment(assessment_id: UUID, db: SessionDep) -> AssessmentOut:
    """Every programme's answer with its tests, figures, articles and sentences, and the facts it stands on."""
    row = await _found(db, assessment_id)
    words: dict[str, Any] = {}
    if row.state in _WITH_FINDINGS:
        words = render(Answer.from_json(orjson.loads(row.findings)), rule_book())
    advice = advice_on(row)
    records = await records_of(db, assessment_id, limit=_MOST_RECORDS)
    return AssessmentOut(
        **_head(row),
        counted_members=words.get("counted_members"),
        per_capita_income=words.get("per_capita_income"),
        trigger=_trigger(orjson.loads(row.facts)),
        findings=words.get("findings", []),
        needs=words.get("needs", []),
        missing_facts=advice.missing_facts,
        cliff=advice.cliff,
        steps=advice.steps,
        on_rolls=on_rolls(await holding_of(db, row.household_ref, Clock().today()), row.not_eligible),
        certificate=_certificate(row),
        record_ids=[record.record_id for record in records],
    )


@routes.get(
    "/households/{household_ref}/assessments", dependencies=_MAY, summary="一户的历次评估 / A household's assessments"
)
async def get_assessments(
    household_ref: UUID, db: SessionDep, cursor: Cursor = None, limit: Limit = 50
) -> AssessmentList:
    """A household's assessments, newest first."""
    rows = await assessments_of(db, household_ref, before=only_number(cursor), limit=limit + 1)
    following = write_cursor(rows[limit - 1].number) if len(rows) > limit else None
    return AssessmentList(items=[AssessmentHead(**_head(row)) for row in rows[:limit]], next=following)


@routes.get(
    "/households/{household_ref}/check",
    dependencies=_MAY,
    summary="按目前掌握的情况试算一户 / Check a household as it is known now",
)
async def get_household_check(household_ref: UUID, db: SessionDep) -> dict[str, Any]:
    """The answer of `POST /checks` with its advice for a household of ours, whether or not anything gave rise to it.

    `on_rolls`: what the household receives by the rolls. Stores nothing.
    """
    today = Clock().today()
    told = await check_now(db, household_ref, today=today)
    refused = [each["programme"] for each in told["findings"] if each["outcome"] == "not_eligible"]
    held = on_rolls(await holding_of(db, household_ref, today), refused)
    return told | {"on_rolls": [line.model_dump(mode="json") for line in held]}


@routes.post(
    "/assessments/{assessment_id}/rerun", dependencies=_MAY, summary="按存档事实重算 / Run an assessment again"
)
async def post_rerun(assessment_id: UUID, db: SessionDep) -> RerunOut:
    """Check the stored facts again under the stored rule book and compare the findings byte by byte. Stores nothing."""
    row = await _found(db, assessment_id)
    again = row.findings_sha256
    if row.state in _WITH_FINDINGS:
        again = hashlib.sha256(await findings_again(db, row.rule_digest, row.facts)).hexdigest()
    return RerunOut(
        assessment_id=assessment_id,
        same=again == row.findings_sha256,
        findings_sha256=row.findings_sha256,
        rerun_sha256=again,
        rule_book=RuleBookOut(version=row.rule_version, digest=row.rule_digest),
    )


async def _found(db: SessionDep, assessment_id: UUID) -> Assessment:
    row = await find_assessment(db, assessment_id)
    if row is None:
        raise UnknownAssessment()
    return row


def _head(row: Assessment) -> dict[str, Any]:
    head: dict[str, Any] = row.model_dump(include=set(AssessmentHead.model_fields))
    return head | {
        "monthly_total": yuan(row.monthly_fen),
        "one_off_total": yuan(row.one_off_fen),
    }


def _trigger(facts: dict[str, Any]) -> TriggerOut | None:
    """The highest person-year over its line, when the assessment has one."""
    crossings = facts.get("grounds", {}).get("crossings")
    if not crossings:
        return None
    _, year, sum_fen, threshold_fen, _ = crossings[0]
    return TriggerOut(year=year, sum=yuan(sum_fen), threshold=yuan(threshold_fen), fired=True)


def _certificate(row: Assessment) -> CertificateOut:
    return CertificateOut(
        facts=orjson.loads(row.facts),
        facts_sha256=row.facts_sha256,
        findings_sha256=row.findings_sha256,
        rule_book=RuleBookOut(version=row.rule_version, digest=row.rule_digest),
        engine=row.engine,
    )
