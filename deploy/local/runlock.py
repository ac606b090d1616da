"""One suite per data folder, and an end for what a killed one left behind."""

import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import IO

from deploy.local.home import Home
from deploy.local.processes import ProcessBook, ProcessId, end, identify, is_alive
from deploy.local.refusal import Refusal, Words


class RunLock:
    """Holds a data folder for this process.

    The kernel's lock on the file decides and vanishes with its holder, however that one ended; what the file says
    (pid and start) is for the message. Children do not inherit it.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._path = home.run / "lock"
        self._file: IO[str] | None = None
        self.book = ProcessBook(home.run / "processes.json")

    def take(self) -> None:
        """Take the folder. Raises: Refusal when another suite has it."""
        file = open(self._path, "a+")  # noqa: SIM115  # stays open for as long as the lock is held
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise _held(self._home.path, self._path) from None
        me = identify("supervisor", os.getpid())
        file.truncate(0)
        file.write(json.dumps({"pid": me.pid, "started": me.started, "command": Path(sys.argv[0]).name}))
        file.flush()
        self._file = file

    async def end_leftovers(self) -> list[ProcessId]:
        """End what an earlier suite started here and could not end itself. Answers what was found."""
        left = self.book.leftovers()
        await end([p for p in left if p.name not in {"postgres", "nats"}], grace_s=5)
        await end([p for p in left if p.name == "nats"], grace_s=3)
        await end([p for p in left if p.name == "postgres"], first=signal.SIGINT, grace_s=5)
        return left

    def release(self) -> None:
        """Give the folder back."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def holder(home: Home) -> ProcessId | None:
    """The supervisor that has the data folder now, or None."""
    try:
        row = json.loads((home.run / "lock").read_text())
    except (FileNotFoundError, ValueError):
        return None
    process = ProcessId("supervisor", row["pid"], row["started"])
    return process if is_alive(process) else None


def _held(folder: Path, lock: Path) -> Refusal:
    try:
        row = json.loads(lock.read_text())
        since = time.strftime("%m-%d %H:%M", time.localtime(row["started"]))
        pid = row["pid"]
    except (ValueError, KeyError):
        return Refusal(
            "already_running",
            Words(f"数据文件夹 {folder} 正被另一个进程使用。", f"The data folder {folder} is in use."),
            Words("请稍候再试，或另设 YIQIJIU_HOME。", "Try again in a moment, or choose another YIQIJIU_HOME."),
        )
    return Refusal(
        "already_running",
        Words(
            f"数据文件夹 {folder} 正被进程 {pid} 使用（{since} 启动）。",
            f"The data folder {folder} is in use by process {pid} (since {since}).",
        ),
        Words(
            f"停止它：kill {pid}（它会先收尾）；或为这次运行另设 YIQIJIU_HOME 和 YIQIJIU_PORT。",
            f"Stop it with kill {pid} (it finishes its work first), or set another YIQIJIU_HOME and YIQIJIU_PORT.",
        ),
    )
