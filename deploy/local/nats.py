"""The embedded NATS server with JetStream: configured, started, stopped."""

import asyncio
import json
import shutil
import signal
import string
import subprocess
import sysconfig
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path

from deploy.local.home import Home, write_over
from deploy.local.http import get
from deploy.local.logs import open_log, tail
from deploy.local.parts import ROOT
from deploy.local.refusal import Refusal, Words
from deploy.local.topology import Topology, accounts

TEMPLATE = ROOT / "deploy" / "nats" / "server.conf"
START_WITHIN_S = 30.0
_SPARE_BYTES = 2**30
_LOOK_S = 0.01
_UNRECOVERED = b"could not be recovered"
_UNREADABLE_FOR_S = 2.0
"""How long the server has to say that it cannot recover a stream before it is believed."""


class _UnreadableStore(Exception):
    """The server runs and says that it cannot recover a stream of its store."""


class NatsServer:
    """One broker and its store. `start` may be called again after any death of the server."""

    def __init__(self, home: Home, topology: Topology, *, port: int, monitor_port: int, passwords: Mapping[str, str]):
        self.port = port
        self.monitor_port = monitor_port
        self._topology = topology
        self._passwords = passwords
        self._name = f"yiqijiu-{home.id[:8]}"
        self._log_file = home.log_file("nats")
        self._configuration = home.nats / "server.conf"
        self.store = home.nats / "store"
        self._process: Process | None = None

    def url(self, user: str) -> str:
        """URL for one of the users."""
        return f"nats://{user}:{self._passwords[f'nats/{user}']}@127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The server's pid while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and running else None

    async def start(self) -> Process:
        """Start, and wait until the server says that it is well.

        A store of which the server cannot recover a stream is laid aside and begun anew: the outboxes are the truth,
        and the relays publish again whatever a new stream lacks.
        Raises: Refusal when it does not come up, with the end of its log.
        """
        try:
            return await self._start()
        except _UnreadableStore:
            self._lay_store_aside()
            return await self._start()

    async def _start(self) -> Process:
        self.store.mkdir(mode=0o700, exist_ok=True)
        write_over(self._configuration, self._configured())
        with open_log(self._log_file) as log:
            process = await asyncio.create_subprocess_exec(
                str(server_program()),
                *("-c", str(self._configuration)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            await self._wait_until_well(process)
        except BaseException:
            if process.returncode is None:
                process.kill()
                await process.wait()
            raise
        self._process = process
        return process

    async def _wait_until_well(self, process: Process) -> None:
        clock = asyncio.get_running_loop().time
        until, unreadable_since = clock() + START_WITHIN_S, 0.0
        while process.returncode is None and clock() < until:
            status, said = await self._health()
            if status == 200:
                return
            unreadable_since = (unreadable_since or clock()) if _UNRECOVERED in said else 0.0
            if unreadable_since and clock() - unreadable_since > _UNREADABLE_FOR_S:
                raise _UnreadableStore
            await asyncio.sleep(_LOOK_S)
        raise Refusal(
            "nats_will_not_start",
            Words("NATS 没有启动成功。", "NATS does not start."),
            Words(f"请看日志 {self._log_file}。", f"See {self._log_file}."),
            details=tail(self._log_file),
        )

    def _lay_store_aside(self) -> None:
        """Keep the newest unreadable store for whoever wants to look into it, and no older one."""
        aside = self.store.with_name("store.unreadable")
        shutil.rmtree(aside, ignore_errors=True)
        self.store.rename(aside)

    async def is_well(self) -> bool:
        """What the server says of itself. After a full disk a stream stays unwritable, and this is where it shows."""
        return (await self._health())[0] == 200

    async def _health(self) -> tuple[int, bytes]:
        """Status and words of the server's own health page; 0 when it does not answer."""
        try:
            return await get(self.monitor_port, "/healthz", timeout_s=2)
        except (OSError, TimeoutError, EOFError):
            return 0, b""

    def missing_folders(self) -> list[str]:
        """Streams whose folder is gone: a server whose store was deleted under it acknowledges into nothing."""
        base = self.store / "jetstream" / "YIQIJIU" / "streams"
        return [stream.name for stream in self._topology.streams if not (base / stream.name / "meta.inf").exists()]

    async def stop(self, *, grace_s: float = 5.0) -> None:
        """End the server; harshly after `grace_s` seconds."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), grace_s)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _configured(self) -> str:
        return string.Template(TEMPLATE.read_text()).substitute(
            port=self.port,
            monitor_port=self.monitor_port,
            server_name=self._name,
            store_dir=json.dumps(str(self.store)),
            max_file_store=self._topology.max_bytes + _SPARE_BYTES,
            accounts=json.dumps(accounts(self._topology, self._passwords), indent=1),
        )


def server_program() -> Path:
    """The `nats-server` that the wheel put beside the environment's other programs.

    Raises: Refusal when the wheel is not installed.
    """
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not program.exists():
        raise Refusal(
            "nats_absent",
            Words("运行环境中没有 nats-server。", "The environment has no nats-server."),
            Words("删除 .venv 后重新运行 ./yiqijiu。", "Delete .venv and run ./yiqijiu again."),
        )
    return program
