"""A partner's answer: the status machine, reason codes, shares of the gap, and needs handed on."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from services.contracts.referral import NeedUnmet, ReferralChanged
from services.referral.actions.clock import follow_the_day
from tests.support.apps import officer, partner
from tests.unit.referral.made import Town, make_assessment, make_consent, make_decision, make_need

BOTH = ("red_cross", "charity_federation")


async def open_one(town: Town, **more: Any) -> str:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need(**more)))
    found: str = (await town.referral(household))["id"]
    return found


async def test_a_referral_is_accepted_worked_on_and_completed(town: Town) -> None:
    referral = await open_one(town)
    steps: list[tuple[str, dict[str, Any]]] = [
        ("accepted", {}),
        ("in_progress", {}),
        ("completed", {"outcome": {"kind": "cash", "amount": "812.50", "on": "2026-03-04", "note": "送到家中"}}),
    ]
    for version, (status, more) in enumerate(steps, start=2):
        answer = await town.answers("red_cross", referral, status, **more)
        assert answer.status_code == 200
        assert answer.json() == {"id": referral, "status": status, "version": version}
    detail = await town.get(f"/api/v1/referral/referrals/{referral}")
    assert detail["outcome"] == {"kind": "cash", "amount": "812.50", "on": "2026-03-04"}
    assert detail["note"] == "送到家中"
    assert [step["by"] for step in detail["steps"]] == ["system"] + ["partner:red_cross"] * 3
    events = await town.part.events_of(ReferralChanged)
    assert [event.status for event in events] == ["requested", "accepted", "in_progress", "completed"]
    assert events[-1].outcome is not None and events[-1].outcome.amount_fen == 81_250
    assert "送到家中" not in events[-1].to_cloud_event()


async def test_the_note_is_for_those_who_may_read_personal_fields(town: Town) -> None:
    referral = await open_one(town)
    await town.answers("red_cross", referral, "accepted")
    outcome = {"kind": "cash", "on": "2026-03-04", "note": "电话已核实"}
    await town.answers("red_cross", referral, "completed", outcome=outcome)
    path = f"/api/v1/referral/referrals/{referral}"
    assert (await town.get(path, actor=officer("3506", "referral:read")))["note"] is None
    assert (await town.get(path, actor=officer("3506", "referral:read", "people:read")))["note"] == "电话已核实"


async def test_the_same_step_again_is_fine_and_changes_nothing(town: Town) -> None:
    referral = await open_one(town)
    first = await town.answers("red_cross", referral, "accepted")
    again = await town.answers("red_cross", referral, "accepted")
    assert (again.status_code, again.json()) == (200, first.json())
    assert len(await town.part.events_of(ReferralChanged)) == 2


async def test_an_illegal_step_says_which_ones_are_allowed(town: Town) -> None:
    referral = await open_one(town)
    early = await town.answers("red_cross", referral, "completed")
    assert (early.status_code, early.json()["code"]) == (409, "illegal_status")
    assert early.json()["allowed"] == ["accepted", "rejected", "failed"]
    await town.answers("red_cross", referral, "rejected", reason_code="no_capacity")
    late = await town.answers("red_cross", referral, "accepted")
    assert (late.status_code, late.json()["allowed"]) == (409, [])


@pytest.mark.parametrize("status", ["cancelled", "requested", "draft", "entered_in_error"])
async def test_a_partner_does_not_set_ours(town: Town, status: str) -> None:
    referral = await open_one(town)
    await town.answers("red_cross", referral, "accepted")
    answer = await town.answers("red_cross", referral, status, reason_code="other")
    assert answer.status_code == 409
    assert answer.json()["allowed"] == ["in_progress", "on_hold", "completed", "failed"]


@pytest.mark.parametrize(("before", "status"), [([], "rejected"), (["accepted"], "on_hold"), ([], "failed")])
async def test_some_steps_need_a_reason(town: Town, before: list[str], status: str) -> None:
    referral = await open_one(town)
    for step in before:
        await town.answers("red_cross", referral, step)
    answer = await town.answers("red_cross", referral, status)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "reason_code"


@pytest.mark.parametrize(
    "body",
    [
        {"status": "done"},
        {"status": "completed", "outcome": {"kind": "cash", "amount": "-1", "on": "2026-03-04"}},
        {"status": "completed", "outcome": {"kind": "cash", "amount": True, "on": "2026-03-04"}},
        {"status": "completed", "outcome": {"kind": "cash", "amount": "1e3", "on": "2026-03-04"}},
        {"status": "completed", "outcome": {"kind": "cash", "amount": "1.00", "on": "2026-02-30"}},
        {"status": "completed", "outcome": {"kind": "cash", "amount": "1.00", "on": "2027-01-01"}},
        {"status": "completed", "outcome": {"on": "2026-03-04"}},
        {"status": "rejected", "reason_code": "lazy"},
        {"status": "accepted", "version": 3},
    ],
)
async def test_an_unreadable_answer_names_its_field(town: Town, body: dict[str, Any]) -> None:
    referral = await open_one(town)
    await town.answers("red_cross", referral, "accepted")
    answer = await town.post(f"/partner/v1/referrals/{referral}/status", body, actor=partner("red_cross"))
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_two_partners_never_fill_the_same_gap(town: Town) -> None:
    household = uuid4()
    await town.take_in(
        make_consent(household), make_assessment(household, make_need("medical_cost", *BOTH, gap_fen=1_000_000))
    )
    found = await town.referrals(household)
    ids = {code: found[code, "medical_cost"]["id"] for code in BOTH}
    named = {"outcome": {"kind": "cash", "amount": "7000.00", "on": "2026-03-04"}}
    assert (await town.answers("red_cross", ids["red_cross"], "accepted", **named)).status_code == 200
    other = await town.get(f"/api/v1/referral/referrals/{ids['charity_federation']}")
    assert other["gap"] == "3000.00"
    assert await town.notices("charity_federation") == [("referral.requested", 1), ("referral.updated", 2)]
    updated = (await town.feed("charity_federation"))["items"][-1]["data"]
    assert updated["gap_band"] == "1000_5000"
    assert await town.notices("red_cross") == [("referral.requested", 1)]


async def test_when_the_whole_gap_is_taken_nobody_else_accepts(town: Town) -> None:
    household = uuid4()
    await town.take_in(
        make_consent(household), make_assessment(household, make_need("medical_cost", *BOTH, gap_fen=500_000))
    )
    found = await town.referrals(household)
    named = {"outcome": {"kind": "cash", "amount": "6000.00", "on": "2026-03-04"}}
    await town.answers("red_cross", found["red_cross", "medical_cost"]["id"], "accepted", **named)
    charity = found["charity_federation", "medical_cost"]["id"]
    refused = await town.answers("charity_federation", charity, "accepted")
    assert (refused.status_code, refused.json()["code"]) == (409, "gap_taken")
    failed = {"reason_code": "no_capacity"}
    await town.answers("red_cross", found["red_cross", "medical_cost"]["id"], "failed", **failed)
    assert (await town.answers("charity_federation", charity, "accepted")).status_code == 200


async def test_without_a_named_amount_partners_share_equally(town: Town) -> None:
    household = uuid4()
    await town.take_in(
        make_consent(household), make_assessment(household, make_need("medical_cost", *BOTH, gap_fen=1_000_001))
    )
    found = await town.referrals(household)
    await town.answers("red_cross", found["red_cross", "medical_cost"]["id"], "accepted")
    other = await town.get(f"/api/v1/referral/referrals/{found['charity_federation', 'medical_cost']['id']}")
    assert other["gap"] == "5000.00"


async def test_a_refused_need_goes_to_the_next_partner_not_asked(town: Town) -> None:
    household = uuid4()
    need = make_need("education_cost", "youth_league")
    await town.take_in(make_consent(household), make_assessment(household, need))
    first = await town.referral(household, "youth_league", "education_cost")
    await town.answers("youth_league", first["id"], "rejected", reason_code="not_our_scope")
    found = await town.referrals(household)
    second = found["charity_federation", "education_cost"]
    assert second["status"] == "requested"
    detail = await town.get(f"/api/v1/referral/referrals/{second['id']}")
    assert detail["rerouted_from"] == first["id"]
    assert set(found) == {("youth_league", "education_cost"), ("charity_federation", "education_cost")}
    assert await town.part.events_of(NeedUnmet) == []


async def test_a_need_that_everybody_refused_is_unmet_by_the_familys_yes_to_the_charity_side(town: Town) -> None:
    household = uuid4()
    given = make_decision("given", "red_cross")
    need = make_need("disaster", "red_cross", gap_fen=300_000)
    await town.take_in(make_consent(household, given), make_assessment(household, need))
    referral = await town.referral(household, "red_cross", "disaster")
    await town.answers("red_cross", referral["id"], "rejected", reason_code="no_capacity")
    assert await town.part.events_of(NeedUnmet) == []
    later = make_decision("given", "charity_federation", "disaster")
    await town.take_in(make_consent(household, given, later, version=2))
    [unmet] = await town.part.events_of(NeedUnmet)
    assert (unmet.need, unmet.tried, unmet.gap_fen, unmet.state) == ("disaster", ("red_cross",), 300_000, "open")
    listed = await town.get("/api/v1/referral/needs/unmet")
    assert [(item["need"], item["left"]) for item in listed["items"]] == [("disaster", "3000.00")]
    await town.take_in(make_consent(household, given, make_decision("revoked", "charity_federation"), version=3))
    assert [event.state for event in await town.part.events_of(NeedUnmet)] == ["open", "closed"]


async def test_a_need_that_names_no_partner_leaves_a_reason_and_is_unmet(town: Town) -> None:
    household = uuid4()
    need = make_need("funeral", "red_cross")
    await town.take_in(make_consent(household), make_assessment(household, need))
    assert await town.referrals(household) == {}
    [unmet] = await town.part.events_of(NeedUnmet)
    assert (unmet.need, unmet.tried) == ("funeral", ())


async def test_an_answer_that_is_late_is_asked_for_once_and_the_need_goes_on(town: Town) -> None:
    household = uuid4()
    need = make_need("education_cost", "youth_league")
    await town.take_in(make_consent(household), make_assessment(household, need))
    town.hand.forward(days=14)
    assert await _follow(town) == 0  # ten working days end on the eighteenth
    town.hand.forward(days=1)
    assert await _follow(town) == 1
    assert await _follow(town) == 0
    assert await town.notices("youth_league") == [("referral.requested", 1), ("outcome.requested", 2)]
    found = await town.referrals(household)
    assert {pair[0]: item["status"] for pair, item in found.items()} == {
        "youth_league": "requested",
        "charity_federation": "requested",
    }
    late = await town.answers("youth_league", found["youth_league", "education_cost"]["id"], "accepted")
    assert late.status_code == 200


async def test_an_outcome_that_is_late_is_asked_for(town: Town) -> None:
    referral = await open_one(town)
    await town.answers("red_cross", referral, "accepted")
    town.hand.forward(days=60)
    await _follow(town)
    assert (await town.notices("red_cross"))[-1][0] == "outcome.requested"


async def test_help_against_violence_is_due_within_a_day_on_a_holiday_too(town: Town) -> None:
    household = uuid4()
    need = make_need("women_rights", "womens_federation")
    town.hand.at = town.hand.at.replace(day=7)  # a Saturday
    await town.take_in(make_consent(household), make_assessment(household, need))
    assert (await town.referral(household, "womens_federation", "women_rights"))["due_on"] == "2026-03-08"


async def test_consent_that_runs_out_stops_what_has_not_left_and_a_new_one_sends_it(town: Town) -> None:
    household = uuid4()
    given = make_decision("given", expires_on=date(2026, 3, 4))
    await town.take_in(make_consent(household, given), make_assessment(household, make_need()))
    town.hand.forward(days=1)
    await _follow(town)
    held = await town.referral(household)
    assert (held["status"], held["held_for"], held["delivery_state"]) == ("requested", "consent", "held")
    await town.take_in(make_consent(household, make_decision("given"), version=2))
    again = await town.referral(household)
    assert (again["held_for"], again["due_on"]) == (None, "2026-03-26")
    assert await town.notices("red_cross") == [("referral.requested", 2)]


async def test_a_partner_that_was_asked_before_the_consent_ran_out_is_told_and_not_asked_again(town: Town) -> None:
    household = uuid4()
    given = make_decision("given", expires_on=date(2026, 3, 4))
    await town.take_in(make_consent(household, given), make_assessment(household, make_need()))
    assert await town.notices("red_cross") == [("referral.requested", 1)]
    town.hand.forward(days=1)
    await _follow(town)
    await town.take_in(make_consent(household, make_decision("given"), version=2))
    assert await town.notices("red_cross") == [("referral.updated", 2)]


async def test_help_is_confirmed_by_the_person_once_it_was_reported(town: Town) -> None:
    referral = await open_one(town)
    body = {"received": True, "by": "person", "on": "2026-03-04"}
    assert (await town.post(f"/api/v1/referral/referrals/{referral}/confirm", body)).status_code == 409
    for status in ("accepted", "completed"):
        await town.answers("red_cross", referral, status)
    assert (await town.post(f"/api/v1/referral/referrals/{referral}/confirm", body)).status_code == 200
    assert (await town.get(f"/api/v1/referral/referrals/{referral}"))["confirmed"] is True


async def _follow(town: Town) -> int:
    async with town.part.database.transaction() as db:
        return await follow_the_day(db, now=town.hand.at)
