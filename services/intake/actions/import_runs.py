"""The import loop's work: one claimed job is checked, or committed. Nothing is kept in memory between steps."""

import asyncio
import logging
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.actions.bills import Origin, record_costs
from services.intake.actions.import_files import (
    BENEFIT_ROLLS,
    HOSPITAL_COSTS,
    FileOrder,
    ReadObject,
    open_costs,
    open_roll,
    read_costs,
    read_objects,
    read_roll,
)
from services.intake.actions.import_known import known_of
from services.intake.actions.import_objects import store_object
from services.intake.actions.imports import EMPTY_COUNTS
from services.intake.actions.rolls import check_roll, write_roll
from services.intake.actions.work import Work
from services.intake.errors import Raced
from services.intake.records.batch import ReviewedLine, review
from services.intake.records.headers import RefusedFile
from services.intake.records.issues import Action, Issue, gravest
from services.intake.records.opened import OpenFile
from services.intake.records.tables import Limits
from services.intake.settings import Keys
from services.intake.store import imports
from services.intake.store.imports import Job
from services.kit.auth import Actor
from services.kit.clock import Clock
from services.kit.db import Database

log = logging.getLogger(__name__)

_MOST_TRIES = 5
_CHUNK = 100
_COSTS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Runner:
    """What the loop works with."""

    database: Database
    keys: Keys
    clock: Clock
    limits: Limits


async def run_one(runner: Runner) -> bool:
    """Do the next step of the oldest import that has one; False when none has.

    A step that fails is tried again later by whoever claims it then, five times in all.
    """
    async with runner.database.transaction() as db:
        job = await imports.claim_job(db)
    if job is None:
        return False
    try:
        if job["tries"] > _MOST_TRIES:
            await _fail(runner, job, "gave_up")
        elif job["kind"] == HOSPITAL_COSTS:
            await _run_costs(runner, job)
        elif job["kind"] == BENEFIT_ROLLS:
            await _run_roll(runner, job)
        else:
            await _run_objects(runner, job)
    except RefusedFile as refused:
        await _fail(runner, job, refused.issues[0].code)
    return True


async def run_until_idle(runner: Runner) -> None:
    """Do every step there is to do."""
    while await run_one(runner):
        pass


async def _fail(runner: Runner, job: Job, code: str) -> None:
    async with runner.database.transaction() as db:
        await imports.move_job(db, job["id"], "failed", error_code=code)
    log.warning("import failed", extra={"record_id": job["id"], "error": code})


def _work(runner: Runner, job: Job) -> Work:
    now = runner.clock.now()
    actor = Actor(job["created_by"], (), job["territory"], frozenset())
    return Work(actor, runner.keys, now, runner.clock.today())


async def _file(runner: Runner, job: Job) -> tuple[bytes, FileOrder]:
    async with runner.database.transaction() as db:
        sealed = await imports.sealed_file(db, job["id"])
    text = runner.keys.sealer.unseal(sealed, f"import_job/sealed_file/{job['id']}")
    work = _work(runner, job)
    order = FileOrder(job["kind"], job["source"], job["territory"], work.today, work.now, runner.limits, job["mapping"])
    return b64decode(text), order


async def _run_costs(runner: Runner, job: Job) -> None:
    data, order = await _file(runner, job)
    opened = await asyncio.to_thread(open_costs, data, order)
    lines = await asyncio.to_thread(read_costs, opened, order.territory)
    work = _work(runner, job)

    async def step(db: AsyncSession) -> None:
        known = await known_of(db, lines, work=work)
        reviewed = await asyncio.to_thread(review, lines, known)
        if job["state"] == "committing":
            await _commit_costs(db, job, reviewed, work)
        await _tell_table(db, job, opened, reviewed, opened.notes)

    await _again_if_raced(runner, step)


async def _run_roll(runner: Runner, job: Job) -> None:
    """Check or commit a benefit roll: it takes the place of the former one in one transaction, or not at all."""
    data, order = await _file(runner, job)
    opened = await asyncio.to_thread(open_roll, data, order)
    reads = await asyncio.to_thread(read_roll, opened, order.territory)
    work = _work(runner, job)

    async def step(db: AsyncSession) -> None:
        if job["state"] == "committing":
            reviewed = await write_roll(db, reads, job["id"], work=work)
        else:
            reviewed = await check_roll(db, reads, work=work)
        await _tell_table(db, job, opened, reviewed.rows, opened.notes + reviewed.notes)

    await _again_if_raced(runner, step)


async def _tell_table(
    db: AsyncSession, job: Job, opened: OpenFile[Any], reviewed: Sequence[ReviewedLine], notes: Sequence[Issue]
) -> None:
    """Write what became of a table: findings, counts, what the file turned out to be, and the job's next state."""
    await imports.clear_rows(db, job["id"])
    await imports.add_rows(db, job, rows_of(reviewed))
    await imports.tell_file(
        db, job["id"], form=opened.form, encoding=opened.encoding, separator=opened.separator, sheet=opened.sheet,
        file_notes=orjson.dumps([shown(issue) for issue in notes]).decode(),
    )  # fmt: skip
    counts = orjson.dumps(count(reviewed)).decode()
    await imports.note_progress(db, job["id"], len(reviewed), len(reviewed), counts)
    await imports.move_job(db, job["id"], "committed" if job["state"] == "committing" else "checked")


