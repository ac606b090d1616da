"""The whole suite on one machine: brought up, watched over, brought down.

async with Suite(home_path()) as suite:
    print(suite.gateway_url, suite.processes)
    await suite.until_stopped()
"""

import asyncio
import json
import math
import os
import shutil
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy.local import health
from deploy.local.databases import make_databases
from deploy.local.events import Journal, Listener, RestartEvent
from deploy.local.home import Home, write_over
from deploy.local.keeper import HOPELESS, Keeper
from deploy.local.keys import hand_out, passwords
from deploy.local.logs import LARGEST_LOG, tail, turn_over
from deploy.local.migrate import are_newest
from deploy.local.nats import NatsServer
from deploy.local.parts import PARTS
from deploy.local.place import Place, find_place
from deploy.local.ports import GATEWAY_PORT, settle_ports
from deploy.local.postgres import PostgresServer
from deploy.local.provision import provision
from deploy.local.refusal import INTERRUPTED, Refusal, Words
from deploy.local.runlock import RunLock
from deploy.local.servers import OwnServers
from deploy.local.spawn import Migration, part_command, part_environment, raise_open_files, spawn
from deploy.local.topology import load_topology

# Twenty seconds for all: each phase's share. A part gets its own share as --graceful, one second less.
GATEWAY_GRACE_S = 5
PART_GRACE_S = 8
NATS_GRACE_S = 2
POSTGRES_GRACE_S = 4


@dataclass(frozen=True)
class SuiteOptions:
    """How a suite is run. `port`: None = YIQIJIU_PORT or 8000, 0 = any free one. `commands` replaces a part's own.

    `ephemeral`: data folder and cluster are deleted at the end. `environment` is added to each part's.
    `answer_signals`: SIGINT, SIGTERM and SIGHUP end the suite in order, also while it starts; a second one kills.
    """

    parts: Sequence[str] = PARTS
    port: int | None = None
    migrate: bool = True
    ephemeral: bool = False
    answer_signals: bool = False
    ready_within_s: float = 60.0
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


