"""On a suite of its own, in a real browser: families are read, two persons raise a standard, and it holds.

The rule book of the other tests' suite must not move, so this one starts its own.
"""

import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, expect

from deploy.local.town.places import villages
from deploy.local.town.recipes import RECIPES
from deploy.local.town.stories import STORIES
from services.eligibility.rules.book import rule_book
from tests.browser.conftest import Visit, officer
from tests.support.suite import RunningSuite, running_suite
from tests.support.waiting import until

pytestmark = pytest.mark.browser
STANDARD = "dibao_standard_month"


@pytest.fixture
async def town() -> AsyncIterator[RunningSuite]:
    """A suite with the families of the stories and some more in every county."""
    async with running_suite() as suite:
        yield suite


async def families(suite: RunningSuite) -> dict[str, str]:
    """Registers them; answers the stories' household refs by name."""
    told = {}
    for name, recipe, bills, division in STORIES:
        told[name] = await suite.register(recipe(suite.family(division), bills).body(suite.rng))
    for county in sorted({village.county for village in villages()}):
        for recipe, *_ in RECIPES[2:6]:
            await suite.register(recipe(suite.family(county), 0).body(suite.rng))
    return told


async def assessed(suite: RunningSuite, household: str) -> None:
    """The family asks for help, and its household is assessed."""
    path = f"/api/v1/eligibility/households/{household}"

    async def is_known() -> bool:
        return (await suite.client.post(f"{path}/applications", json={})).is_success

    async def is_assessed() -> bool:
        return bool((await suite.get(f"{path}/assessments"))["items"])

    await until(is_known, what="the household to reach eligibility")
    await until(is_assessed, what="an assessment")


async def drafted(visit: Visit, title: str, value: str, since: str, *, act: str) -> str:
    """Choose the standard, fill the form in and send it; answers the path it led to."""
    page = visit.page
    await visit.open("/policy?q=最低生活保障月标准")
    await page.check(f"input[value={STANDARD}]")
    await page.click("main form[action='/policy/new'] button")
    await page.fill("#title", title)
    await page.fill("#reason", "年度调标，和城乡居民收入增长同步（虚构）")
    await page.fill("#statute", "漳民〔2026〕99号（虚构）")
    await page.fill("#article", "第一条")
    await page.fill("#r0_value", value)
    await page.fill("#r0_from", since)
    await visit.check(f"policy-form-{act}")
    await page.click(f"button[value={act}]")
    await page.wait_for_url(re.compile(r"/policy/(versions|rehearsals)/[0-9a-f-]{36}"))
    return page.url


async def finished(visit: Visit) -> None:
    """Wait until the page of a rehearsal shows its figures by itself."""
    await expect(visit.page.locator("#where-head")).to_be_visible(timeout=60_000)


async def press(visit: Visit, selector: str) -> None:
    """Come to a control with the tabulator and press Enter, without a mouse."""
    wanted = visit.page.locator(selector)
    for _ in range(80):
        if await wanted.evaluate("one => one === document.activeElement"):
            break
        await visit.page.keyboard.press("Tab")
    await visit.page.keyboard.press("Enter")


async def every_answer_is_told(visit: Visit, household: str, name: str) -> None:
    """The page of a family says of each programme what the answer is and why."""
    await visit.open(f"/cases/{household}")
    for programme in rule_book().programmes:
        verdict = visit.page.locator(f"#p-{programme.code}")
        assert await verdict.locator(".badge").first.text_content(), programme.code
        assert await verdict.locator(".why").text_content(), programme.code
    await visit.page.locator("details.finding").first.evaluate("one => one.open = true")
    await visit.check(f"case-{name}")


async def a_lower_standard_names_its_losers(author: Visit, today: str) -> None:
    """A scenario of its own says who would get less."""
    await drafted(author, "下调到600元会怎样", "600.00", today, act="rehearse")
    await finished(author)
    await expect(author.page.locator(".away")).to_contain_text("减少或退出")
    await author.check("rehearsal-losers")


