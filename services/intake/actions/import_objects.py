"""One line of a JSONL file is stored: a grid report, or a household with what it said about sharing."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.actions.consents import Said, record_consent
from services.intake.actions.households import register_household
from services.intake.actions.import_files import GRID_REPORTS, ReadObject
from services.intake.actions.reports import record_report
from services.intake.actions.work import Work
from services.intake.errors import MembershipConflict, ReportConflict
from services.intake.records.batch import ReviewedLine
from services.intake.records.issues import Issue
from services.intake.schemas import ConsentIn


async def store_object(db: AsyncSession, read: ReadObject, kind: str, import_id: UUID, *, work: Work) -> ReviewedLine:
    """Store one line and say what became of it. A refusal leaves nothing behind: it comes before the first write."""
    if read.value is None:
        return ReviewedLine(read.line, None, read.issues, "rejected")
    if kind == GRID_REPORTS:
        try:
            receipt = await record_report(db, read.value, work=work, origin=(import_id, read.line))
        except ReportConflict:
            return ReviewedLine(read.line, None, (*read.issues, Issue("REPORT_DIFFERENT", "report_id")), "rejected")
        return ReviewedLine(read.line, None, receipt.notices or read.issues, receipt.result)
    said = [consent_of(one) for one in read.consents]
    if None in said:
        return ReviewedLine(read.line, None, (*read.issues, Issue("FIELD_TYPE", "consents")), "rejected")
    try:
        registered = await register_household(db, read.value, work=work)
    except MembershipConflict:
        return ReviewedLine(read.line, None, (*read.issues, Issue("MEMBERSHIP_CONFLICT", None)), "rejected")
    for one in said:
        if one is not None:
            await record_consent(db, registered.household_ref, one, work=work)
    return ReviewedLine(read.line, None, read.issues, registered.result)


def consent_of(told: Mapping[str, Any]) -> Said | None:
    """A decision as a file tells it, without the household; None when it is none."""
    try:
        body = ConsentIn.model_validate({"household_ref": "00000000-0000-4000-8000-000000000000", **told})
    except ValidationError:
        return None
    return said_of(body)


def said_of(body: ConsentIn) -> Said:
    """A decision as a body tells it."""
    evidence = body.evidence
    return Said(
        body.partner, body.purpose, body.decision, body.given_on, body.expires_on, body.basis,
        evidence.kind if evidence else None, evidence.sha256 if evidence else None,
    )  # fmt: skip
