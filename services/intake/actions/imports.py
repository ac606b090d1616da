"""Imports: a file is taken in, checked, committed, confirmed row by row, or taken back."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.divisions import CITY
from services.intake.actions.care import recount
from services.intake.actions.import_files import (
    BENEFIT_ROLLS,
    TABLES,
    FileOrder,
    asked_mapping,
    check_kind,
    headers_key,
    open_headers,
    read_objects,
)
from services.intake.actions.rolls import undo_roll
from services.intake.actions.work import Work
from services.intake.errors import FileRefused, ImportState, ImportTouched
from services.intake.records.headers import MappingNeeded, RefusedFile
from services.intake.records.tables import Limits
from services.intake.store import care, imports
from services.intake.store.imports import Job
from services.kit.db import Database
from services.kit.errors import NotFound
from services.kit.ids import new_id

EMPTY_COUNTS = dict.fromkeys(
    ("rows", "new", "changed", "same", "duplicate", "warned", "held", "skipped", "rejected"), 0
)


@dataclass(frozen=True)
class Upload:
    """A file as it was sent."""

    data: bytes
    kind: str
    source: str
    dry_run: bool
    mapping: Mapping[str, str]


async def examine(database: Database, upload: Upload, *, work: Work, limits: Limits) -> FileOrder:
    """Open a file as far as its columns; a sender's earlier answer about its headers is used again. Holds no
    transaction while it reads, since a workbook may take its time.

    Raises: FileRefused, NotAFileKind.
    """
    check_kind(upload.kind)
    order = FileOrder(
        upload.kind, upload.source, work.actor.territory, work.today, work.now, limits, dict(upload.mapping)
    )
    try:
        return await _look(database, upload.data, order, work)
    except RefusedFile as refused:
        raise FileRefused.of(refused) from refused


async def _look(database: Database, data: bytes, order: FileOrder, work: Work) -> FileOrder:
    if order.kind not in TABLES:
        await asyncio.to_thread(lambda: next(read_objects(data, order), None))
        return order
    try:
        headers = await asyncio.to_thread(open_headers, data, order)
    except MappingNeeded as asked:
        async with database.transaction() as db:
            known = await imports.find_mapping(db, order.source, headers_key(asked.headers))
        order = replace(order, mapping=asked_mapping(asked, known))
        headers = await asyncio.to_thread(open_headers, data, order)
    if order.mapping:
        text = orjson.dumps(dict(order.mapping)).decode()
        async with database.transaction() as db:
            await imports.keep_mapping(db, order.source, headers_key(headers), text, work.actor.subject)
    return order


async def open_import(db: AsyncSession, upload: Upload, order: FileOrder, *, work: Work) -> UUID:
    """Take an examined file in; its rows are read later by the part's own loop. The same file again is the same
    import."""
    job_id = new_id()
    sealed = work.keys.sealer.seal(b64encode(upload.data).decode(), f"import_job/sealed_file/{job_id}")
    return await imports.add_job(
        db,
        id=job_id,
        division=CITY if order.territory == "all" else order.territory,
        kind=upload.kind,
        source=upload.source,
        dry_run=upload.dry_run,
        territory=order.territory,
        file_sha256=hashlib.sha256(upload.data).digest(),
        file_bytes=len(upload.data),
        sealed_file=sealed,
        mapping=orjson.dumps(dict(order.mapping)).decode(),
        created_by=work.actor.subject,
        created_at=work.now,
    )


async def same_import(db: AsyncSession, upload: Upload, *, work: Work) -> Job | None:
    """The import of this very file, or None."""
    digest = hashlib.sha256(upload.data).digest()
    territory = work.actor.territory
    found = await imports.same_file(db, file_sha256=digest, kind=upload.kind, source=upload.source, territory=territory)
    return await imports.find_job(db, found) if found else None


async def find_import(db: AsyncSession, job_id: UUID, *, lock: bool = False) -> Job:
    """Raises: NotFound for an import that is not there or not in the caller's territory."""
    job = await imports.find_job(db, job_id, lock=lock)
    if job is None:
        raise NotFound()
    return job


async def ask_commit(db: AsyncSession, job_id: UUID) -> Job:
    """Let a checked import be written. Asked again it does nothing.

    Raises: NotFound, ImportState.
    """
    job = await find_import(db, job_id, lock=True)
    if job["state"] in ("committing", "committed"):
        return job
    if job["state"] != "checked":
        raise ImportState.of(job["state"], ["checked"])
    await imports.move_job(db, job_id, "committing")
    return job | {"state": "committing"}


async def undo_import(db: AsyncSession, job_id: UUID, *, work: Work) -> Job:
    """Take all records of an import back. The transaction must see every territory; the caller may see the import.

    Raises: NotFound, ImportState, ImportTouched when records were corrected, or a roll was replaced, since.
    """
    job = await find_import(db, job_id, lock=True)
    if job["state"] == "undone":
        return job
    if job["state"] == "checked":
        await imports.move_job(db, job_id, "undone")
        return job | {"state": "undone"}
    if job["state"] != "committed" or job["kind"] not in TABLES:
        raise ImportState.of(job["state"], ["checked", "committed"] if job["kind"] in TABLES else ["checked"])
    if job["kind"] == BENEFIT_ROLLS:
        await undo_roll(db, job_id, work=work)
    else:
        await _withdraw_costs(db, job_id, work=work)
    await imports.move_job(db, job_id, "undone")
    return job | {"state": "undone"}


async def _withdraw_costs(db: AsyncSession, job_id: UUID, *, work: Work) -> None:
    rows = await care.records_of_import(db, job_id)
    if any(is_corrected for _, _, is_corrected in rows):
        raise ImportTouched()
    await care.withdraw_records(db, [record_id for record_id, _, _ in rows])
    await recount(db, {person_id for _, person_id, _ in rows}, work=work)


async def confirm_row(db: AsyncSession, job_id: UUID, line: int, *, in_fen: bool, work: Work) -> UUID:
    """Let a held row count. Confirmed again it does nothing; answers the record.

    Raises: NotFound for a line that holds no record, ImportState before the commit.
    """
    job = await find_import(db, job_id, lock=True)
    if job["state"] != "committed":
        raise ImportState.of(job["state"], ["committed"])
    held = await care.held_row(db, job_id, line)
    if held is None:
        raise NotFound()
    record_id, person_id, is_held = held
    if is_held:
        await care.confirm_record(db, record_id, in_fen=in_fen)
        await recount(db, [person_id], work=work)
        counts = EMPTY_COUNTS | job["counts"]
        counts |= {"held": counts["held"] - 1, "new": counts["new"] + 1}
        await imports.note_progress(db, job_id, job["done_rows"], job["total_rows"], orjson.dumps(counts).decode())
    return record_id
