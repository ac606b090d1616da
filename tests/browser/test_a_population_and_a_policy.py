"""On the running suite, in a real browser: a screening run down to its leads, a policy version up to its schedule."""

from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import officer
from tests.scenario.test_the_same_bill_counts_once import someone_with_a_bill
from tests.support.suite import RunningSuite

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 360])
async def test_a_run_is_started_followed_and_its_leads_are_put_on_the_visit_list(
    browser: Browser, suite: RunningSuite, width: int
) -> None:
    await someone_with_a_bill(suite, "61000.00")
    visit = await officer(browser, suite, "county_officer", "林一", width=width)
    await visit.open("/screening/runs")
    await visit.check("screenings")
    await visit.page.click("main form button")
    await expect(visit.page.locator(".badge.good").first).to_be_visible(timeout=30_000)
    await visit.check("screening-run")
    await visit.page.click("main a.button[href$=leads]")
    await expect(visit.page.locator("tbody tr").first).to_be_visible()
    await visit.check("screening-leads")
    await visit.page.select_option("#outcome", "eligible")
    await visit.page.click("form.filters button")
    await visit.page.click("form[action$=visits] button")
    await expect(visit.page.locator("[role=status]")).to_contain_text("入户名单")
    await visit.open("/watch")
    await visit.check("watch")
    answer = await visit.context.request.get(suite.stage.url + "/watch.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    await visit.context.close()


async def test_a_policy_goes_from_a_draft_to_its_schedule_by_two_persons(browser: Browser, suite: RunningSuite) -> None:
    first, second = (
        await officer(browser, suite, "county_officer", "林一"),
        await officer(browser, suite, "county_officer", "陈二"),
    )
    await first.open("/policy?division=350623")
    await first.page.check("input[value=dibao_standard_month]")
    await first.page.click("main form[action='/policy/new'] button")
    await first.page.fill("[name=title]", "漳浦县低保标准调整")
    await first.page.fill("[name=reason]", "年度调标")
    await first.page.fill("[name=statute]", "漳浦县民政局通知（虚构）")
    await first.page.fill("[name=r0_value]", "not a number")
    await first.page.fill("[name=r0_from]", (suite.today + timedelta(days=400)).isoformat())
    await first.page.click("button[value=save]")
    await expect(first.page.locator(".complaint").first).to_be_visible()
    first.complaints.clear()  # the browser remarks that a form came back with 422
    await first.page.fill("[name=r0_value]", "905.00")
    await first.page.click("button[value=save]")
    await first.page.wait_for_url("**/policy/versions/*")
    version = first.page.url.removeprefix(suite.stage.url)
    await first.check("policy-draft")
    await first.page.click(f"form[action='{version}/rehearse'] button")
    await expect(first.page.locator("#go-head")).to_be_visible(timeout=30_000)
    await first.check("policy-rehearsed")
    await first.open(version)
    assert await first.page.locator(f"form[action='{version}/approve']").count() == 0  # not by its author
    await second.open(version)
    await second.page.click(f"form[action='{version}/approve'] button")
    await second.page.click(f"form[action='{version}/schedule'] button")
    await expect(second.page.locator(".chips")).to_contain_text("已排期")
    await second.check("policy-scheduled")
    await second.page.click(f"form[action='{version}/withdraw'] button")
    await expect(second.page.locator(".chips")).to_contain_text("已撤回")
    for visit in (first, second):
        await visit.context.close()


async def test_choices_and_tables_are_changed_in_words_and_what_is_left_alone_stays(
    browser: Browser, suite: RunningSuite
) -> None:
    visit = await officer(browser, suite, "county_officer", "林一")
    page = visit.page
    chosen = ("grant_mode", "severe_disability", "exempt_incomes")
    await visit.open("/policy/new?division=350623&" + "&".join(f"parameter={name}" for name in chosen))
    await page.fill("[name=title]", "重残口径调整")
    await page.fill("[name=reason]", "试填")
    await page.fill("[name=statute]", "漳浦县民政局通知（虚构）")
    await page.select_option("[name=r0_value]", "tier")
    await expect(page.locator("[name=r1_value]")).to_have_value("任何类别 = 2\n智力 = 3\n精神 = 3")
    await page.fill("[name=r1_value]", "任何类别 = 2\n智力 = 不详")
    await page.click("button[value=save]")
    await expect(page.locator(".complaint").first).to_be_visible()
    visit.complaints.clear()  # the browser remarks that a form came back with 422
    await page.fill("[name=r1_value]", "任何类别 = 2\n智力 = 3")
    await page.click("button[value=save]")
    await page.wait_for_url("**/policy/versions/*")
    await expect(page.locator("main")).to_contain_text("分档")
    await expect(page.locator("main")).to_contain_text("任何类别 → 2级及以上；智力 → 3级及以上")
    await expect(page.locator("main")).not_to_contain_text("不计入家庭收入的项目")
    await visit.check("policy-tables")
    await visit.context.close()
