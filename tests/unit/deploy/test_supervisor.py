"""The suite as a whole: it comes up, brings back what dies, goes down in order, and leaves nothing behind."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil
import pytest

from deploy.local.events import SuiteEvent
from deploy.local.parts import ROOT
from deploy.local.ports import is_free
from deploy.local.processes import identify, is_alive
from deploy.local.refusal import Refusal
from deploy.local.spawn import part_environment
from deploy.local.supervisor import Suite
from tests.unit.deploy.conftest import SMALL_PART, small_parts

pytestmark = pytest.mark.slow


def everything_of(suite: Suite) -> list[psutil.Process]:
    """The suite's processes and all below them."""
    roots = [psutil.Process(pid) for pid in suite.processes.values()]
    return roots + [child for root in roots for child in root.children(recursive=True)]


def still_there(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


async def until(holds: Callable[[], object], *, within_s: float = 15.0) -> None:
    """Wait for something to hold."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


async def until_back(suite: Suite, name: str) -> None:
    """Wait until a process has been brought back."""
    await until(lambda: name in {event.name for event in suite.restart_events})


async def test_a_suite_comes_up_answers_and_leaves_no_process_behind(folder: Path) -> None:
    heard: list[SuiteEvent] = []

    async def hear(event: SuiteEvent) -> None:
        heard.append(event)

    suite = Suite(folder / "home", small_parts("intake", "gateway"), on_event=hear)
    async with suite:
        assert set(suite.processes) == {"postgres", "nats", "intake", "gateway"}
        assert suite.status()["state"] == "running"
        state = json.loads((suite.home.run / "state.json").read_text())
        assert {name: row["pid"] for name, row in state["processes"].items()} == suite.processes
        command_line = " ".join(psutil.Process(suite.processes["intake"]).cmdline())
        assert "intake" in command_line
        before, ports = everything_of(suite), dict(suite.ports)
        assert len(before) > 4, "PostgreSQL has processes of its own"

    assert still_there(before) == []
    assert all(is_free(port) for port in ports.values())
    assert not (folder / "home").exists(), "it was an ephemeral one"
    stopped = [event.name for event in heard if event.kind == "stopped"]
    assert stopped == ["gateway", "intake", "nats", "postgres", "suite"]


async def test_the_second_start_finds_the_data_of_the_first(folder: Path) -> None:
    async with Suite(folder / "home", small_parts("intake", ephemeral=False)) as suite:
        secrets = suite.home.part_secrets("intake")
        owner = await asyncpg.connect(secrets["owner_database_url"])
        await owner.execute("CREATE TABLE kept AS SELECT 7 AS n")
        await owner.close()
    async with Suite(folder / "home", small_parts("intake")) as suite:
        assert suite.home.part_secrets("intake") == secrets
        app = await asyncpg.connect(secrets["database_url"])
        assert await app.fetchval("SELECT n FROM kept") == 7
        await app.close()


async def test_whatever_is_killed_is_brought_back(folder: Path) -> None:
    async with Suite(folder / "home", small_parts("intake", "gateway")) as suite:
        for name, pid in suite.processes.items():
            os.kill(pid, signal.SIGKILL)
            await until_back(suite, name)
        assert [event.reason for event in suite.restart_events] == ["ended by SIGKILL"] * 4
        assert all(event.seconds < 5 for event in suite.restart_events)
        await until(lambda: {row["health"] for row in suite.status()["processes"].values()} == {"ok"})
        app = await asyncpg.connect(suite.home.part_secrets("intake")["database_url"])
        await app.close()


async def test_all_killed_at_once_come_back(folder: Path) -> None:
    """As in a power cut, for processes."""
    async with Suite(folder / "home", small_parts("intake", "gateway")) as suite:
        for pid in suite.processes.values():
            os.kill(pid, signal.SIGKILL)
        await until(lambda: len(suite.restart_events) == 4, within_s=20)
        await until(lambda: {row["health"] for row in suite.status()["processes"].values()} == {"ok"})
        assert {event.reason for event in suite.restart_events} == {"ended by SIGKILL"}


async def test_a_broker_whose_whole_store_is_deleted_gets_its_streams_again(folder: Path) -> None:
    heard: list[SuiteEvent] = []

    async def hear(event: SuiteEvent) -> None:
        heard.append(event)

    async with Suite(folder / "home", small_parts(), on_event=hear) as suite:
        assert suite.nats is not None
        shutil.rmtree(suite.nats.store)
        await until(lambda: "nats" in {event.name for event in suite.restart_events})
        assert [event.kind for event in heard].count("provisioned") == 2
        assert suite.nats.missing_folders() == []


async def test_a_process_that_stands_still_is_ended_and_brought_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.health.PART_PATIENCE_S", 1.0)
    monkeypatch.setattr("deploy.local.health.EVERY_S", 0.2)
    async with Suite(folder / "home", small_parts("intake")) as suite:
        await until(lambda: suite.status()["processes"]["intake"]["health"] == "ok")
        os.kill(suite.processes["intake"], signal.SIGSTOP)
        await until(lambda: bool(suite.restart_events), within_s=20)
        assert [(event.name, event.reason) for event in suite.restart_events] == [("intake", "does not answer")]


async def test_a_database_that_stands_still_is_ended_and_brought_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.health.DATABASE_PATIENCE_S", 1.0)
    monkeypatch.setattr("deploy.local.health.EVERY_S", 0.2)
    monkeypatch.setattr("deploy.local.health._ANSWER_S", 1.0)
    async with Suite(folder / "home", small_parts()) as suite:
        for process in everything_of(suite):
            if process.name() == "postgres":
                process.suspend()
        await until(lambda: bool(suite.restart_events), within_s=20)
        assert [(event.name, event.reason) for event in suite.restart_events] == [("postgres", "does not answer")]
        connection = await asyncpg.connect(suite.home.part_secrets("intake")["database_url"])
        await connection.close()


async def test_a_second_suite_on_the_same_data_folder_is_told_who_has_it(folder: Path) -> None:
    async with Suite(folder / "home", small_parts()):
        with pytest.raises(Refusal) as refused:
            await Suite(folder / "home", small_parts()).start()
    assert refused.value.code == "already_running"
    assert f"kill {os.getpid()}" in refused.value.remedy.zh and "YIQIJIU_HOME" in refused.value.remedy.en


async def test_a_part_that_refuses_its_configuration_ends_the_start_with_its_own_words(folder: Path) -> None:
    options = small_parts("intake", environment={"SMALL_PART": "refusing"}, ephemeral=False)
    suite = Suite(folder / "home", options)
    with pytest.raises(Refusal) as refused:
        await suite.start()
    assert refused.value.code == "part_not_ready"
    assert "the colour of the settings is wrong" in refused.value.details
    assert suite.processes == {}
    async with Suite(folder / "home", small_parts("intake")):
        pass


async def test_what_a_part_started_ends_with_it(folder: Path) -> None:
    async with Suite(folder / "home", small_parts("intake", environment={"SMALL_PART": "parent"})) as suite:
        before = everything_of(suite)
        assert [process for process in before if "a child of a small part" in process.cmdline()]
    assert still_there(before) == []


async def test_a_part_that_does_not_hear_is_killed_when_its_time_is_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.supervisor.PART_GRACE_S", 0.5)
    async with Suite(folder / "home", small_parts("intake", environment={"SMALL_PART": "stubborn"})) as suite:
        before, began = everything_of(suite), time.monotonic()
        await suite.stop()
        assert 0.4 < time.monotonic() - began < 10 and still_there(before) == []


def test_a_part_gets_no_other_parts_secrets() -> None:
    environ = {
        "PATH": "/bin",
        "YIQIJIU_DATABASE_URL": "postgresql://admin@db/postgres",
        "YIQIJIU_INTAKE_DATABASE_URL": "a",
        "YIQIJIU_CHARITY_DATABASE_URL": "b",
        "YIQIJIU_CHARITY_OWNER_DATABASE_URL": "c",
        "YIQIJIU_PROVISIONER_NATS_URL": "d",
        "YIQIJIU_NATS_URL": "e",
    }
    env = part_environment("intake", Path("/h"), environ, {"YIQIJIU_DEMO": "1"})
    assert env["YIQIJIU_INTAKE_DATABASE_URL"] == "a" and env["YIQIJIU_NATS_URL"] == "e" and env["YIQIJIU_DEMO"] == "1"
    assert not {name for name in env if "CHARITY" in name or "PROVISIONER" in name or name == "YIQIJIU_DATABASE_URL"}


_SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from deploy.local.refusal import Refusal
from deploy.local.supervisor import Suite, SuiteOptions

async def hear(event):
    print(event.kind, event.name, flush=True)

async def main():
    small = [sys.executable, sys.argv[2], "intake"]
    options = SuiteOptions(parts=["intake"], port=0, migrate=False, commands={"intake": small}, answer_signals=True)
    async with Suite(Path(sys.argv[1]), options, on_event=hear) as suite:
        await suite.until_stopped()

try:
    asyncio.run(main())
except Refusal as refusal:
    print(refusal.code, flush=True)
    sys.exit(refusal.status)
"""


class Supervisor:
    """A suite in a process of its own, for signals to be sent to."""

    def __init__(self, home: Path, special: str = "") -> None:
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SUPERVISOR, str(home), str(SMALL_PART)],
            cwd=ROOT,
            env=os.environ | {"SMALL_PART": special},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, line: str) -> None:
        assert self.process.stdout is not None
        for said in self.process.stdout:
            if said.strip() == line:
                return
        raise AssertionError(f"ended without saying {line!r}")

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def test_sigterm_ends_everything_in_order(folder: Path) -> None:
    supervisor = Supervisor(folder / "home")
    supervisor.wait_for("ready suite")
    before = supervisor.children()
    supervisor.process.terminate()
    assert supervisor.process.wait(20) == 0 and still_there(before) == []


