"""Invariant 1: every accepted record has one account, and each open one a seat and a due date, or a result."""

from dataclasses import dataclass
from uuid import UUID

from deploy.local.opened import Databases
from deploy.local.refusal import Words
from deploy.local.verify.check import Check
from deploy.local.verify.events import Pending
from services.contracts.intake import CareChanged, GridReportRecorded

_BILLS = "SELECT id, person_id AS ref FROM care_record"
_REPORTS = "SELECT id, id AS ref FROM grid_report"
_ACCOUNTS = "SELECT record_id FROM record_account"
_UNSEATED = """
    SELECT a.record_id FROM record_account a LEFT JOIN visit v ON v.household_ref = a.household_ref
    WHERE a.kind = 'assessment' AND (v.household_ref IS NULL OR v.state NOT IN ('open', 'done')
        OR (v.state = 'open' AND (v.due_on IS NULL OR v.assignee_role = ''))
        OR (v.state = 'done' AND v.result IS NULL))
"""
_UNASSESSED = """
    SELECT a.record_id FROM record_account a LEFT JOIN assessment s USING (assessment_id)
    WHERE a.kind = 'assessment' AND s.assessment_id IS NULL
"""
_TWO_LIVE = "SELECT household_ref FROM assessment WHERE state = 'live' GROUP BY 1 HAVING count(*) > 1"


@dataclass(frozen=True)
class Accepted:
    """Records intake had accepted at a moment: record id → the ref of the aggregate whose event tells of it."""

    bills: dict[UUID, UUID]
    reports: dict[UUID, UUID]


async def accepted_records(databases: Databases) -> Accepted:
    """What intake has accepted until now. Read before the events, which were written with the records."""
    intake = databases["intake"]
    bills = {row["id"]: row["ref"] for row in await intake.fetch(_BILLS)}
    return Accepted(bills, {row["id"]: row["ref"] for row in await intake.fetch(_REPORTS)})


async def check_accounts(databases: Databases, accepted: Accepted, pending: Pending) -> list[Check]:
    """Compare what intake accepted with eligibility's accounts."""
    have = Check(
        1, "records_have_accounts", Words("每条受理的记录都有且只有一个交代", "each accepted record has one account")
    )
    seated = Check(
        1, "open_ones_have_a_seat", Words("未了结的都有责任岗位和期限", "each open one has a seat and a due date")
    )
    eligibility = databases["eligibility"]
    accounts = {row["record_id"] for row in await eligibility.fetch(_ACCOUNTS)}
    coming = {CareChanged.SUBJECT: accepted.bills, GridReportRecorded.SUBJECT: accepted.reports}
    have.looked_at = len(accepted.bills) + len(accepted.reports)
    for subject, records in coming.items():
        waiting = pending.get((subject, "eligibility"), set())
        missing = {record for record, ref in records.items() if record not in accounts}
        late = {record for record in missing if records[record] in waiting}
        have.notes["on_the_way"] = have.notes.get("on_the_way", 0) + len(late)
        have.blame("accepted and without an account", missing - late)
    now = await accepted_records(databases)
    have.blame("an account of no record", accounts - now.bills.keys() - now.reports.keys())
    have.blame("an account names no assessment", [row[0] for row in await eligibility.fetch(_UNASSESSED)])
    seated.looked_at = len(accounts)
    seated.blame("open, and nobody has it", [row[0] for row in await eligibility.fetch(_UNSEATED)])
    seated.blame("a household has two assessments in force", [row[0] for row in await eligibility.fetch(_TWO_LIVE)])
    return [have, seated]
