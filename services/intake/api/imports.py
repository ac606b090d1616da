"""Files come in: uploaded, watched, committed, confirmed, taken back."""

import csv
import io
import re
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, File, Form, Header, Query, Request, UploadFile
from starlette.responses import Response

from services.intake.actions.import_files import SOURCES
from services.intake.actions.import_runs import import_error
from services.intake.actions.imports import (
    EMPTY_COUNTS,
    Upload,
    ask_commit,
    confirm_row,
    examine,
    find_import,
    open_import,
    same_import,
    undo_import,
)
from services.intake.actions.work import check_territory
from services.intake.api.doors import PROBLEMS, in_one_go, work_of
from services.intake.schemas import ConfirmedRow, ConfirmIn, ImportOut, ImportRows
from services.intake.store.imports import Job, read_rows
from services.kit.application import router
from services.kit.auth import ActorDep, require
from services.kit.db import SessionDep
from services.kit.errors import BadInput, FieldError
from services.kit.pages import Cursor, Limit, read_cursor, write_cursor

routes = router(prefix="/api/v1/intake/imports", tags=["imports"])
_MOST_BODY = 8 * 1024 * 1024
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_CSV_PAGE = 20_000 * 4


@dataclass(frozen=True, slots=True)
class RowsAsked:
    """Which page of an import's rows, and in which form."""

    cursor: str | None
    limit: int
    as_csv: bool


def rows_asked(
    cursor: Cursor = None,
    limit: Limit = 100,
    form: Annotated[str, Query(alias="format", pattern="^(json|csv)$")] = "json",
    accept: Annotated[str, Header()] = "",
) -> RowsAsked:
    """What the query and the headers ask for."""
    return RowsAsked(cursor, limit, form == "csv" or accept.startswith("text/csv"))


RowsDep = Annotated[RowsAsked, Depends(rows_asked)]


def _shown(job: Job) -> dict[str, Any]:
    base = f"/api/v1/intake/imports/{job['id']}"
    return {
        "id": job["id"],
        "kind": job["kind"],
        "state": job["state"],
        "dry_run": job["dry_run"],
        "counts": EMPTY_COUNTS | job["counts"],
        "progress": {"done": job["done_rows"], "total": job["total_rows"]},
        "file": {name: job[name] for name in ("form", "encoding", "separator", "sheet")},
        "notes": job["file_notes"],
        "error": import_error(job["error_code"]),
        "created_at": job["created_at"],
        "committed_at": job["committed_at"],
        "links": {"self": base, "errors": f"{base}/errors", "notes": f"{base}/notes", "commit": f"{base}/commit"},
    }


def _wrong(field: str, zh: str, en: str) -> BadInput:
    return BadInput(errors=(FieldError(field, "FIELD_CHOICE", zh, en),))


def _mapping(text: str) -> dict[str, str]:
    """The answer to a file whose headers are other words: header → field.

    Raises: BadInput.
    """
    if not text:
        return {}
    try:
        mapping = orjson.loads(text)
    except ValueError:
        mapping = None
    if not isinstance(mapping, dict) or not all(isinstance(v, str) for v in mapping.values()) or len(mapping) > 64:
        raise _wrong("mapping", "对应关系应是“表头: 字段”的JSON对象", "A mapping is a JSON object of header to field")
    return mapping


@routes.post(
    "",
    status_code=202,
    response_model=ImportOut,
    responses=PROBLEMS,
    dependencies=[require("intake:write")],
    openapi_extra={"x-max-body": _MOST_BODY},
    summary="上传文件并检查 / Upload a file to be checked",
)
async def post_import(
    request: Request,
    actor: ActorDep,
    file: Annotated[UploadFile, File()],
    kind: Annotated[str, Form(max_length=40)],
    dry_run: Annotated[str, Form(max_length=5)] = "false",
    source: Annotated[str, Form(max_length=64)] = "",
    mapping: Annotated[str, Form(max_length=8_000)] = "",
) -> Response:
    """`kind`: hospital-costs, grid-reports, households, or benefit-rolls (who receives what; takes the place of the
    former roll of each programme and place it names).

    A missing needed column is 422 and makes no import; other headers are 422 with a suggested `mapping` to confirm.
    The same file again is the same import."""
    if dry_run.lower() not in _FLAGS:
        raise _wrong("dry_run", "只能是true或false", "true or false")
    source = source or SOURCES.get(kind, "medical_insurance")
    if not _SOURCE.fullmatch(source):
        raise _wrong("source", "来源代码格式不对", "Not a source code")
    work = work_of(request, actor)
    if actor.territory == "":
        check_territory("", actor)
    data = await file.read()
    upload = Upload(data, kind, source, _FLAGS[dry_run.lower()], _mapping(mapping))
    limits = request.app.state.settings.limits()

    job = await in_one_go(request, lambda db: same_import(db, upload, work=work))
    if job is None:
        order = await examine(request.app.state.database, upload, work=work, limits=limits)

        async def take_in(db: Any) -> Job:
            return await find_import(db, await open_import(db, upload, order, work=work))

        job = await in_one_go(request, take_in)
    request.app.state.import_wake.set()
    return Response(orjson.dumps(_shown(job), default=str), 202, media_type="application/json")


