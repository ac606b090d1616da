"""The session cookie: `__Host-yqj` over TLS, `yqj` on a loopback without it."""

from http.cookies import CookieError, SimpleCookie

from starlette.responses import Response

SHORTEST, LONGEST = 20, 200
"""Characters a secret of ours may have; anything else is not looked up."""


def session_cookie_name(is_tls: bool) -> str:
    """The cookie's name; the prefix makes browsers insist on Secure, Path=/ and no Domain."""
    return "__Host-yqj" if is_tls else "yqj"


def read_session_cookie(header: str, *, is_tls: bool) -> str | None:
    """The session's secret in a Cookie header."""
    if "yqj" not in header:
        return None
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return None
    morsel = cookies.get(session_cookie_name(is_tls))
    return morsel.value if morsel is not None and SHORTEST <= len(morsel.value) <= LONGEST else None


def set_session_cookie(response: Response, secret: str, *, is_tls: bool) -> None:
    """Give the browser the session's secret, for as long as the browser is open."""
    response.set_cookie(session_cookie_name(is_tls), secret, path="/", secure=is_tls, httponly=True, samesite="strict")


def clear_session_cookie(response: Response, *, is_tls: bool) -> None:
    """Take the secret back."""
    response.delete_cookie(session_cookie_name(is_tls), path="/", secure=is_tls, httponly=True, samesite="strict")
