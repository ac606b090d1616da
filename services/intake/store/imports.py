"""Import jobs: the file sealed in the database, so that a restart loses nothing; findings about rows; mappings."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.statements import Row, bound, rows_of

_JOB = (
    "id, division, kind, source, dry_run, state, territory, mapping, form, encoding, separator, sheet, counts,"
    " file_notes, done_rows, total_rows, error_code, tries, created_by, created_at, committed_at, undone_at"
)
_ADD = text(
    "INSERT INTO import_job (id, division, kind, source, dry_run, state, territory, file_sha256, file_bytes,"
    " sealed_file, mapping, created_by, created_at) VALUES (:id, :division, :kind, :source, :dry_run, 'checking',"
    " :territory, :file_sha256, :file_bytes, :sealed_file, CAST(:mapping AS jsonb), :created_by, :created_at)"
    " ON CONFLICT (file_sha256, kind, source, territory) WHERE state NOT IN ('failed', 'undone') DO NOTHING"
    " RETURNING id"
)
_SAME_FILE = text(
    "SELECT id FROM import_job WHERE file_sha256 = :file_sha256 AND kind = :kind AND source = :source"
    " AND territory = :territory AND state NOT IN ('failed', 'undone')"
)
_FIND = text(f"SELECT {_JOB} FROM import_job WHERE id = :id")
_LOCK = text(f"SELECT {_JOB} FROM import_job WHERE id = :id FOR UPDATE")
_FILE = text("SELECT sealed_file FROM import_job WHERE id = :id")
_CLAIM = text(
    "UPDATE import_job SET leased_until = now() + interval '30 seconds', tries = tries + 1 WHERE id = ("
    "SELECT id FROM import_job WHERE state IN ('checking', 'committing')"
    " AND (leased_until IS NULL OR leased_until < now()) ORDER BY created_at FOR UPDATE SKIP LOCKED LIMIT 1)"
    f" RETURNING {_JOB}"
)
_PROGRESS = text(
    "UPDATE import_job SET done_rows = :done, total_rows = :total, leased_until = now() + interval '30 seconds',"
    " counts = CAST(:counts AS jsonb), changed_at = now() WHERE id = :id"
)
_FILE_TOLD = text(
    "UPDATE import_job SET form = :form, encoding = :encoding, separator = :separator, sheet = :sheet,"
    " file_notes = CAST(:file_notes AS jsonb) WHERE id = :id"
)
_MOVE = text(
    "UPDATE import_job SET state = :state, error_code = :error_code, leased_until = NULL, tries = 0,"
    " changed_at = now(), committed_at = CASE WHEN :state = 'committed' THEN now() ELSE committed_at END,"
    " undone_at = CASE WHEN :state = 'undone' THEN now() ELSE undone_at END,"
    " sealed_file = CASE WHEN :state IN ('committed', 'failed', 'undone') THEN NULL ELSE sealed_file END,"
    " done_rows = CASE WHEN :state = 'committing' THEN 0 ELSE done_rows END WHERE id = :id"
)
_ROWS = {
    "line": "int",
    "place": "int",
    "is_error": "boolean",
    "field": "text",
    "code": "text",
    "column_zh": "text",
    "zh": "text",
    "en": "text",
    "masked": "text",
}
_ADD_ROWS = text(
    f"INSERT INTO import_row (import_id, division, {', '.join(_ROWS)})"
    f" SELECT CAST(:import_id AS uuid), CAST(:division AS text), {', '.join(_ROWS)} FROM {rows_of(_ROWS)}"
    " ON CONFLICT DO NOTHING"
)
_CLEAR_ROWS = text("DELETE FROM import_row WHERE import_id = :import_id")
_READ_ROWS = text(
    "SELECT line, place, field, code, column_zh, zh, en, masked FROM import_row WHERE import_id = :import_id"
    " AND is_error = :is_error AND (line, place) > (:line, :place) ORDER BY line, place LIMIT :limit"
)
_MAPPING = text("SELECT mapping FROM import_mapping WHERE source = :source AND headers_sha256 = :headers_sha256")
_KEEP_MAPPING = text(
    "INSERT INTO import_mapping (source, headers_sha256, mapping, given_by)"
    " VALUES (:source, :headers_sha256, CAST(:mapping AS jsonb), :given_by)"
    " ON CONFLICT (source, headers_sha256) DO UPDATE SET mapping = excluded.mapping, given_by = excluded.given_by,"
    " given_at = now()"
)

Job = dict[str, Any]
"""One import job's columns, the file left out."""


