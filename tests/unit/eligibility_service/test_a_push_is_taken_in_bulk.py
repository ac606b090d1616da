"""A whole push of 15,313 bills, in fetches as the consumer makes them. The time is printed, not asserted."""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import pytest

from services.contracts.event import Event
from services.contracts.intake import CareChanged, CountedRecord
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import make_care, make_household, make_member, ref

BILLS = 15_313
FETCH = 2_000


def _persons(random_: random.Random) -> Iterator[CareChanged]:
    left = BILLS
    number = 0
    while left:
        bills = min(left, random_.choice((1, 1, 1, 2, 3)))
        left -= bills
        records = tuple(
            CountedRecord(
                record_id=ref(f"bill {number} {i}"),
                settlement_year=2025,
                settled_on=date(2025, 1, 1) + timedelta(days=random_.randrange(180)),
                self_paid_fen=random_.randrange(500_000, 7_000_000),
            )
            for i in range(bills)
        )
        household = f"family {number}" if number % 8 == 0 else None
        born = date(1930, 1, 1) + timedelta(days=random_.randrange(30_000))
        division = f"3506020{random_.randrange(1, 13):02d}"
        yield make_care(f"p{number}", *records, household=household, birth_date=born, division=division)
        number += 1


def _fetches(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    for start in range(0, len(events), FETCH):
        yield events[start : start + FETCH]


@pytest.mark.load
async def test_every_bill_of_a_push_has_its_account(service: Service) -> None:
    persons = list(_persons(random.Random(7)))
    families = [
        make_household(
            f"family {number}",
            make_member(f"p{number}", incomes=[{"kind": "wage", "monthly": "2045.00"}]),
            make_member(f"child of {number}", "child", birth_date="2014-05-06", employment="none", student="primary"),
        )
        for number in range(0, len(persons), 8)
    ]
    cpu, wall = time.process_time(), time.perf_counter()
    for fetch in _fetches(families):
        await service.take(*fetch)
    told = time.process_time()
    for fetch in _fetches(persons):
        await service.take(*fetch)
    end = time.process_time()
    (accounts,) = await service.rows("SELECT count(*) AS n, count(assessment_id) AS assessed FROM record_account")
    (live,) = await service.rows("SELECT count(*) AS n FROM assessment WHERE state = 'live'")
    print(
        f"\n{len(families)} families {told - cpu:.2f} s CPU; {accounts.n} bills of {len(persons)} persons,"
        f" {live.n} assessments {end - told:.2f} s CPU; all {time.perf_counter() - wall:.2f} s"
    )
    assert accounts.n == BILLS
    assert live.n > 5_000 and accounts.assessed > live.n
