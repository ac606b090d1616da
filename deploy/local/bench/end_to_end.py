"""From the POST of a hospital bill to the partner that has the webhook, one at a time and fifteen thousand at once."""

import asyncio
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from deploy.local.bench.figures import Figure, percentile
from deploy.local.bench.floors import copy_rows_per_s, post_latency_ms, stream_messages_per_s
from deploy.local.bench.rig import Rig, running
from deploy.local.topology import PROBE_STREAM, PROBE_SUBJECT
from deploy.local.town import make_town
from deploy.local.town.people import id_number
from services.kit.clock import Clock

RATE_PER_S = 50
PUSH = 15_313
_BATCH = 5_000
_DIVISION = "350602007"


def _patient(number: int) -> dict[str, Any]:
    """An invented person who is ill, alone and without income: a bill over the line leads to two partners."""
    born = date(1950, 1, 1) + timedelta(days=number)
    identity = {"name": "林示例", "gender": "male", "birth_date": born.isoformat(), "id_type": "resident_id"}
    return identity | {"id_number": id_number("350602", born, 997)}


def _household(number: int) -> dict[str, Any]:
    facts = {"relation": "self", "serious_illness": True, "able_to_work": False, "disability": None, "incomes": []}
    member = {"ref": "m1", **_patient(number), **facts, "employment": "none", "student": "none"}
    assets = {"financial_total": "1000.00", "vehicles": [], "dwellings": 1, "business": "none"}
    spent = {"medical_self_paid": "0.00", "education": "0.00", "rehabilitation": "0.00"}
    return {"division": _DIVISION, "members": [member], "assets": assets, "expenditures_12m": spent}


def _bill(number: int) -> dict[str, Any]:
    patient = _patient(number)
    settled = Clock().today() - timedelta(days=3)
    who = {"id_number": patient["id_number"], "name": patient["name"], "division": _DIVISION}
    what = {
        "hospital": "漳州示例第一医院",
        "settled_on": settled.isoformat(),
        "total": "90000.00",
        "self_paid": "50000.00",
    }
    return {"source": "bench", "settlement_id": f"BENCH{number:08d}", **who, **what}


async def _register(rig: Rig, count: int) -> dict[str, int]:
    """Register `count` households that said yes to anyone. Answers the bill's number by household_ref."""
    numbers: dict[str, int] = {}

    async def one(number: int) -> None:
        made = await rig.post("/api/v1/intake/households", _household(number))
        numbers[made["household_ref"]] = number
        yes = {"partner": "any", "purpose": "any", "decision": "given", "given_on": Clock().today().isoformat()}
        await rig.post("/api/v1/intake/consents", {"household_ref": made["household_ref"], **yes})

    for start in range(0, count, 20):
        await asyncio.gather(*(one(number) for number in range(start, min(count, start + 20))))
    return numbers


async def _referrals(rig: Rig) -> dict[str, str]:
    """household_ref by referral id."""
    found: dict[str, str] = {}
    cursor = ""
    while True:
        page = await rig.get(f"/api/v1/referral/referrals?limit=200{cursor}")
        found |= {item["id"]: item["household_ref"] for item in page["items"]}
        if not page["next"]:
            return found
        cursor = f"&cursor={page['next']}"


