"""The suite with its seven practice partners, ready to be pushed at: what demo, benches and tests stand on."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.access import make_token
from deploy.local.events import Listener
from deploy.local.home import write_over
from deploy.local.practice.config import CODES, PartnerPlan
from deploy.local.practice.run import PracticePartners
from deploy.local.runlock import holder
from deploy.local.supervisor import Suite, SuiteOptions

DEMO_ENVIRONMENT: Mapping[str, str] = {
    "YIQIJIU_DEMO": "1",
    "YIQIJIU_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    "YIQIJIU_PARTNERS_ALWAYS_OPEN": "true",
}
SLOW = "trade_union"
STUMBLING = "next_generation_committee"
CITY = "3506"
_SLOW_S = 2.0
_TOKEN_HOURS = 24 * 30


def demo_partners() -> list[PartnerPlan]:
    """The seven as the demo has them: one is slow, one answers 503 to each first attempt."""
    return [
        PartnerPlan(code=code, port=0, delay_s=_SLOW_S if code == SLOW else 0.0, refuse_first=code == STUMBLING)
        for code in CODES
    ]


class Stage:
    """Use it with `async with`. `operator` is a token of this machine, `tokens` are those of the partners' systems."""

    def __init__(
        self,
        home: Path,
        options: SuiteOptions | None = None,
        *,
        plans: Sequence[PartnerPlan] | None = None,
        on_event: Listener | None = None,
    ) -> None:
        options = options or SuiteOptions()
        options = replace(options, environment={**DEMO_ENVIRONMENT, **options.environment})
        self.suite = Suite(home, options, on_event=on_event)
        self.home = self.suite.home
        self.practice = PracticePartners(self.home, plans=plans or demo_partners())
        self.operator = ""
        self.tokens: dict[str, str] = {}
        self._stack = AsyncExitStack()

    @property
    def url(self) -> str:
        """Where the gateway is."""
        return self.suite.gateway_url

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        if holder(self.home) is None:  # another suite's practice partners must not be taken for leftovers
            beside = asyncio.create_task(self.practice.start())
            try:
                await self._stack.enter_async_context(self.suite)
            finally:
                # Stopped before the suite, which may delete the folder their journal is in.
                self._stack.push_async_callback(self.practice.stop)
                await asyncio.wait([beside])
            beside.result()
        else:
            await self.suite.start()  # says that it is running already
        codes = list(self.practice.plans)
        made = await asyncio.gather(
            make_token(self.home, "operator", "all", hours=_TOKEN_HOURS),
            make_token(self.home, "partner_system", CITY, partner="charity_federation", hours=_TOKEN_HOURS),
            *(make_token(self.home, "partner_system", CITY, partner=code, hours=_TOKEN_HOURS) for code in codes),
        )
        self.operator = made[0]
        write_over(self.home.secrets / "charity-partner-token", made[1])
        self.tokens = dict(zip(codes, made[2:], strict=True))
        await self.practice.connect(self.url, operator=self.operator, tokens=self.tokens)
