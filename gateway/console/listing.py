"""What pages with a filtered list share: the filters in the address, and the list as a file for a stated purpose."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.responses import Response

from gateway.console.pages import EXPORT_PURPOSES, PAGE_HEADERS, desk_of

Asked = Annotated[str, Query(max_length=400)]
"""A filter, empty for none."""


def kept(**filters: str) -> dict[str, str]:
    """The filters that narrow anything."""
    return {name: value for name, value in filters.items() if value}


def link(path: str, filters: dict[str, str], **more: str) -> str:
    """The address of a list with its filters, some set anew."""
    query = urlencode(kept(**(filters | more)))
    return f"{path}?{query}" if query else path


def export_purpose(given: str) -> str:
    """The purpose of a file that somebody takes out, for the audit."""
    return given if given in EXPORT_PURPOSES else "other"


def csv_file(request: Request, content: bytes, name: str) -> Response:
    """A file to keep. Its name holds the day and the request's number, by which the audit knows who took it."""
    day = desk_of(request).clock.today().strftime("%Y%m%d")
    number = str(request.scope.get("state", {}).get("request_id", ""))[:12]
    headers = {**PAGE_HEADERS, "content-disposition": f'attachment; filename="{name}-{day}-{number}.csv"'}
    return Response(content, headers=headers, media_type="text/csv; charset=utf-8")
