"""Webhooks reach a partner's real server: thin, signed, tried again by the schedule, each partner by itself."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web
from sqlalchemy import text

from services.contracts.webhook import ReferralRequested
from services.kit.clock import Clock
from services.kit.privacy import Sealer
from services.kit.signing import verify
from services.referral.actions.deliver import claim_due
from services.referral.delivery.bell import bell_of
from services.referral.worker import lane as lanes
from tests.support.waiting import until
from tests.unit.referral.made import (
    PLACE,
    Town,
    dispatching,
    lane_of,
    make_assessment,
    make_consent,
    make_decision,
    make_need,
)
from tests.unit.referral.receiver import receiving, status

THIN = set(ReferralRequested.model_fields)


async def open_one(town: Town, need: Any = None, **more: Any) -> dict[str, Any]:
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, need or make_need(), **more))
    return (await town.referrals(household)).popitem()[1]


async def state_of(town: Town, referral_id: str) -> str:
    item = (await town.get("/api/v1/referral/deliveries", referral=referral_id))["items"][0]
    state: str = item["state"]
    return state


async def test_a_referral_arrives_thin_and_signed(town: Town) -> None:
    town.hand.at = Clock().now()  # the independent library reads the time by itself
    async with receiving() as receiver, dispatching(town):
        made = await receiver.register(town.part, "red_cross", verify=True)
        assert made["state"] == "active"
        need = make_need(gap_fen=350_000, programme="temp_spending")
        referral = await open_one(town, need)
        await until(lambda: bool(receiver.arrived))
        arrived = receiver.arrived[0]
        verified = receiver.verify(arrived)
        assert verified["type"] == "referral.requested"
        data = verified["data"]
        assert set(data) == THIN
        assert data["referral_id"] == referral["id"]
        assert (data["township_code"], data["age_band"], data["gap_band"]) == (PLACE, "35-59", "1000_5000")
        assert (data["consent"], data["expires_on"], data["due_on"]) == ("granted", None, referral["due_on"])
        assert data["links"]["status"] == f"https://yiqijiu.example/partner/v1/referrals/{referral['id']}/status"
        assert referral["household_ref"] not in arrived.raw.decode()
        assert len(arrived.raw) < 20_000
        assert arrived.headers["accept-encoding"] == "identity"
        await until_state(town, referral["id"], "delivered")
        assert (await town.referral(UUID(referral["household_ref"])))["delivery_state"] == "delivered"


async def until_state(town: Town, referral_id: str, state: str) -> None:
    async def found() -> bool:
        return await state_of(town, referral_id) == state

    await until(found, what=f"the webhook to be {state}")


async def test_a_failed_webhook_is_tried_again_with_the_same_id_and_body(town: Town) -> None:
    async with receiving() as receiver:
        made = await receiver.register(town.part, "red_cross")
        receiver.answers = [status(503), status(500)]
        referral = await open_one(town)
        async with lane_of(town, made["id"]) as lane:
            assert await lane.send_round()
            town.hand.forward(seconds=3)
            assert not await lane.send_round()  # the first step is five seconds, less a fifth
            town.hand.forward(seconds=4)
            assert await lane.send_round()
            town.hand.forward(minutes=3)
            assert not await lane.send_round()
            town.hand.forward(minutes=4)
            assert await lane.send_round()
        assert await state_of(town, referral["id"]) == "delivered"
        assert len({arrived.id for arrived in receiver.arrived}) == 1
        assert len({arrived.raw for arrived in receiver.arrived}) == 1
        assert len({arrived.timestamp for arrived in receiver.arrived}) == 3
        [item] = (await town.get("/api/v1/referral/deliveries", referral=referral["id"]))["items"]
        log = (await town.get(f"/api/v1/referral/deliveries/{item['id']}"))["log"]
        assert [attempt["status"] for attempt in log] == [503, 500, 204]


async def test_a_partner_that_never_answers_delays_no_other(town: Town) -> None:
    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with receiving() as dead, receiving() as well, dispatching(town):
        dead.then = hang
        await dead.register(town.part, "red_cross")
        await well.register(town.part, "charity_federation")
        for _ in range(12):
            await open_one(town, make_need("medical_cost", "red_cross", "charity_federation"))
        await until(lambda: len(well.arrived) == 12, within_s=5)
        assert len(dead.arrived) <= 4


async def test_a_dead_webhook_is_listed_and_can_be_sent_again(town: Town) -> None:
    async with receiving() as receiver:
        made = await receiver.register(town.part, "red_cross")
        receiver.then = status(400)
        referral = await open_one(town)
        async with lane_of(town, made["id"]) as lane:
            for _ in range(10):
                assert await lane.send_round()
                town.hand.forward(hours=40)
            assert not await lane.send_round()
            dead = await town.get("/api/v1/referral/deliveries", state="dead")
            assert [item["referral_id"] for item in dead["items"]] == [referral["id"]]
            receiver.then = None
            again = await town.post(f"/api/v1/referral/referrals/{referral['id']}/replay")
            assert again.status_code == 200 and again.json()["webhook_id"] == receiver.arrived[0].id
            assert await lane.send_round()
        assert await state_of(town, referral["id"]) == "delivered"
        assert {(arrived.id, arrived.raw) for arrived in receiver.arrived} == {
            (receiver.arrived[0].id, receiver.arrived[0].raw)
        }


async def test_gone_disables_the_endpoint_and_keeps_the_queue_for_the_next(town: Town) -> None:
    async with receiving() as first, receiving() as second, dispatching(town):
        await first.register(town.part, "red_cross")
        first.then = status(410)
        referral = await open_one(town)
        await until_state(town, referral["id"], "retrying")
        assert (await _endpoint(town))["state"] == "disabled"
        town.hand.forward(hours=1)
        await second.register(town.part, "red_cross")
        await until(lambda: bool(second.arrived))
        assert second.arrived[0].id == first.arrived[0].id


async def test_an_endpoint_that_asks_for_time_gets_it(town: Town) -> None:
    async with receiving() as receiver:
        made = await receiver.register(town.part, "red_cross")
        receiver.answers = [status(429, retry_after="120")]
        first = await open_one(town)
        async with lane_of(town, made["id"]) as lane:
            assert await lane.send_round()
            second = await open_one(town)
            town.hand.forward(seconds=60)
            assert not await lane.send_round()  # it rests, for new messages too
            town.hand.forward(seconds=61)
            while await lane.send_round():
                pass
        assert [await state_of(town, referral["id"]) for referral in (first, second)] == ["delivered"] * 2


async def test_a_partner_that_is_down_is_probed_by_one_message_at_a_time(town: Town) -> None:
    async with receiving() as receiver:
        made = await receiver.register(town.part, "red_cross")
        receiver.then = status(500)
        for _ in range(30):
            await open_one(town)
        async with lane_of(town, made["id"]) as lane:
            for _ in range(40):
                await lane.send_round()
                town.hand.forward(seconds=2)
            assert (await _endpoint(town))["resting_until"] is not None
            tried = len(receiver.arrived)
            town.hand.forward(minutes=11)
            assert await lane.send_round()
            assert len(receiver.arrived) == tried + 1  # a probe
            assert not await lane.send_round()
            receiver.then = None
            town.hand.forward(minutes=11)
            while await lane.send_round():
                pass
            assert (await _endpoint(town))["resting_until"] is None
            assert len({arrived.id for arrived in receiver.arrived}) == 30


async def _endpoint(town: Town) -> dict[str, Any]:
    [party] = [p for p in (await town.get("/api/v1/referral/partners"))["items"] if p["code"] == "red_cross"]
    endpoint: dict[str, Any] = party["endpoints"][0]
    return endpoint


async def test_what_was_held_for_want_of_an_endpoint_goes_to_the_one_registered_later(town: Town) -> None:
    async with receiving() as receiver, dispatching(town):
        referral = await open_one(town)
        assert await state_of(town, referral["id"]) == "held"
        await receiver.register(town.part, "red_cross")
        await until_state(town, referral["id"], "delivered")


async def test_a_rotated_secret_signs_beside_the_new_one_for_a_day(town: Town) -> None:
    async with receiving() as receiver, dispatching(town):
        old = (await receiver.register(town.part, "red_cross"))["secret"]
        new = (await receiver.register(town.part, "red_cross"))["secret"]
        assert old != new
        referral = await open_one(town)

        async def is_recorded() -> bool:
            return bool((await town.referral(UUID(referral["household_ref"])))["delivery_state"] == "delivered")

        await until(is_recorded)
        for secret in (old, new):
            verify([secret], receiver.arrived[0].headers, receiver.arrived[0].raw, now=town.hand.at.timestamp())
        town.hand.forward(hours=25)
        await open_one(town)
        await until(lambda: len(receiver.arrived) == 2)
        assert len(receiver.arrived[1].headers["webhook-signature"].split(" ")) == 1


async def test_a_claim_of_a_dead_sender_runs_out_and_the_message_goes_again(town: Town) -> None:
    async with receiving() as receiver:
        made = await receiver.register(town.part, "red_cross")
        referral = await open_one(town)
        settings = town.part.app.state.settings
        async with town.part.database.transaction() as db:
            claim = await claim_due(
                db,
                UUID(made["id"]),
                most=10,
                now=town.hand.at,
                letterhead=town.part.app.state.letterhead,
                sealer=Sealer(settings.seal_key.get_secret_value()),
            )
        assert claim is not None and len(claim.messages) == 1
        async with lane_of(town, made["id"]) as lane:
            assert not await lane.send_round()  # the claim holds
            town.hand.forward(seconds=9)
            assert await lane.send_round()
        assert await state_of(town, referral["id"]) == "delivered"
        assert receiver.arrived[0].id == str(claim.messages[0].id)
        assert receiver.arrived[0].raw.decode() == claim.messages[0].body


async def test_a_sender_that_lives_keeps_its_claim_however_slow_the_partner(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "RENEW_S", 0.05)
    answer = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await answer.wait()
        return web.Response(status=204)

    async with receiving() as receiver:
        receiver.then = slow
        made = await receiver.register(town.part, "red_cross")
        referral = await open_one(town)
        async with lane_of(town, made["id"]) as lane, lane_of(town, made["id"]) as other:
            sending = asyncio.create_task(lane.send_round())
            await until(lambda: len(receiver.arrived) == 1)
            for _ in range(3):
                town.hand.forward(seconds=6)
                await until_held(town, town.hand.at + timedelta(seconds=6))
                assert not await other.send_round()
            answer.set()
            assert await sending
        assert await state_of(town, referral["id"]) == "delivered"
        assert len(receiver.arrived) == 1


async def until_held(town: Town, moment: datetime) -> None:
    async def held() -> bool:
        async with town.part.database.transaction() as db:
            due = (await db.execute(text("SELECT max(due_at) FROM delivery WHERE state = 'sending'"))).scalar()
        return bool(due is not None and due > moment)

    await until(held)


async def test_a_partner_that_answers_while_its_webhook_travels_has_it(town: Town) -> None:
    async with receiving() as receiver:
        made = await receiver.register(town.part, "red_cross")
        referral = await open_one(town)

        async def answer_at_once(request: web.Request) -> web.StreamResponse:
            await town.answers("red_cross", referral["id"], "accepted")
            await town.answers("red_cross", referral["id"], "completed")
            return web.Response(status=204)

        receiver.answers = [answer_at_once]
        async with lane_of(town, made["id"]) as lane:
            assert await lane.send_round()
            town.hand.forward(hours=50)
            assert not await lane.send_round()
        assert await state_of(town, referral["id"]) == "delivered"
        assert len(receiver.arrived) == 1


async def test_a_word_taken_back_while_a_message_travels_is_not_undone_by_its_arrival(town: Town) -> None:
    household = uuid4()
    async with receiving() as receiver:
        made = await receiver.register(town.part, "red_cross")
        await town.take_in(make_consent(household), make_assessment(household, make_need()))

        async def revoke_meanwhile(request: web.Request) -> web.StreamResponse:
            await town.take_in(make_consent(household, make_decision("revoked"), version=2))
            return web.Response(status=503)

        receiver.answers = [revoke_meanwhile]
        async with lane_of(town, made["id"]) as lane:
            assert await lane.send_round()
            town.hand.forward(hours=50)
            while await lane.send_round():
                pass
        assert [arrived.body["type"] for arrived in receiver.arrived] == ["referral.requested", "referral.revoked"]


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_a_redirect_is_a_failure_and_is_not_followed(town: Town, code: int) -> None:
    async with receiving() as inside, receiving() as receiver, dispatching(town):
        await receiver.register(town.part, "red_cross")
        receiver.then = status(code, location=inside.url)
        referral = await open_one(town)
        await until_state(town, referral["id"], "retrying")
        assert not inside.arrived


async def test_a_test_message_is_signed_and_about_nobody(town: Town) -> None:
    async with receiving() as receiver, dispatching(town):
        made = await receiver.register(town.part, "red_cross", types=["referral.requested"])
        queued = await town.post(f"/api/v1/referral/endpoints/{made['id']}/test")
        assert queued.status_code == 202
        await until(lambda: bool(receiver.arrived))
        assert receiver.arrived[0].id == queued.json()["webhook_id"]
        assert receiver.arrived[0].body["type"] == "endpoint.test"
        assert "referral_id" not in receiver.arrived[0].body["data"]


async def test_the_dispatcher_keeps_pace_with_a_thousand_messages(town: Town) -> None:
    async with receiving() as receiver, dispatching(town):
        await receiver.register(town.part, "red_cross")
        households = [uuid4() for _ in range(1000)]
        await town.take_in(*(make_consent(household) for household in households))
        loop = asyncio.get_running_loop()
        started = loop.time()
        await town.take_in(*(make_assessment(household, make_need()) for household in households))
        opened = loop.time() - started
        await until(lambda: len(receiver.arrived) == 1000, within_s=30)
        assert len({arrived.id for arrived in receiver.arrived}) == 1000
        print(f"\nopened in {opened:.2f} s, delivered by {loop.time() - started:.2f} s")
        assert timedelta(seconds=loop.time() - started) < timedelta(seconds=15)


async def test_a_message_claimed_as_it_was_written_goes_again_unchanged_when_its_sender_died(town: Town) -> None:
    async with receiving() as receiver:
        made = await receiver.register(town.part, "red_cross")
        bell = bell_of(town.part.database)
        bell.letterhead = town.part.app.state.letterhead
        await open_one(town)
        bell.letterhead = None
        (handed,) = bell.take_handed()  # nobody sends it
        async with lane_of(town, made["id"]) as lane:
            assert not await lane.send_round()
            town.hand.forward(seconds=9)
            assert await lane.send_round()
        assert receiver.arrived[0].raw.decode() == handed.body
        assert receiver.arrived[0].headers["webhook-id"] == str(handed.id)


async def test_messages_of_a_load_queue_and_wait_for_what_their_partner_can_bear(town: Town) -> None:
    async with receiving() as receiver:
        await receiver.register(town.part, "red_cross")
        bell = bell_of(town.part.database)
        bell.letterhead = town.part.app.state.letterhead
        families = [uuid4() for _ in range(9)]
        await town.take_in(*(make_consent(family) for family in families))
        await town.take_in(*(make_assessment(family, make_need()) for family in families))
        bell.letterhead = None
        assert not bell.take_handed()
        assert bell.take_endpoints()
