"""Keeps one process running: starts it, brings it back with back-off when it ends, stops it when asked."""

import asyncio
import os
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from contextlib import suppress

from deploy.local.events import Journal, RestartEvent
from deploy.local.processes import ProcessBook
from deploy.local.refusal import REFUSED_CONFIGURATION, Refusal

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
HOPELESS = 3
"""So many quick ends in a row, and a start is given up."""
_QUICK_S = 20.0
_NEVER_WELL_GRACE_S = 1.0


class Keeper:
    """One process by name. `launch` starts it, and may be called again after each end.

    `ready_at_launch`: it serves already when `launch` returns; else whoever looks at it says so with `mark`.
    """

    def __init__(
        self,
        name: str,
        launch: Callable[[], Awaitable[Process]],
        *,
        book: ProcessBook,
        journal: Journal,
        ready_at_launch: bool,
    ) -> None:
        self.name = name
        self.restarts: list[RestartEvent] = []
        self.health = "starting"
        self.detail = ""
        self.quick_ends = 0
        self.is_up = False
        self.is_well = asyncio.Event()
        self._launch = launch
        self._book = book
        self._journal = journal
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._ready_at_launch = ready_at_launch
        self._has_been_well = False
        self._reason = ""
        self._pause_s = FIRST_PAUSE_S
        self.up_since = 0.0

    @property
    def pid(self) -> int | None:
        """The pid while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it and watch over it from now on. Raises: what `launch` raises."""
        await self._journal.tell("starting", self.name)
        await self._launched()
        self._task = asyncio.create_task(self._watch(), name=f"keeper-{self.name}")

    async def mark(self, health: str, detail: str = "") -> None:
        """Note how it is: "ok" or "failing". A process that has been well is brought back at once when it ends."""
        before, self.health, self.detail = self.health, health, detail
        if health == "ok":
            self._pause_s = FIRST_PAUSE_S
            self._has_been_well = True
            self.is_well.set()
        else:
            self.is_well.clear()
        if before != health:
            kind = "failing" if health == "failing" else ("recovered" if before == "failing" else "ready")
            await self._journal.tell(kind, self.name, detail)

    def end_for(self, reason: str) -> None:
        """End a process that does not answer; the watch brings it back. A stopped (SIGSTOP) one ends by this too."""
        self._reason = reason
        self.is_up = False
        self._signal(signal.SIGKILL)

    async def stop(self, *, grace_s: float, first: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, kill it after `grace_s` seconds, and end what it started in its own group.

        One that has not been well yet has nothing under way, and gets a second only.
        """
        self._is_stopping = True
        self.is_up = False
        if self.pid is not None:
            await self._journal.tell("stopping", self.name)
            self._signal(first)
            await self._wait(grace_s if self._has_been_well else min(grace_s, _NEVER_WELL_GRACE_S))
            self._signal(signal.SIGKILL)
            await self._wait(5.0)
        await self._leave()

    def kill(self) -> None:
        """Kill it now and do not bring it back."""
        self._is_stopping = True
        self._signal(signal.SIGKILL)

    async def _leave(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._process is not None:
            _end_group(self._process.pid)
            self._book.forget(self.name)
            await self._journal.tell("stopped", self.name)
            self._process = None

    async def _wait(self, most_s: float) -> None:
        if self._process is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), most_s)

    async def _launched(self) -> None:
        self._process = await self._launch()
        self._book.note(self.name, self._process.pid)
        self.is_up, self.up_since, self._has_been_well = True, time.monotonic(), self._ready_at_launch

    async def _watch(self) -> None:
        while self._process is not None:
            status = await self._process.wait()
            if self._is_stopping:
                return
            self.is_up, died = False, time.monotonic()
            reason, self._reason = self._reason or _ending(status), ""
            self._count_quick_end(status)
            old_pid = self._process.pid
            _end_group(old_pid)
            await self._journal.tell("exited", self.name, reason)
            self.health = "restarting"
            self.is_well.clear()
            await self._bring_back()
            back = RestartEvent(
                self.name, reason, old_pid, self._process.pid, round(time.monotonic() - died, 3), time.time()
            )
            self.restarts.append(back)
            await self._journal.tell("restarted", self.name, f"{reason}, {back.seconds} s")

    def _count_quick_end(self, status: int) -> None:
        """Count ends that tell of a process that cannot start at all; one for its configuration settles it."""
        if self._has_been_well or time.monotonic() - self.up_since > _QUICK_S:
            self.quick_ends = 0
        else:
            self.quick_ends += HOPELESS if status == REFUSED_CONFIGURATION else 1

    async def _bring_back(self) -> None:
        while True:
            pause_s, self._pause_s = self._pause_s, min(self._pause_s * 2, LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)
            try:
                return await self._launched()
            except (Refusal, OSError) as error:
                self.detail = str(error)
                await self._journal.tell("failing", self.name, self.detail)

    def _signal(self, one: signal.Signals) -> None:
        if self.pid is not None and self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(one)


def _end_group(pid: int) -> None:
    """End what the process started and left: it was its group's leader. Nothing there is the usual case."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _ending(status: int) -> str:
    return f"ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