@pytest.mark.parametrize("moment", ["starting postgres", "ready nats", "starting intake"])
def test_a_signal_in_the_middle_of_the_start_leaves_nothing(folder: Path, moment: str) -> None:
    supervisor = Supervisor(folder / "home")
    supervisor.wait_for(moment)
    before = supervisor.children()
    supervisor.process.send_signal(signal.SIGINT)
    assert supervisor.process.wait(20) == 130
    assert supervisor.process.stdout is not None and "stopped_while_starting" in supervisor.process.stdout.read()
    assert still_there(before) == []
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])]


def test_a_second_signal_kills_at_once(folder: Path) -> None:
    supervisor = Supervisor(folder / "home", "stubborn")
    supervisor.wait_for("ready suite")
    before, began = supervisor.children(), time.monotonic()
    supervisor.process.send_signal(signal.SIGINT)
    supervisor.wait_for("stopping intake")
    supervisor.process.send_signal(signal.SIGINT)
    supervisor.process.wait(20)
    assert time.monotonic() - began < 5 and still_there(before) == []


async def test_after_a_killed_supervisor_the_next_start_ends_what_it_left(folder: Path) -> None:
    supervisor = Supervisor(folder / "home")
    supervisor.wait_for("ready suite")
    before = supervisor.children()
    named = json.loads((folder / "home" / "run" / "processes.json").read_text())
    supervisor.process.kill()
    supervisor.process.wait()
    assert {row["pid"] for row in named} <= {process.pid for process in still_there(before)}

    async with Suite(folder / "home", small_parts("intake")) as suite:
        assert still_there([process for process in before]) == []
        assert not {row["pid"] for row in named} & set(suite.processes.values())


def test_a_pid_that_somebody_else_has_today_is_left_alone() -> None:
    me = identify("x", os.getpid())
    assert is_alive(me)
    assert not is_alive(type(me)("x", me.pid, me.started - 100))
