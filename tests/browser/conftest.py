"""Debian's Chromium through Playwright. Without it these tests are skipped with the reason."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from gateway.accounts import create_account
from tests.browser.household import fill
from tests.support.suite import RunningSuite
from tests.unit.gateway.conftest import Gateway, gateway

__all__ = ["gateway"]

CHROMIUM = Path("/usr/bin/chromium")
PASSWORD = "a long enough password"
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
SCREENSHOTS = os.environ.get("YIQIJIU_SCREENSHOTS")


class Visit:
    """A signed-in browser window that remembers what its console complained about."""

    def __init__(self, context: BrowserContext, page: Page, base: str, width: int) -> None:
        self.context = context
        self.page = page
        self.width = width
        self._base = base
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    async def open(self, path: str, *, status: int = 200) -> None:
        """Open a page."""
        response = await self.page.goto(self._base + path)
        assert response is not None
        assert response.status == status, path

    async def sign_in(self, username: str) -> None:
        """Fill the form in and go on."""
        await self.open("/sign-in")
        await self.page.fill("#username", username)
        await self.page.fill("#password", PASSWORD)
        await self.page.click("main button")
        await self.page.wait_for_selector("header nav")

    async def check(self, name: str, *, headings: int | None = 1) -> None:
        """Nothing complained, nothing is wider than the window, and there is one h1. Keeps a picture when asked to."""
        await self.page.wait_for_load_state()
        assert self.complaints == [], name
        wide = await self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.width, (name, wide)
        if headings is not None:
            assert await self.page.locator("h1").count() == headings, name
        if SCREENSHOTS:
            await self.page.screenshot(path=f"{SCREENSHOTS}/{name}-{self.width}.png", full_page=True)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for the run."""
    if not CHROMIUM.exists():
        pytest.skip("no /usr/bin/chromium: apt-get install chromium fonts-noto-cjk")
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield made
        await made.close()


async def officer(browser: Browser, suite: RunningSuite, role: str, name: str, *, width: int = 1280) -> Visit:
    """A window on a running suite of somebody new with a role for the whole city, signed in."""
    account = f"officer.{suite.number()}"
    url = suite.stage.home.part_secrets("gateway")["database_url"]
    await create_account(url, account, PASSWORD, roles_=(role,), territory="3506", display_name=name)
    context = await browser.new_context(viewport=PHONE if width < 600 else WIDE)  # type: ignore[arg-type]  # same keys
    visit = Visit(context, await context.new_page(), suite.stage.url, width)
    await visit.sign_in(account)
    return visit


class Windows:
    """Opens signed-in windows on the console."""

    def __init__(self, browser: Browser, gateway: Gateway) -> None:
        self._browser = browser
        self._gateway = gateway
        self._contexts: list[BrowserContext] = []

    async def open(
        self, role: str | None = None, *, width: int = 1280, scripts: bool = True, partner: str | None = None
    ) -> Visit:
        """A window of a role, or of nobody."""
        is_phone = width < 600
        context = await self._browser.new_context(
            viewport=PHONE if is_phone else WIDE,  # type: ignore[arg-type]  # a TypedDict of the same keys
            is_mobile=is_phone,
            has_touch=is_phone,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            java_script_enabled=scripts,
        )
        self._contexts.append(context)
        visit = Visit(context, await context.new_page(), self._gateway.url, width)
        if role is not None:
            name = f"{role}.test"
            await create_account(
                self._gateway.database.app_url,
                name,
                PASSWORD,
                roles_=(role,),
                territory="3506",
                display_name="林一",
                partner=partner,
            )
            await visit.sign_in(name)
        return visit

    async def close(self) -> None:
        """Close all windows."""
        for context in self._contexts:
            await context.close()


@pytest.fixture
async def windows(browser: Browser, gateway: Gateway) -> AsyncIterator[Windows]:
    """Windows on a gateway whose parts tell of one invented household."""
    fill(gateway)
    made = Windows(browser, gateway)
    yield made
    await made.close()
