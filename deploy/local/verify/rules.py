"""Invariant 6, second half: an assessment's stored facts give its findings again under the rule book it names.

Books of former days are read from what was kept of them; one of another release runs by its own kept code.
"""

import hashlib

import asyncpg
import orjson

from deploy.local.opened import Databases
from deploy.local.refusal import Words
from deploy.local.verify.check import Check
from services.eligibility.actions.books import Kept, book_of, has_code_at_hand, read_kept
from services.eligibility.actions.check import check
from services.eligibility.actions.former import run_again
from services.eligibility.errors import BookNotKept

MOST_RUN = 5_000
"""Assessments run again at most; of more, these many spread evenly."""
MOST_BY_KEPT_CODE = 20
"""Assessments of other releases run again at most: each starts a process."""
_KEPT = "SELECT content FROM rule_book WHERE digest = $1"
_COUNT = "SELECT count(*) FROM assessment WHERE state = 'live'"
_SOME = """
    SELECT assessment_id, facts, facts_sha256, findings_sha256, rule_digest FROM (
        SELECT *, row_number() OVER (ORDER BY assessment_id) AS place FROM assessment WHERE state = 'live'
    ) numbered WHERE place % $1 = 0
"""


async def check_rules(databases: Databases) -> list[Check]:
    """Run assessments in force again from their stored facts, each under the book whose digest it names."""
    again = Check(
        6, "findings_run_again", Words("存档的事实按同一规则重算，结果一致", "stored facts give the same findings")
    )
    eligibility = databases["eligibility"]
    books = _Books(eligibility)
    every = await eligibility.fetchval(_COUNT) // MOST_RUN + 1
    for row in await eligibility.fetch(_SOME, every):
        if hashlib.sha256(row["facts"].encode()).hexdigest() != row["facts_sha256"]:
            again.looked_at += 1
            again.blame("its facts were changed", [row["assessment_id"]])
            continue
        try:
            found = await books.findings_sha256(row)
        except BookNotKept:
            again.blame("its rule book was not kept", [row["assessment_id"]])
            continue
        if found is None:
            again.notes["another_release"] = again.notes.get("another_release", 0) + 1
            continue
        again.looked_at += 1
        if found != row["findings_sha256"]:
            again.blame("its facts give other findings now", [row["assessment_id"]])
    return [again]


class _Books:
    """The kept books, each read once."""

    def __init__(self, database: asyncpg.Connection) -> None:
        self._database = database
        self._known: dict[str, Kept] = {}
        self._by_kept_code = 0

    async def findings_sha256(self, row: asyncpg.Record) -> str | None:
        """What the facts give again; None when enough of other releases were run.

        Raises: BookNotKept.
        """
        digest = row["rule_digest"]
        if digest not in self._known:
            self._known[digest] = read_kept(digest, await self._database.fetchval(_KEPT, digest))
        kept = self._known[digest]
        if has_code_at_hand(kept):
            return check(orjson.loads(row["facts"]), book_of(kept)).findings_sha256
        self._by_kept_code += 1
        if self._by_kept_code > MOST_BY_KEPT_CODE:
            return None
        return hashlib.sha256(await run_again(kept, row["facts"])).hexdigest()
