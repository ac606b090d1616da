"""All pages, and how errors look on them."""

from fastapi import APIRouter, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.console import (
    audit,
    calculator,
    cases,
    charity,
    dashboard,
    docs,
    health,
    home,
    partners,
    policy,
    programmes,
    rehearsals,
    screening,
    screening_lists,
    screenings,
    sign_in,
    visits,
    watch,
)
from gateway.console.page_route import SignInNeeded
from gateway.console.pages import Renderer, Visitor, current_visitor, renderer, to_sign_in
from gateway.console.vocabulary import Vocabulary
from gateway.static_files import StaticFiles
from services.kit.errors import ServiceError, answer_http_error, answer_service_error

_PROGRAMS = ("/api/", "/partner/v1/", "/openapi.json", "/asyncapi.json", "/static/")


def install_console(app: FastAPI, *, demo: bool) -> None:
    """Put the pages into the application."""
    static = StaticFiles()
    app.state.vocabulary = Vocabulary(app.state.desk)
    app.state.renderer = Renderer(static, demo=demo)
    for router in (static.router(), docs.routes, sign_in.routes, *_pages()):
        app.include_router(router)
    app.add_exception_handler(SignInNeeded, _send_to_sign_in)
    app.add_exception_handler(ServiceError, _show_refusal)
    app.add_exception_handler(HTTPException, _show_http_error)


def _pages() -> tuple[APIRouter, ...]:
    pages = (
        home,
        dashboard,
        visits,
        cases,
        calculator,
        screening,
        screening_lists,
        screenings,
        watch,
        programmes,
        policy,
        rehearsals,
        partners,
        charity,
        audit,
        health,
    )
    return tuple(page.routes for page in pages)


async def _send_to_sign_in(request: Request, error: Exception) -> Response:
    return to_sign_in(request)


async def _show_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)
    if not _is_page(request):
        return await answer_service_error(request, error)
    return renderer(request).problem(request, error, await _visitor_or_none(request))


async def _show_http_error(request: Request, error: Exception) -> Response:
    answer = await answer_http_error(request, error)
    if not _is_page(request):
        return answer
    assert isinstance(error, HTTPException)
    refused = ServiceError(code=f"http_{error.status_code}")
    if error.status_code == 404:
        refused = ServiceError("没有这个页面", "There is no such page", code="no_page")
    refused.status_code = error.status_code
    return renderer(request).problem(request, refused, await _visitor_or_none(request))


def _is_page(request: Request) -> bool:
    """Whether a person with a browser asked, and not a program."""
    return not request.url.path.startswith(_PROGRAMS) and "text/html" in request.headers.get("accept", "")


async def _visitor_or_none(request: Request) -> Visitor | None:
    try:
        return await current_visitor(request)
    except (SignInNeeded, ServiceError):
        return None
