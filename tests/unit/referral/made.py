"""Factories: events as referral receives them, a running referral whose clock stands where it is put."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.contracts.eligibility import AssessmentCompleted, NeedState, PersonState
from services.contracts.intake import ConsentChanged, ConsentDecision
from services.contracts.workdays import workdays
from services.kit.auth import Actor
from services.kit.clock import Clock
from services.referral.consumers import HANDLERS
from services.referral.partners.casework import Books
from services.referral.partners.directory import directory
from services.referral.worker.dispatcher import Dispatcher
from services.referral.worker.lane import Lane
from services.referral.worker.post import make_post
from tests.support.apps import OPERATOR, PartUnderTest, partner, secret_key

PLACE = "350602001"
NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
"""A Wednesday, ten in the morning in Zhangzhou."""
BOOKS = Books(directory(), workdays())


class Hand:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at
        self.clock = Clock(lambda: self.at)

    def forward(self, **span: float) -> None:
        """Let time pass."""
        self.at += timedelta(**span)


def make_need(code: str = "medical_cost", *partners: str, bureaux: tuple[str, ...] = (), **more: Any) -> NeedState:
    """A need; medical cost goes to red_cross unless partners are named."""
    named = partners or (("red_cross",) if not bureaux else ())
    return NeedState(code=code, partners=named, bureaux=bureaux, **{"why": ("medical_cost",), **more})


def make_assessment(household: UUID, *needs: NeedState, version: int = 1, **more: Any) -> AssessmentCompleted:
    """An assessment of a household of one adult."""
    person = PersonState(person_ref=more.pop("person", UUID(int=household.int ^ 1)), birth_date=date(1980, 5, 1))
    values: dict[str, Any] = {
        "ref": household,
        "version": version,
        "division": PLACE,
        "assessment_id": uuid4(),
        "as_of": date(2026, 3, 4),
        "cause": "hospital_cost",
        "status": "dibao",
        "household_size": 1,
        "people": (person,),
        "needs": needs,
    }
    return AssessmentCompleted(**{**values, **more})


def make_decision(decision: str = "given", partner: str = "any", purpose: str = "any", **more: Any) -> ConsentDecision:
    """One decision of a family."""
    values = {"consent_id": uuid4(), "person_ref": None, "given_on": date(2026, 3, 1)}
    return ConsentDecision(partner=partner, purpose=purpose, decision=decision, **{**values, **more})


def make_consent(household: UUID, *decisions: ConsentDecision, version: int = 1) -> ConsentChanged:
    """A family's decisions in force; a yes to anybody for anything when none is named."""
    return ConsentChanged(ref=household, version=version, division=PLACE, decisions=decisions or (make_decision(),))


async def make_referral_part(start_part: Any, *, hand: Hand | None = None, **fields: Any) -> PartUnderTest:
    """A running referral whose clock stands still; webhooks may reach loopback."""
    part: PartUnderTest = await start_part(
        "referral",
        **{
            "case_key": secret_key(),
            "seal_key": secret_key(),
            "allowed_networks": "127.0.0.0/8",
            "public_url": "https://yiqijiu.example",
            "partners_always_open": True,
            "poll_s": 0.05,
            **fields,
        },
    )
    part.app.state.clock = (hand or Hand()).clock
    return part


class Town:
    """A running referral with shorthands for what its tests do over and over."""

    def __init__(self, part: PartUnderTest, hand: Hand) -> None:
        self.part = part
        self.hand = hand

    async def take_in(self, *events: Any) -> None:
        """Give events to the part as its consumer would, in one transaction; a moment passes."""
        self.hand.forward(milliseconds=10)
        await self.part.take_in(HANDLERS, events, clock=self.hand.clock)

    async def referrals(self, household: UUID, **query: Any) -> dict[tuple[str, str], dict[str, Any]]:
        """The newest referral of each partner and need, as officers see them."""
        answer = await self.get("/api/v1/referral/referrals", household=household, limit=200, **query)
        return {(item["partner"], item["need"]): item for item in reversed(answer["items"])}

    async def referral(self, household: UUID, party: str = "red_cross", need: str = "medical_cost") -> dict[str, Any]:
        """The newest referral of a household to a partner for a need."""
        return (await self.referrals(household))[party, need]

    async def get(self, path: str, *, actor: Actor = OPERATOR, **query: Any) -> dict[str, Any]:
        """A good answer."""
        answer = await self.part.client(actor).get(path, params={k: str(v) for k, v in query.items()})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def post(self, path: str, body: Any = None, *, actor: Actor = OPERATOR) -> httpx.Response:
        """An answer of any kind."""
        return await self.part.client(actor).post(path, json=body)

    async def answers(self, code: str, referral_id: Any, status: str, **more: Any) -> httpx.Response:
        """A partner's answer by its token."""
        path = f"/partner/v1/referrals/{referral_id}/status"
        return await self.post(path, {"status": status, **more}, actor=partner(code))

    async def feed(self, code: str, after: str | None = None) -> dict[str, Any]:
        """What a partner reads in its feed now."""
        query = {"after": after} if after else {}
        return await self.get("/partner/v1/events", actor=partner(code), **query)

    async def notices(self, code: str) -> list[tuple[str, int]]:
        """(type, sequence) of every message a partner may read, in order."""
        items = (await self.feed(code))["items"]
        return [(item["type"], item["data"]["sequence"]) for item in items]


@asynccontextmanager
async def lane_of(town: Town, endpoint_id: str) -> AsyncIterator[Lane]:
    """The lane of one endpoint, driven by hand: `send_round` answers whether anything was due."""
    post = make_post(town.part.database, town.part.app.state.settings, clock=town.hand.clock)
    try:
        yield Lane(UUID(endpoint_id), post)
    finally:
        await post.sender.close()


@asynccontextmanager
async def dispatching(town: Town) -> AsyncIterator[None]:
    """The part's dispatcher at work, by the town's own clock."""
    dispatcher = Dispatcher(town.part.database, town.part.app.state.settings, clock=town.hand.clock, poll_s=0.05)
    task = asyncio.create_task(dispatcher.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
