"""Processes this suite started, known by pid and start time, so that a pid used again by another is never touched."""

import asyncio
import json
import os
import signal
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

_SAME_START_S = 2.0
_LOOK_S = 0.01


@dataclass(frozen=True)
class ProcessId:
    """A process by its name in the suite, pid and start (seconds since the epoch)."""

    name: str
    pid: int
    started: float


def identify(name: str, pid: int) -> ProcessId:
    """The process that has `pid` now; start 0.0 when it is gone already."""
    try:
        return ProcessId(name, pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return ProcessId(name, pid, 0.0)


def is_alive(process: ProcessId) -> bool:
    """Whether this very process still runs. One that has ended and only waits to be reaped does not."""
    try:
        found = psutil.Process(process.pid)
        same = abs(found.create_time() - process.started) < _SAME_START_S
        return same and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def end(processes: Iterable[ProcessId], *, first: signal.Signals = signal.SIGTERM, grace_s: float = 5.0) -> None:
    """Ask the processes to end, and kill those that are still there after `grace_s` seconds."""
    left = [process for process in processes if is_alive(process)]
    for one, wait_s in ((first, grace_s), (signal.SIGKILL, 5.0)):
        _signal(left, one)
        left = await _outlasting(left, wait_s)
        if not left:
            return


def _signal(processes: Iterable[ProcessId], one: signal.Signals) -> None:
    for process in processes:
        try:
            os.kill(process.pid, one)
        except ProcessLookupError:
            continue


async def _outlasting(processes: list[ProcessId], wait_s: float) -> list[ProcessId]:
    clock = asyncio.get_running_loop().time
    until = clock() + wait_s
    left = [process for process in processes if is_alive(process)]
    while left and clock() < until:
        await asyncio.sleep(_LOOK_S)
        left = [process for process in left if is_alive(process)]
    return left


def of_cluster(folder: Path, *, cluster_name: str) -> list[ProcessId]:
    """Every process of one PostgreSQL cluster, wherever its parent went: the postmaster by its `-D`, the rest by title.

    Titles (`postgres: NAME: …`) serve because a root without CAP_SYS_PTRACE may not read another user's working folder.
    """
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "create_time", "status"]):
        words = process.info["cmdline"] or [""]
        is_postmaster = Path(words[0]).name == "postgres" and str(folder) in words
        if (is_postmaster or words[0].startswith(f"postgres: {cluster_name}: ")) and (
            process.info["status"] != psutil.STATUS_ZOMBIE
        ):
            found.append(ProcessId("postgres", process.info["pid"], process.info["create_time"]))
    return found


class ProcessBook:
    """The file in which a suite writes down what it started, for the next one to end what a `kill -9` left behind."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._running: dict[str, ProcessId] = {}

    def note(self, name: str, pid: int) -> ProcessId:
        """Write down a started process."""
        self._running[name] = identify(name, pid)
        self._write()
        return self._running[name]

    def forget(self, name: str) -> None:
        """Strike out a process that has ended."""
        if self._running.pop(name, None) is not None:
            self._write()

    def leftovers(self) -> list[ProcessId]:
        """Processes of an earlier run that are still there. Call before the first `note`."""
        try:
            rows = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return []
        return [process for process in (ProcessId(**row) for row in rows) if is_alive(process)]

    def _write(self) -> None:
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps([asdict(process) for process in self._running.values()]))
        partial.replace(self._path)
