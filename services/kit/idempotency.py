"""Idempotency-Key: the same key with the same body answers what the first answered; with another body it is refused.

The key is a second guard. Each POST also has a natural key or changes a state once, so work whose answer was lost (a
crash between the commit and the note of it) may run again without harm.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from services.kit.db import Database
from services.kit.errors import BadInput, Conflict, FieldError, KeyReused

_BEGIN = text(
    "INSERT INTO idempotency (principal, route, key, request_sha256) VALUES (:principal, :route, :key, :sha)"
    " ON CONFLICT DO NOTHING RETURNING 1"
)
_FIND = text(
    "SELECT request_sha256, status, body, created_at < now() - interval '60 seconds' AS old FROM idempotency"
    " WHERE principal = :principal AND route = :route AND key = :key FOR UPDATE"
)
_DONE = text(
    "UPDATE idempotency SET status = :status, body = :body"
    " WHERE principal = :principal AND route = :route AND key = :key"
)
_FORGET = text(
    "DELETE FROM idempotency WHERE principal = :principal AND route = :route AND key = :key AND status IS NULL"
)


class KeyedRequest:
    """One request that came with an Idempotency-Key."""

    def __init__(self, database: Database, principal: str, request: Request, key: str, body: bytes) -> None:
        if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
            raise BadInput(errors=(FieldError("Idempotency-Key", "bad_key", "幂等键格式不对", "Not a usable key"),))
        self._database = database
        self._names = {"principal": principal, "route": f"{request.method} {request.url.path}", "key": key}
        self._sha = hashlib.sha256(body).digest()

    async def begin(self) -> Response | None:
        """None when this is the first; else the stored answer.

        Raises: KeyReused, Conflict while the first is still at work.
        """
        async with self._database.transaction() as db:
            if (await db.execute(_BEGIN, {**self._names, "sha": self._sha})).scalar():
                return None
            row = (await db.execute(_FIND, self._names)).one_or_none()
            if row is None or (row.status is None and row.old):
                return None
            if bytes(row.request_sha256) != self._sha:
                raise KeyReused()
            if row.status is None:
                raise Conflict(
                    "相同的请求正在处理",
                    "The same request is being handled",
                    code="in_progress",
                    headers={"Retry-After": "1"},
                )
            return Response(row.body, row.status, media_type="application/json")

    async def end(self, response: Response) -> None:
        """Keep a good answer; forget the key after any other, so that the request may be mended and sent again."""
        async with self._database.transaction() as db:
            if 200 <= response.status_code < 300:
                body = bytes(response.body).decode()
                await db.execute(_DONE, {**self._names, "status": response.status_code, "body": body})
            else:
                await db.execute(_FORGET, self._names)

    async def forget(self) -> None:
        """The handler raised: the key may be used again."""
        async with self._database.transaction() as db:
            await db.execute(_FORGET, self._names)
