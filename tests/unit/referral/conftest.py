"""A running referral for each test that asks for one."""

from typing import Any

import pytest

from tests.unit.referral.made import Hand, Town, make_referral_part


@pytest.fixture
async def town(start_part: Any) -> Town:
    """A referral with an empty database and a clock that stands on a Wednesday morning."""
    hand = Hand()
    return Town(await make_referral_part(start_part, hand=hand), hand)
