"""People sign in with a password, are kept out after wrong ones, and forms count only from our own pages."""

import asyncio
import re
from datetime import timedelta

import httpx
import pytest

from gateway.accounts import FREE_TRIES, BadAccountOrder, create_account, lock_after
from gateway.console.pages import local_path
from tests.unit.gateway.conftest import Gateway

_PASSWORD = "a long enough password"
_NAME = "clerk.lin"


async def _account(gateway: Gateway, role: str = "county_officer", **more: str) -> str:
    return await create_account(
        gateway.database.app_url,
        _NAME,
        _PASSWORD,
        roles_=(role,),
        territory="350622",
        display_name="林一",
        partner=more.get("partner"),
    )


async def _form(client: httpx.AsyncClient, path: str = "/sign-in") -> str:
    page = await client.get(path, headers={"Accept": "text/html"})
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found.group(1)


async def _sign_in(client: httpx.AsyncClient, password: str = _PASSWORD, **more: str) -> httpx.Response:
    csrf = await _form(client)
    body = {"csrf": csrf, "username": _NAME, "password": password, "next": "/visits"} | more
    return await client.post("/sign-in", data=body)


async def test_a_right_password_opens_a_session_and_leads_on(gateway: Gateway) -> None:
    await _account(gateway)
    client = gateway.client()
    answer = await _sign_in(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/visits")
    cookie = next(text for text in answer.headers.get_list("set-cookie") if text.startswith("yqj="))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    page = await client.get("/health", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "林一" in page.text
    assert "云霄县" in page.text


async def test_a_page_without_a_session_leads_to_sign_in_and_back(gateway: Gateway) -> None:
    answer = await gateway.client().get("/visits?state=done", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fvisits%3Fstate%3Ddone")


async def test_a_wrong_name_and_a_wrong_password_are_told_alike(gateway: Gateway) -> None:
    await _account(gateway)
    texts = []
    for name, password in ((_NAME, "not-this-one"), ("nobody", _PASSWORD)):
        client = gateway.client()
        answer = await _sign_in(client, password, username=name)
        assert answer.status_code == 422
        found = re.search(r'role="alert".*?</div>', answer.text, re.S)
        assert found
        texts.append(found.group())
        assert password not in answer.text
    assert texts[0] == texts[1]


async def test_after_five_wrong_passwords_the_right_one_waits_too(gateway: Gateway) -> None:
    await _account(gateway)
    client = gateway.client()
    statuses = [(await _sign_in(client, "wrong")).status_code for _ in range(FREE_TRIES)]
    assert statuses == [422] * FREE_TRIES
    locked = await _sign_in(client)
    assert locked.status_code == 429
    assert "分钟后" in locked.text


def test_each_further_wrong_password_doubles_the_lock_up_to_half_an_hour() -> None:
    assert [lock_after(n) for n in (1, FREE_TRIES - 1)] == [None, None]
    minutes = [lock_after(FREE_TRIES + n) for n in range(7)]
    assert minutes == [timedelta(minutes=m) for m in (1, 2, 4, 8, 16, 30, 30)]


async def test_a_form_that_is_not_ours_is_refused(gateway: Gateway) -> None:
    await _account(gateway)
    client = gateway.client()
    csrf = await _form(client)
    body = {"csrf": csrf, "username": _NAME, "password": _PASSWORD}
    for changes, headers in (
        ({"csrf": "other"}, {}),
        ({"csrf": ""}, {}),
        ({}, {"Origin": "https://attacker.example"}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
        ({}, {"Origin": "null"}),
    ):
        answer = await client.post("/sign-in", data=body | changes, headers=headers)
        assert answer.status_code == 403, (changes, headers)
    headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert (await client.post("/sign-in", data=body, headers=headers)).status_code == 303


async def test_signing_out_closes_the_session_at_once(gateway: Gateway) -> None:
    await _account(gateway)
    client = gateway.client()
    await _sign_in(client)
    kept = client.cookies["yqj"]
    csrf = await _form(client, "/health")
    assert (await client.post("/sign-out", data={"csrf": "x"})).status_code == 403
    assert (await client.post("/sign-out", data={"csrf": csrf})).status_code == 303
    again = await gateway.client(Cookie=f"yqj={kept}").get("/health", headers={"Accept": "text/html"})
    assert again.status_code == 303


async def test_a_session_reads_by_api_and_never_changes_anything_there(gateway: Gateway) -> None:
    await _account(gateway)
    client = gateway.client()
    await _sign_in(client)
    assert (await client.get("/api/v1/eligibility/parameters")).status_code == 200
    actor = gateway.parts["eligibility"].actor(gateway.parts["eligibility"].seen[-1])
    assert (actor.roles, actor.territory) == (("county_officer",), "350622")
    assert (await client.post("/api/v1/intake/hospital-costs", json={})).status_code == 401


async def test_signing_in_and_out_is_written_down_without_the_name(gateway: Gateway) -> None:
    account_id = await _account(gateway)
    client = gateway.client()
    await _sign_in(client, "wrong")
    await _sign_in(client)
    rows = await gateway.audit_rows()
    assert [row["kind"] for row in rows] == ["sign_in_refused", "signed_in"]
    assert rows[1]["actor"] == f"user:{account_id}"
    assert _NAME not in str(rows)


async def test_pages_carry_the_strict_policy_and_nothing_inline(gateway: Gateway) -> None:
    await _account(gateway, "county_officer")
    client = gateway.client()
    await _sign_in(client)
    for path in (
        "/sign-in",
        "/",
        "/visits",
        "/screening",
        "/cases",
        "/partners",
        "/charity",
        "/health",
        "/docs",
        "/events",
    ):
        page = await client.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 200, path
        policy = page.headers["content-security-policy"]
        for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
            assert part in policy
        assert "unsafe" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert 'lang="zh-CN"' in page.text
        assert " style=" not in page.text
        assert re.search(r"<script(?![^>]*\bsrc=)", page.text) is None


async def test_the_language_is_switched_by_a_link_and_remembered(gateway: Gateway) -> None:
    client = gateway.client()
    answer = await client.get("/language/en?back=/sign-in")
    assert answer.headers["location"] == "/sign-in"
    page = await client.get("/sign-in", headers={"Accept": "text/html"})
    assert 'lang="en"' in page.text
    assert "Sign in" in page.text


@pytest.mark.parametrize(
    "path",
    ["//attacker.example", "https://attacker.example/", "/\\attacker.example", "javascript:alert(1)", "", "a", "/\n/x"],
)
def test_nobody_is_led_away_from_the_console(path: str) -> None:
    assert local_path(path) == "/"


async def test_pages_of_other_roles_are_refused_as_pages(gateway: Gateway) -> None:
    await _account(gateway, "auditor")
    client = gateway.client()
    await _sign_in(client)
    page = await client.get("/visits", headers={"Accept": "text/html"})
    assert page.status_code == 403
    assert "您的角色不能做这件事" in page.text
    absent = await client.get("/nowhere", headers={"Accept": "text/html"})
    assert absent.status_code == 404
    assert "没有这个页面" in absent.text


async def test_an_operator_is_never_an_account_and_passwords_are_long(gateway: Gateway) -> None:
    orders = (
        {"roles_": ("operator",), "password": _PASSWORD},
        {"roles_": ("county_officer",), "password": "short"},
        {"roles_": ("partner_officer",), "password": _PASSWORD},
        {"roles_": (), "password": _PASSWORD},
    )
    for order in orders:
        with pytest.raises(BadAccountOrder):
            await create_account(
                gateway.database.app_url,
                "someone",
                order["password"],  # type: ignore[arg-type]  # the orders are of one shape
                roles_=order["roles_"],  # type: ignore[arg-type]  # likewise
                territory="3506",
                display_name="某",
            )


async def test_many_sign_ins_at_once_leave_the_api_answering(gateway: Gateway) -> None:
    await _account(gateway)
    operator = await gateway.as_role("operator")
    await operator.get("/api/v1/eligibility/parameters")
    tries = [asyncio.create_task(_sign_in(gateway.client(), f"wrong {n}", username=f"name{n}")) for n in range(8)]
    loop = asyncio.get_running_loop()
    slowest = 0.0
    while not all(task.done() for task in tries):
        started = loop.time()
        assert (await operator.get("/api/v1/eligibility/parameters")).status_code == 200
        slowest = max(slowest, loop.time() - started)
        await asyncio.sleep(0.01)
    assert slowest < 1.0


async def test_over_tls_the_cookie_is_bound_to_the_host_and_browsers_stay_on_tls(gateway: Gateway) -> None:
    await _account(gateway)
    transport = httpx.ASGITransport(gateway.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://console.example") as client:
        answer = await _sign_in(client)
        cookie = next(text for text in answer.headers.get_list("set-cookie") if text.startswith("__Host-yqj="))
        assert "Secure" in cookie
        assert "Domain" not in cookie
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert (await client.get("/health")).status_code == 200
