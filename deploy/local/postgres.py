"""The embedded PostgreSQL 18: made, started, stopped, and brought back after it died."""

import asyncio
import os
import secrets
import shutil
import signal
import string
import subprocess
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path

import psutil

from deploy.local.logs import open_log, tail
from deploy.local.parts import ROOT
from deploy.local.place import Place
from deploy.local.processes import end, of_cluster
from deploy.local.refusal import Refusal, Words

TEMPLATES = ROOT / "deploy" / "postgres"
SUPERUSER = "postgres"
START_WITHIN_S = 60.0
"""How long refused starts are tried again."""
RECOVER_WITHIN_S = 600.0
"""How long a started server may take to replay its log after a crash."""
_LOOK_S = 0.01
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}


class PostgresServer:
    """One cluster in its place. `start` may be called again after any death of the server."""

    def __init__(self, place: Place, *, port: int, superuser_password: str, log_file: Path) -> None:
        self.place = place
        self.port = port
        self._password = superuser_password
        self._log_file = log_file
        self._process: Process | None = None

    @property
    def admin_url(self) -> str:
        """URL of the superuser, for making databases and roles."""
        return f"postgresql://{SUPERUSER}:{self._password}@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int | None:
        """The postmaster's pid while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and running else None

    @property
    def has_cluster(self) -> bool:
        """Whether the cluster was made already."""
        return (self.place.cluster / "PG_VERSION").exists()

    async def start(self) -> Process:
        """Make the cluster when absent, end what a dead postmaster left, start, and wait until it takes connections.

        Raises: Refusal when it does not come up, with the end of its log.
        """
        if not self.has_cluster:
            await self._make_cluster()
        self._write_configuration()
        clock = asyncio.get_running_loop().time
        until, pause_s = clock() + START_WITHIN_S, 0.05
        while True:
            await self._clear_the_ground()
            process = await self._spawn()
            if await self._is_ready(process, until=clock() + RECOVER_WITHIN_S):
                self._process = process
                return process
            if clock() > until:
                await self._end(process)
                raise self._will_not_start()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 1.0)

    async def stop(self, *, grace_s: float = 8.0) -> None:
        """Fast shutdown: sessions are ended, a checkpoint is written. Harsher after `grace_s` seconds."""
        if self._process is not None:
            await self._end(self._process, grace_s=grace_s)
            self._process = None
        await end(of_cluster(self.place.cluster, cluster_name=self.place.cluster_name), first=signal.SIGQUIT, grace_s=1)

    async def _end(self, process: Process, *, grace_s: float = 8.0) -> None:
        for one, wait_s in ((signal.SIGINT, grace_s), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
            if process.returncode is not None:
                return
            try:
                process.send_signal(one)
                await asyncio.wait_for(process.wait(), wait_s)
            except (ProcessLookupError, TimeoutError):
                continue

    async def _make_cluster(self) -> None:
        """Run initdb aside and move the finished cluster into place, so that half of one is never taken for one."""
        partial = self.place.folder / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        self.place.give(partial, mode=0o700)
        for forgotten in self.place.folder.glob(".password-*"):
            forgotten.unlink()
        password_file = self.place.folder / f".password-{secrets.token_hex(4)}"
        password_file.write_text(self._password)
        self.place.give(password_file, mode=0o600)
        try:
            made = await asyncio.create_subprocess_exec(
                str(self.place.programs / "initdb"),
                *("-D", str(partial), "-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={password_file}"),
                *("--data-checksums", "--encoding=UTF8", "--locale=C", "--no-instructions"),
                env=_ENVIRONMENT,
                cwd=str(self.place.folder),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
                **self.place.identity(),
            )
            _, said = await _ended_with_us(made)
        finally:
            password_file.unlink()
        if made.returncode != 0:
            raise Refusal(
                "cluster_not_made",
                Words("数据库初始化失败。", "Making the database cluster failed."),
                Words("请检查磁盘空间和文件夹权限后重试。", "Check disk space and folder modes, then try again."),
                details=tuple(said.decode(errors="replace").splitlines()[-5:]),
            )
        partial.rename(self.place.cluster)

    def _write_configuration(self) -> None:
        values = {"port": self.port, "cluster_name": self.place.cluster_name, "shared_buffers": _shared_buffers()}
        for name in ("postgresql.conf", "pg_hba.conf"):
            text = string.Template((TEMPLATES / name).read_text()).substitute(values)
            file = self.place.cluster / name
            if not file.exists() or file.read_text() != text:
                partial = file.with_suffix(".partial")
                partial.write_text(text)
                self.place.give(partial, mode=0o600)
                partial.replace(file)

    async def _clear_the_ground(self) -> None:
        """End the sessions that outlived their postmaster: while one is inside a long statement, no start succeeds."""
        orphans = of_cluster(self.place.cluster, cluster_name=self.place.cluster_name)
        if orphans:
            await end(orphans, first=signal.SIGQUIT, grace_s=0.5)
        # Nobody of this cluster runs any more; what the file says is about the dead, whoever has that pid today.
        (self.place.cluster / "postmaster.pid").unlink(missing_ok=True)

    async def _spawn(self) -> Process:
        with open_log(self._log_file) as log:
            return await asyncio.create_subprocess_exec(
                str(self.place.programs / "postgres"),
                *("-D", str(self.place.cluster)),
                env=_ENVIRONMENT,
                cwd=str(self.place.folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.place.identity(),
            )

    async def _is_ready(self, process: Process, *, until: float) -> bool:
        """Wait for the word "ready" in postmaster.pid, as pg_ctl does. False when the server ended or time is up."""
        clock = asyncio.get_running_loop().time
        while process.returncode is None and clock() < until:
            try:
                lines = (self.place.cluster / "postmaster.pid").read_text().split("\n")
            except FileNotFoundError:
                lines = []
            if len(lines) > 7 and lines[0] == str(process.pid) and lines[7].startswith("ready"):
                return True
            await asyncio.sleep(_LOOK_S)
        return False

    def _will_not_start(self) -> Refusal:
        return Refusal(
            "postgres_will_not_start",
            Words("PostgreSQL 没有启动成功。", "PostgreSQL does not start."),
            Words(f"请看日志 {self._log_file}；多半是磁盘已满。", f"See {self._log_file}; often a disk is full."),
            details=tail(self._log_file),
        )


async def _ended_with_us(process: Process) -> tuple[bytes, bytes]:
    """What a process in its own session said, once it has ended. When we are called off, its whole session ends too."""
    try:
        return await process.communicate()
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise


def _shared_buffers() -> str:
    """A sixteenth of the memory, at least 256 MB and at most 1 GB."""
    megabytes = psutil.virtual_memory().total // 2**20 // 16
    return f"{min(1024, max(256, megabytes))}MB"
