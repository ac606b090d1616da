"""Invariant 6, second half: an assessment's stored facts give its findings again under the rule book it names."""

import hashlib

import orjson

from deploy.local.opened import Databases
from deploy.local.refusal import Words
from deploy.local.verify.check import Check
from services.eligibility.actions.check import check
from services.eligibility.rules.book import rule_book

MOST_RUN = 5_000
"""Assessments run again at most; of more, these many spread evenly."""
_COUNT = "SELECT count(*) FROM assessment WHERE state = 'live'"
_SOME = """
    SELECT assessment_id, facts, facts_sha256, findings_sha256, rule_digest FROM (
        SELECT *, row_number() OVER (ORDER BY assessment_id) AS place FROM assessment WHERE state = 'live'
    ) numbered WHERE place % $1 = 0
"""


async def check_rules(databases: Databases) -> list[Check]:
    """Run assessments in force again from their stored facts; those of an older rule book are only counted."""
    again = Check(
        6, "findings_run_again", Words("存档的事实按同一规则重算，结果一致", "stored facts give the same findings")
    )
    eligibility, digest = databases["eligibility"], rule_book().digest
    every = await eligibility.fetchval(_COUNT) // MOST_RUN + 1
    for row in await eligibility.fetch(_SOME, every):
        if row["rule_digest"] != digest:
            again.notes["older_rule_book"] = again.notes.get("older_rule_book", 0) + 1
            continue
        again.looked_at += 1
        if hashlib.sha256(row["facts"].encode()).hexdigest() != row["facts_sha256"]:
            again.blame("its facts were changed", [row["assessment_id"]])
        elif check(orjson.loads(row["facts"])).findings_sha256 != row["findings_sha256"]:
            again.blame("its facts give other findings now", [row["assessment_id"]])
    return [again]