async def _again_if_raced(runner: Runner, step: Callable[[AsyncSession], Any]) -> None:
    for last in (False, False, True):
        try:
            async with runner.database.transaction() as db:
                await step(db)
            return
        except Raced:
            if last:
                raise


async def _commit_costs(db: AsyncSession, job: Job, reviewed: Sequence[ReviewedLine], work: Work) -> None:
    """Write every row that is to be stored, all in one transaction."""
    stored = [line for line in reviewed if line.cost is not None and line.outcome != "same"]
    for start in range(0, len(stored), _COSTS_AT_ONCE):
        some = stored[start : start + _COSTS_AT_ONCE]
        origin = Origin(job["id"], [line.line for line in some])
        await record_costs(db, [line.cost for line in some if line.cost], work=work, origin=origin)


async def _run_objects(runner: Runner, job: Job) -> None:
    """Check or commit a JSONL file, a hundred lines a transaction; a check rolls each of them back."""
    data, order = await _file(runner, job)
    lines = await asyncio.to_thread(lambda: list(read_objects(data, order)))
    work = _work(runner, job)
    is_commit = job["state"] == "committing"
    done = job["done_rows"] if is_commit else 0
    counts = Counter(job["counts"] if done else EMPTY_COUNTS)
    if not done:
        async with runner.database.transaction() as db:
            await imports.clear_rows(db, job["id"])
    while done < len(lines):
        some = lines[done : done + _CHUNK]
        judged = await _trial(runner, some, job, work) if not is_commit else None
        done += len(some)

        async def step(
            db: AsyncSession, some: Sequence[ReadObject] = some, judged: Any = judged, at: int = done
        ) -> None:
            rows = judged if judged is not None else await _store_objects(db, some, job, work)
            await imports.add_rows(db, job, rows_of(rows))
            told = {name: counts[name] + more for name, more in count(rows).items()}
            await imports.note_progress(db, job["id"], at, len(lines), orjson.dumps(told).decode())
            if at >= len(lines):
                await imports.tell_file(
                    db, job["id"], form="jsonl", encoding="utf-8", separator="", sheet="", file_notes="[]"
                )
                await imports.move_job(db, job["id"], "committed" if is_commit else "checked")
            counts.update(count(rows))

        await _again_if_raced(runner, step)


class _Undone(Exception):
    """Ends a trial's transaction."""


async def _trial(runner: Runner, some: Sequence[ReadObject], job: Job, work: Work) -> list[ReviewedLine]:
    """What would become of some lines."""
    found: list[ReviewedLine] = []
    try:
        async with runner.database.transaction() as db:
            found = await _store_objects(db, some, job, work)
            raise _Undone
    except _Undone:
        return found


async def _store_objects(db: AsyncSession, some: Sequence[ReadObject], job: Job, work: Work) -> list[ReviewedLine]:
    return [await store_object(db, one, job["kind"], job["id"], work=work) for one in some]


def count(lines: Iterable[ReviewedLine]) -> dict[str, int]:
    """The counts of an import. `new` and `changed` include rows taken with a word, `skipped` the duplicates."""
    counts = Counter(EMPTY_COUNTS)
    for line in lines:
        counts["rows"] += 1
        outcome = {"superseded": "changed"}.get(line.outcome, line.outcome)
        counts[outcome] += 1
        if line.outcome == "duplicate":
            counts["skipped"] += 1
        if line.action is Action.ACCEPT_WARN:
            counts["warned"] += 1
    return dict(counts)


def rows_of(lines: Iterable[ReviewedLine]) -> list[tuple[object, ...]]:
    """The findings as rows: errors are those of rejected lines, notes all others."""
    rows: list[tuple[object, ...]] = []
    for line in lines:
        is_rejected = gravest(line.issues) is Action.REJECT
        for place, issue in enumerate(line.issues):
            is_error = is_rejected and issue.action is Action.REJECT
            text = (issue.field or "", issue.code, issue.column, issue.zh, issue.en, issue.masked)
            rows.append((line.line, place, is_error, *text))
    return rows


def shown(issue: Issue) -> dict[str, Any]:
    """A finding about the whole file."""
    return {"code": issue.code, "message": {"zh": issue.zh, "en": issue.en}}


def import_error(code: str | None) -> dict[str, Any] | None:
    """Why an import failed, in words."""
    if code is None:
        return None
    if code == "gave_up":
        return {
            "code": code,
            "message": {"zh": "多次重试仍未完成，请重新上传", "en": "It did not finish; send the file again"},
        }
    return shown(Issue(code, None))
