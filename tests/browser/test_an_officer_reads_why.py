"""Why each programme is yes, no or not yet known, which figure would change it, and what if: at a desk, on a phone."""

import re

import pytest
from playwright.async_api import expect

from services.eligibility.rules.book import rule_book
from tests.browser.conftest import Windows
from tests.browser.household import HOUSEHOLD, assessment
from tests.browser.policy import fill_rules
from tests.unit.gateway.conftest import Gateway

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 360])
async def test_every_programme_says_why_and_what_would_change_it(
    gateway: Gateway, windows: Windows, width: int
) -> None:
    fill_rules(gateway)
    visit = await windows.open("county_officer", width=width)
    await visit.open(f"/cases/{HOUSEHOLD}")
    for programme in rule_book().programmes:
        verdict = visit.page.locator(f"#p-{programme.code}")
        assert await verdict.count() == 1, programme.code
        assert len(await verdict.locator(".why").inner_text()) > 3 or not await verdict.is_visible(), programme.code
        assert await verdict.locator(".would-change").count() == 1, programme.code
    await visit.page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    await visit.check("explained")


@pytest.mark.parametrize("width", [1280, 360])
async def test_a_family_that_nothing_brought_up_is_told_of_too(gateway: Gateway, windows: Windows, width: int) -> None:
    eligibility = fill_rules(gateway)
    unasked = f"/api/v1/eligibility/households/{HOUSEHOLD}"
    eligibility.reply(f"GET {unasked}/assessments", {"items": [], "next": None})
    eligibility.reply(f"GET {unasked}/check", assessment() | {"on_rolls": []})
    eligibility.reply(f"POST {unasked}/applications", {"household_ref": HOUSEHOLD, "assessment_id": None})
    visit = await windows.open("county_officer", width=width)
    await visit.open(f"/cases/{HOUSEHOLD}")
    await expect(visit.page.locator("main")).to_contain_text("没有保存，也不进入办理")
    for programme in rule_book().programmes:
        assert await visit.page.locator(f"#p-{programme.code} .would-change").count() == 1, programme.code
    await visit.check("as-known")
    await visit.page.click("text=家庭提出申请，开始评估")
    await expect(visit.page).to_have_url(re.compile(f"/cases/{HOUSEHOLD}$"))
    assert [each.path for each in eligibility.seen if each.method == "POST"] == [f"{unasked}/applications"]


@pytest.mark.parametrize("width", [1280, 360])
async def test_what_the_family_is_on_the_roll_of_stands_beside_the_finding(
    gateway: Gateway, windows: Windows, width: int
) -> None:
    fill_rules(gateway)
    visit = await windows.open("county_officer", width=width)
    await visit.open(f"/cases/{HOUSEHOLD}")
    await expect(visit.page.locator("#p-disability_living > summary")).to_contain_text(
        "在册：困难残疾人生活补贴，自2025-03"
    )
    await visit.page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    await expect(visit.page.locator("#p-elderly_allowance > summary")).to_contain_text("在册待复核")
    await visit.check("on-the-roll")
    await visit.open("/visits")
    await expect(visit.page.locator("main tbody tr").first).to_contain_text("在册：困难残疾人生活补贴")
    await visit.check("visits-on-the-roll")


@pytest.mark.parametrize("width", [1280, 360])
async def test_what_if_a_child_earned_nothing(gateway: Gateway, windows: Windows, width: int) -> None:
    fill_rules(gateway)
    visit = await windows.open("county_officer", width=width)
    await visit.open(f"/cases/{HOUSEHOLD}")
    await visit.page.click("text=试算这一户")
    await visit.check("what-if-empty")
    await visit.page.fill("#income_1_0", "0")
    await visit.page.fill("#medical_self_paid", "sixty")
    await visit.page.click("main form.sheet button")
    await expect(visit.page.locator("#wrong-medical_self_paid")).to_be_visible()
    assert await visit.page.input_value("#income_1_0") == "0"
    visit.complaints.clear()  # the browser remarks that a form came back with 422
    await visit.page.fill("#medical_self_paid", "61234.56")
    await visit.page.click("main form.sheet button")
    await expect(visit.page.locator("#answer")).to_contain_text("没有保存")
    await visit.check("what-if")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_the_calculator_answers_without_names_and_stores_nothing(
    gateway: Gateway, windows: Windows, width: int, scripts: bool
) -> None:
    eligibility = fill_rules(gateway)
    visit = await windows.open("village_worker", width=width, scripts=scripts)
    await visit.open("/calculator")
    await visit.check("calculator-empty")
    page = visit.page
    await page.select_option("#m0_relation", "self")
    await page.fill("#m0_age", "67")
    await page.fill("#m0_income", "143")
    await page.select_option("#m0_income_kind", "transfer")
    await page.select_option("#m0_disability", "none")
    await page.fill("#medical_self_paid", "61234.56")
    await page.select_option("#parameter", "dibao_standard_month")
    await page.fill("#parameter_value", "100.00")
    await page.click("text=再加一人")
    assert await page.locator("fieldset.person-row").count() == 4
    assert await page.input_value("#m0_age") == "67"
    await page.press("#parameter_value", "Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#answer")).to_contain_text("没有保存")
    await visit.check(f"calculator{'' if scripts else '-plain'}")
    assert {one.path for one in eligibility.seen if one.method == "POST"} == {"/api/v1/eligibility/checks"}