async def a_slip_of_the_pen_is_mended(author: Visit, today: str) -> str:
    """Ten times as much is cautioned against; answers the path of the version with the right figure."""
    await drafted(author, "2026年低保标准", "8500.00", today, act="save")
    await expect(author.page.locator(".caution").first).to_be_visible()
    await author.check("policy-caution")
    await author.page.click("a[href$='/edit']")
    await author.page.fill("#r0_value", "950.00")
    await author.page.click("button[value=save]")
    await author.page.wait_for_url(re.compile(r"/policy/versions/[0-9a-f-]{36}$"))
    return path_of(author)


async def it_is_rehearsed_and_compared(author: Visit, phone: Visit, version: str) -> None:
    """The rehearsal shows whom it moves, by county and township, and stands beside the other scenario."""
    await press(author, f"form[action='{version}/rehearse'] button")
    await finished(author)
    for visit in (author, phone):
        await visit.open(path_of(author))
        await visit.check("rehearsal")
    assert await author.page.locator("#samples-head ~ .scroll tbody tr").count() > 0
    await author.page.locator("#where-head ~ .scroll tbody th a").first.click()
    await expect(author.page.locator("#townships")).to_be_visible()
    await author.open("/policy/rehearsals")
    for box in await author.page.locator("input[name=ids]").all():
        await box.check()
    async with author.page.expect_navigation():
        await author.page.click("main form button")
    await author.check("rehearsals-compared")


async def somebody_else_signs(author: Visit, second: Visit, version: str) -> None:
    """Its author may not approve it; another person approves and schedules it, and it comes into force by itself."""
    await author.open(version)
    await expect(author.page.locator("main")).to_contain_text("须由另一人批准")
    assert await author.page.locator(f"form[action='{version}/approve']").count() == 0
    await second.open(version)
    await press(second, f"form[action='{version}/approve'] button")
    await expect(second.page.locator(".chips")).to_contain_text("已批准")
    await press(second, f"form[action='{version}/schedule'] button")
    await expect(second.page.locator(".timeline")).to_contain_text("已排期")

    async def is_in_force() -> bool:
        await second.open(version)
        return "现行" in await second.page.inner_text(".chips")

    await until(is_in_force, within_s=60, what="the version to come into force")


def path_of(visit: Visit) -> str:
    """Where a window is."""
    return urlsplit(visit.page.url).path


async def test_two_persons_raise_a_standard_and_the_families_read_it(browser: Browser, town: RunningSuite) -> None:
    stories = await families(town)
    for ref in stories.values():
        await assessed(town, ref)
    author, second = (
        await officer(browser, town, "city_officer", "林一"),
        await officer(browser, town, "city_officer", "陈二"),
    )
    phone = await officer(browser, town, "city_officer", "黄三", width=360)
    for name in ("sole_earner", "near_miss", "mother_of_three"):
        for visit in (author, phone):
            await every_answer_is_told(visit, stories[name], name)
    today = town.today.isoformat()
    await a_lower_standard_names_its_losers(author, today)
    version = await a_slip_of_the_pen_is_mended(author, today)
    await it_is_rehearsed_and_compared(author, phone, version)
    await somebody_else_signs(author, second, version)
    await second.open("/policy?q=最低生活保障月标准")
    await expect(second.page.locator("tbody td.value")).to_contain_text("950.00")
    for path, name in (
        (version, "policy-in-force"),
        ("/policy", "policy"),
        ("/policy/versions", "policy-versions"),
        ("/policy/rehearsals", "rehearsals"),
        ("/programmes", "programmes"),
        ("/programmes/dibao", "programme"),
        (f"/cases/{stories['near_miss']}/what-if", "what-if-near-miss"),
    ):
        for visit in (second, phone):
            await visit.open(path)
            await visit.check(name)
    for visit in (author, second, phone):
        await visit.context.close()
