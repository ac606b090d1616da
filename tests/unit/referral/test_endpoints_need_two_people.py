"""Where a partner takes webhooks is registered by one person and approved by another, or by the machine's operator."""

from typing import Any
from uuid import uuid4

import pytest

from services.kit.auth import Actor
from tests.support.apps import OPERATOR, officer, partner
from tests.unit.referral.made import Town, lane_of, make_assessment, make_consent, make_need
from tests.unit.referral.receiver import Receiver, receiving

FIRST = officer("3506", "referral:read", "referral:write", subject="officer-a", role="city_officer")
SECOND = officer("3506", "referral:read", "referral:write", subject="officer-b", role="city_officer")


async def put(town: Town, receiver: Receiver, actor: Actor = OPERATOR, **more: Any) -> Any:
    body = {"url": receiver.url, "division": "3506", **more}
    return await town.part.client(actor).put("/api/v1/referral/partners/red_cross/endpoint", json=body)


async def open_one(town: Town, division: str = "350602001") -> str:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need(), division=division))
    found: str = (await town.referral(household))["id"]
    return found


async def test_an_operators_endpoint_is_active_at_once(town: Town) -> None:
    async with receiving() as receiver:
        made = (await put(town, receiver)).json()
        assert set(made) == {"id", "secret", "state"}
        assert made["state"] == "active" and made["secret"].startswith("whsec_")


async def test_anybody_elses_receives_nothing_until_another_person_approved_it(town: Town) -> None:
    async with receiving() as receiver:
        made = (await put(town, receiver, FIRST)).json()
        assert made["state"] == "pending_approval"
        await open_one(town)
        approve = f"/api/v1/referral/endpoints/{made['id']}/approve"
        async with lane_of(town, made["id"]) as lane:
            assert not await lane.send_round()
            refused = await town.post(approve, actor=FIRST)
            assert (refused.status_code, refused.json()["code"]) == (409, "same_person")
            assert not await lane.send_round()
            assert (await town.post(approve, actor=SECOND)).json()["state"] == "active"
            assert (await town.post(approve, actor=SECOND)).status_code == 200
            assert await lane.send_round()
        assert len(receiver.arrived) == 1


async def test_an_endpoint_at_work_keeps_its_address_until_the_new_one_is_approved(town: Town) -> None:
    async with receiving() as old, receiving() as new:
        made = (await put(town, old)).json()
        asked = (await put(town, new, FIRST)).json()
        assert (asked["id"], asked["state"]) == (made["id"], "pending_approval")
        await open_one(town)
        async with lane_of(town, made["id"]) as lane:
            assert await lane.send_round()
            assert (len(old.arrived), len(new.arrived)) == (1, 0)
            await town.post(f"/api/v1/referral/endpoints/{made['id']}/approve", actor=SECOND)
            await open_one(town)
            assert await lane.send_round()
            assert (len(old.arrived), len(new.arrived)) == (1, 1)


@pytest.mark.parametrize(("echoes", "state"), [(True, "active"), (False, "unverified")])
async def test_ownership_is_proved_by_echoing_a_challenge(town: Town, echoes: bool, state: str) -> None:
    async with receiving() as receiver:
        receiver.echoes = echoes
        made = (await put(town, receiver, verify=True)).json()
        assert made["state"] == state
        if not echoes:
            approve = await town.post(f"/api/v1/referral/endpoints/{made['id']}/approve", actor=SECOND)
            assert (approve.status_code, approve.json()["code"]) == (409, "unverified")
        assert not receiver.arrived


async def test_a_county_officer_cannot_register_for_the_city_nor_approve_its_endpoint(town: Town) -> None:
    county = officer("350602", "referral:read", "referral:write")
    async with receiving() as receiver:
        assert (await put(town, receiver, county)).status_code == 403
        made = (await put(town, receiver, FIRST)).json()
        assert (await town.post(f"/api/v1/referral/endpoints/{made['id']}/approve", actor=county)).status_code == 404
        own = await put(town, receiver, county, division="350602")
        assert own.json()["state"] == "pending_approval"


