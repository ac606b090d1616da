"""Styles and scripts, each under an address that holds its hash, so that browsers may keep it for ever."""

import hashlib
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from services.kit.errors import NotFound

FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


class StaticFiles:
    """Every file of the folder, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES
        }
        self._digests = {name: hashlib.sha256(body).hexdigest()[:12] for name, body in self._files.items()}

    def url(self, name: str) -> str:
        """The file's address.

        Raises: KeyError for a file that is not there.
        """
        return f"/static/{self._digests[name]}/{name}"

    def router(self) -> APIRouter:
        """Answers the addresses."""
        router = APIRouter(include_in_schema=False)

        @router.get("/static/{digest}/{name:path}")
        async def static_file(digest: str, name: str) -> Response:
            if self._digests.get(name) != digest:
                raise NotFound()
            kind = _TYPES[Path(name).suffix]
            return Response(self._files[name], media_type=kind, headers={"Cache-Control": _FOR_EVER})

        return router
