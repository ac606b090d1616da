"""Saying at the partner door what became of a referral: in order, until heard, each thing once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from services.charity.actions.take_up import withdraw
from services.charity.models import Report
from services.charity.programmes.policy import policy_on
from services.charity.store import awards, reports
from services.contracts.money import yuan
from services.kit.clock import shanghai_date

LEASE = timedelta(seconds=60)
"""How long a claimed report is left to the worker that claimed it."""
Heard = Literal["taken", "refused", "later", "not_heard"]


@dataclass(frozen=True)
class Reply:
    """What the door said: `taken` (2xx), `refused` for good (another state, or no such referral for us), `later` (it
    may have been taken in), `not_heard` (it surely was not: no connection, or not signed in)."""

    heard: Heard
    answer: str
    retry_after_s: float | None = None


def report_body(report: Report) -> dict[str, object]:
    """The body for `POST /partner/v1/referrals/{id}/status`."""
    body: dict[str, object] = {"status": report.status}
    if report.reason_code is not None:
        body["reason_code"] = report.reason_code
    if report.outcome_on is not None:
        outcome: dict[str, object] = {"kind": report.outcome_kind, "on": report.outcome_on.isoformat()}
        if report.outcome_fen is not None:
            outcome["amount"] = yuan(report.outcome_fen)
        body["outcome"] = outcome
    return body


async def claim_due(db: AsyncSession, *, now: datetime, most: int = 20) -> list[Report]:
    """Claim the reports that are due, at most one of each referral."""
    return await reports.claim_due(db, now=now, lease=LEASE, most=most)


async def note_reply(db: AsyncSession, report: Report, reply: Reply, *, now: datetime) -> None:
    """Note what the door said. When it refuses an acceptance for good, charity stands back from the award."""
    if reply.heard == "taken":
        await reports.settle_report(db, report, state="sent", answer=reply.answer, now=now)
        return
    if reply.heard == "refused":
        # The award before its report, as everywhere, so that no two transactions wait for each other.
        held = await awards.lock_awards(db, [report.award_id])
        if await reports.settle_report(db, report, state="refused", answer=reply.answer, now=now):
            await reports.drop_later(db, report, now=now)
            if held and held[0].status == "approved" and report.status == "accepted":
                await withdraw(db, [(held[0], "report_refused")], {}, now=now)
        return
    waits = policy_on(shanghai_date(now)).report_waits_s
    wait_s = max(float(waits[min(report.tries, len(waits)) - 1]), reply.retry_after_s or 0.0)
    at = now + timedelta(seconds=wait_s)
    await reports.try_again(db, report.id, at=at, answer=reply.answer, heard=reply.heard == "later")