class Suite:
    """PostgreSQL, NATS and the parts, supervised. Use it with `async with`, in one event loop from start to end."""

    def __init__(
        self,
        home: Path,
        options: SuiteOptions | None = None,
        *,
        on_event: Listener | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.options = options or SuiteOptions()
        self.home = Home.open(home)
        self._environ = dict(os.environ if environ is None else environ)
        self._journal = Journal(self.home.log_file("supervisor"), self._hear)
        self._listener = on_event
        self._lock = RunLock(self.home)
        self._own = OwnServers.read(self._environ)
        self._topology = load_topology()
        self._keepers: dict[str, Keeper] = {}
        self._watches: list[asyncio.Task[None]] = []
        self._asked_to_stop = asyncio.Event()
        self._servers_are_up = asyncio.Event()
        self._place: Place | None = None
        self.postgres: PostgresServer | None = None
        self.nats: NatsServer | None = None
        self.ports: dict[str, int] = {}
        self.state = "new"

    @property
    def gateway_url(self) -> str:
        """Where the console and the API are."""
        return self.url_of("gateway")

    def url_of(self, part: str) -> str:
        """Where a part answers on this machine."""
        return f"http://127.0.0.1:{self.ports[part]}"

    @property
    def processes(self) -> dict[str, int]:
        """The pid of each process that runs now, by name: postgres, nats and the parts."""
        return {name: keeper.pid for name, keeper in self._keepers.items() if keeper.pid is not None}

    @property
    def restart_events(self) -> list[RestartEvent]:
        """What had to be brought back so far, in order."""
        every = [event for keeper in self._keepers.values() for event in keeper.restarts]
        return sorted(every, key=lambda event: event.at)

    def status(self) -> dict[str, Any]:
        """The suite as it is now; the same is in `run/state.json`."""
        return {
            "state": self.state,
            "supervisor": os.getpid(),
            "gateway_url": self.gateway_url if self.ports else None,
            "processes": {
                name: {
                    "pid": keeper.pid,
                    "health": keeper.health,
                    "detail": keeper.detail,
                    "restarts": len(keeper.restarts),
                }
                for name, keeper in self._keepers.items()
            },
        }

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Bring everything up; returns when every part says that it is ready.

        Raises: Refusal when something does not come up, or when a signal asked for the end before that; whatever had
        come up is stopped again.
        """
        raise_open_files()
        self._lock.take()
        if self.options.answer_signals:
            self._answer_signals()
        try:
            self.state = "starting"
            await self._prepare()
            await _all_of(self._bring_up_servers(), self._bring_up_parts())
            self.state = "running"
            await self._journal.tell("ready", "suite")
            self._watch(self._keep_logs_small())
        except asyncio.CancelledError:
            was_asked = self._asked_to_stop.is_set()
            await self.stop()
            if was_asked:
                raise _stopped_early() from None
            raise
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop in order: the gateway, the other parts, NATS, PostgreSQL. Within twenty seconds."""
        if self.state == "stopped":
            return
        self.state = "stopping"
        await _cancelled(self._watches)
        await self._stop_some(["gateway"], grace_s=GATEWAY_GRACE_S)
        await self._stop_some([part for part in PARTS if part != "gateway"], grace_s=PART_GRACE_S)
        await self._stop_some(["nats"], grace_s=NATS_GRACE_S)
        await self._stop_some(["postgres"], grace_s=POSTGRES_GRACE_S, first=signal.SIGINT)
        if self.postgres is not None:
            await self.postgres.stop()
        self.state = "stopped"
        await self._journal.tell("stopped", "suite")
        if self.options.ephemeral:
            self._throw_away()
        self._lock.release()
        self._asked_to_stop.set()

    def kill(self) -> None:
        """End every process of the suite at once and without asking."""
        for keeper in self._keepers.values():
            keeper.kill()

    def ask_to_stop(self) -> None:
        """Let `until_stopped` return; for signal handlers."""
        self._asked_to_stop.set()

    async def until_stopped(self) -> None:
        """Wait until somebody asks for the end."""
        await self._asked_to_stop.wait()

    def _answer_signals(self) -> None:
        loop, starter = asyncio.get_running_loop(), asyncio.current_task()

        def on_signal() -> None:
            if self._asked_to_stop.is_set():
                self.kill()
            elif self.state == "starting" and starter is not None:
                starter.cancel()
            self.ask_to_stop()

        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(one, on_signal)

    async def _prepare(self) -> None:
        """Everything that is no process: what an earlier run left, ports, passwords, each part's own file."""
        for process in await self._lock.end_leftovers():
            await self._journal.tell("note", process.name, "ended what an earlier run had left")
        wanted = self.options.port
        if wanted is None:
            wanted = int(self._environ.get("YIQIJIU_PORT") or GATEWAY_PORT)
        self.ports = settle_ports(self.home, gateway_port=wanted)
        secrets = passwords(self.home)
        if self._own.needs_postgres:
            self._place = find_place(self.home, self._environ)
            self.postgres = PostgresServer(
                self._place,
                port=self.ports["postgres"],
                superuser_password=secrets["database/postgres"],
                log_file=self.home.log_file("postgres"),
            )
        if self._own.needs_nats:
            port, monitor_port = self.ports["nats"], self.ports["nats_monitor"]
            self.nats = NatsServer(self.home, self._topology, port=port, monitor_port=monitor_port, passwords=secrets)
        nats_urls = {} if self.nats is None else {part: self.nats.url(part) for part in PARTS if part != "gateway"}
        hand_out(self.home, urls=self._own.urls(admin_url=self._admin_url, passwords=secrets, nats=nats_urls))

    @property
    def _admin_url(self) -> str | None:
        return self.postgres.admin_url if self.postgres is not None else self._own.admin_url

    async def _bring_up_servers(self) -> None:
        await _all_of(self._bring_up_database(), self._bring_up_broker())
        self._servers_are_up.set()

    async def _bring_up_database(self) -> None:
        parts = self.options.parts or PARTS  # the servers alone are ready for any part
        env = part_environment("", self.home.path, self._environ, self.options.environment)
        migration = Migration(parts, env=env, log_file=self.home.log_file("migrate"))
        try:
            if self.options.migrate and self.postgres is not None and not self.postgres.has_cluster:
                await migration.start()
            if self.postgres is not None:
                keeper = await self._keep("postgres", self.postgres.start)
                self._watch(health.watch_database(keeper, self.postgres.admin_url))
            if self._admin_url is not None:
                await make_databases(self._admin_url, self._own.made_here(PARTS), passwords=passwords(self.home))
            if self.options.migrate and not await are_newest(self.home, parts):
                await migration.run()
                await self._journal.tell("migrated", "suite")
        finally:
            migration.call_off()

    async def _bring_up_broker(self) -> None:
        if self.nats is None:
            await self._provide()
            self._watch(health.keep_provided(self._provide))
            return
        keeper = await self._keep("nats", self._launch_nats)
        self._watch(health.watch_broker(keeper, self.nats, self._topology, provide=self._provide))

    async def _launch_nats(self) -> Process:
        assert self.nats is not None
        process = await self.nats.start()
        try:
            await self._provide()
        except BaseException:
            await self.nats.stop()
            raise
        return process

    async def _provide(self) -> None:
        own_url = self._own.nats_urls.get("provisioner") or self._own.nats_url
        url = self.nats.url("provisioner") if self.nats is not None else own_url
        assert url is not None
        done = await provision(url, self._topology, with_probe=self.nats is not None)
        if done.made or done.changed:
            await self._journal.tell("provisioned", "nats", ", ".join(done.made + done.changed))

    async def _bring_up_parts(self) -> None:
        for part in self.options.parts:
            keeper = await self._keep(part, lambda part=part: self._launch_part(part))
            self._watch(health.watch_part(keeper, self.ports[part]))
        await _all_of(*(self._until_ready(part) for part in self.options.parts))

    async def _launch_part(self, part: str) -> Process:
        graceful_s = (GATEWAY_GRACE_S if part == "gateway" else PART_GRACE_S) - 1
        command = self.options.commands.get(part) or part_command(part, graceful_s=graceful_s)
        env = part_environment(part, self.home.path, self._environ, self.options.environment)
        return await spawn(command, env=env, log_file=self.home.log_file(part))

    async def _until_ready(self, part: str) -> None:
        """Wait for the part; its time runs from when the servers are up, since they may have much to recover."""
        keeper = self._keepers[part]
        until = math.inf
        while time.monotonic() < until and keeper.quick_ends < HOPELESS:
            try:
                await asyncio.wait_for(keeper.is_well.wait(), 0.1)
                return
            except TimeoutError:
                if self._servers_are_up.is_set():
                    until = min(until, time.monotonic() + self.options.ready_within_s)
        log_file = self.home.log_file(part)
        raise Refusal(
            "part_not_ready",
            Words(f"{part} 没有启动成功。", f"{part} does not start."),
            Words(f"请看日志 {log_file}。", f"See {log_file}."),
            details=(keeper.detail, *tail(log_file)) if keeper.detail else tail(log_file),
        )

    async def _keep(self, name: str, launch: Any) -> Keeper:  # Any: a lambda's type cannot be written here
        is_server = name not in PARTS  # a server's launch waits until it serves
        keeper = Keeper(name, launch, book=self._lock.book, journal=self._journal, ready_at_launch=is_server)
        self._keepers[name] = keeper
        await keeper.start()
        return keeper

    def _watch(self, work: Coroutine[Any, Any, None]) -> None:
        self._watches.append(asyncio.create_task(work))

    async def _keep_logs_small(self) -> None:
        while True:
            for file in (self.home.path / "logs").glob("*.log"):
                turn_over(file, largest=LARGEST_LOG)
            await asyncio.sleep(30)

    async def _stop_some(self, names: Sequence[str], *, grace_s: float, first: signal.Signals = signal.SIGTERM) -> None:
        keepers = [self._keepers[name] for name in names if name in self._keepers]
        await asyncio.gather(*(keeper.stop(grace_s=grace_s, first=first) for keeper in keepers))

    async def _hear(self, event: Any) -> None:  # SuiteEvent
        write_over(self.home.run / "state.json", json.dumps(self.status(), ensure_ascii=False, indent=1))
        if self._listener is not None:
            await self._listener(event)

    def _throw_away(self) -> None:
        if self._place is not None:
            self._place.remove()
        shutil.rmtree(self.home.path, ignore_errors=True)


def _stopped_early() -> Refusal:
    return Refusal(
        "stopped_while_starting",
        Words("启动途中被要求停止；没有留下进程。", "Asked to stop while starting; no process was left."),
        Words("随时可以重新运行，数据都在。", "Run it again at any time; the data is there."),
        status=INTERRUPTED,
    )


async def _all_of(*works: Coroutine[Any, Any, None]) -> None:
    """Run all at the same time; when one fails, end the others before its error goes on."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        await _cancelled(tasks)
        raise


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
