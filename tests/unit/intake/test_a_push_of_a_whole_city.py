"""15,313 bills in four batches: set-based, so that the cost of a record does not grow."""

import time
from datetime import date

import orjson
import pytest

from deploy.local.town import make_town
from services.contracts.intake import CareChanged
from tests.support.apps import PartUnderTest
from tests.unit.intake.posting import COSTS, rows

RECORDS = 15_313


@pytest.mark.load
async def test_a_whole_citys_push_is_recorded_in_seconds_and_again_changes_nothing(intake: PartUnderTest) -> None:
    """1.5 s on an idle machine of two cores; the bound here is wide, since tests share their machine."""
    town = make_town(7, RECORDS, 0, today=date(2026, 11, 24))
    records = list(town.records)
    bodies = [orjson.dumps({"records": records[start : start + 4_000]}) for start in range(0, RECORDS, 4_000)]
    client = intake.client()
    headers = {"content-type": "application/json"}
    seconds = []
    for body in bodies:
        began = time.perf_counter()
        answer = await client.post(f"{COSTS}/batch", content=body, headers=headers)
        seconds.append(time.perf_counter() - began)
        assert answer.status_code == 202
    assert sum(seconds) < 12
    assert seconds[2] < 4 * max(seconds[0], 0.3)
    stored = len(await rows(intake, "SELECT 1 FROM care_record"))
    keys = {(one["source"], one["settlement_id"], one.get("version", 1)) for one in records}
    assert stored == len(keys)
    sums = (await rows(intake, "SELECT sum(self_paid_fen) AS fen FROM person_year"))[0].fen
    counted = "SELECT sum(self_paid_fen) AS fen FROM care_record WHERE note = ''"
    assert sums == (await rows(intake, counted))[0].fen
    told = len(await intake.events_of(CareChanged))
    for body in bodies:
        answer = await client.post(f"{COSTS}/batch", content=body, headers=headers)
        assert set(answer.json()["counts"]) == {"records", "same"}
    assert len(await intake.events_of(CareChanged)) == told
