"""A later assessment keeps, updates and takes back referrals; every need has its referral or a reason."""

import asyncio
import random
from uuid import UUID, uuid4

from sqlalchemy import text

from services.contracts.eligibility import NeedState
from services.contracts.event import Event
from services.contracts.referral import ReferralChanged
from services.referral.consumers import HANDLERS
from services.referral.store.invariants import BREACHES
from tests.support.apps import officer, partner
from tests.unit.referral.made import Town, make_assessment, make_consent, make_decision, make_need

FUNERAL = make_need("funeral", "red_cross")


async def outcomes(town: Town, assessment: UUID) -> set[tuple[str, str, bool, str | None]]:
    async with town.part.database.transaction() as db:
        rows = await db.execute(
            text("SELECT need, party, referral_id IS NOT NULL, reason FROM need_outcome WHERE assessment_id = :id"),
            {"id": assessment},
        )
        return {tuple(row) for row in rows}


async def breaches(town: Town) -> dict[str, int]:
    found = {}
    async with town.part.database.transaction() as db:
        for name, query in BREACHES.items():
            found[name] = len((await db.execute(text(query))).all())
    return {name: count for name, count in found.items() if count}


async def test_a_need_still_there_keeps_its_referral(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need()))
    first = await town.referral(household)
    await town.take_in(make_assessment(household, make_need(), version=2))
    assert (await town.referral(household))["id"] == first["id"]
    assert await town.notices("red_cross") == [("referral.requested", 1)]


async def test_what_a_partner_was_told_is_told_again_when_it_changes(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need(gap_fen=50_000)))
    await town.take_in(make_assessment(household, make_need(gap_fen=60_000), version=2))
    assert await town.notices("red_cross") == [("referral.requested", 1)]  # the band is the same
    await town.take_in(make_assessment(household, make_need(gap_fen=3_000_000), version=3, priority="urgent"))
    assert await town.notices("red_cross") == [("referral.requested", 1), ("referral.updated", 2)]
    told = (await town.feed("red_cross"))["items"][-1]["data"]
    assert (told["gap_band"], told["priority"]) == ("20000_plus", "urgent")


async def test_a_need_that_is_gone_takes_back_what_nobody_accepted(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need()))
    referral = await town.referral(household)
    await town.feed("red_cross")
    await town.take_in(make_assessment(household, version=2))
    detail = await town.get(f"/api/v1/referral/referrals/{referral['id']}")
    assert (detail["status"], detail["reason_code"]) == ("cancelled", "need_met")
    assert [kind for kind, _ in await town.notices("red_cross")][-1] == "referral.revoked"


async def test_what_a_partner_accepted_outlives_its_need(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need()))
    referral = await town.referral(household)
    await town.answers("red_cross", referral["id"], "accepted")
    await town.take_in(make_assessment(household, version=2))
    assert (await town.referral(household))["status"] == "accepted"
    assert (await town.answers("red_cross", referral["id"], "completed")).status_code == 200


async def test_a_need_that_comes_back_is_asked_anew_but_not_what_was_just_answered(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need()))
    await town.take_in(make_assessment(household, version=2))
    await town.take_in(make_assessment(household, make_need(), version=3))
    again = await town.referral(household)
    assert again["status"] == "requested"
    await town.answers("red_cross", again["id"], "accepted")
    await town.answers("red_cross", again["id"], "completed")
    await town.take_in(make_assessment(household, make_need(), version=4))
    assert (await town.referral(household))["id"] == again["id"]
    town.hand.forward(days=181)
    await town.take_in(make_assessment(household, make_need(), version=5))
    assert (await town.referral(household))["id"] != again["id"]


async def test_an_older_assessment_changes_nothing(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need(), version=2))
    await town.take_in(make_assessment(household, version=1))
    assert (await town.referral(household))["status"] == "requested"
    async with town.part.database.transaction() as db:
        stale = (await db.execute(text("SELECT count(*) FROM inbox WHERE outcome = 'stale'"))).scalar()
    assert stale == 1


