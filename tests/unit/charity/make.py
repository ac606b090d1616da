"""Factories: events as charity receives them, and a charity with money to give."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.charity.consumers import HANDLERS
from services.contracts.eligibility import AssessmentCompleted, FindingState, NeedState, PersonState
from services.contracts.event import Event
from services.contracts.referral import NeedUnmet, OutcomeState, ReferralChanged
from services.kit.clock import Clock
from tests.support.apps import PartUnderTest, officer, secret_key

PLACE = "350602001"
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
"""A moment of the fourth quarter: 慈善阳光 is open as always, 扶老助孤 and 金秋助学 are not."""

REVIEWER = officer(
    "3506", "charity:read", "charity:write", "charity:decide", subject="officer-a", role="charity_officer"
)
APPROVER = officer(
    "3506", "charity:read", "charity:write", "charity:decide", subject="officer-b", role="charity_officer"
)


class Hand:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at
        self.clock = Clock(lambda: self.at)


async def make_charity(start_part: Any, *, hand: Hand | None = None, **fields: Any) -> PartUnderTest:
    """A running charity whose clock stands still."""
    part: PartUnderTest = await start_part("charity", **{"seal_key": secret_key(), **fields})
    part.app.state.clock = (hand or Hand()).clock
    return part


async def tell(part: PartUnderTest, events: Sequence[Event]) -> None:
    """Events arrive, at the moment the part's clock shows."""
    await part.take_in(HANDLERS, events, clock=part.app.state.clock)


def make_referral(
    household: UUID,
    *,
    status: Any = "requested",
    version: int = 1,
    ref: UUID | None = None,
    partner: str = "charity_federation",
    need: str = "living",
    near_miss: bool = True,
    gap_fen: int | None = 200_000,
    outcome_fen: int | None = None,
    division: str = PLACE,
    **more: Any,
) -> ReferralChanged:
    """A referral, by default a near-miss to the charity federation to which the family said yes."""
    outcome = None if outcome_fen is None else OutcomeState(kind="cash", amount_fen=outcome_fen, on=date(2026, 11, 20))
    return ReferralChanged(
        ref=ref or uuid4(),
        version=version,
        division=division,
        household_ref=household,
        subject_ref=None,
        assessment_id=uuid4(),
        partner=partner,
        need=need,
        near_miss=near_miss,
        status=status,
        gap_fen=gap_fen,
        outcome=outcome,
        changed_at=NOW,
        **more,
    )


def make_unmet(household: UUID, *, need: str = "living", gap_fen: int | None = 300_000, **more: Any) -> NeedUnmet:
    """A need nobody could meet, with the family's yes to charity."""
    fields: dict[str, Any] = {"ref": uuid4(), "version": 1, "division": PLACE, "subject_ref": None, **more}
    return NeedUnmet(household_ref=household, need=need, gap_fen=gap_fen, **fields)


def make_assessment(
    household: UUID,
    *,
    version: int = 1,
    needs: tuple[NeedState, ...] = (),
    findings: tuple[FindingState, ...] = (),
    born: tuple[date, ...] = (date(1980, 5, 1),),
) -> AssessmentCompleted:
    """An assessment of a household."""
    return AssessmentCompleted(
        ref=household,
        version=version,
        division=PLACE,
        assessment_id=uuid4(),
        as_of=date(2026, 11, 24),
        cause="household",
        status=None,
        household_size=len(born),
        people=tuple(PersonState(person_ref=uuid4(), birth_date=day) for day in born),
        needs=needs,
        findings=findings,
    )


async def give(
    client: httpx.AsyncClient, amount: str, *, reference: str | None = None, **fields: Any
) -> dict[str, Any]:
    """A donation, anonymous unless said otherwise."""
    body = {"reference": reference or f"R-{uuid4()}", "amount": amount, "received_on": "2026-11-20", **fields}
    answer = await client.post("/api/v1/charity/donations", json=body)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


async def only_proposal(client: httpx.AsyncClient, household: UUID) -> dict[str, Any]:
    """The household's one proposal or award, in any state."""
    answer = await client.get(f"/api/v1/charity/households/{household}")
    assert answer.status_code == 200, answer.text
    awards = answer.json()["awards"]
    assert len(awards) == 1, awards
    return dict(awards[0])


async def step(client: httpx.AsyncClient, award_id: str, name: str, **body: Any) -> httpx.Response:
    """One step on a proposal."""
    return await client.post(f"/api/v1/charity/proposals/{award_id}/{name}", json=body)


def clients(part: PartUnderTest) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    """Two people of the charity: who reviews and who approves."""
    return part.client(REVIEWER), part.client(APPROVER)
