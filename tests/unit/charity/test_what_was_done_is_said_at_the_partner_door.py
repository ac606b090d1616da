"""Reports go out in order, once in effect, and wait visibly while the door is away. The door is a real server."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web

from services.charity.settings import CharitySettings
from services.charity.worker import report_once
from tests.support.apps import PartUnderTest
from tests.unit.charity.make import Hand, clients, give, make_charity, make_referral, only_proposal, step, tell

URL = "/api/v1/charity"


class Door:
    """Stands for the gateway's partner door: keeps what it hears and answers what it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, dict[str, Any]]] = []
        self.tokens: set[str] = set()
        self.answers: list[int] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.tokens.add(request.headers["Authorization"])
        self.heard.append((request.match_info["id"], request.headers["Idempotency-Key"], await request.json()))
        status = self.answers.pop(0) if self.answers else 200
        return web.json_response({}, status=status)

    def said(self) -> list[str]:
        """The statuses heard, in order."""
        return [body["status"] for _, _, body in self.heard]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """A door on a free port of the loopback."""
    door = Door()
    app = web.Application()
    app.router.add_post("/partner/v1/referrals/{id}/status", door.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    door.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield door
    await runner.cleanup()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """The worker's client."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield session


async def make_with_door(start_part: Any, door: Door, hand: Hand, *, token: str = "secret-1") -> PartUnderTest:
    part = await make_charity(start_part, hand=hand, urls={"gateway": door.url})
    settings: CharitySettings = part.app.state.settings
    settings.partner_token_file.parent.mkdir(parents=True)
    if token:
        settings.partner_token_file.write_text(token + "\n")
    return part


async def say_all(part: PartUnderTest, http: aiohttp.ClientSession) -> int:
    """Let the worker say everything that is due, and tell how many calls that took."""
    calls = 0
    while said := await report_once(part.app.state.settings, part.database, http, part.app.state.clock):
        calls += said
    return calls


async def make_approved(part: PartUnderTest) -> tuple[Any, dict[str, Any]]:
    """An approved award for a near-miss referral."""
    reviewer, approver = clients(part)
    referral = make_referral(uuid4())
    await give(reviewer, "9000")
    await tell(part, [referral])
    award = await only_proposal(reviewer, referral.household_ref)
    await step(reviewer, award["id"], "review")
    return referral, (await step(approver, award["id"], "approve")).json()


async def pay(part: PartUnderTest, result: str = "paid") -> None:
    """Pay everything that is approved."""
    reviewer, approver = clients(part)
    batch = (await approver.post(f"{URL}/payment-batches", json={"reference": "B-1"})).json()
    line = {"line": 1, "result": result, "on": "2026-11-25"}
    body = {"reference": "BANK", "file_sha256": batch["file_sha256"], "lines": [line]}
    await reviewer.post(f"{URL}/payment-batches/{batch['id']}/receipts", json=body)


async def reports(part: PartUnderTest) -> list[tuple[str, str]]:
    """(status, state) of every report, in order."""
    items = (await clients(part)[0].get(f"{URL}/reports")).json()["items"]
    return [(item["status"], item["state"]) for item in items]


async def test_an_award_is_reported_step_by_step_with_what_the_family_got(
    start_part: Any, door: Door, http: aiohttp.ClientSession
) -> None:
    part = await make_with_door(start_part, door, Hand())
    referral, _ = await make_approved(part)
    await pay(part)
    assert await say_all(part, http) == 3
    assert door.said() == ["accepted", "in_progress", "completed"]
    assert {ref for ref, _, _ in door.heard} == {str(referral.ref)}
    assert door.heard[-1][2]["outcome"] == {"kind": "cash", "amount": "2000.00", "on": "2026-11-25"}
    assert door.tokens == {"Bearer secret-1"}
    assert len({key for _, key, _ in door.heard}) == 3
    assert await say_all(part, http) == 0


async def test_while_the_door_is_away_reports_wait_in_order_and_then_go(
    start_part: Any, door: Door, http: aiohttp.ClientSession
) -> None:
    hand = Hand()
    part = await make_with_door(start_part, door, hand)
    await make_approved(part)
    await pay(part)
    door.answers = [503, 500]
    assert await say_all(part, http) == 1
    assert await reports(part) == [("accepted", "waiting"), ("in_progress", "waiting"), ("completed", "waiting")]
    for _ in range(3):
        hand.at = hand.at.replace(minute=hand.at.minute + 1)
        await say_all(part, http)
    assert door.said() == ["accepted", "accepted", "accepted", "in_progress", "completed"]
    assert len({key for _, key, _ in door.heard}) == 3, "a repeat carries the first one's key"
    assert {state for _, state in await reports(part)} == {"sent"}


async def test_without_a_token_reports_wait_and_say_what_is_lacking(
    start_part: Any, door: Door, http: aiohttp.ClientSession
) -> None:
    part = await make_with_door(start_part, door, Hand(), token="")
    await make_approved(part)
    answer = (await clients(part)[0].get(f"{URL}/reports")).json()
    assert (answer["door"], [item["state"] for item in answer["items"]]) == ("no_token", ["waiting"])


async def test_when_the_door_refuses_the_acceptance_charity_stands_back_and_frees_the_money(
    start_part: Any, door: Door, http: aiohttp.ClientSession
) -> None:
    part = await make_with_door(start_part, door, Hand())
    referral, _ = await make_approved(part)
    door.answers = [409]
    await say_all(part, http)
    assert await reports(part) == [("accepted", "refused")]
    award = await only_proposal(clients(part)[0], referral.household_ref)
    assert (award["status"], award["reason"]["en"]) == (
        "withdrawn",
        "The partner door refused the answer; charity stands back",
    )
    fund = (await clients(part)[0].get(f"{URL}/funds/general")).json()
    assert (fund["available"], fund["reserved"]) == ("9000.00", "0.00")


async def test_charitys_own_acceptance_coming_back_as_an_event_is_no_other_answer(
    start_part: Any, door: Door, http: aiohttp.ClientSession
) -> None:
    part = await make_with_door(start_part, door, Hand())
    referral, _ = await make_approved(part)
    await say_all(part, http)
    household = referral.household_ref
    await tell(part, [make_referral(household, ref=referral.ref, version=2, status="accepted")])
    assert (await only_proposal(clients(part)[0], household))["status"] == "approved"
    # The partner itself goes on with it: now it is another's.
    await tell(part, [make_referral(household, ref=referral.ref, version=3, status="completed", outcome_fen=10_000)])
    assert (await only_proposal(clients(part)[0], household))["status"] == "withdrawn"


async def test_a_rejected_proposal_is_reported_with_its_reason(
    start_part: Any, door: Door, http: aiohttp.ClientSession
) -> None:
    part = await make_with_door(start_part, door, Hand())
    reviewer, _ = clients(part)
    referral = make_referral(uuid4())
    await tell(part, [referral])
    award = await only_proposal(reviewer, referral.household_ref)
    assert (await step(reviewer, award["id"], "reject", reason_code="not_our_scope")).json()["status"] == "rejected"
    await say_all(part, http)
    assert [body for _, _, body in door.heard] == [{"status": "rejected", "reason_code": "not_our_scope"}]


async def test_an_award_rejected_after_its_acceptance_was_heard_is_reported_as_failed(
    start_part: Any, door: Door, http: aiohttp.ClientSession
) -> None:
    part = await make_with_door(start_part, door, Hand())
    _, award = await make_approved(part)
    await say_all(part, http)
    await step(clients(part)[0], award["id"], "reject", reason_code="person_declined")
    await say_all(part, http)
    assert door.said() == ["accepted", "failed"]


async def test_a_returned_payment_puts_the_referral_on_hold(
    start_part: Any, door: Door, http: aiohttp.ClientSession
) -> None:
    part = await make_with_door(start_part, door, Hand())
    await make_approved(part)
    await pay(part, "returned")
    await say_all(part, http)
    assert door.said() == ["accepted", "in_progress", "on_hold"]
    assert door.heard[-1][2]["reason_code"] == "cannot_reach"
