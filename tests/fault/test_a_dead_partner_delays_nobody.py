"""Each partner has its own queue: one whose server is gone delays no other."""

import time

import pytest

from deploy.local.practice.config import CODES
from deploy.local.town.recipes import sole_earner_ill
from tests.support.forms import bill
from tests.support.suite import RunningSuite, is_answered

pytestmark = [pytest.mark.fault]
DEAD = "red_cross"
FAMILIES = 12


async def test_a_dead_partner_delays_nobody(suite: RunningSuite) -> None:
    await suite.point_elsewhere(DEAD)
    try:
        households = []
        for _ in range(FAMILIES):
            draft = sole_earner_ill(suite.family("350602"), 0)
            household = await suite.register(draft.body(suite.rng))
            await suite.decide(household)
            body = bill(draft.patient, draft.village, suite.number(), "52000.00", settled_on=suite.today)
            await suite.post("/api/v1/intake/hospital-costs", body)
            households.append(household)
        started = time.monotonic()
        for household in households:
            referrals = await suite.referrals_when(
                household,
                lambda found: (
                    len(found) > 1
                    and all(
                        one["delivery_state"] == "delivered" for one in found if one["partner"] in set(CODES) - {DEAD}
                    )
                ),
            )
            dead = [one for one in referrals if one["partner"] == DEAD]
            assert dead and all(one["status"] == "requested" for one in dead)
        assert time.monotonic() - started < 20
    finally:
        await suite.point_back(DEAD)
    for household in households:
        await suite.referrals_when(
            household, lambda found: all(is_answered(one) for one in found if one["partner"] == DEAD)
        )
