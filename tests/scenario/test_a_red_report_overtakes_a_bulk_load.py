"""The urgent lane: a red report is dealt with while a bulk load is still being worked off."""

import asyncio

import pytest

from tests.support.forms import grid_report
from tests.support.suite import RunningSuite

RECORDS = 3_000


@pytest.mark.slow
async def test_a_red_report_overtakes_a_bulk_load(suite: RunningSuite) -> None:
    town = suite.town(690, RECORDS, 0)
    pusher = suite.pusher("bulk")
    load = asyncio.create_task(pusher.push_records(town.records, batch=1_000))
    await suite.until_accepted(pusher, 1_000, load)
    draft = suite.family("350602")
    person = draft.add("self", 74, "female")
    sent = await suite.post(
        "/api/v1/intake/grid-reports",
        grid_report(person, draft.village, suite.number(), "fire", reported_on=suite.today, urgency="red"),
    )
    await suite.account_of(sent["record_id"])
    still_to_do = RECORDS - await suite.accounted(pusher)
    await load
    await suite.until_settled(pusher)
    assert still_to_do > 0, "the bulk load was through before the red report had its account"
