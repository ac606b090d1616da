"""Nothing leaves without the family's yes; a yes given later lets it leave; a yes taken back stops it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.local.practice.config import CODES
from deploy.local.town.members import Draft
from deploy.local.town.recipes import sole_earner_ill
from tests.support.forms import bill
from tests.support.suite import RunningSuite, is_answered
from tests.support.waiting import until


def to_partners(referrals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in referrals if one["partner"] in CODES]


async def family_with_a_bill(suite: RunningSuite, *, decision: str | None) -> tuple[str, Draft]:
    """A registered family whose bill crosses the line; answers its household_ref."""
    draft = sole_earner_ill(suite.family("350602"), 60_000)
    household = await suite.register(draft.body(suite.rng))
    if decision:
        await suite.decide(household, decision)
    await suite.post(
        "/api/v1/intake/hospital-costs",
        bill(draft.patient, draft.village, suite.number(), "60000.00", settled_on=suite.today),
    )
    return household, draft


async def seen_of(suite: RunningSuite, referrals: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    ids = {one["id"] for one in referrals}
    return [one for one in await suite.stage.practice.seen() if one["referral_id"] in ids and one["type"] == kind]


@pytest.fixture
async def idle_partners(suite: RunningSuite) -> AsyncIterator[None]:
    """Partners take webhooks and leave them lying, so that nothing is accepted meanwhile."""
    plans = dict(suite.stage.practice.plans)
    for code in plans:
        await suite.stage.practice.behave(code, answer_only=True, delay_s=0.0, refuse_first=False)
    yield
    for code, plan in plans.items():
        await suite.stage.practice.behave(code, answer_only=False, delay_s=plan.delay_s, refuse_first=plan.refuse_first)


async def test_a_bill_reaches_its_partners_by_the_familys_yes(suite: RunningSuite) -> None:
    household, _ = await family_with_a_bill(suite, decision="given")
    referrals = await suite.referrals_when(
        household, lambda found: to_partners(found) and all(map(is_answered, to_partners(found)))
    )
    requested = await seen_of(suite, referrals, "referral.requested")
    assert {one["partner"] for one in requested} == {one["partner"] for one in to_partners(referrals)}
    assert len(requested) == len(to_partners(referrals))


async def test_without_a_word_from_the_family_nothing_leaves_and_a_later_yes_lets_it(suite: RunningSuite) -> None:
    household, _ = await family_with_a_bill(suite, decision=None)
    held = await suite.referrals_when(household, lambda found: len(to_partners(found)) > 0)
    assert {(one["status"], one["held_for"]) for one in to_partners(held)} == {("draft", "consent")}
    assert await seen_of(suite, held, "referral.requested") == []

    await suite.decide(household, "given")
    await suite.referrals_when(household, lambda found: all(map(is_answered, to_partners(found))))
    assert len(await seen_of(suite, held, "referral.requested")) == len(to_partners(held))


async def test_a_yes_for_one_partner_is_a_yes_for_that_partner_only(suite: RunningSuite) -> None:
    household, _ = await family_with_a_bill(suite, decision=None)
    await suite.decide(household, "given", partner="red_cross")
    referrals = await suite.referrals_when(
        household, lambda found: any(one["partner"] == "red_cross" and is_answered(one) for one in found)
    )
    others = [one for one in to_partners(referrals) if one["partner"] != "red_cross"]
    assert others and {one["status"] for one in others} == {"draft"}


async def test_a_refusal_closes_what_was_to_leave(suite: RunningSuite) -> None:
    household, _ = await family_with_a_bill(suite, decision="refused")
    referrals = await suite.referrals_when(
        household, lambda found: to_partners(found) and {one["status"] for one in to_partners(found)} == {"cancelled"}
    )
    assert await seen_of(suite, referrals, "referral.requested") == []


async def test_taking_the_yes_back_stops_it_and_tells_the_partner(suite: RunningSuite, idle_partners: None) -> None:
    household, _ = await family_with_a_bill(suite, decision="given")
    referrals = await suite.referrals_when(
        household,
        lambda found: to_partners(found) and {one["delivery_state"] for one in to_partners(found)} == {"delivered"},
    )
    await suite.decide(household, "revoked")
    await suite.referrals_when(household, lambda found: {one["status"] for one in to_partners(found)} == {"cancelled"})

    async def told() -> bool:
        return len(await seen_of(suite, referrals, "referral.revoked")) == len(to_partners(referrals))

    await until(told, what="every partner to hear that it is over")
    assert {one["status"] for one in to_partners(await suite.referrals_of(household))} == {"cancelled"}


async def test_a_partner_may_read_no_more_after_the_yes_was_taken_back(
    suite: RunningSuite, idle_partners: None
) -> None:
    household, _ = await family_with_a_bill(suite, decision="given")
    referrals = await suite.referrals_when(
        household, lambda found: any(one["delivery_state"] == "delivered" for one in to_partners(found))
    )
    one = next(one for one in to_partners(referrals) if one["delivery_state"] == "delivered")
    async with suite.client_of(suite.stage.tokens[one["partner"]]) as partner:
        read = await partner.get(f"/partner/v1/referrals/{one['id']}")
        assert read.status_code == 200 and set(read.json()["person"]) <= set(read.json()["fields"])
        await suite.decide(household, "revoked")

        async def is_closed() -> bool:
            return (await partner.get(f"/partner/v1/referrals/{one['id']}")).status_code == 409

        await until(is_closed, what="the details to be closed")
        assert (await partner.get(f"/partner/v1/referrals/{one['id']}")).json()["code"] == "consent_required"


async def test_another_partner_cannot_see_the_referral_at_all(suite: RunningSuite, idle_partners: None) -> None:
    household, _ = await family_with_a_bill(suite, decision="given")
    referrals = await suite.referrals_when(household, lambda found: len(to_partners(found)) > 1)
    mine = to_partners(referrals)[0]
    other = next(one for one in to_partners(referrals) if one["partner"] != mine["partner"])
    async with suite.client_of(suite.stage.tokens[other["partner"]]) as stranger:
        assert (await stranger.get(f"/partner/v1/referrals/{mine['id']}")).status_code == 404
