"""A rehearsal counts the registry under both books, whatever happens to the worker, and scenarios lie side by side."""

import asyncio
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from services.contracts.money import parse_yuan
from services.eligibility.actions.look import known_of
from services.eligibility.actions.rehearsal.count import BANDS, KINDS, Help, Places, help_of, kind_of
from services.eligibility.actions.rehearsal.read import cases_of
from services.eligibility.rules.book import file_book
from services.eligibility.rules.layers import Change, LayeredPolicy, write_layer
from services.eligibility.store.known import read_known
from services.eligibility.worker import rehearse_once
from services.kit.clock import Clock
from services.kit.ids import new_id
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import make_household, make_member, ref
from tests.unit.eligibility_service.policy_office import FIRST, ROOT, SOURCE, Office, make_town, raise_of

PLACES = ("350602007003", "350602008001", "350622100201", "350603001001")


def scenario(*changes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"title": "试一试", "division": "3506", "as_of": FIRST.isoformat(), "changes": list(changes), **fields}


async def crowd(service: Service, number: int) -> None:
    """Many families around the lines of four places; some incomes are unknown."""
    random = Random(7)
    events = []
    for index in range(number):
        members = [
            make_member(
                f"p{index}.{each}",
                "self" if each == 0 else "child",
                birth_date=random.choice(("1980-05-01", "1941-05-01", "2016-05-01")),
                incomes=None
                if random.random() < 0.1
                else [{"kind": "transfer", "monthly": str(random.randint(0, 1500))}],
                serious_illness=random.random() < 0.2,
            )
            for each in range(random.randint(1, 4))
        ]
        event = make_household(f"h{index}", *members)
        events.append(event.model_copy(update={"division": random.choice(PLACES)}))
    await service.take(*events)


async def ordered(office: Office, body: dict[str, Any]) -> str:
    answer = await office.author.post(f"{ROOT}/rehearsals", json=body)
    assert answer.status_code == 202, answer.text
    id: str = answer.json()["id"]
    assert answer.json()["links"]["self"] == f"{ROOT}/rehearsals/{id}"
    return id


async def test_figures_are_those_of_each_household_counted_alone(service: Service, office: Office) -> None:
    await crowd(service, 150)
    change = raise_of("980.00", division="350602")
    told = await office.carried_out(await ordered(office, scenario(change)), chunk=40)
    assert told["state"] == "completed", told
    changed = Change("dibao_standard_month", "350602", FIRST, None, "980.00", SOURCE["title"], "", "", False)
    books = file_book(), file_book().layered(write_layer([LayeredPolicy("x", (changed,))]))
    kinds = dict.fromkeys((*KINDS, "none"), 0)
    change_fen = 0
    for before, after in await _alone(service, books):
        kinds[kind_of(before, after)] += 1
        change_fen += after.month_fen - before.month_fen
    figures = told["figures"]
    assert {kind: figures[kind] for kind in KINDS} == {kind: kinds[kind] for kind in KINDS}
    assert figures["monthly_change"] == f"{change_fen // 100}.{change_fen % 100:02d}" and change_fen > 0
    assert figures["households"] == 150 and told["progress"] == {"households_done": 150, "households_total": 150}
    _adds_up(told)


async def _alone(service: Service, books: tuple[Any, Any]) -> list[tuple[Help, Help]]:
    refs = [UUID(str(ref(f"h{index}"))) for index in range(150)]
    async with service.database.transaction() as db:
        rows = await read_known(db, refs, rule_digest="")
    assert all(known_of(row).row.household_ref for row in rows)
    cases, unreadable = cases_of(rows, FIRST)
    assert unreadable == 0
    places = [Places(book, FIRST) for book in books]
    return [
        (
            help_of(case, one.parameters(one.key(case.division))),
            help_of(case, other.parameters(other.key(case.division))),
        )
        for case in cases
        for one, other in [places]
    ]


def _adds_up(told: dict[str, Any]) -> None:
    """Places, bands and programmes say the same as the figures."""
    figures = told["figures"]
    for rows in (told["counties"], told["townships"]):
        for name in (*KINDS, "households"):
            assert sum(row[name] for row in rows) == figures[name]
        assert _sum(row["change"] for row in rows) == _sum([figures["monthly_change"]])
    assert [band["code"] for band in told["bands"]] == list(BANDS)
    assert sum(band["households"] for band in told["bands"]) == sum(figures[kind] for kind in KINDS)
    assert _sum(each["monthly_after"] for each in told["programmes"]) == _sum([figures["monthly_after"]])
    assert 12 * _sum([figures["monthly_change"]]) == _sum([figures["yearly_change"]])
    assert 0 < len(told["samples"]) <= 20
    for sample in told["samples"]:
        assert sample["before"] != sample["after"] and sample["why"]["zh"] != "没有变化"


