"""Invariant 6, first half: the audit chain verifies from its first row."""

from pathlib import Path

from deploy.local.home import Home
from deploy.local.refusal import Words
from deploy.local.verify.check import Check
from gateway.verify import heads_file, verify_chain


async def check_audit(folder: Path) -> list[Check]:
    """Compute every hash of the gateway's audit anew, and compare with the heads that were noted outside."""
    check = Check(6, "audit_chain", Words("审计链从头验证无误", "the audit chain verifies from its first row"))
    held = Home.open(folder).part_secrets("gateway")
    report = await verify_chain(held["database_url"], held["audit_key"], heads_file(folder))
    check.looked_at = report.rows
    check.breaches += list(report.breaches)
    return [check]
