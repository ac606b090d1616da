"""Every completed screening run accounts for every household it read exactly once, in every programme."""

import orjson

from deploy.local.opened import Databases
from deploy.local.refusal import Words
from deploy.local.verify.check import Check

MOST_RUNS = 20
"""Runs looked at: the latest."""
_RUNS = (
    "SELECT * FROM screening_run WHERE state = 'completed' AND forgotten_at IS NULL ORDER BY finished_at DESC LIMIT $1"
)
_KEPT = """
    SELECT count(*) AS households, count(DISTINCT household_ref) AS once, count(*) FILTER (WHERE NOT EXISTS
        (SELECT FROM household_facts h WHERE h.household_ref = o.household_ref)) AS strangers
    FROM screening_outcome o WHERE run_id = $1
"""
_LEADS = """
    SELECT count(*) AS leads, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM screening_outcome o
        WHERE o.run_id = l.run_id AND o.household_ref = l.household_ref)) AS strangers FROM lead l WHERE run_id = $1
"""
_ANSWERS = 4


async def check_screenings(databases: Databases) -> list[Check]:
    """Compare the counts of the latest runs with what they keep of each household."""
    check = Check(
        1, "screened_once", Words("筛查过的每一户在每个项目里只计一次", "a run counts each household once a programme")
    )
    eligibility = databases["eligibility"]
    for run in await eligibility.fetch(_RUNS, MOST_RUNS):
        check.looked_at += run["households_done"]
        run_id, kept = run["run_id"], await eligibility.fetchrow(_KEPT, run["run_id"])
        if not kept["households"] == kept["once"] == run["households_done"]:
            check.blame("keeps another number of households than it counted", [run_id])
        if kept["strangers"]:
            check.blame("keeps households that nobody knows", [run_id])
        programmes = orjson.loads(run["tally"]).get("programmes", {})
        uneven = [code for code, row in programmes.items() if sum(row[:_ANSWERS]) != run["households_done"]]
        check.blame("counts a household not once in a programme", [f"{run_id} {code}" for code in uneven])
        leads = await eligibility.fetchrow(_LEADS, run_id)
        if leads["leads"] != run["leads"] or leads["strangers"]:
            check.blame("keeps other leads than it counted", [run_id])
    return [check]
