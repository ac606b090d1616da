"""What the demo may claim: the pusher's journal against the parts, and the parts against what the partners saw.

Nothing here trusts one table: what was lost or done twice is found by comparing two sides that do not know each other.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from deploy.local.demo.journal import PushJournal
from deploy.local.opened import Databases
from deploy.local.practice.run import PracticePartners

_ACCOUNTS = "SELECT record_id, household_ref FROM record_account"
_HOUSEHOLDS = "SELECT id FROM household"
_CONSENTS = "SELECT id FROM consent_decision"
_DELIVERED = "SELECT id, partner, referral_id FROM delivery WHERE state = 'delivered' AND type = 'referral.requested'"
_LEFT = """
    SELECT id FROM referral r WHERE NOT bureau AND requested_at IS NOT NULL AND held_for IS NULL
        AND status <> 'cancelled' AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.referral_id = r.id
            AND d.type = 'referral.requested' AND d.state IN ('queued', 'sending', 'retrying'))
"""
_STATUSES = "SELECT id, status, household_ref FROM referral WHERE NOT bureau"
_TWICE = """
    SELECT household_ref::text || ' ' || partner || ' ' || need FROM referral
    WHERE status IN ('draft', 'requested', 'accepted', 'in_progress', 'on_hold')
    GROUP BY household_ref, partner, need HAVING count(*) > 1
"""
_RESULTS = """
    SELECT a.record_id, coalesce(a.reason, v.result) AS said, s.eligible
    FROM record_account a LEFT JOIN assessment s ON s.assessment_id = a.assessment_id
    LEFT JOIN visit v ON v.household_ref = a.household_ref WHERE a.record_id = ANY ($1::uuid[])
"""
_BASIC = frozenset(("dibao", "dibao_single", "margin", "tekun", "rigid"))


@dataclass
class Reckoning:
    """What was lost and what happened twice, each by name."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)


async def reckon(databases: Databases, journal: PushJournal, practice: PracticePartners) -> Reckoning:
    """Compare both ends with the parts.

    The motion may go on meanwhile: what a partner reported is read before the office's word, and what the office says
    was delivered before the partner's.
    """
    found = Reckoning()
    courses = await practice.courses()
    accounts = {str(row["record_id"]) for row in await databases["eligibility"].fetch(_ACCOUNTS)}
    for kind in ("record", "report"):
        ids = journal.ids.get(kind, {})
        found.lost += [f"{kind} {key} has no account" for key, one in ids.items() if one not in accounts]
    for kind, query in (("household", _HOUSEHOLDS), ("consent", _CONSENTS)):
        there = {str(row["id"]) for row in await databases["intake"].fetch(query)}
        found.lost += [f"{kind} {key} is gone" for key, one in journal.ids.get(kind, {}).items() if one not in there]
    found.twice += [f"{key} was given two ids" for key in journal.contradictions]
    found.twice += [f"open twice: {row[0]}" for row in await databases["referral"].fetch(_TWICE)]
    await _compare_courses(databases, found, courses)
    await _compare_deliveries(databases, found, practice)
    for code, told in (await practice.state()).items():
        found.twice += [f"{code}: {problem}" for problem in told["problems"] if "another body" in problem]
    return found


async def _compare_courses(databases: Databases, found: Reckoning, courses: Mapping[str, Mapping[str, str]]) -> None:
    statuses = {str(row["id"]): row["status"] for row in await databases["referral"].fetch(_STATUSES)}
    for code, course in courses.items():
        for one, status in course.items():
            if status in ("completed", "failed", "rejected") and statuses.get(one) != status:
                found.lost.append(f"{code} reported {one} {status}; the office has {statuses.get(one)}")


async def _compare_deliveries(databases: Databases, found: Reckoning, practice: PracticePartners) -> None:
    delivered = await databases["referral"].fetch(_DELIVERED)
    left = [str(row["id"]) for row in await databases["referral"].fetch(_LEFT)]
    requested = {one["id"]: one for one in await practice.seen() if one["type"] == "referral.requested"}
    times = Counter(one["referral_id"] for one in requested.values())
    found.twice += [f"referral {one} was asked for {count} times" for one, count in times.items() if count > 1]
    for row in delivered:
        if str(row["referral_id"]) not in times:
            found.lost.append(f"webhook {row['id']} is delivered and {row['partner']} never saw it")
    found.lost += [f"referral {one} never arrived" for one in left if one not in times]


async def results_of(databases: Databases, ids: Sequence[UUID]) -> dict[str, int]:
    """How records ended: a reason for no assessment, a recorded result, a proposal, or a visit that is to be made."""
    counts: Counter[str] = Counter()
    for row in await databases["eligibility"].fetch(_RESULTS, ids):
        counts[row["said"] or _proposal(row["eligible"] or ())] += 1
    return dict(counts.most_common())


def _proposal(eligible: Iterable[str]) -> str:
    """The result code a worker may confirm on the visit; `to_be_visited` where the figures propose nothing yet."""
    programmes = set(eligible)
    if programmes & _BASIC:
        return "dibao_or_margin_proposed"
    is_temporary = any(programme.startswith("temp_") for programme in programmes)
    return "temp_aid_proposed" if is_temporary else "to_be_visited"


async def latencies(databases: Databases, journal: PushJournal, seen: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Milliseconds from the last thing sent about a household to the arrival of a webhook about it: p50 and p99."""
    home_of = {
        str(row["record_id"]): str(row["household_ref"]) for row in await databases["eligibility"].fetch(_ACCOUNTS)
    }
    rows = await databases["intake"].fetch("SELECT id, household_id FROM consent_decision")
    home_of |= {str(row["id"]): str(row["household_id"]) for row in rows}
    sent: dict[str, list[float]] = defaultdict(list)
    for one, at in journal.sent_at.items():
        sent[home_of.get(one, one)].append(at)
    for times in sent.values():
        times.sort()
    homes = {str(row["id"]): str(row["household_ref"]) for row in await databases["referral"].fetch(_STATUSES)}
    waits = []
    for webhook in seen:
        times = sent.get(homes.get(webhook["referral_id"] or "", ""), [])
        place = bisect_right(times, webhook["at"])
        if webhook["type"] == "referral.requested" and place:
            waits.append((webhook["at"] - times[place - 1]) * 1000)
    return {"p50": _share(waits, 0.50), "p99": _share(waits, 0.99)}


def _share(values: list[float], share: float) -> float:
    if not values:
        return 0.0
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)