@routes.get(
    "/{import_id}",
    response_model=ImportOut,
    responses=PROBLEMS,
    dependencies=[require("intake:write")],
    summary="导入的进度与计数 / How far an import is",
)
async def get_import(import_id: UUID, db: SessionDep) -> dict[str, Any]:
    """State, counts and progress. Closing the browser loses nothing: the job lives here."""
    return _shown(await find_import(db, import_id))


@routes.get(
    "/{import_id}/errors",
    response_model=ImportRows,
    responses=PROBLEMS,
    dependencies=[require("intake:write")],
    summary="被退回的行 / Rejected rows",
)
async def get_errors(import_id: UUID, db: SessionDep, asked: RowsDep) -> Any:  # a page as JSON, or a CSV response
    """JSON pages, or CSV with `?format=csv` or `Accept: text/csv`."""
    return await _rows(db, import_id, asked, is_error=True)


@routes.get(
    "/{import_id}/notes",
    response_model=ImportRows,
    responses=PROBLEMS,
    dependencies=[require("intake:write")],
    summary="带提示、待确认和跳过的行 / Rows with a note, held and skipped ones",
)
async def get_notes(import_id: UUID, db: SessionDep, asked: RowsDep) -> Any:  # a page as JSON, or a CSV response
    """JSON pages, or CSV with `?format=csv` or `Accept: text/csv`."""
    return await _rows(db, import_id, asked, is_error=False)


async def _rows(db: Any, import_id: UUID, asked: RowsAsked, *, is_error: bool) -> Any:
    await find_import(db, import_id)
    key = read_cursor(asked.cursor, 2)
    if key is not None and not all(part.lstrip("-").isdecimal() and len(part) < 10 for part in key):
        raise _wrong("cursor", "翻页标记无效", "The cursor is not valid")
    after = (int(key[0]), int(key[1])) if key else (0, -1)
    limit = asked.limit
    rows = await read_rows(
        db, import_id, is_error=is_error, after=after, limit=_CSV_PAGE if asked.as_csv else limit + 1
    )
    if asked.as_csv:
        return _csv(rows, "errors" if is_error else "notes")
    page = rows[:limit]
    last = page[-1] if len(rows) > limit else None
    return {
        "items": [
            {
                "line": row["line"],
                "column": row["column_zh"],
                "field": row["field"],
                "code": row["code"],
                "message": {"zh": row["zh"], "en": row["en"]},
                "masked": row["masked"],
            }
            for row in page
        ],
        "next": write_cursor(last["line"], last["place"]) if last else None,
    }


def _csv(rows: list[dict[str, Any]], name: str) -> Response:
    """Findings as CSV for a spreadsheet: marked as UTF-8, every cell quoted, none that could be taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(["line", "column", "code", "message_zh", "message_en", "masked"])
    for row in rows:
        cells = [row["line"], row["column_zh"], row["code"], row["zh"], row["en"], row["masked"]]
        writer.writerow([f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in cells])
    headers = {"Content-Disposition": f"attachment; filename={name}.csv"}
    return Response("\ufeff" + out.getvalue(), 200, headers=headers, media_type="text/csv; charset=utf-8")


@routes.post(
    "/{import_id}/commit",
    response_model=ImportOut,
    responses=PROBLEMS,
    dependencies=[require("intake:write")],
    summary="确认导入 / Commit a checked import",
)
async def post_commit(request: Request, import_id: UUID, db: SessionDep) -> dict[str, Any]:
    """The rows are written by the part's own loop; asked again it does nothing."""
    job = await ask_commit(db, import_id)
    request.app.state.import_wake.set()
    return _shown(job)


@routes.post(
    "/{import_id}/undo",
    response_model=ImportOut,
    responses=PROBLEMS,
    dependencies=[require("intake:write")],
    summary="撤销导入 / Take an import back",
)
async def post_undo(request: Request, import_id: UUID, actor: ActorDep, db: SessionDep) -> dict[str, Any]:
    """Its records count no more, and their settlements may be sent again."""
    await find_import(db, import_id)
    work = work_of(request, actor)
    return _shown(await in_one_go(request, lambda wide: undo_import(wide, import_id, work=work)))


@routes.post(
    "/{import_id}/rows/{line}/confirm",
    response_model=ConfirmedRow,
    responses=PROBLEMS,
    dependencies=[require("intake:write")],
    summary="确认一条待确认的行 / Confirm a held row",
)
async def post_confirm(
    request: Request, import_id: UUID, line: int, actor: ActorDep, db: SessionDep, body: ConfirmIn | None = None
) -> ConfirmedRow:
    """The row counts from now on; `unit: fen` says that its amounts were fen."""
    await find_import(db, import_id)
    work = work_of(request, actor)
    in_fen = body is not None and body.unit == "fen"
    if not 1 <= line < 2**31:
        raise _wrong("line", "行号超出范围", "The line is out of range")
    record_id = await in_one_go(request, lambda wide: confirm_row(wide, import_id, line, in_fen=in_fen, work=work))
    return ConfirmedRow(line=line, record_id=record_id)
