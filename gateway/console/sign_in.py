"""Signing in and out, and the choice of language."""

import math

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from gateway.accounts import Locked, SignIn, WrongSignIn
from gateway.audit import Entry
from gateway.console.page_route import page_routes
from gateway.console.pages import (
    LANGUAGE_COOKIE,
    PAGE_HEADERS,
    VisitorDep,
    checked_form,
    desk_of,
    is_tls,
    language_of,
    local_path,
    new_form_secret,
    renderer,
)
from gateway.console.texts import LANGUAGES, Words
from gateway.errors import ForgedForm
from gateway.session_cookie import clear_session_cookie, read_session_cookie, set_session_cookie

routes = page_routes()
_FORM_COOKIE = "yqj-form"


@routes.get("/sign-in")
async def show_sign_in(request: Request, next: str = "/") -> Response:
    """The form."""
    return _form(request, next=local_path(next))


@routes.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Open a session and go on to the page that was asked for."""
    form_secret = request.cookies.get(_FORM_COOKIE, "")
    if not form_secret:
        raise ForgedForm()
    form = await checked_form(request, form_secret)
    username, following = str(form.get("username", "")), local_path(form.get("next"))
    words = Words(language_of(request))
    door: SignIn = request.app.state.sign_in
    address = request.client.host if request.client else ""
    try:
        opened = await door.open(request.app.state.database, username, str(form.get("password", "")), address=address)
    except WrongSignIn:
        _note(request, "sign_in_refused")
        return _form(request, next=following, username=username, wrong=words("sign_in.wrong"), code=422)
    except Locked as locked:
        _note(request, "sign_in_refused")
        minutes = math.ceil(locked.wait.total_seconds() / 60)
        text = words("sign_in.locked", minutes=minutes)
        return _form(request, next=following, username=username, wrong=text, code=429)
    _note(request, "signed_in", actor=f"user:{opened.account.account_id}", roles=opened.account.roles)
    response = RedirectResponse(following, 303, headers=PAGE_HEADERS)
    set_session_cookie(response, opened.secret, is_tls=is_tls(request))
    response.delete_cookie(_FORM_COOKIE, path="/sign-in", httponly=True, samesite="strict")
    return response


@routes.post("/sign-out")
async def sign_out(request: Request, visitor: VisitorDep) -> Response:
    """Close the session."""
    await checked_form(request, visitor.csrf)
    secret = read_session_cookie(request.headers.get("cookie", ""), is_tls=is_tls(request))
    assert secret is not None
    door: SignIn = request.app.state.sign_in
    await door.close(request.app.state.database, secret)
    desk_of(request).callers.forget_session(secret)
    _note(request, "signed_out", actor=visitor.grant.actor.subject, roles=visitor.account.roles)
    response = RedirectResponse("/sign-in", 303, headers=PAGE_HEADERS)
    clear_session_cookie(response, is_tls=is_tls(request))
    return response


@routes.get("/language/{language}")
async def choose_language(request: Request, language: str, back: str = "/") -> Response:
    """Remember the language in a cookie and go back."""
    response = RedirectResponse(local_path(back), 303, headers=PAGE_HEADERS)
    if language in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE,
            language,
            path="/",
            max_age=365 * 86400,
            secure=is_tls(request),
            httponly=True,
            samesite="lax",
        )
    return response


def _form(request: Request, *, next: str, username: str = "", wrong: str = "", code: int = 200) -> Response:
    form_secret = new_form_secret()
    response = renderer(request).page(
        request, "sign_in.html", code=code, form_secret=form_secret, next=next, username=username, wrong=wrong
    )
    response.set_cookie(
        _FORM_COOKIE, form_secret, path="/sign-in", secure=is_tls(request), httponly=True, samesite="strict"
    )
    return response


def _note(request: Request, kind: str, *, actor: str = "", roles: tuple[str, ...] = ()) -> None:
    """Write a sign-in down. The name that was typed is not kept: it may be a password typed into the wrong field."""
    desk = desk_of(request)
    request_id = request.scope["state"]["request_id"]
    desk.audit.note(Entry(kind=kind, at=desk.now(), request_id=request_id, actor=actor, roles=roles))