async def test_the_newest_of_a_fetch_wins_whatever_its_place(town: Town) -> None:
    household = uuid4()
    newest = make_assessment(household, make_need(), version=3)
    await town.take_in(
        make_consent(household), make_assessment(household, version=2), newest, make_assessment(household, version=1)
    )
    assert set(await town.referrals(household)) == {("red_cross", "medical_cost")}


async def test_a_household_merged_into_another_leaves_no_second_referral(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need()))
    referral = await town.referral(household)
    await town.take_in(make_assessment(household, version=2, cause="merged", household_size=0, people=()))
    detail = await town.get(f"/api/v1/referral/referrals/{referral['id']}")
    assert (detail["status"], detail["reason_code"]) == ("cancelled", "duplicate")


async def test_a_household_that_moves_takes_its_referrals_along(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need()))
    await town.take_in(make_assessment(household, make_need(), version=2, division="350622100"))
    told = (await town.feed("red_cross"))["items"][-1]["data"]
    assert told["township_code"] == "350622100"


async def test_every_need_has_one_referral_for_each_party_or_a_reason(town: Town) -> None:
    household = uuid4()
    assessment = make_assessment(
        household,
        make_need("medical_cost", "red_cross", "charity_federation", bureaux=("medical_insurance",)),
        make_need("living", "nobody_known"),
        make_need("housing", "youth_league"),
        NeedState(code="legal_rights"),
        make_need("disaster", "red_cross", near_miss=True),
    )
    await town.take_in(assessment)
    assert await outcomes(town, assessment.assessment_id) == {
        ("medical_cost", "red_cross", True, None),
        ("medical_cost", "charity_federation", True, None),
        ("medical_cost", "medical_insurance", True, None),
        ("living", "nobody_known", False, "unknown_party"),
        ("housing", "youth_league", False, "not_served"),
        ("legal_rights", "", False, "no_partner"),
        ("disaster", "red_cross", False, "near_miss_not_allowed"),
    }
    assert await breaches(town) == {}


async def test_two_pupils_of_a_family_are_one_referral(town: Town) -> None:
    household = uuid4()
    one, other = (make_need("education_cost", "youth_league", subject_ref=uuid4(), gap_fen=1000) for _ in range(2))
    await town.take_in(make_consent(household), make_assessment(household, one, other))
    changed = await town.part.events_of(ReferralChanged)
    assert [(event.subject_ref, event.gap_fen) for event in changed] == [(None, 2000)]


async def test_whatever_comes_in_whatever_order_the_end_is_the_same(town: Town) -> None:
    """200 households, three assessments and three consents each, shuffled, split into fetches, some delivered twice."""
    dice = random.Random(7)
    wanted: dict[UUID, str] = {}
    events: list[Event] = []
    for _ in range(200):
        household = uuid4()
        needs = [[make_need()], [], [make_need("medical_cost", "red_cross", "charity_federation")]]
        dice.shuffle(needs)
        words = ["given", "refused", "revoked"]
        dice.shuffle(words)
        events += [make_assessment(household, *some, version=n) for n, some in enumerate(needs, start=1)]
        events += [make_consent(household, make_decision(word), version=n) for n, word in enumerate(words, start=1)]
        wanted[household] = "" if not needs[-1] else "requested" if words[-1] == "given" else "cancelled"
    events += dice.sample(events, 100)
    dice.shuffle(events)
    for start in range(0, len(events), 90):
        await town.take_in(*events[start : start + 90])
    for household, status in wanted.items():
        found = await town.referrals(household)
        live = {item["status"] for item in found.values() if item["status"] != "cancelled"}
        assert live == ({status} if status == "requested" else set())
        if status:
            assert found["red_cross", "medical_cost"]["status"] == status
    assert await breaches(town) == {}


