"""The city's overview and a screening run: every number opens the list behind it, at a desk and on a phone."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Windows
from tests.browser.household import HOUSEHOLD
from tests.browser.population import RUN, SCREENINGS, fill_population, run
from tests.unit.gateway.conftest import Gateway

pytestmark = pytest.mark.browser
_RUN = f"/screening/runs/{RUN}"
_PAGES = {
    "dashboard": "/dashboard",
    "screening-funnel": "/screening",
    "screening-runs": "/screening/runs",
    "screening-run": _RUN,
    "screening-run-unknown": f"{_RUN}?measure=unknown",
    "screening-leads": f"{_RUN}/leads",
    "screening-households": f"{_RUN}/households?programme=dibao&answer=not_eligible",
    "screening-compare": f"{_RUN}/compare?with={RUN}",
    "watch": "/watch?reason=year_sum",
}


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_the_pages_fit_and_do_not_complain(gateway: Gateway, windows: Windows, width: int, scripts: bool) -> None:
    fill_population(gateway)
    visit = await windows.open("county_officer", width=width, scripts=scripts)
    for name, path in _PAGES.items():
        await visit.open(path)
        await visit.check(name if scripts else f"{name}-plain")


async def test_a_card_of_the_overview_opens_its_list_with_the_keyboard(gateway: Gateway, windows: Windows) -> None:
    fill_population(gateway)
    visit = await windows.open("county_officer")
    await visit.open("/dashboard")
    waiting = visit.page.locator("a.card[href='/visits']")
    await expect(waiting).to_contain_text("1,650户")
    await expect(waiting).to_contain_text("逾期12户")
    assert await visit.page.locator("main .cards").first.locator("a.card").count() == 6
    await waiting.focus()
    await visit.page.keyboard.press("Enter")
    await visit.page.wait_for_url("**/visits")
    assert await visit.page.locator("main tbody tr").count() == 8
    await visit.open("/dashboard")
    await visit.page.locator(".given a.card").first.click()
    await visit.page.wait_for_url(f"**{_RUN}/leads?programme=dibao")
    await visit.check("leads-of-dibao")


async def test_the_same_number_stands_on_every_page(windows: Windows) -> None:
    visit = await windows.open("county_officer")
    await visit.open("/dashboard")
    assessed = await visit.page.locator("a.card[href='/screening'] b").first.inner_text()
    await visit.open("/screening")
    assert await visit.page.locator("b span[data-count='step.assessed']").inner_text() + "户" == assessed
    await visit.open("/")
    assert await visit.page.locator("a.card[href='/screening'] b").inner_text() + "户" == assessed


async def test_the_map_and_its_table_say_the_same(gateway: Gateway, windows: Windows) -> None:
    fill_population(gateway)
    visit = await windows.open("county_officer")
    await visit.open(f"{_RUN}?measure=eligible")
    printed = await visit.page.locator(".county-map .printed").all_text_contents()
    table = await visit.page.locator(".map-and-table td.chosen").all_inner_texts()
    assert len(printed) == 11
    assert sorted(printed) == sorted(table)


async def test_the_counties_add_up_to_the_city_and_open_their_visits(gateway: Gateway, windows: Windows) -> None:
    eligibility = fill_population(gateway)
    visit = await windows.open("county_officer")
    await visit.open("/dashboard?measure=late")
    numbers = await visit.page.locator(".map-and-table td.chosen").all_inner_texts()
    assert sum(int(number.replace(",", "")) for number in numbers) == 12
    await visit.page.locator(".map-and-table td.chosen a").last.click()
    await visit.page.wait_for_url("**/visits?overdue=1&division=3506*")
    await expect(visit.page.locator("main .note")).to_contain_text("已过办理期限")
    assert "overdue=true" in eligibility.seen[-1].query
    await visit.check("visits-overdue")


async def test_partners_are_measured_by_what_they_completed(gateway: Gateway, windows: Windows) -> None:
    fill_population(gateway)
    visit = await windows.open("county_officer")
    await visit.open("/dashboard")
    row = await visit.page.locator("#partners-head ~ div tbody tr").first.inner_text()
    assert row.split("\t") == ["红十字会", "191", "151", "79.1%", "120", "62.8%"]
    await visit.page.locator("#partners-head ~ div tbody a").first.click()
    await visit.page.wait_for_url("**/cases?partner=red_cross")
    assert await visit.page.locator("select[name=partner]").input_value() == "red_cross"


async def test_what_the_city_published_is_never_taken_for_ours(windows: Windows) -> None:
    visit = await windows.open("county_officer")
    await visit.open("/dashboard")
    given = await visit.page.locator(".given").inner_text()
    assert "闽南日报2025年8月28日" in given and "不是本系统算的" in given
    for card in await visit.page.locator(".given a.card").all_inner_texts():
        assert re.search(r"20\d\d(—20\d\d)?年", card), card


async def test_every_number_of_a_run_opens_its_households(gateway: Gateway, windows: Windows) -> None:
    eligibility = fill_population(gateway)
    visit = await windows.open("county_officer")
    await visit.open(_RUN)
    links = await visit.page.locator("main table a, main .funnel a").evaluate_all("all => all.map(a => a.href)")
    assert len(links) > 60
    await visit.page.locator("#reasons-head ~ ol a").first.click()
    await visit.page.wait_for_url("**/households?programme=*&reason=*")
    asked = [seen.query for seen in eligibility.seen if seen.path.endswith("/households")]
    assert asked and "reason=" in asked[-1] and "programme=" in asked[-1]
    await visit.page.click("main tbody a")
    await visit.page.wait_for_url(f"**/cases/{HOUSEHOLD}")


async def test_a_run_moves_by_itself_and_can_be_paused(gateway: Gateway, windows: Windows) -> None:
    eligibility = fill_population(gateway)
    path = f"GET {SCREENINGS}/{RUN}"
    eligibility.reply(path, run(state="running", done=3_000))
    eligibility.reply(f"POST {SCREENINGS}/{RUN}/pause", run(state="paused", done=9_000))
    visit = await windows.open("county_officer")
    await visit.open(_RUN)
    await expect(visit.page.locator("[data-done]")).to_have_text("3,000")
    await visit.check("screening-busy")
    eligibility.reply(path, run(state="running", done=9_000))
    await expect(visit.page.locator("[data-done]")).to_have_text("9,000", timeout=8_000)
    await expect(visit.page.locator("[data-said]")).to_have_text("30%")
    eligibility.reply(path, run(state="paused", done=9_000))
    await expect(visit.page.locator("main h2").first).to_have_text("已暂停", timeout=8_000)
    assert await visit.page.locator("form[action$=resume] button").inner_text() == "继续"
    eligibility.reply(path, run())
    await visit.open(_RUN)
    await expect(visit.page.locator(".badge.good").first).to_have_text("已完成")


async def test_a_file_is_taken_out_for_a_purpose_that_is_written_down(gateway: Gateway, windows: Windows) -> None:
    fill_population(gateway)
    visit = await windows.open("county_officer")
    await visit.open(f"{_RUN}/leads?programme=dibao")
    await visit.page.click(".export summary")
    await visit.page.select_option(".export select", "data_quality")
    async with visit.page.expect_download() as taken:
        await visit.page.click(".export button")
    assert re.fullmatch(r"leads-\d{8}-[0-9a-f]{12}\.csv", (await taken.value).suggested_filename)
    rows = [row for row in await gateway.audit_rows() if row.get("route", "").endswith("/leads")]
    assert rows[-1]["purpose"] == "data_quality"


async def test_leads_are_put_on_the_visit_list(gateway: Gateway, windows: Windows) -> None:
    eligibility = fill_population(gateway)
    visit = await windows.open("county_officer", width=360)
    await visit.open(f"{_RUN}/leads?programme=dibao&division=350623")
    await visit.page.select_option("[name=most]", "1000")
    await visit.page.click("form[action$=visits] button")
    await expect(visit.page.locator("[role=status]")).to_contain_text("已加入入户名单187户，原来已在名单上13户")
    body = next(seen.body for seen in eligibility.seen if seen.path.endswith("/visits") and seen.method == "POST")
    assert b'"most":1000' in body and b'"programme":"dibao"' in body and b'"division":"350623"' in body
    await visit.check("leads-listed")


async def test_somebody_who_may_not_decide_sees_the_run_but_no_buttons(gateway: Gateway, windows: Windows) -> None:
    fill_population(gateway)
    visit = await windows.open("township_clerk")
    await visit.open("/screening/runs")
    assert await visit.page.locator("main form").count() == 0
    await visit.open(f"{_RUN}/leads")
    assert await visit.page.locator("form[action$=visits]").count() == 0
    await visit.check("leads-of-a-clerk")