async def latency(count: int) -> list[Figure]:
    """Bills one at a time at 50 a second: how long until the answer, and until the partner has the webhook."""
    async with running() as rig:
        numbers = await _register(rig, count)
        await rig.settle(0)
        already = len(await rig.partners.seen())
        floor_p50, floor_p99 = await post_latency_ms(100, 1 / RATE_PER_S)
        sent: dict[int, float] = {}
        answered: list[float] = []

        async def one(number: int) -> None:
            sent[number] = time.time()
            await rig.post("/api/v1/intake/hospital-costs", _bill(number))
            answered.append((time.time() - sent[number]) * 1000)

        started = time.perf_counter()
        tasks = []
        for number in range(count):
            await asyncio.sleep(max(0.0, started + number / RATE_PER_S - time.perf_counter()))
            tasks.append(asyncio.create_task(one(number)))
        await asyncio.gather(*tasks)
        await rig.settle(count)
        owner = await _referrals(rig)
        arrived = (await rig.partners.seen())[already:]
        took = [
            (message["at"] - sent[numbers[owner[message["referral_id"]]]]) * 1000
            for message in arrived
            if message["referral_id"] in owner
        ]
    if len(took) < count:
        raise RuntimeError(f"only {len(took)} webhooks for {count} bills")
    return [
        Figure("end_to_end_p50_ms", percentile(took, 0.5), "ms", floor_p50, 15.0),
        Figure("end_to_end_p99_ms", percentile(took, 0.99), "ms", floor_p99, 40.0),
        Figure("accepted_p50_ms", percentile(answered, 0.5), "ms", floor_p50),
        Figure("accepted_p99_ms", percentile(answered, 0.99), "ms", floor_p99),
    ]


async def _push(rig: Rig, records: Sequence[dict[str, Any]]) -> float:
    """Push records in batches, and answer the seconds from the first POST until all is settled."""
    started = time.time()
    for start in range(0, len(records), _BATCH):
        await rig.post("/api/v1/intake/hospital-costs/batch", {"records": list(records[start : start + _BATCH])})
    distinct = len({(record["source"], record["settlement_id"], record.get("version", 1)) for record in records})
    return await rig.settle(distinct) - started


async def throughput(records: int, *, floors: bool) -> tuple[float, int, dict[str, float]]:
    """One push of a town's records. Answers (seconds to settle, webhooks sent, floors measured beside it)."""
    town = make_town(1, records, 0, today=Clock().today())
    async with running() as rig:
        refs: list[tuple[str, list[dict[str, Any]]]] = []

        async def register(household: Any) -> None:
            made = await rig.post("/api/v1/intake/households", household.body)
            refs.append((made["household_ref"], household.consents))

        for start in range(0, len(town.households), 20):
            await asyncio.gather(*(register(one) for one in town.households[start : start + 20]))
        for ref, consents in refs:
            for consent in consents:
                await rig.post("/api/v1/intake/consents", {"household_ref": ref, **consent})
        await rig.settle(0)
        before = len(await rig.partners.seen())
        seconds = await _push(rig, town.records)
        webhooks = len(await rig.partners.seen()) - before
        measured: dict[str, float] = {}
        if floors:
            assert rig.suite.postgres is not None and rig.suite.nats is not None
            prober = rig.suite.nats.url("prober")
            measured["copy"] = await copy_rows_per_s(rig.suite.postgres.admin_url, records)
            measured["stream"] = await stream_messages_per_s(prober, PROBE_SUBJECT, PROBE_STREAM, 2048, 500)
    return seconds, webhooks, measured


async def measure(*, quick: bool) -> list[Figure]:
    """All figures of `./yiqijiu bench end-to-end`."""
    figures = await latency(150 if quick else 500)
    large = 3_000 if quick else PUSH
    small_s, _, _ = await throughput(1_000, floors=False)
    large_s, webhooks, floors = await throughput(large, floors=True)
    per_small, per_large = small_s / 1_000 * 1000, large_s / large * 1000
    return [
        *figures,
        Figure(f"settled_{large}_s", large_s, "s", large / floors["copy"], None if quick else 12.0),
        Figure("settled_records_per_s", large / large_s, "records/s", floors["copy"], better="higher"),
        Figure("settled_against_stream", large / large_s, "records/s", floors["stream"], better="higher"),
        Figure("webhooks_in_push", webhooks, "webhooks"),
        Figure("cost_per_record_1000_ms", per_small, "ms"),
        Figure(f"cost_per_record_{large}_ms", per_large, "ms", per_small, round(per_small * 1.05, 3)),
    ]
