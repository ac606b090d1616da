"""Invariant 4: what may leave is delivered or on its way, each id has one body, nothing leaves unpermitted."""

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

from deploy.local.opened import Databases
from deploy.local.refusal import Words
from deploy.local.verify.check import Check

_UNSENT = """
    SELECT r.id FROM referral r WHERE NOT r.bureau AND r.requested_at IS NOT NULL AND r.held_for IS NULL
        AND r.status IN ('requested', 'accepted', 'in_progress', 'on_hold', 'completed')
        AND NOT EXISTS (
            SELECT 1 FROM delivery d WHERE d.referral_id = r.id AND d.type = 'referral.requested'
                AND d.state IN ('queued', 'sending', 'retrying', 'held', 'delivered'))
"""
_LEAVING = "SELECT count(*) FROM referral WHERE NOT bureau AND requested_at IS NOT NULL AND held_for IS NULL"
_WITHOUT = """
    SELECT id FROM referral
    WHERE requested_at IS NOT NULL AND (consent IS NULL OR (bureau AND consent <> 'not_required'))
"""
_HELD_AND_SENT = """
    SELECT d.id FROM delivery d JOIN referral r ON r.id = d.referral_id
    WHERE d.type = 'referral.requested' AND d.attempts > 0 AND r.requested_at IS NULL
"""
_ASKED_TWICE = """
    SELECT referral_id FROM delivery WHERE type = 'referral.requested' AND state <> 'cancelled'
    GROUP BY referral_id HAVING count(*) > 1
"""
_SHARED = """
    SELECT id, household_ref, partner, need FROM referral WHERE consent = 'granted' AND requested_at IS NOT NULL
"""
_SAID = "SELECT household_id, partner, purpose FROM consent_decision WHERE decision = 'given'"
_MERGED = "SELECT id, merged_into FROM household WHERE merged_into IS NOT NULL"
_BODIES = "SELECT id, partner, body FROM delivery WHERE attempts > 0"
_DELIVERED = "SELECT id, partner FROM delivery WHERE state = 'delivered'"


async def check_deliveries(databases: Databases, folder: Path) -> list[Check]:
    """Look at referral's rows, at the consents intake holds, and at what practice partners saw, if there are any."""
    leave = Check(
        4, "what_may_leave_leaves", Words("可以发出的转介都已送达或在送", "what may leave is delivered or on its way")
    )
    permitted = Check(
        4, "nothing_leaves_unpermitted", Words("没有同意或法定依据的一件也没有发出", "nothing left without a basis")
    )
    referral = databases["referral"]
    async with referral.transaction(isolation="repeatable_read", readonly=True):
        leave.looked_at = await referral.fetchval(_LEAVING)
        leave.blame("may leave and has no live delivery", [row[0] for row in await referral.fetch(_UNSENT)])
        leave.blame("asked for twice", [row[0] for row in await referral.fetch(_ASKED_TWICE)])
        permitted.blame("left without a basis", [row[0] for row in await referral.fetch(_WITHOUT)])
        permitted.blame(
            "a webhook of a referral that never left", [row[0] for row in await referral.fetch(_HELD_AND_SENT)]
        )
    await _compare_with_consents(databases, permitted)
    checks = [leave, permitted]
    journal = folder / "run" / "practice-journal.jsonl"
    if journal.exists():
        checks.append(await _compare_with_partners(databases, journal))
    return checks


async def _compare_with_consents(databases: Databases, check: Check) -> None:
    intake = databases["intake"]
    shared = await databases["referral"].fetch(_SHARED)
    into = {row["id"]: row["merged_into"] for row in await intake.fetch(_MERGED)}
    said: dict[UUID, set[tuple[str, str]]] = {}
    for row in await intake.fetch(_SAID):
        household = row["household_id"]
        while household is not None:  # what was said before two households became one holds for the one
            said.setdefault(household, set()).add((row["partner"], row["purpose"]))
            household = into.get(household)
    check.looked_at += len(shared)
    without = []
    for row in shared:
        wanted = {(partner, purpose) for partner in (row["partner"], "any") for purpose in (row["need"], "any")}
        if not wanted & said.get(row["household_ref"], set()):
            without.append(row["id"])
    check.blame("left, and the family never said yes", without)


async def _compare_with_partners(databases: Databases, journal: Path) -> Check:
    """What practice partners wrote down against what was sent: each delivery seen, each id with one body."""
    check = Check(
        4, "partners_saw_one_body", Words("演练单位对每个编号只见过一种内容", "partners saw each id with one body")
    )
    seen: dict[str, str] = {}
    referral = databases["referral"]
    # Deliveries first: what is delivered later is not asked for.
    delivered = [str(row["id"]) for row in await referral.fetch(_DELIVERED)]
    bodies = {str(row["id"]): row["body"] for row in await referral.fetch(_BODIES)}
    for line in _lines(journal):
        if line.get("what") == "received":
            identifier = _delivery_of(line["id"])
            if seen.setdefault(identifier, line["sha256"]) != line["sha256"]:
                check.blame("seen with two bodies", [identifier])
        elif line.get("what") == "problem" and "another body" in line["text"]:
            check.blame(line["partner"], [line["text"]])
    check.looked_at = len(seen)
    check.blame("delivered, and the partner never saw it", [one for one in delivered if one not in seen])
    changed = [one for one, digest in seen.items() if one in bodies and _sha256(bodies[one]) != digest]
    check.blame("the partner saw another body than the one on record", changed)
    return check


def _lines(journal: Path) -> list[dict[str, Any]]:
    found = []
    for text in journal.read_bytes().splitlines():
        try:
            found.append(json.loads(text))
        except ValueError:  # the last line of a process that was killed while it wrote
            continue
    return found


def _delivery_of(webhook_id: str) -> str:
    """The delivery's id in a webhook-id, which may carry a prefix."""
    return webhook_id.rpartition("_")[2]


def _sha256(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
