"""What every page stands on: who looks, in which language, the layout around it, and forms that came from our own
page."""

import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import jinja2
from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.auth import Grant
from gateway.console import explanation, sentences, view
from gateway.console.menu import menu_of
from gateway.console.page_route import SignInNeeded
from gateway.console.texts import LANGUAGES, Language, Words
from gateway.desk import Desk
from gateway.errors import ForgedForm
from gateway.roles import roles
from gateway.session_cookie import read_session_cookie
from gateway.static_files import StaticFiles
from gateway.store import AccountRow
from services.contracts.divisions import divisions
from services.kit.errors import NotAllowed, NotSignedIn, ServiceError

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": CSP,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
LANGUAGE_COOKIE = "yqj-language"
_TEMPLATES = Path(__file__).parent / "templates"
EXPORT_PURPOSES = ("home_visit", "application_review", "data_quality", "audit")
"""Why a list may leave the system as a file."""


@dataclass(frozen=True)
class Visitor:
    """A signed-in person at a page."""

    grant: Grant
    account: AccountRow
    csrf: str

    def may(self, scope: str) -> bool:
        """Whether the roles hold the scope."""
        return self.grant.actor.may(scope)


def is_tls(request: Request) -> bool:
    """Whether the browser came over TLS (the proxy in front says so, if it is one of ours)."""
    return request.url.scheme == "https"


async def current_visitor(request: Request) -> Visitor:
    """The signed-in person.

    Raises: SignInNeeded.
    """
    cookie = read_session_cookie(request.headers.get("cookie", ""), is_tls=is_tls(request))
    if cookie is None:
        raise SignInNeeded
    try:
        grant = await request.app.state.desk.callers.by_session(cookie)
    except NotSignedIn as error:
        raise SignInNeeded from error
    assert grant.session is not None
    return Visitor(grant, grant.session.account, grant.session.csrf)


VisitorDep = Annotated[Visitor, Depends(current_visitor)]


def page_scope(scope: str) -> Any:
    """A page's dependency: the visitor must hold the scope."""

    async def check(visitor: VisitorDep) -> None:
        if not visitor.may(scope):
            raise NotAllowed()

    return Depends(check)


def language_of(request: Request) -> Language:
    """The chosen language; Chinese when none was chosen."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return next((language for language in LANGUAGES if language == chosen), LANGUAGES[0])


async def checked_form(request: Request, csrf: str) -> FormData:
    """The form, once it is sure that it came from our own page.

    A browser that keeps back the origin (we send no referrer) sends `Origin: null`; then `Sec-Fetch-Site` must say so.

    Raises: ForgedForm.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if origin not in (None, "null") and urlsplit(origin or "").netloc != request.headers.get("host"):
        raise ForgedForm()
    if site not in (None, "same-origin", "none") or (origin == "null" and site != "same-origin"):
        raise ForgedForm()
    form = await request.form(max_files=1, max_fields=200)
    if not hmac.compare_digest(str(form.get("csrf", "")).encode(), csrf.encode()):
        raise ForgedForm()
    return form


def local_path(text: object) -> str:
    """A path of this console to go on to, `/` for anything else."""
    path = str(text or "/")
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if ours and path.isprintable() else "/"


class Renderer:
    """Renders templates inside the layout."""

    def __init__(self, static: StaticFiles, *, demo: bool) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=jinja2.ChainableUndefined,  # a part may leave out what it does not know
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "static": static.url,
            "demo": demo,
            "view": view,
            "say": sentences,
            "explain": explanation,
            "export_purposes": EXPORT_PURPOSES,
        }
        for name in ("yuan_text", "yuan", "count", "rate", "day", "moment", "masked_name"):
            self._environment.filters[name] = getattr(view, name)
        self._environment.filters["say_arithmetic"] = explanation.arithmetic

    def page(
        self,
        request: Request,
        template: str,
        *,
        visitor: Visitor | None = None,
        code: int = 200,
        headers: dict[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """A whole page."""
        words = Words(language_of(request))
        context = {
            "t": words,
            "visitor": visitor,
            "menu": menu_of(visitor.grant.actor) if visitor else [],
            "path": request.url.path,
            "here": quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""), safe="/"),
            "request_id": request.scope.get("state", {}).get("request_id", ""),
            "today": desk_of(request).clock.today(),
            "place": place_name(visitor.account.territory, words) if visitor else "",
            "role_name": lambda code: role_names((code,), words) if code in roles() else "",
            "role_names": role_names(visitor.account.roles, words) if visitor else "",
            **values,
        }
        body = self._environment.get_template(template).render(context)
        return HTMLResponse(body, code, headers={**PAGE_HEADERS, **(headers or {})})

    def problem(self, request: Request, error: ServiceError, visitor: Visitor | None) -> HTMLResponse:
        """An error as a page: what happened, what to do, and the number for the helpdesk."""
        kept = {name: value for name, value in (error.headers or {}).items() if name.lower() == "retry-after"}
        return self.page(
            request, "error.html", visitor=visitor, code=error.status_code, headers=kept, error=error.problem()
        )


def place_name(territory: str, words: Words) -> str:
    """What a territory is called: 漳州市, 诏安县, …"""
    if territory in ("", "all"):
        return words(f"territory.{territory or 'none'}")
    return divisions().full_name(territory)


def role_names(codes: tuple[str, ...], words: Words) -> str:
    """The roles, named."""
    side = "zh" if words.language == "zh-CN" else "en"
    return words("list_comma").join(roles()[code].name[side] for code in codes)


def renderer(request: Request) -> Renderer:
    """The application's renderer."""
    answer: Renderer = request.app.state.renderer
    return answer


def desk_of(request: Request) -> Desk:
    """The application's desk."""
    answer: Desk = request.app.state.desk
    return answer


def to_sign_in(request: Request) -> Response:
    """Send a visitor to sign in and back to this page."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = "/sign-in" if back == "/" or request.method != "GET" else f"/sign-in?next={quote(back, safe='')}"
    return RedirectResponse(target, 303, headers=PAGE_HEADERS)


def new_form_secret() -> str:
    """Ties a sign-in form to the browser that was shown it."""
    return secrets.token_urlsafe(24)
