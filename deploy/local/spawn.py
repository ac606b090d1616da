"""Starting our own Python processes: the parts and the migrations, each with only the secrets that are its own."""

import asyncio
import resource
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploy.local.logs import open_log, tail
from deploy.local.parts import PARTS, ROOT
from deploy.local.refusal import Refusal, Words

_OPEN_FILES = 65536
_URLS = ("DATABASE_URL", "OWNER_DATABASE_URL", "NATS_URL")


def part_command(part: str, *, graceful_s: int) -> list[str]:
    """The command line of a part; it contains the part's name."""
    return [sys.executable, "-P", "-m", "deploy.local.serve", part, "--graceful", str(graceful_s)]


def part_environment(part: str, home: Path, environ: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of one part: without the admin's URL and without what is meant for another part."""
    withheld = {"YIQIJIU_DATABASE_URL"}
    for other in (*PARTS, "provisioner"):
        if other != part:
            withheld |= {f"YIQIJIU_{other.upper()}_{what}" for what in _URLS}
    kept = {name: value for name, value in environ.items() if name not in withheld}
    return kept | {"YIQIJIU_HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"} | dict(extra)


async def spawn(
    command: Sequence[str], *, env: Mapping[str, str], log_file: Path, stdin: int = subprocess.DEVNULL
) -> Process:
    """Start a process in its own session, its output going to the log."""
    with open_log(log_file) as log:
        return await asyncio.create_subprocess_exec(
            *command,
            env=dict(env),
            cwd=ROOT,
            stdin=stdin,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


class Migration:
    """The parts' migrations in a process of its own. It imports what it needs at once and begins when told to."""

    def __init__(self, parts: Sequence[str], *, env: Mapping[str, str], log_file: Path) -> None:
        self._command = [sys.executable, "-P", "-m", "deploy.local.migrate", "--when-told", *parts]
        self._env = env
        self._log_file = log_file
        self._process: Process | None = None

    async def start(self) -> None:
        """Start the process; it waits."""
        self._process = await spawn(self._command, env=self._env, log_file=self._log_file, stdin=subprocess.PIPE)

    async def run(self) -> None:
        """Let it begin, and wait for its end. Raises: Refusal when it fails."""
        if self._process is None:
            await self.start()
        assert self._process is not None
        try:
            await self._process.communicate(b"now\n")
        except BaseException:
            self.call_off()
            raise
        if self._process.returncode != 0:
            raise Refusal(
                "migration_failed",
                Words("数据库结构升级失败。", "Migrating the databases failed."),
                Words(
                    f"请看日志 {self._log_file}；数据没有改动一半。", f"See {self._log_file}; nothing is half-changed."
                ),
                details=tail(self._log_file),
            )

    def call_off(self) -> None:
        """End the process; a revision under way is rolled back."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()


def raise_open_files() -> None:
    """Allow as many open files as the system lets this user have, for us and for what we start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
