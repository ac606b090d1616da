"""Every page at a desk and on a phone, with scripts and without: no complaint, nothing wider than the screen."""

import pytest

from tests.browser.conftest import Windows
from tests.browser.household import HOUSEHOLD

pytestmark = pytest.mark.browser
_PAGES = {
    "home": "/",
    "visits": "/visits",
    "screening": "/screening",
    "cases": "/cases",
    "case": f"/cases/{HOUSEHOLD}",
    "partners": "/partners",
    "charity": "/charity",
    "health": "/health",
    "events": "/events",
}


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_an_officers_pages(windows: Windows, width: int, scripts: bool) -> None:
    visit = await windows.open("county_officer", width=width, scripts=scripts)
    for name, path in _PAGES.items():
        await visit.open(path)
        await visit.check(name if scripts else f"{name}-plain")


@pytest.mark.parametrize("width", [1280, 360])
async def test_the_sign_in_page_and_an_error_page(windows: Windows, width: int) -> None:
    visit = await windows.open(width=width)
    await visit.open("/sign-in")
    await visit.check("sign-in")
    await visit.open("/nowhere", status=404)
    visit.complaints = [text for text in visit.complaints if "404" not in text]
    await visit.check("error")


@pytest.mark.parametrize("width", [1280, 360])
async def test_the_api_documentation(windows: Windows, width: int) -> None:
    visit = await windows.open(width=width)
    await visit.open("/docs")
    await visit.page.wait_for_selector(".swagger-ui .info")
    await visit.check("docs", headings=None)
