"""What a caseworker does in the console, by mouse, by keyboard and without scripts."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Windows
from tests.browser.household import HOUSEHOLD, ID_NUMBER, funnel
from tests.unit.gateway.conftest import Gateway

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_masked_fields_are_shown_for_a_purpose_and_the_look_is_written_down(
    gateway: Gateway, windows: Windows, scripts: bool
) -> None:
    visit = await windows.open("county_officer", scripts=scripts)
    await visit.open(f"/cases/{HOUSEHOLD}")
    assert ID_NUMBER not in await visit.page.content()
    row = visit.page.locator("#people tbody tr").first
    await row.locator("select").select_option("home_visit")
    await row.locator("button").click()
    await visit.page.wait_for_selector(f"text={ID_NUMBER}")
    await visit.check("revealed" if scripts else "revealed-plain")
    rows = [row for row in await gateway.audit_rows() if row.get("route", "").endswith("/reveal")]
    assert [(row["purpose"], row["roles"]) for row in rows] == [("home_visit", ["county_officer"])]
    assert ID_NUMBER not in str(await gateway.audit_rows())


async def test_a_result_of_a_visit_goes_to_eligibility_with_the_version_that_was_read(
    gateway: Gateway, windows: Windows
) -> None:
    visit = await windows.open("township_clerk", width=360)
    await visit.open(f"/cases/{HOUSEHOLD}")
    await visit.page.select_option("#result", "temp_aid_granted")
    await visit.page.click("text=登记结果")
    await visit.page.wait_for_url(re.compile(HOUSEHOLD))
    seen = next(one for one in gateway.parts["eligibility"].seen if one.method == "POST")
    assert seen.path == f"/api/v1/eligibility/visits/{HOUSEHOLD}/result"
    assert seen.body == b'{"result":"temp_aid_granted","version":1}'
    assert gateway.parts["eligibility"].actor(seen).roles == ("township_clerk",)


async def test_the_funnel_moves_by_itself(gateway: Gateway, windows: Windows) -> None:
    visit = await windows.open("city_officer")
    await visit.open("/screening")
    shown = visit.page.locator("b span[data-count='step.visited']")
    assert await shown.inner_text() == "225"
    await visit.page.wait_for_selector("[data-live=on]")
    gateway.parts["eligibility"].reply(
        "GET /api/v1/eligibility/funnel", funnel(results={"temp_aid_granted": 300, "unreachable": 12})
    )
    await expect(shown).to_have_text("312")
    await visit.check("live")


async def test_a_part_that_is_down_takes_only_its_own_panel(gateway: Gateway, windows: Windows) -> None:
    visit = await windows.open("county_officer")
    await gateway.parts["referral"].stop()
    await visit.open("/")
    assert await visit.page.locator(".away").count() == 1
    assert await visit.page.locator("#visits-head").count() == 1
    await visit.open(f"/cases/{HOUSEHOLD}")
    assert "转介暂时连不上" in await visit.page.inner_text("main")
    assert "林*" in await visit.page.inner_text("#people")
    await visit.check("part-down")


async def test_everything_is_reached_by_keyboard(windows: Windows) -> None:
    visit = await windows.open("county_officer")
    await visit.open("/visits")
    await visit.page.keyboard.press("Tab")
    assert await visit.page.evaluate("document.activeElement.className") == "skip"
    await visit.page.keyboard.press("Enter")
    assert await visit.page.evaluate("document.activeElement.id") == "content"
    first = visit.page.locator("tbody th a").first
    for _ in range(40):
        await visit.page.keyboard.press("Tab")
        if await first.evaluate("link => link === document.activeElement"):
            break
    outline = await first.evaluate("link => getComputedStyle(link).outlineStyle")
    assert outline != "none"
    await visit.page.keyboard.press("Enter")
    await visit.page.wait_for_url(re.compile(f"/cases/{HOUSEHOLD}"))
    closed = visit.page.locator("details.outcome[open] > details.finding:not([open])").first
    finding = visit.page.locator(f"#{await closed.get_attribute('id')}")
    await finding.locator("> summary").focus()
    await visit.page.keyboard.press("Enter")
    assert await finding.get_attribute("open") is not None


async def test_what_a_part_says_is_shown_as_text_and_never_run(gateway: Gateway, windows: Windows) -> None:
    nasty = "<img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}"

    def poison(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: poison(value) for name, value in node.items()}
        if isinstance(node, list):
            return [poison(value) for value in node]
        is_words = isinstance(node, str) and re.search(r"[\u4e00-\u9fff]", node)
        return nasty if is_words else node

    for part in gateway.parts.values():
        for route, reply in list(part.replies.items()):
            body = reply(None)  # type: ignore[arg-type]  # these replies look at nothing
            import json

            assert body.body is not None
            part.reply(route, poison(json.loads(bytes(body.body))))  # type: ignore[arg-type]  # bytes as aiohttp keeps them
    visit = await windows.open("county_officer")
    visit.page.on("dialog", lambda _: visit.complaints.append("a dialog opened"))
    for path in ("/", "/visits", "/cases", f"/cases/{HOUSEHOLD}", "/partners", "/charity"):
        await visit.open(path)
        assert visit.complaints == []
        assert await visit.page.locator("main img, main script").count() == 0
        assert "49" not in await visit.page.inner_text("h1")


async def test_a_partners_officer_sees_the_own_referrals_and_no_more(gateway: Gateway, windows: Windows) -> None:
    thin = {
        "referral_id": HOUSEHOLD,
        "case_ref": "k7f3a9d2c1b0",
        "need": "medical_cost",
        "status": "requested",
        "version": 1,
        "priority": "urgent",
        "age_band": "35-59",
        "gap_band": "5000_20000",
        "due_on": "2026-12-04",
    }
    gateway.parts["referral"].reply("GET /partner/v1/referrals", {"items": [thin], "next": None})
    visit = await windows.open("partner_officer", width=360, partner="red_cross")
    assert visit.page.url.endswith("/partner")
    await visit.check("partner")
    entries = await visit.page.locator("header nav a").all_inner_texts()
    assert entries == ["首页", "我的转介", "运行状况"]
    await visit.open("/visits", status=403)


async def test_an_auditor_reads_the_trail_and_verifies_it(windows: Windows) -> None:
    await (await windows.open("county_officer")).open("/visits")
    visit = await windows.open("auditor")
    await visit.open("/audit")
    assert "GET /api/v1/eligibility/visits" in await visit.page.inner_text("main")
    await visit.page.click("text=校验链")
    await visit.page.wait_for_selector("text=链条完整")
    await visit.check("audit")


async def test_the_console_speaks_english_too(windows: Windows) -> None:
    visit = await windows.open("county_officer")
    await visit.open(f"/cases/{HOUSEHOLD}")
    await visit.page.click("text=English")
    await visit.page.wait_for_selector("html[lang=en]")
    assert "Next step" in await visit.page.inner_text("main")
    await visit.check("case-english")