async def test_concurrent_causes_open_no_second_referral(town: Town) -> None:
    household = uuid4()
    events: list[Event] = []
    events.extend(make_assessment(household, make_need(), version=n) for n in range(1, 9))
    events.extend(make_consent(household, version=n) for n in range(1, 5))
    await asyncio.gather(*(town.take_in(event) for event in events))
    answer = await town.get("/api/v1/referral/referrals", household=household)
    assert len(answer["items"]) == 1
    assert answer["items"][0]["status"] == "requested"


async def test_the_same_event_twice_takes_effect_once(town: Town) -> None:
    household = uuid4()
    event = make_assessment(household, make_need())
    await town.take_in(make_consent(household), event)
    await town.part.take_in(HANDLERS, [event], clock=town.hand.clock)
    assert len(await town.part.events_of(ReferralChanged)) == 1


async def test_counts_are_of_the_territory_asked_for(town: Town) -> None:
    assert (await town.get("/api/v1/referral/counts")) == {
        "referrals": {},
        "held": {},
        "deliveries": {},
        "outcomes": {},
        "by_partner": {},
        "confirmed": 0,
        "unmet": 0,
    }
    one, other = uuid4(), uuid4()
    await town.take_in(make_consent(one), make_assessment(one, make_need()), make_assessment(other, make_need()))
    await town.answers("red_cross", (await town.referral(one))["id"], "accepted")
    await town.answers("red_cross", (await town.referral(one))["id"], "completed")
    counts = await town.get("/api/v1/referral/counts")
    assert counts["referrals"] == {"completed": 1, "draft": 1}
    assert (counts["held"], counts["outcomes"]) == ({"consent": 1}, {"red_cross": 1})
    assert counts["deliveries"] == {"red_cross": {"delivered": 1}}
    assert counts["by_partner"] == {"red_cross": {"completed": 1, "draft": 1}}
    elsewhere = await town.get("/api/v1/referral/counts", actor=officer("350622", "referral:read"))
    assert elsewhere["referrals"] == {}


async def test_needs_have_names_in_both_languages(town: Town) -> None:
    needs = {item["code"]: item["name"] for item in (await town.get("/api/v1/referral/needs"))["items"]}
    assert len(needs) == 20 and needs["medical_cost"] == {"zh": "医疗费用", "en": "medical costs"}


async def test_an_officer_takes_back_and_a_partner_is_told(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need()))
    referral = await town.referral(household)
    await town.feed("red_cross")
    path = f"/api/v1/referral/referrals/{referral['id']}/cancel"
    assert (await town.post(path, {})).status_code == 422
    assert (await town.post(path, {"reason_code": "duplicate"})).json()["status"] == "cancelled"
    assert (await town.post(path, {"reason_code": "duplicate"})).status_code == 200
    assert [kind for kind, _ in await town.notices("red_cross")][-1] == "referral.revoked"
    await town.take_in(make_assessment(household, make_need(), version=2))
    assert (await town.referral(household))["status"] == "cancelled"


async def test_sensitive_needs_wait_for_an_officer_besides(town: Town) -> None:
    household = uuid4()
    need = make_need("psychological", "youth_league")
    await town.take_in(make_assessment(household, need))
    referral = await town.referral(household, "youth_league", "psychological")
    assert referral["held_for"] == "consent"
    release = f"/api/v1/referral/referrals/{referral['id']}/release"
    refused = await town.post(release)
    assert (refused.status_code, refused.json()["code"]) == (409, "consent_required")
    await town.take_in(make_consent(household))
    assert (await town.referral(household, "youth_league", "psychological"))["held_for"] == "confirmation"
    assert (await town.part.client(partner("youth_league")).get("/partner/v1/referrals")).json()["items"] == []
    assert (await town.post(release)).json()["status"] == "requested"
    assert (await town.post(release)).status_code == 200
    assert await town.notices("youth_league") == [("referral.requested", 1)]
