"""No consent, no webhook: ever. In whatever order the family's word and the assessment come."""

from datetime import date
from uuid import uuid4

import pytest

from services.contracts.referral import ReferralChanged
from tests.support.apps import partner
from tests.unit.referral.made import Town, make_assessment, make_consent, make_decision, make_need


async def test_without_consent_a_referral_is_held_and_no_partner_hears_of_it(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_assessment(household, make_need()))
    held = await town.referral(household)
    assert (held["status"], held["held_for"], held["delivery_state"]) == ("draft", "consent", "held")
    assert held["due_on"] is None
    assert await town.notices("red_cross") == []
    listed = await town.get("/partner/v1/referrals", actor=partner("red_cross"))
    assert listed == {"items": [], "next": None}
    detail = await town.part.client(partner("red_cross")).get(f"/partner/v1/referrals/{held['id']}")
    assert detail.status_code == 404


async def test_consent_given_later_releases_it_at_once(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_assessment(household, make_need()))
    await town.take_in(make_consent(household))
    left = await town.referral(household)
    assert (left["status"], left["held_for"], left["due_on"]) == ("requested", None, "2026-03-25")
    assert await town.notices("red_cross") == [("referral.requested", 1)]


@pytest.mark.parametrize("consent_first", [True, False])
async def test_the_order_of_consent_and_assessment_does_not_matter(town: Town, consent_first: bool) -> None:
    household = uuid4()
    events = [make_consent(household), make_assessment(household, make_need())]
    for event in events if consent_first else reversed(events):
        await town.take_in(event)
    assert (await town.referral(household))["status"] == "requested"


async def test_a_refusal_closes_the_referral_and_nothing_leaves(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_assessment(household, make_need()))
    await town.take_in(make_consent(household, make_decision("refused")))
    refused = await town.referral(household)
    detail = await town.get(f"/api/v1/referral/referrals/{refused['id']}")
    assert (detail["status"], detail["reason_code"]) == ("cancelled", "person_declined")
    assert detail["closing_code"] == "CONSENT_REFUSED_NO_EXTERNAL_SHARE"
    assert await town.notices("red_cross") == []


async def test_a_yes_after_a_no_opens_a_new_referral(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_assessment(household, make_need()), make_consent(household, make_decision("refused")))
    first = await town.referral(household)
    await town.take_in(make_consent(household, version=2))
    second = await town.referral(household)
    assert second["status"] == "requested" and second["id"] != first["id"]


async def test_the_exact_decision_wins_over_any(town: Town) -> None:
    household = uuid4()
    needs = (make_need("medical_cost", "red_cross", "charity_federation"), make_need("disaster", "red_cross"))
    decisions = (make_decision("given"), make_decision("refused", "red_cross", "medical_cost"))
    await town.take_in(make_consent(household, *decisions), make_assessment(household, *needs))
    statuses = {pair: item["status"] for pair, item in (await town.referrals(household)).items()}
    assert statuses == {
        ("red_cross", "medical_cost"): "cancelled",
        ("charity_federation", "medical_cost"): "requested",
        ("red_cross", "disaster"): "requested",
    }


async def test_a_bureau_hears_by_statute_whatever_the_family_said(town: Town) -> None:
    household = uuid4()
    need = make_need("medical_cost", "red_cross", bureaux=("medical_insurance",))
    await town.take_in(make_consent(household, make_decision("refused")), make_assessment(household, need))
    bureau = await town.referral(household, "medical_insurance")
    assert (bureau["status"], bureau["held_for"]) == ("requested", None)


async def test_revocation_takes_back_what_a_partner_has_read_and_closes_the_detail(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need()))
    referral = await town.referral(household)
    assert await town.notices("red_cross") == [("referral.requested", 1)]
    await town.take_in(make_consent(household, make_decision("revoked"), version=2))
    assert (await town.referral(household))["status"] == "cancelled"
    feed = (await town.feed("red_cross"))["items"]
    assert [item["type"] for item in feed] == ["referral.revoked"]
    assert feed[0]["data"]["referral_id"] == referral["id"]
    detail = await town.part.client(partner("red_cross")).get(f"/partner/v1/referrals/{referral['id']}")
    assert detail.status_code == 409
    assert detail.json()["code"] == "consent_required"
    assert detail.json()["referral"]["referral_id"] == referral["id"]


async def test_revocation_before_the_partner_could_know_says_nothing_to_it(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need()))
    await town.take_in(make_consent(household, make_decision("revoked"), version=2))
    assert await town.notices("red_cross") == []


async def test_consent_counts_through_its_last_day(town: Town) -> None:
    household = uuid4()
    given = make_decision("given", expires_on=date(2026, 3, 4))
    await town.take_in(make_consent(household, given), make_assessment(household, make_need()))
    referral = await town.referral(household)
    assert referral["status"] == "requested"
    client = town.part.client(partner("red_cross"))
    assert (await client.get(f"/partner/v1/referrals/{referral['id']}")).status_code == 200
    town.hand.forward(days=1)
    assert (await client.get(f"/partner/v1/referrals/{referral['id']}")).json()["code"] == "consent_required"
    assert await town.notices("red_cross") == []


async def test_consent_that_ran_out_before_the_assessment_is_none(town: Town) -> None:
    household = uuid4()
    given = make_decision("given", expires_on=date(2026, 3, 3))
    await town.take_in(make_consent(household, given), make_assessment(household, make_need()))
    assert (await town.referral(household))["held_for"] == "consent"


async def test_a_near_miss_goes_to_the_charity_federation_only_and_only_by_recorded_consent(town: Town) -> None:
    household = uuid4()
    need = make_need("living", "charity_federation", "red_cross", near_miss=True)
    statutory = make_decision("given", basis="statutory")
    await town.take_in(make_assessment(household, need), make_consent(household, statutory))
    found = await town.referrals(household)
    assert {pair: item["held_for"] for pair, item in found.items()} == {("charity_federation", "living"): "consent"}
    await town.take_in(make_consent(household, make_decision("given", "charity_federation", "living"), version=2))
    assert (await town.referral(household, "charity_federation", "living"))["status"] == "requested"
    changed = [event for event in await town.part.events_of(ReferralChanged) if event.status == "requested"]
    assert [event.near_miss for event in changed] == [True]


async def test_an_older_version_of_the_decisions_changes_nothing(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_assessment(household, make_need()))
    await town.take_in(make_consent(household, make_decision("refused"), version=5))
    await town.take_in(make_consent(household, version=4))
    assert (await town.referral(household))["status"] == "cancelled"
