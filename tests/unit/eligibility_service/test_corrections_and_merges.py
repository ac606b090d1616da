"""What changes after the fact: corrections, merges, events that come late, and what is never applied twice."""

from datetime import UTC, datetime

from services.kit.clock import Clock
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import (
    CLOCK,
    make_bill,
    make_care,
    make_household,
    make_member,
    make_merge,
    make_report,
    ref,
)

BIG = make_bill("b1", "52000.00")
CORRECTED = make_bill("b1", "52000.00", counted=False, note="superseded"), make_bill("b2", "39000.00")


async def test_a_correction_under_the_line_withdraws_a_trigger_nobody_worked_on(service: Service) -> None:
    await service.take(make_care("lin", BIG))
    await service.take(make_care("lin", *CORRECTED, version=2))
    assert [await service.account(b) for b in ("b1", "b2")] == ["superseded", "below_threshold"]
    assert await service.live("home of lin") is None
    first, last = await service.completed("home of lin")
    assert (last.version, last.findings, last.needs, last.status) == (2, (), (), None)
    assert first.version == 1
    visit = await service.visit("home of lin")
    assert visit is not None and visit["state"] == "withdrawn"


async def test_after_a_visit_with_a_result_the_correction_is_only_noted(service: Service) -> None:
    await service.take(make_care("lin", BIG))
    answer = await service.http.post(
        f"/api/v1/eligibility/visits/{ref('home of lin')}/result", json={"result": "temp_aid_granted", "version": 1}
    )
    assert answer.status_code == 200, answer.text
    await service.take(make_care("lin", *CORRECTED, version=2))
    assert [await service.account(b) for b in ("b1", "b2")] == ["superseded", "assessment"]
    visit = await service.visit("home of lin")
    assert visit is not None and visit["state"] == "done" and visit["sum_dropped"]
    assert visit["result"]["code"] == "temp_aid_granted"


async def test_a_withdrawn_trigger_comes_back_with_the_next_bill(service: Service) -> None:
    await service.take(make_care("lin", BIG))
    await service.take(make_care("lin", *CORRECTED, version=2))
    await service.take(make_care("lin", *CORRECTED, make_bill("b3", "1000.01"), version=3))
    assert await service.account("b2") == "assessment"
    visit = await service.visit("home of lin")
    assert visit is not None and visit["state"] == "open"
    assert [event.version for event in await service.completed("home of lin")] == [1, 2, 3]


async def test_a_merged_household_gets_a_last_assessment_and_its_records_move(service: Service) -> None:
    await service.take(make_care("lin", BIG))
    await service.take(make_report("w1", "major_illness", household="home of lin", person="lin"))
    await service.take(make_merge("home of lin", "lins"), make_household("lins", make_member("lin")))
    assert await service.live("home of lin") is None
    last = (await service.completed("home of lin"))[-1]
    assert last.cause == "merged" and last.needs == () and last.findings == ()
    live = await service.live("lins")
    assert live is not None and live["status"] == "dibao"
    for record in ("b1", "w1"):
        found = await service.record(record)
        assert found["household_ref"] == str(ref("lins"))
        assert found["account"]["assessment_id"] == str(live["assessment_id"])
    gone = await service.visit("home of lin")
    assert gone is not None and gone["state"] == "merged"


async def test_a_bill_told_of_the_old_household_finds_the_new_one(service: Service) -> None:
    await service.take(make_household("lins", make_member("lin")), make_merge("home of lin", "lins"))
    await service.take(make_care("lin", BIG))
    assert (await service.record("b1"))["household_ref"] == str(ref("lins"))


async def test_an_older_event_is_stale_and_changes_nothing(service: Service) -> None:
    old, new = make_care("lin", make_bill("b1", "99000.00")), make_care("lin", make_bill("b1", "100.00"), version=2)
    await service.take(new)
    await service.take(old)
    assert await service.account("b1") == "below_threshold"
    assert (await service.outcome_of(old.id), await service.outcome_of(new.id)) == ("stale", "applied")


async def test_the_same_facts_again_make_no_second_assessment(service: Service) -> None:
    await service.take(make_care("lin", BIG))
    tomorrow = Clock(lambda: datetime(2025, 7, 2, 4, 0, tzinfo=UTC))
    await service.take(make_care("lin", BIG, version=2), clock=tomorrow)
    assert len(await service.completed("home of lin")) == 1
    visit = await service.visit("home of lin")
    assert visit is not None and visit["version"] == 1


async def test_facts_that_become_known_supersede_the_assessment(service: Service) -> None:
    await service.take(make_care("lin", BIG, household="lins"))
    first = await service.live("lins")
    assert first is not None and first["status"] is None and "dibao" in first["unknown"]
    await service.take(make_household("lins", make_member("lin")))
    live = await service.live("lins")
    assert live is not None and live["number"] == 2 and live["status"] == "dibao"
    listed = await service.http.get(f"/api/v1/eligibility/households/{ref('lins')}/assessments")
    assert [(item["number"], item["state"]) for item in listed.json()["items"]] == [(2, "live"), (1, "superseded")]
    assert listed.json()["items"][1]["superseded_by"] == str(live["assessment_id"])
    events = await service.completed("lins")
    assert [need.code for need in events[-1].needs] == ["medical_cost"]
    assert events[-1].needs[0].gap_fen is not None and events[-1].needs[0].programme == "medical_aid"


async def test_today_is_the_day_in_shanghai(service: Service) -> None:
    late = Clock(lambda: datetime(2025, 6, 30, 16, 30, tzinfo=UTC))
    await service.take(make_care("lin", BIG), clock=late)
    live = await service.live("home of lin")
    assert live is not None and str(live["as_of"]) == "2025-07-01"
    assert CLOCK.today().isoformat() == "2025-07-01"
