"""Practice partners do what a careful partner's system does."""

import os
import signal
from typing import Any
from uuid import uuid4

import aiohttp

from deploy.local.practice.config import PartnerPlan
from deploy.local.practice.run import PracticePartners
from tests.support.waiting import until
from tests.unit.practice.conftest import Office


async def post(practice: PracticePartners, code: str, headers: dict[str, str], body: bytes) -> int:
    async with aiohttp.ClientSession() as http, http.post(practice.url_of(code), data=body, headers=headers) as answer:
        return answer.status


async def state_of(practice: PracticePartners, code: str) -> dict[str, Any]:
    held: dict[str, Any] = (await practice.state())[code]
    return held


async def test_a_referral_is_fetched_accepted_worked_on_and_reported(
    office: Office, practice: PracticePartners
) -> None:
    referral = str(uuid4())
    assert await post(practice, "red_cross", *office.webhook("red_cross", referral)) == 204
    await until(lambda: len(office.answers.get(referral, [])) == 3)
    assert [answer["status"] for answer in office.answers[referral]] == ["accepted", "in_progress", "completed"]
    outcome = office.answers[referral][-1]["outcome"]
    assert outcome["kind"] == "cash" and outcome["amount"].endswith(".00")
    assert office.tokens == {"Bearer rc"}
    assert (await state_of(practice, "red_cross"))["problems"] == []


async def test_a_webhook_that_was_changed_on_the_way_is_refused(office: Office, practice: PracticePartners) -> None:
    headers, body = office.webhook("red_cross", str(uuid4()))
    assert await post(practice, "red_cross", headers, body.replace(b"medical_cost", b"living")) == 401
    assert await post(practice, "red_cross", headers | {"webhook-timestamp": "1"}, body) == 401
    assert await post(practice, "red_cross", {}, body) == 401
    assert len((await state_of(practice, "red_cross"))["problems"]) == 3


async def test_the_same_webhook_again_starts_nothing(office: Office, practice: PracticePartners) -> None:
    referral = str(uuid4())
    message = office.webhook("red_cross", referral)
    for _ in range(2):
        assert await post(practice, "red_cross", *message) == 204
    await until(lambda: len(office.answers.get(referral, [])) == 3)
    held = await state_of(practice, "red_cross")
    assert (held["received"], held["repeats"], held["problems"]) == (1, 1, [])


async def test_the_same_webhook_id_with_another_body_is_a_breach(office: Office, practice: PracticePartners) -> None:
    referral = str(uuid4())
    for need in ("medical_cost", "living"):
        await post(practice, "red_cross", *office.webhook("red_cross", referral, need=need))
    assert (await state_of(practice, "red_cross"))["problems"] == ["the same webhook-id came with another body"]


async def test_a_webhook_that_identifies_somebody_is_a_breach(office: Office, practice: PracticePartners) -> None:
    await post(practice, "red_cross", *office.webhook("red_cross", str(uuid4()), name="某人", phone="15400000001"))
    problems = (await state_of(practice, "red_cross"))["problems"]
    assert any("name, phone" in problem for problem in problems)
    assert any("ID number or a phone" in problem for problem in problems)
    assert not any("15400000001" in problem for problem in problems)


async def test_digits_within_an_identifier_of_ours_are_nobodys_number(
    office: Office, practice: PracticePartners
) -> None:
    for tail in ("a13800138000", "13800138000a", "f15900000001"):
        referral = f"2b6ee1f4-0c5d-4d0e-9c3a-{tail}"
        assert await post(practice, "red_cross", *office.webhook("red_cross", referral)) == 204
    assert (await state_of(practice, "red_cross"))["problems"] == []


async def test_a_partner_that_refuses_first_attempts_takes_the_second(
    office: Office, practice: PracticePartners
) -> None:
    referral = str(uuid4())
    message = office.webhook("youth_league", referral)
    assert [await post(practice, "youth_league", *message) for _ in range(2)] == [503, 204]
    await until(lambda: len(office.answers.get(referral, [])) == 3)


async def test_a_desk_waits_for_an_office_that_does_not_answer(office: Office, practice: PracticePartners) -> None:
    office.failures = 2
    referral = str(uuid4())
    await post(practice, "red_cross", *office.webhook("red_cross", referral))
    await until(lambda: len(office.answers.get(referral, [])) == 3)
    assert [answer["status"] for answer in office.answers[referral]] == ["accepted", "in_progress", "completed"]


async def test_a_referral_that_was_taken_back_is_laid_aside(office: Office, practice: PracticePartners) -> None:
    referral = str(uuid4())
    office.taken_back.add(referral)
    await post(practice, "red_cross", *office.webhook("red_cross", referral))

    async def laid_aside() -> bool:
        return bool((await state_of(practice, "red_cross"))["statuses"] == {"overtaken": 1})

    await until(laid_aside)
    assert (await state_of(practice, "red_cross"))["problems"] == []


async def test_partners_that_were_killed_remember_and_finish(office: Office, practice: PracticePartners) -> None:
    referral = str(uuid4())
    message = office.webhook("red_cross", referral)
    office.failures = 3
    await post(practice, "red_cross", *message)
    before = practice.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    await until(lambda: practice.pid not in (None, before))
    await until(lambda: len(office.answers.get(referral, [])) == 3)
    assert await post(practice, "red_cross", *message) == 204
    assert (await state_of(practice, "red_cross"))["received"] == 1


async def test_a_bench_partner_answers_and_does_nothing_else(office: Office, practice: PracticePartners) -> None:
    await practice.behave("red_cross", answer_only=True)
    referral = str(uuid4())
    assert await post(practice, "red_cross", {"webhook-id": "m1"}, office.webhook("red_cross", referral)[1]) == 204
    assert [item["referral_id"] for item in await practice.seen()] == [referral]
    assert office.answers == {} and isinstance(practice.plans["red_cross"], PartnerPlan)