async def test_a_county_officers_release_reaches_the_citys_endpoint(town: Town) -> None:
    household = uuid4()
    async with receiving() as receiver:
        made = (await put(town, receiver)).json()
        await town.part.client().put(
            "/api/v1/referral/partners/youth_league/endpoint", json={"url": receiver.url, "division": "3506"}
        )
        need = make_need("psychological", "youth_league")
        await town.take_in(make_consent(household), make_assessment(household, need))
        referral = await town.referral(household, "youth_league", "psychological")
        county = officer("350602", "referral:read", "referral:decide")
        released = await town.post(f"/api/v1/referral/referrals/{referral['id']}/release", actor=county)
        assert released.json()["status"] == "requested"
        items = (await town.get("/api/v1/referral/deliveries", referral=referral["id"]))["items"]
        assert [(item["state"], item["endpoint_id"] is not None) for item in items] == [("queued", True)]
        assert made["id"] != items[0]["endpoint_id"]


async def test_the_nearest_endpoint_takes_a_places_messages(town: Town) -> None:
    async with receiving() as city, receiving() as county:
        await put(town, city)
        near = (await put(town, county, division="350602")).json()
        here, there = await open_one(town), await open_one(town, "350622001")
        ids = {}
        for referral in (here, there):
            [item] = (await town.get("/api/v1/referral/deliveries", referral=referral))["items"]
            ids[referral] = item["endpoint_id"]
        assert ids[here] == near["id"] != ids[there]


async def test_a_partner_or_stranger_may_not_register(town: Town) -> None:
    async with receiving() as receiver:
        assert (await put(town, receiver, partner("red_cross"))).status_code == 403
        unknown = await town.part.client().put(
            "/api/v1/referral/partners/nobody/endpoint", json={"url": receiver.url, "division": "3506"}
        )
        assert unknown.status_code == 404


async def test_a_paused_endpoint_keeps_its_queue(town: Town) -> None:
    async with receiving() as receiver:
        made = (await put(town, receiver)).json()
        path = f"/api/v1/referral/endpoints/{made['id']}"
        assert (await town.post(f"{path}/pause")).json()["state"] == "paused"
        await open_one(town)
        async with lane_of(town, made["id"]) as lane:
            assert not await lane.send_round()
            assert (await town.post(f"{path}/test")).status_code == 409
            assert (await town.post(f"{path}/resume")).json()["state"] == "active"
            assert await lane.send_round()


async def test_what_never_arrived_is_sent_again_by_the_span_of_time(town: Town) -> None:
    async with receiving() as receiver:
        made = (await put(town, receiver)).json()
        await open_one(town)
        town.hand.forward(seconds=1)
        since = town.hand.at.isoformat()
        await open_one(town)
        town.hand.forward(seconds=1)
        path = f"/api/v1/referral/endpoints/{made['id']}/replay"
        async with lane_of(town, made["id"]) as lane:
            await lane.send_round()
            assert (await town.post(path, {"since": since})).json() == {"queued": 0}
            assert (await town.post(path, {"since": since, "only": "all"})).json() == {"queued": 1}
            assert await lane.send_round()
        assert len(receiver.arrived) == 3
        assert len({(arrived.id, arrived.raw) for arrived in receiver.arrived}) == 2


async def test_types_an_endpoint_does_not_want_are_left_for_polling(town: Town) -> None:
    async with receiving() as receiver:
        await put(town, receiver, types=["referral.revoked"])
        referral = await open_one(town)
        [item] = (await town.get("/api/v1/referral/deliveries", referral=referral))["items"]
        assert item["state"] == "held"
        assert await town.notices("red_cross") == [("referral.requested", 1)]
        assert (await put(town, receiver, types=["referral.lost"])).status_code == 422
        assert (await put(town, receiver, types=[])).status_code == 422


async def test_the_directory_lists_seven_partners_with_their_needs(town: Town) -> None:
    partners = (await town.get("/api/v1/referral/partners"))["items"]
    assert {item["code"] for item in partners} == {
        "youth_league", "trade_union", "disabled_federation", "womens_federation", "red_cross",
        "next_generation_committee", "charity_federation",
    }  # fmt: skip
    assert all(set(item) == {"code", "name", "needs", "endpoints"} for item in partners)
    bureaux = (await town.get("/api/v1/referral/partners", kind="bureau"))["items"]
    assert len(bureaux) == 9
