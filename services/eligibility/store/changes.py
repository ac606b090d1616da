"""What follows from looking at households again, written in one statement: it is made for one as for thousands."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Row, Statement, bound, fetch, rows_of

_CLOSED = {"household_ref": "uuid", "state": "text", "superseded_by": "uuid"}
_ASSESSMENTS = {
    "assessment_id": "uuid",
    "household_ref": "uuid",
    "number": "int",
    "division": "text",
    "cause": "text",
    "cause_ref": "text",
    "state": "text",
    "status": "text",
    "priority": "text",
    "household_size": "int",
    "eligible": "text",
    "unknown": "text",
    "not_eligible": "text",
    "monthly_fen": "bigint",
    "one_off_fen": "bigint",
    "facts": "text",
    "facts_sha256": "text",
    "findings": "text",
    "findings_sha256": "text",
    "needs": "text",
}
_SAME_FOR_ALL = ("as_of", "rule_version", "rule_digest", "engine", "created_at")
_ACCOUNTS = {
    "record_id": "uuid",
    "division": "text",
    "source": "text",
    "household_ref": "uuid",
    "person_ref": "uuid",
    "year": "int",
    "kind": "text",
    "reason": "text",
    "assessment_id": "uuid",
}
_VISITS = {
    "household_ref": "uuid",
    "division": "text",
    "version": "bigint",
    "state": "text",
    "priority": "text",
    "rank": "smallint",
    "reasons": "text",
    "assessment_id": "uuid",
    "due_on": "date",
    "assignee_role": "text",
    "assignee_division": "text",
    "safe_to_call": "boolean",
    "band": "smallint",
    "programmes": "text",
    "result": "text",
    "worked_at": "timestamptz",
    "sum_dropped": "boolean",
    "opened_at": "timestamptz",
}
_STEPS = {"household_ref": "uuid", "state": "text", "assessment_id": "uuid"}
_WATCH = {"household_ref": "uuid", "reason": "text", "division": "text", "since": "date"}
_ARRAYS = frozenset({"eligible", "unknown", "not_eligible", "reasons", "programmes"})


def _values(columns: dict[str, str]) -> str:
    return ", ".join(f"CAST({name} AS text[])" if name in _ARRAYS else name for name in columns)


def _excluded(columns: dict[str, str], key: str) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name in columns if name != key)


_CLOSE = Statement(
    f"UPDATE assessment a SET state = r.state, superseded_by = r.superseded_by FROM {rows_of(_CLOSED)}"
    " WHERE a.household_ref = r.household_ref AND a.state = 'live'"
)
_ACCOUNT_NOW = "a.division, a.household_ref, a.person_ref, a.year, a.kind, a.reason, a.assessment_id"
_WRITE = Statement(
    f"WITH added AS (INSERT INTO assessment ({', '.join((*_ASSESSMENTS, *_SAME_FOR_ALL))})"
    f" SELECT {_values(_ASSESSMENTS)}, CAST(:as_of AS date), CAST(:rule_version AS text), CAST(:rule_digest AS text),"
    f" CAST(:engine AS text), CAST(:created_at AS timestamptz) FROM {rows_of(_ASSESSMENTS, 's_')}),"
    " counted AS (UPDATE household_facts h SET assessments = r.number, division = r.division"
    f" FROM {rows_of(_ASSESSMENTS, 's_')} WHERE h.household_ref = r.household_ref),"
    f" accounted AS (INSERT INTO record_account AS a ({', '.join(_ACCOUNTS)})"
    f" SELECT {_values(_ACCOUNTS)} FROM {rows_of(_ACCOUNTS, 'a_')} ORDER BY record_id ON CONFLICT (record_id)"
    f" DO UPDATE SET {_excluded(_ACCOUNTS, 'record_id')}, changed_at = now()"
    f" WHERE ({_ACCOUNT_NOW}) IS DISTINCT FROM ({_ACCOUNT_NOW.replace('a.', 'excluded.')})),"
    f" listed AS (INSERT INTO visit AS v ({', '.join(_VISITS)}, changed_at)"
    f" SELECT {_values(_VISITS)}, CAST(:created_at AS timestamptz) FROM {rows_of(_VISITS, 'v_')}"
    f" ON CONFLICT (household_ref) DO UPDATE SET {_excluded(_VISITS, 'household_ref')},"
    " changed_at = excluded.changed_at),"
    " unlisted AS (UPDATE visit v SET state = r.state, assessment_id = r.assessment_id, version = v.version + 1,"
    f" changed_at = CAST(:created_at AS timestamptz) FROM {rows_of(_STEPS, 'c_')}"
    " WHERE v.household_ref = r.household_ref AND v.state <> 'merged'),"
    " unwatched AS (DELETE FROM low_income_watch w WHERE w.household_ref = ANY(CAST(:refs AS uuid[]))"
    f" AND NOT EXISTS (SELECT FROM {rows_of(_WATCH, 'w_')}"
    " WHERE r.household_ref = w.household_ref AND r.reason = w.reason))"
    f" INSERT INTO low_income_watch AS w ({', '.join(_WATCH)}) SELECT r.* FROM {rows_of(_WATCH, 'w_')}"
    " ON CONFLICT (household_ref, reason) DO UPDATE SET division = excluded.division"
    " WHERE w.division <> excluded.division"
)


@dataclass(frozen=True, slots=True)
class Making:
    """What all assessments of a batch share: day, rule book, reader of the rules, and moment."""

    as_of: date
    rule_version: str
    rule_digest: str
    engine: str
    created_at: datetime


@dataclass(slots=True)
class Changes:
    """Rows to write, each in the order of its columns above.

    `closed`: (household_ref, state, superseded_by) of assessments in force that end. `unlisted`: (household_ref, state,
    assessment_id) of visits nobody asks for any more. `watch` is the whole watch of every household looked at.
    """

    closed: list[Row] = field(default_factory=list)
    assessments: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    unlisted: list[Row] = field(default_factory=list)
    watch: list[Row] = field(default_factory=list)


async def write_changes(db: AsyncSession, refs: Collection[UUID], changes: Changes, made: Making) -> None:
    """Write what follows for the households `refs`. Accounts that are already so stay untouched."""
    if changes.closed:
        # by itself and first: a household has one assessment in force at any moment
        await fetch(db, _CLOSE, bound(_CLOSED, changes.closed))
    await fetch(
        db,
        _WRITE,
        {
            "refs": list(refs),
            **asdict(made),
            **bound(_ASSESSMENTS, changes.assessments, "s_"),
            **bound(_ACCOUNTS, changes.accounts, "a_"),
            **bound(_VISITS, changes.visits, "v_"),
            **bound(_STEPS, changes.unlisted, "c_"),
            **bound(_WATCH, changes.watch, "w_"),
        },
    )
