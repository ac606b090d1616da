"""Invariant 1 of rolls: every accepted row stands on its roll once, and everybody on one is known to receive it."""

from dataclasses import dataclass
from uuid import UUID

import orjson

from deploy.local.opened import Databases
from deploy.local.refusal import Words
from deploy.local.verify.check import Check
from deploy.local.verify.events import Pending
from services.contracts.intake import BenefitsChanged

_IMPORTS = """
    SELECT j.id, j.counts, count(l.roll_id) AS lines, coalesce((SELECT sum(r.lines) FROM benefit_roll r
        WHERE r.import_id = j.id), 0) AS promised, (SELECT count(*) FROM benefit_roll r WHERE r.import_id = j.id
        AND (r.state = 'undone') <> (j.state = 'undone')) AS astray
    FROM import_job j LEFT JOIN benefit_roll b ON b.import_id = j.id LEFT JOIN roll_line l ON l.roll_id = b.id
    WHERE j.kind = 'benefit-rolls' AND j.committed_at IS NOT NULL GROUP BY j.id
"""
_HELD = """
    SELECT p.id, p.benefits_version AS version, p.household_id, coalesce(
        (SELECT jsonb_agg(jsonb_build_array(r.programme, r.division, l.since) ORDER BY r.programme, r.division)
         FROM roll_line l JOIN benefit_roll r ON r.id = l.roll_id AND r.state = 'current' WHERE l.person_id = p.id),
        '[]') AS held
    FROM person p WHERE p.benefits_version > 0
"""
_UNTOLD = """
    SELECT l.person_id FROM roll_line l JOIN person p ON p.id = l.person_id WHERE p.benefits_version = 0
"""
_KNOWN = "SELECT person_ref, version, household_ref, benefits FROM person_benefit"


@dataclass(frozen=True)
class OnRolls:
    """Who stands on which rolls at a moment: person → (version, household, lines as programme, place, since)."""

    people: dict[UUID, tuple[int, UUID, tuple[tuple[str, str, str], ...]]]


async def people_on_rolls(databases: Databases) -> OnRolls:
    """What intake has told of the rolls until now. Read before the events, which were written with it."""
    rows = await databases["intake"].fetch(_HELD)
    return OnRolls({row["id"]: (row["version"], row["household_id"], _lines(row["held"])) for row in rows})


def _lines(stored: str) -> tuple[tuple[str, str, str], ...]:
    """Programme, place and first day of each line, in one order."""
    return tuple(sorted((line[0], line[1], line[2]) for line in orjson.loads(stored)))


async def check_rolls(databases: Databases, told: OnRolls, pending: Pending) -> list[Check]:
    """Compare the rolls with the imports they came by, and with what eligibility knows of their people."""
    rows = Check(
        1, "roll_rows_stand_once", Words("名册的每条受理行只在册一次", "each accepted row of a roll stands once")
    )
    for job in await databases["intake"].fetch(_IMPORTS):
        counts = orjson.loads(job["counts"])
        accepted = sum(counts.get(name, 0) for name in ("new", "changed", "same"))
        rows.looked_at += accepted
        if not accepted == job["lines"] == job["promised"]:
            rows.blame("stores another number of lines than it accepted", [job["id"]])
        if job["astray"]:
            rows.blame("has rolls in another state than itself", [job["id"]])
    rows.blame("on a roll, and never told", {row[0] for row in await databases["intake"].fetch(_UNTOLD)})

    known = Check(1, "rolls_are_known", Words("在册情况都已告知认定端", "what the rolls say is known to eligibility"))
    known.looked_at = len(told.people)
    waiting = pending.get((BenefitsChanged.SUBJECT, "eligibility"), set())
    there = {row["person_ref"]: row for row in await databases["eligibility"].fetch(_KNOWN)}
    for person, (version, household, lines) in told.people.items():
        row = there.get(person)
        if row is None or row["version"] < version:
            known.notes["on_the_way"] = known.notes.get("on_the_way", 0) + (person in waiting)
            known.blame("on a roll, and unknown there", set() if person in waiting else {person})
        elif row["version"] == version and (row["household_ref"], _lines(row["benefits"])) != (household, lines):
            known.blame("known otherwise than the rolls say", [person])
    return [rows, known]