async def add_job(db: AsyncSession, **values: Any) -> UUID:
    """Add an import; the id of the one there already when this very file is in."""
    added: UUID | None = (await db.execute(_ADD, values)).scalar()
    if added is not None:
        return added
    there = await same_file(db, **{n: values[n] for n in ("file_sha256", "kind", "source", "territory")})
    assert there is not None
    return there


async def same_file(db: AsyncSession, *, file_sha256: bytes, kind: str, source: str, territory: str) -> UUID | None:
    """The import of this very file, or None; failed and undone ones do not count."""
    values = {"file_sha256": file_sha256, "kind": kind, "source": source, "territory": territory}
    found: UUID | None = (await db.execute(_SAME_FILE, values)).scalar()
    return found


async def find_job(db: AsyncSession, job_id: UUID, *, lock: bool = False) -> Job | None:
    """An import, or None where there is none in the caller's territory."""
    row = (await db.execute(_LOCK if lock else _FIND, {"id": job_id})).mappings().one_or_none()
    return dict(row) if row else None


async def sealed_file(db: AsyncSession, job_id: UUID) -> bytes:
    """The file as it is kept."""
    return bytes((await db.execute(_FILE, {"id": job_id})).scalar_one())


async def claim_job(db: AsyncSession) -> Job | None:
    """The oldest import that has something to do and nobody at it, leased for half a minute."""
    row = (await db.execute(_CLAIM)).mappings().one_or_none()
    return dict(row) if row else None


async def note_progress(db: AsyncSession, job_id: UUID, done: int, total: int | None, counts: str) -> None:
    """Write how far an import is, and lengthen the lease. `counts` is JSON text."""
    await db.execute(_PROGRESS, {"id": job_id, "done": done, "total": total, "counts": counts})


async def tell_file(db: AsyncSession, job_id: UUID, **values: str) -> None:
    """Write what the file turned out to be: form, encoding, separator, sheet, file_notes (JSON text)."""
    await db.execute(_FILE_TOLD, values | {"id": job_id})


async def move_job(db: AsyncSession, job_id: UUID, state: str, *, error_code: str | None = None) -> None:
    """Write an import's state."""
    await db.execute(_MOVE, {"id": job_id, "state": state, "error_code": error_code})


async def add_rows(db: AsyncSession, job: Job, rows: Sequence[Row]) -> None:
    """Add findings. Rows: (line, place, is_error, field, code, column_zh, zh, en, masked)."""
    if rows:
        await db.execute(_ADD_ROWS, bound(_ROWS, rows) | {"import_id": job["id"], "division": job["division"]})


async def clear_rows(db: AsyncSession, job_id: UUID) -> None:
    """Forget the findings of an earlier look."""
    await db.execute(_CLEAR_ROWS, {"import_id": job_id})


async def read_rows(
    db: AsyncSession, job_id: UUID, *, is_error: bool, after: tuple[int, int], limit: int
) -> list[dict[str, Any]]:
    """Findings after a (line, place), at most `limit`."""
    values = {"import_id": job_id, "is_error": is_error, "line": after[0], "place": after[1], "limit": limit}
    return [dict(row) for row in (await db.execute(_READ_ROWS, values)).mappings()]


async def find_mapping(db: AsyncSession, source: str, headers_sha256: bytes) -> Mapping[str, str] | None:
    """What a sender said about these headers before, or None."""
    found = (await db.execute(_MAPPING, {"source": source, "headers_sha256": headers_sha256})).scalar()
    return dict(found) if found else None


async def keep_mapping(db: AsyncSession, source: str, headers_sha256: bytes, mapping: str, given_by: str) -> None:
    """Remember what a sender says about these headers. `mapping` is JSON text."""
    values = {"source": source, "headers_sha256": headers_sha256, "mapping": mapping, "given_by": given_by}
    await db.execute(_KEEP_MAPPING, values)
