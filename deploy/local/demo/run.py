"""The demo from the first process to the report."""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp

from deploy.local.demo.accounting import latencies, reckon, results_of
from deploy.local.demo.funnel import Funnel, read_funnel
from deploy.local.demo.giving import Giving
from deploy.local.demo.journal import PushJournal
from deploy.local.demo.office import Office
from deploy.local.demo.progress import Progress
from deploy.local.demo.push import Pusher, Refused
from deploy.local.demo.remembered import remembered_town
from deploy.local.demo.screening import screen_town
from deploy.local.demo.stage import Stage
from deploy.local.first_account import DEMO_SEATS, print_seats
from deploy.local.opened import Databases, opened_databases
from deploy.local.refusal import FOUND_PROBLEMS, Refusal, Words
from deploy.local.supervisor import SuiteOptions
from deploy.local.terminal import tell
from deploy.local.town import Town
from deploy.local.up import tell_event
from services.kit.clock import Clock

REPORTS = 60
_LOOK_S = 0.3
_SETTLE_S = 170.0
"""How long `--exit` waits for everything to settle before it says what is missing."""


@dataclass
class Outcome:
    """What came of a demo: its report, and what was not as it should be."""

    report: dict[str, Any]
    complaints: list[str] = field(default_factory=list)


class Demo:
    """One run. `records` hospital-cost records are pushed."""

    def __init__(self, home: Path, *, records: int, port: int | None = None) -> None:
        self._stage = Stage(home, SuiteOptions(port=port, answer_signals=True), on_event=tell_event)
        self._records = records
        self._stack = AsyncExitStack()
        self._pushed = 0
        self._started = 0.0
        self._settled_s = 0.0
        self._known_problems: dict[str, int] = {}

    async def run(self, *, until_settled: bool, report: Path | None = None) -> Outcome | None:
        """Start, push, look on, and write the report where one is wanted.

        Answers the outcome when `until_settled`, else goes on until Ctrl-C and answers None.
        """
        async with self._stack:
            await self._stack.enter_async_context(self._stage)
            await self._tell_where()
            state = await self._stage.practice.state()
            self._known_problems = {code: len(told["problems"]) for code, told in state.items()}
            databases = await self._stack.enter_async_context(opened_databases(self._stage.home.path))
            journal = PushJournal(self._stage.home.run / "demo-journal.jsonl")
            self._stack.callback(journal.close)
            stopping = asyncio.create_task(self._stage.suite.until_stopped())
            work = asyncio.create_task(self._work(databases, journal))
            done, _ = await asyncio.wait({stopping, work}, return_when=asyncio.FIRST_COMPLETED)
            if stopping in done:
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work
                raise KeyboardInterrupt
            outcome = work.result()
            if report is not None:
                report.write_text(json.dumps(outcome.report, ensure_ascii=False, indent=1) + "\n")
            if until_settled:
                stopping.cancel()
                return outcome
            tell_outcome(outcome)
            tell("演示数据已就位，按 Ctrl-C 停止。", "The demo goes on; Ctrl-C stops it.")
            await stopping
            return None

    async def _tell_where(self) -> None:
        await print_seats(self._stage.home, self._stage.url, DEMO_SEATS)

    async def _work(self, databases: Databases, journal: PushJournal) -> Outcome:
        town = remembered_town(
            self._stage.home.run / "demo-town.json", records=self._records, reports=REPORTS, today=Clock().today()
        )
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as http:
            pusher = Pusher(http, self._stage.url, self._stage.operator, journal)
            self._pushed = len(town.records) + len(town.reports)
            self._started = time.monotonic()
            with Progress() as progress:
                push = asyncio.create_task(self._push(town, pusher))
                try:
                    funnel = await self._look_on(databases, journal, progress, push)
                finally:
                    push.cancel()
                    await asyncio.wait([push])
            office = Office(http, self._stage.url, self._stage.operator)
            paid = await Giving(office).run(Clock().today())
            tell(f"  慈善：{paid} 户获得资助并已回执", f"  Charity: {paid} households paid and receipted")
            screened = await screen_town(office)
            tell(
                f"  全量筛查：{screened['households']} 户，线索 {screened['leads']} 条",
                f"  Screening: {screened['households']} households, {screened['leads']} leads",
            )
        outcome = await self._reckon(databases, journal, funnel)
        outcome.report["screening"] = screened
        if screened["state"] != "completed":
            outcome.complaints.append(f"the screening run is {screened['state']}")
        return outcome

    async def _push(self, town: Town, pusher: Pusher) -> None:
        await pusher.register(town)
        batch = max(50, min(2000, len(town.records) // 10))
        async with asyncio.TaskGroup() as group:
            group.create_task(pusher.push_records(town.records, batch=batch))
            group.create_task(pusher.push_reports(town.reports))

    async def _look_on(
        self, databases: Databases, journal: PushJournal, progress: Progress, push: asyncio.Task[None]
    ) -> Funnel:
        """Show the funnel until all is settled and every partner has helped, or the patience is over."""
        quiet = 0
        while True:
            funnel = await read_funnel(
                databases, pushed=self._pushed, ids=_ids(journal), codes=list(self._stage.practice.plans)
            )
            funnel.accepted = journal.rows.get("record", 0) + journal.rows.get("report", 0)
            progress.show(funnel)
            if push.done():
                _raise_refusal(push)
            # Twice in a row: between two looks an event may have been on its way from one part to the next.
            quiet = quiet + 1 if push.done() and self._is_through(funnel) else 0
            if quiet >= 2 or time.monotonic() - self._started > _SETTLE_S + self._records / 200:
                return funnel
            self._settled_s = time.monotonic() - self._started
            await asyncio.sleep(_LOOK_S)

    def _is_through(self, funnel: Funnel) -> bool:
        return funnel.is_settled and funnel.all_helped

    async def _reckon(self, databases: Databases, journal: PushJournal, funnel: Funnel) -> Outcome:
        practice = self._stage.practice
        reckoning = await reckon(databases, journal, practice)
        problems = {code: told["problems"] for code, told in (await practice.state()).items()}
        problems = {code: said[self._known_problems.get(code, 0) :] for code, said in problems.items()}
        ids = _ids(journal)
        taken = journal.rows.get("record", 0) + journal.rows.get("report", 0)
        report = {
            "records_in": taken,
            "records_accounted": taken if funnel.accounted == len(ids) else funnel.accounted,
            "assessments": funnel.assessments,
            "outcomes": funnel.outcomes,
            "results": await results_of(databases, ids),
            "referrals": funnel.referrals,
            "held": funnel.held,
            "deliveries": {code: line.delivered for code, line in funnel.partners.items()},
            "lost": len(reckoning.lost),
            "duplicated": len(reckoning.twice),
            "seconds": round(self._settled_s, 1),
            "records_per_second": round(taken / max(self._settled_s, 0.001), 1),
            "latency_ms": await latencies(databases, journal, await practice.seen()),
        }
        complaints = [*reckoning.lost, *reckoning.twice]
        complaints += [f"{code}: {problem}" for code, said in problems.items() for problem in said]
        if not funnel.is_settled:
            complaints.append("not everything settled in time")
        silent = [code for code, line in funnel.partners.items() if not line.helped]
        complaints += [f"{code} reported no outcome" for code in silent]
        return Outcome(report, complaints)


def _raise_refusal(push: asyncio.Task[None]) -> None:
    """Raises: Refusal when the office did not take something that was pushed; other errors as they are."""
    try:
        push.result()
    except BaseExceptionGroup as group:
        refused = group.subgroup(Refused)
        if refused is None:
            raise
        raise Refusal(
            "push_refused",
            Words(
                "推送的内容未被接受，演示无法继续。", "Something that was pushed was not taken; the demo cannot go on."
            ),
            Words("请看日志 gateway.log 和 intake.log。", "See gateway.log and intake.log."),
            status=FOUND_PROBLEMS,
            details=tuple(sorted({str(error) for error in _leaves(refused)}))[:5],
        ) from None


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _ids(journal: PushJournal) -> Sequence[UUID]:
    """Ids of the records and reports this run had accepted, each once."""
    return [
        UUID(one)
        for kind in ("record", "report")
        for one in dict.fromkeys(journal.ids.get(kind, {}).values())
        if one in journal.sent_at
    ]


def tell_outcome(outcome: Outcome) -> None:
    """Say on stderr what came of it."""
    report = outcome.report
    helped = sum(report["deliveries"].values())
    tell(
        f"收到 {report['records_in']} 条，全部有交代 {report['records_accounted']}；转介 {report['referrals']}，"
        f"送达 {helped}；丢失 {report['lost']}，重复 {report['duplicated']}；用时 {report['seconds']} 秒",
        f"{report['records_in']} in, {report['records_accounted']} accounted for; {report['referrals']} referrals, "
        f"{helped} delivered; lost {report['lost']}, duplicated {report['duplicated']}; {report['seconds']} s",
    )
    for complaint in outcome.complaints[:20]:
        tell(f"  ✗ {complaint}", f"  ✗ {complaint}")
