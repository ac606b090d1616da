"""Several transactions at the same household at the same time still end in one assessment of all facts."""

import asyncio

from services.contracts.event import Event
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import (
    make_bill,
    make_care,
    make_household,
    make_member,
    make_merge,
    make_report,
)


async def _with_retries(service: Service, event: Event) -> None:
    """As the consumer does: what failed for a passing reason comes again."""
    for _ in range(5):
        try:
            await service.take(event)
            return
        except Exception as error:
            if "deadlock" not in str(error):
                raise
    raise AssertionError("never went through")


async def test_bill_report_and_facts_in_parallel_end_in_one_assessment(service: Service) -> None:
    for round_ in range(6):
        name, home = f"lin{round_}", f"home of lin{round_}"
        family = f"lins{round_}"
        events: list[Event] = [
            make_care(name, make_bill(f"b{round_}", "52000.00")),
            make_report(f"w{round_}", "major_illness", household=home, person=name, provisional=True),
            make_household(family, make_member(name)),
            make_merge(home, family),
        ]
        await asyncio.gather(*(_with_retries(service, event) for event in events))
        live = await service.live(family)
        assert live is not None and live["cause"] == "grid_report" and live["status"] == "dibao"
        assert live["facts"]["grounds"]["crossings"][0][2] == 5_200_000
        assert await service.live(home) is None
        accounts = {(await service.record(r))["account"]["assessment_id"] for r in (f"b{round_}", f"w{round_}")}
        assert accounts == {str(live["assessment_id"])}
