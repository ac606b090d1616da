"""The notice as a PDF: what eligibility says, to the applicant by name, whose reading is written down."""

from typing import Any

from gateway.notice import print_notice
from tests.unit.gateway.conftest import Gateway

_ASSESSMENT = "3a3f7a10-5c0e-4c77-8c0f-1f5c2ad9a003"
_HOUSEHOLD = "1c3f7a10-5c0e-4c77-8c0f-1f5c2ad9a001"
_PERSON = "2b3f7a10-5c0e-4c77-8c0f-1f5c2ad9a002"
_PATH = f"/api/v1/eligibility/assessments/{_ASSESSMENT}/notice"
_REVEAL = f"/api/v1/intake/persons/{_PERSON}/reveal"


def words(zh: str) -> dict[str, str]:
    return {"zh": zh, "en": "…"}


def content(items: int = 1) -> dict[str, Any]:
    test = {
        "text": words("家庭人均月收入1350.00元，不低于低保边缘家庭收入线1350.00元"),
        "citation": {"title": "最低生活保障审核确认办法（民发〔2021〕57号）", "article": "第八条", "href": ""},
    }
    item = {
        "name": words("最低生活保障边缘家庭"),
        "result": words("按现有资料不符合条件"),
        "members": [_PERSON],
        "amounts": [],
        "tests": [test],
        "margin_text": words("刚好等于标准"),
    }
    return {
        "number": "350602-20250301-01-1B2C3D",
        "household_ref": _HOUSEHOLD,
        "applicant": _PERSON,
        "place": "芗城区芝山街道",
        "date": "2025-03-01",
        "title": words("社会救助核对结果告知书"),
        "kind": words("（建议，非行政决定）"),
        "intro": words("根据您家的情况，系统于2025年3月1日按现行政策逐项核对，结果如下。"),
        "items": [item] * items,
        "missing": [{"name": words("收入"), "member": _PERSON, "source": words("收入核对")}],
        "standing": words("本告知书是建议，不是行政决定。"),
        "rights": [words("可以自知道该决定之日起60日内申请行政复议。")],
        "sources": [{"title": "行政复议法", "article": "第二十条"}],
        "office": words("芗城区民政局"),
        "phone": "12349",
        "rule_book": {"version": "2026.11.2", "digest": "sha256:" + "0" * 64},
        "certificate_sha256": "a" * 64,
    }


def pages_of(document: bytes) -> int:
    return document.count(b"/Type /Page\n")


def test_the_same_notice_is_the_same_bytes_and_carries_its_letters_along() -> None:
    first, again = (print_notice(content(), {_PERSON: "林志诚"}) for _ in range(2))
    assert first == again and first.startswith(b"%PDF") and pages_of(first) == 1
    assert b"/FontFile" in first and len(first) < 300_000, "only the letters used are embedded"
    assert print_notice(content(), {_PERSON: "陈志诚"}) != first


def test_a_long_notice_takes_several_numbered_pages_and_names_with_rare_characters_are_printed() -> None:
    assert pages_of(print_notice(content(items=18), {_PERSON: "䶮·买买提"})) > 1
    assert print_notice(content(), {}).startswith(b"%PDF")


def _fill(gateway: Gateway) -> None:
    eligibility, intake = gateway.parts["eligibility"], gateway.parts["intake"]
    eligibility.reply(f"GET /api/v1/eligibility/assessments/{_ASSESSMENT}/notice-content", content())
    household = {"household_ref": _HOUSEHOLD, "members": [{"person_ref": _PERSON, "name": "林*诚"}]}
    intake.reply(f"GET /api/v1/intake/households/{_HOUSEHOLD}", household)
    intake.reply(f"POST {_REVEAL}", {"name": "林志诚"})


async def test_a_notice_names_the_applicant_and_both_readings_are_written_down(gateway: Gateway) -> None:
    _fill(gateway)
    client = await gateway.as_role("county_officer", "350602")
    answer = await client.get(_PATH)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store" and "林" not in answer.headers["content-disposition"]
    assert answer.content == print_notice(content(), {_PERSON: "林志诚"})
    asked = {row["route"]: row for row in await gateway.audit_rows() if row["kind"] == "asked"}
    notice = asked["GET /api/v1/eligibility/assessments/{assessment_id}/notice"]
    reveal = asked["POST /api/v1/intake/persons/{person_ref}/reveal"]
    assert (notice["object"], notice["purpose"]) == (_ASSESSMENT, "notice")
    assert (reveal["object"], reveal["purpose"]) == (_PERSON, "notice")


async def test_without_intake_a_notice_has_a_line_for_the_name(gateway: Gateway) -> None:
    _fill(gateway)
    await gateway.parts["intake"].stop()
    client = await gateway.as_role("county_officer", "350602")
    answer = await client.get(_PATH)
    assert answer.status_code == 200 and answer.content == print_notice(content(), {})


async def test_an_assessment_with_nothing_to_tell_has_no_notice(gateway: Gateway) -> None:
    problem = {"status": 409, "code": "assessment_without_findings", "title": "…"}
    route = f"GET /api/v1/eligibility/assessments/{_ASSESSMENT}/notice-content"
    gateway.parts["eligibility"].reply(route, problem, status=409)
    client = await gateway.as_role("county_officer", "350602")
    answer = await client.get(_PATH)
    assert answer.status_code == 409 and answer.json()["code"] == "assessment_without_findings"
