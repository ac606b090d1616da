"""The same events in any order, in any batches, end in the same assessments, accounts and visits."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.contracts.event import Event
from services.contracts.intake import CareChanged, GridReportRecorded, HouseholdChanged
from services.eligibility.consumers import HANDLERS
from services.kit.db import Database
from tests.support.apps import PartUnderTest, Starter
from tests.unit.eligibility_service.make import (
    CLOCK,
    make_bill,
    make_care,
    make_household,
    make_member,
    make_merge,
    make_report,
)

_STATE = {
    "assessments": "SELECT household_ref, division, as_of, cause, cause_ref, status, priority, household_size,"
    " eligible, unknown, not_eligible, monthly_fen, one_off_fen, facts, findings, needs FROM assessment"
    " WHERE state = 'live' ORDER BY household_ref",
    "accounts": "SELECT a.record_id, a.division, a.source, a.household_ref, a.person_ref, a.year, a.kind, a.reason,"
    " s.state FROM record_account a LEFT JOIN assessment s USING (assessment_id) ORDER BY record_id",
    "years": "SELECT * FROM person_year ORDER BY person_ref, year",
    "visits": "SELECT household_ref, division, priority, rank, reasons, due_on, assignee_role, safe_to_call, band,"
    " programmes FROM visit WHERE state = 'open' ORDER BY household_ref",
    "watch": "SELECT * FROM low_income_watch ORDER BY household_ref, reason",
}
_TABLES = (
    "household_facts, person_care, person_year, grid_report, assessment, record_account, visit, low_income_watch,"
    " outbox, inbox"
)

CARD = {"kind": "physical", "grade": 2}
BIG = make_bill("b1", "52000.00", "2025-03-05")
SMALL = make_bill("b2", "900.00", "2025-04-05")
OLD = make_bill("b3", "7000.00", "2024-11-05")


def _family(*, version: int = 1, minutes: int = 5, **facts: Any) -> HouseholdChanged:
    head = make_member("lin", serious_illness=True, employment="none", able_to_work=False)
    child = make_member("boy", "child", birth_date="2014-02-03", gender="male", student="primary", employment="none")
    return make_household("lins", head, child, version=version, minutes=minutes, **facts)


STORIES: dict[str, list[Event]] = {
    "a bill, then who lives there": [
        make_care("lin", BIG, SMALL, OLD, household="lins", minutes=1),
        _family(),
        make_report("w1", "major_illness", household="lins", person="lin"),
    ],
    "a provisional household is registered and merged": [
        make_care("lin", BIG, minutes=1),
        make_care("lin", BIG, SMALL, version=2, household="lins", minutes=9),
        _family(minutes=6),
        make_merge("home of lin", "lins"),
        make_report("w1", "fire", household="home of lin", person="lin", urgency="red", division="350602"),
    ],
    "a correction takes the sum back under the line": [
        make_care("lin", BIG, household="lins", minutes=1),
        make_care(
            "lin",
            make_bill("b1", "52000.00", counted=False, note="superseded"),
            SMALL,
            version=2,
            household="lins",
            minutes=2,
        ),
        _family(minutes=3),
    ],
    "facts are corrected twice": [
        _family(version=1, minutes=1),
        _family(version=2, minutes=4, assets={"financial_total": "900000.00"}),
        _family(version=3, minutes=8),
        make_care("lin", BIG, household="lins", minutes=5),
    ],
    "a family on the watch for what it paid": [
        make_care("lin", make_bill("b1", "12000.00"), household="lins", minutes=1),
        make_care("lin", make_bill("b1", "12000.00"), SMALL, version=2, household="lins", minutes=7),
        make_care("boy", make_bill("b5", "100.00", "2025-02-01"), household="lins", minutes=2),
        _family(minutes=3),
    ],
    "a family on the watch is told of again": [
        make_care("lin", make_bill("b1", "12000.00"), household="lins", minutes=1),
        make_care("lin", make_bill("b1", "11000.00"), version=2, household="lins", minutes=6),
        _family(minutes=4),
    ],
    "one of two people moves out": [
        make_care("lin", BIG, household="lins", minutes=1),
        make_care("lin", BIG, version=2, household="others", minutes=5),
        make_care("boy", SMALL, household="lins", minutes=2),
        _family(minutes=1),
        make_household("others", make_member("lin", disability=CARD), minutes=6),
        make_report("w2", "job_loss", household="others", safe_to_call=False),
    ],
}


def _batches(events: Sequence[Event], cuts: Sequence[bool]) -> list[list[Event]]:
    batches: list[list[Event]] = [[]]
    for event, cut in zip(events, cuts, strict=True):
        if cut and batches[-1]:
            batches.append([])
        batches[-1].append(event)
    return batches


async def _state_after(part: PartUnderTest, batches: Sequence[Sequence[Event]]) -> dict[str, Any]:
    await _wipe(part.database)
    for batch in batches:
        await part.take_in(HANDLERS, batch, clock=CLOCK)
    state = {}
    async with part.database.transaction() as db:
        for name, query in _STATE.items():
            rows = (await db.execute(text(query))).mappings().all()
            state[name] = [{key: _plain(value) for key, value in row.items()} for row in rows]
    return state


async def _wipe(database: Database) -> None:
    async with database.transaction() as db:
        for table in _TABLES.split(", "):
            await db.execute(text(f"DELETE FROM {table}"))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


async def test_any_order_and_any_batches_end_the_same(start_part: Starter) -> None:
    part = await start_part("eligibility")
    usual = {name: await _state_after(part, [events]) for name, events in STORIES.items()}
    assert all(state["accounts"] for state in usual.values())

    orders = st.sampled_from(sorted(STORIES)).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.permutations(STORIES[name]),
            st.lists(st.booleans(), min_size=len(STORIES[name]), max_size=len(STORIES[name])),
        )
    )

    cases: list[tuple[str, Sequence[Event], Sequence[bool]]] = []

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(orders)
    def collect(case: tuple[str, Sequence[Event], Sequence[bool]]) -> None:
        cases.append(case)

    collect()
    for name, events, cuts in cases:
        state = await _state_after(part, _batches(events, cuts))
        told = [f"{type(event).__name__} {event.version}" for event in events]
        assert state == usual[name], f"{name}: {told} {cuts}"


async def test_a_story_ends_as_it_should(start_part: Starter) -> None:
    part = await start_part("eligibility")
    state = await _state_after(part, [STORIES["a provisional household is registered and merged"]])
    assert [row["state"] for row in state["accounts"]] == ["live"] * 3
    (only,) = state["assessments"]
    assert only["cause"] == "grid_report" and only["priority"] == "stat" and only["status"] == "dibao"
    facts = orjson.loads(only["facts"])
    assert facts["event"]["causes"] == ["fire"] and facts["grounds"]["crossings"][0][2] == 5200000 + 90000
    assert {type(e) for e in STORIES["a provisional household is registered and merged"]} == {
        CareChanged,
        HouseholdChanged,
        GridReportRecorded,
    }