def _sum(amounts: Any) -> int:
    return sum(parse_yuan(amount) for amount in amounts)


async def test_a_killed_worker_leaves_what_it_counted(service: Service, office: Office) -> None:
    await crowd(service, 60)
    change = raise_of("980.00")
    whole = await office.carried_out(await ordered(office, scenario(change)), chunk=1000)
    id = await ordered(office, scenario(change))
    killed = asyncio.create_task(rehearse_once(service.database, Clock(), new_id(), chunk=2))
    while (
        done := (await service.rows("SELECT max(households_done) AS n FROM rehearsal WHERE state = 'running'"))[0].n
    ) in (
        None,
        0,
    ):
        assert not killed.done()
        await asyncio.sleep(0)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    assert done < 60
    now = Clock().now()
    assert not await rehearse_once(service.database, Clock(lambda: now), new_id(), chunk=7)  # still the other's
    later = Clock(lambda: now + timedelta(seconds=31))
    assert await rehearse_once(service.database, later, new_id(), chunk=7)
    told = (await office.author.get(f"{ROOT}/rehearsals/{id}")).json()
    names = ("state", "figures", "counties", "townships", "bands", "programmes", "samples", "progress")
    assert {name: told[name] for name in names} == {name: whole[name] for name in names}


async def test_a_version_in_force_meanwhile_is_what_is_compared_with(service: Service, office: Office) -> None:
    await make_town(service)
    id = await ordered(
        office,
        scenario(
            raise_of("990.00", **{"from": (FIRST + timedelta(days=9)).isoformat()}),
            as_of=(FIRST + timedelta(days=9)).isoformat(),
        ),
    )
    policy = await office.draft(raise_of())
    other = await office.author.post(f"{ROOT}/rehearsals", json={"policy_id": policy["id"]})
    await office.carried_out(id)
    await office.carried_out(other.json()["id"])
    await office.approve_and_schedule(policy)
    again = await office.carried_out(
        await ordered(
            office,
            scenario(
                raise_of("990.00", **{"from": (FIRST + timedelta(days=9)).isoformat()}),
                as_of=(FIRST + timedelta(days=9)).isoformat(),
            ),
        )
    )
    first = (await office.author.get(f"{ROOT}/rehearsals/{id}")).json()
    assert first["figures"]["monthly_change"] == "150.00" and again["figures"]["monthly_change"] == "60.00"
    assert first["baseline"]["digest"] != again["baseline"]["digest"]


async def test_asking_twice_is_asking_once(office: Office) -> None:
    assert await ordered(office, scenario(raise_of())) == await ordered(office, scenario(raise_of()))


async def test_scenarios_lie_side_by_side(service: Service, office: Office) -> None:
    await make_town(service)
    ids = [await ordered(office, scenario(raise_of(value))) for value in ("950.00", "970.00")]
    for id in ids:
        await office.carried_out(id)
    told = (await office.author.get(f"{ROOT}/rehearsals/compare", params={"ids": ",".join(ids)})).json()
    assert [item["id"] for item in told["items"]] == ids
    assert [item["figures"]["monthly_change"] for item in told["items"]] == ["70.00", "110.00"]
    assert all(item["counties"] for item in told["items"])
    listed = (await office.author.get(f"{ROOT}/rehearsals")).json()["items"]
    assert [item["id"] for item in listed] == ids[::-1]
    for wrong in ("", "x", ",".join(ids * 4)):
        assert (await office.author.get(f"{ROOT}/rehearsals/compare", params={"ids": wrong})).status_code == 422
    unknown = await office.author.get(f"{ROOT}/rehearsals/compare", params={"ids": str(ref("nobody"))})
    assert unknown.status_code == 404


async def test_a_scenario_keeps_to_the_guard_rails_and_to_the_territory(office: Office) -> None:
    for body, field in (
        (scenario(), "changes"),
        (scenario(raise_of("-1")), "changes[0].value"),
        (scenario(raise_of(), division="110101"), "division"),
    ):
        answer = await office.author.post(f"{ROOT}/rehearsals", json=body)
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field
    outside = await office.county.post(f"{ROOT}/rehearsals", json=scenario(raise_of()))
    assert outside.json()["errors"][0]["code"] == "outside_territory"
    own = await office.county.post(f"{ROOT}/rehearsals", json={"changes": [raise_of(division="3506", source=None)]})
    assert own.status_code == 202
    assert (await office.county.get(f"{ROOT}/rehearsals/{own.json()['id']}")).json()["division"] == "350602"


async def test_an_empty_registry_is_counted_too(office: Office) -> None:
    told = await office.carried_out(await ordered(office, scenario(raise_of())))
    assert told["state"] == "completed" and told["figures"]["households"] == 0 and told["samples"] == []
