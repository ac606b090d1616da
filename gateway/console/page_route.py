"""The route class of pages: whatever goes wrong on a page is shown as a page."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.kit.db import is_passing
from services.kit.errors import BadInput, ServiceError, Unavailable

log = logging.getLogger(__name__)


class SignInNeeded(Exception):
    """A page was asked for without an open session."""


class BrokenPage(ServiceError):
    """A mistake of ours; it was logged with its number."""

    status = 500
    code = "internal"
    zh = "系统内部错误，已记录"
    en = "An internal error; it was logged"


class PageRoute(APIRoute):
    """Turns unexpected errors into refusals that the console shows as a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, wrapped."""
        handle = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handle(request)
            except (HTTPException, SignInNeeded):
                raise
            except RequestValidationError as error:
                raise BadInput() from error
            except Exception as error:  # the border of a page: the reader gets a page
                if is_passing(error):
                    raise Unavailable() from error
                log.error("page", extra={"route": self.path}, exc_info=error)
                raise BrokenPage() from error

        return shown


def page_routes() -> APIRouter:
    """A router of pages; they are not part of the API's description."""
    return APIRouter(include_in_schema=False, route_class=PageRoute)
