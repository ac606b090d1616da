"""The embedded PostgreSQL: durable, private, and back after every kind of death."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.home import Home
from deploy.local.parts import ROOT
from deploy.local.place import find_place, wheel_programs
from deploy.local.ports import free_port
from deploy.local.postgres import PostgresServer
from deploy.local.processes import of_cluster
from deploy.local.refusal import Refusal
from tests.unit.deploy.conftest import OwnPostgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="about what root does")


async def rows(url: str, sql: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(sql))
    finally:
        await connection.close()


async def value(url: str, sql: str) -> Any:
    return (await rows(url, sql))[0][0]


async def test_what_was_acknowledged_is_on_disk(own_postgres: OwnPostgres) -> None:
    found = await rows(own_postgres.server.admin_url, "SELECT name, setting FROM pg_settings")
    settings = {row["name"]: row["setting"] for row in found}
    for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert settings[name] == "on", name
    assert settings["listen_addresses"] == "127.0.0.1" and settings["unix_socket_directories"] == ""
    assert settings["server_encoding"] == "UTF8" and settings["password_encryption"] == "scram-sha-256"
    assert settings["idle_in_transaction_session_timeout"] == "10000" and settings["statement_timeout"] == "0"
    assert settings["server_version"].startswith("18.")


async def test_nobody_comes_in_without_the_password(own_postgres: OwnPostgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(host="127.0.0.1", port=own_postgres.server.port, user="postgres", password="wrong")


async def test_a_killed_server_comes_back_with_every_committed_row(own_postgres: OwnPostgres) -> None:
    server = own_postgres.server
    await rows(server.admin_url, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)

    await server.start()

    assert await value(server.admin_url, "SELECT count(*) FROM kept") == 1000


async def test_a_session_that_outlived_its_postmaster_does_not_hold_up_the_restart(own_postgres: OwnPostgres) -> None:
    """While a backend of the dead server is inside a long statement, PostgreSQL refuses to start: 15 s and more."""
    server = own_postgres.server
    connection = await asyncpg.connect(server.admin_url)
    long = asyncio.create_task(connection.execute("SELECT count(*) FROM generate_series(1, 2000000000)"))
    backend = connection.get_server_pid()
    while await value(server.admin_url, f"SELECT state FROM pg_stat_activity WHERE pid = {backend}") != "active":
        await asyncio.sleep(0.01)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)

    async with asyncio.timeout(5):
        await server.start()

    assert await value(server.admin_url, "SELECT 1") == 1
    assert backend not in {
        p.pid for p in of_cluster(own_postgres.place.cluster, cluster_name=own_postgres.place.cluster_name)
    }
    with pytest.raises((asyncpg.PostgresError, OSError, asyncpg.InterfaceError)):
        await long


async def test_the_pid_file_of_a_dead_postmaster_whose_pid_is_used_again_is_no_hindrance(
    own_postgres: OwnPostgres,
) -> None:
    server = own_postgres.server
    await server.stop()
    file = own_postgres.place.cluster / "postmaster.pid"
    file.write_text(f"{os.getpid()}\n{own_postgres.place.cluster}\n1\n{server.port}\n\n127.0.0.1\n\nready\n")
    await server.start()
    assert file.read_text().startswith(f"{server.pid}\n")


async def test_a_half_made_cluster_is_made_anew(folder: Path) -> None:
    home = Home.open(folder / "home")
    place = find_place(home)
    (place.folder / "data.partial" / "base").mkdir(parents=True)
    server = PostgresServer(place, port=free_port(), superuser_password="pw", log_file=home.log_file("postgres"))
    try:
        await server.start()
        assert await value(server.admin_url, "SELECT 1") == 1
    finally:
        await server.stop()
        place.remove()


async def test_the_log_holds_no_value_of_a_failed_statement(own_postgres: OwnPostgres) -> None:
    connection = await asyncpg.connect(own_postgres.server.admin_url)
    await connection.execute("CREATE TABLE people (id_number text PRIMARY KEY)")
    for secret in ("canary-parameter", "canary-parameter"):
        with suppress(asyncpg.UniqueViolationError):
            await connection.execute("INSERT INTO people VALUES ($1)", secret)
    with pytest.raises(asyncpg.PostgresError):
        await connection.execute("SELECT 'canary-literal' FROM nowhere")
    await connection.close()
    log = own_postgres.home.log_file("postgres").read_text()
    assert "duplicate key value" in log and "canary" not in log


@as_root
async def test_started_by_root_it_runs_as_somebody_who_owns_nothing_else(own_postgres: OwnPostgres) -> None:
    found = of_cluster(own_postgres.place.cluster, cluster_name=own_postgres.place.cluster_name)
    assert found and all(Path(f"/proc/{process.pid}").stat().st_uid != 0 for process in found)


@as_root
def test_root_uses_the_shared_place_when_its_data_folder_is_closed_to_others(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    place = find_place(Home.open(closed / "home"), shared=folder / "shared")
    assert place.folder.parent == folder / "shared" and place.account is not None
    assert (place.folder / "home-path").read_text() == str(closed / "home")


@as_root
def test_a_place_that_nobody_else_can_enter_is_refused_naming_the_folder(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(Refusal) as refused:
        find_place(Home.open(closed / "home"), shared=closed / "shared")
    assert refused.value.code == "no_place_for_database" and str(closed) in refused.value.what.zh


@as_root
def test_programs_that_the_account_cannot_reach_are_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = folder / "hidden" / "pginstall18"
    shutil.copytree(wheel_programs().parent, hidden, ignore=shutil.ignore_patterns("include", "*.a"))
    (folder / "hidden").chmod(0o700)
    monkeypatch.setattr("deploy.local.place.wheel_programs", lambda: hidden / "bin")
    place = find_place(Home.open(folder / "home"))
    assert place.programs.is_relative_to(place.folder)
    tried = subprocess.run([place.programs / "postgres", "--version"], capture_output=True, **place.identity())
    assert tried.returncode == 0


@as_root
def test_a_data_folder_made_anew_does_not_take_over_the_old_ones_cluster(folder: Path) -> None:
    path = folder / "home"
    (find_place(Home.open(path)).cluster).mkdir()
    (path / "home.json").unlink()
    place = find_place(Home.open(path))
    assert not place.cluster.exists()
    assert [old.name[:10] for old in path.glob("pg.before-*")] == ["pg.before-"]


_AS_AN_ORDINARY_USER = """
import asyncio, sys
from pathlib import Path
from deploy.local.supervisor import Suite, SuiteOptions

async def main():
    async with Suite(Path(sys.argv[1]), SuiteOptions(parts=(), port=0, migrate=False)) as suite:
        print(sorted(suite.processes))

asyncio.run(main())
"""


def interpreter_for_others(folder: Path) -> Path:
    """An interpreter with our packages that any user may run: this one, or an environment around the system's own."""
    mine = Path(sys.executable)
    if os.path.realpath(mine).startswith("/root/"):
        made = folder / "venv"
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", str(made)], check=True, umask=0o022)
        version = subprocess.run([made / "bin/python", "-V"], capture_output=True, text=True, check=True).stdout
        if version.split(".")[:2] != ["Python 3", str(sys.version_info.minor)]:
            pytest.skip("no interpreter of this version that another user may run")
        (made / "bin" / "nats-server").symlink_to(mine.with_name("nats-server"))
        packages = next((made / "lib").glob("python3.*/site-packages"))
        (packages / "ours.pth").write_text(sysconfig.get_path("purelib"))
        (packages / "ours.pth").chmod(0o644)
        mine = made / "bin" / "python"
    return mine


@as_root
def test_an_ordinary_user_can_run_it_too(folder: Path) -> None:
    home = folder / "mine"
    home.mkdir(mode=0o700)
    os.chown(home, 65534, 65534)
    done = subprocess.run(
        [interpreter_for_others(folder), "-c", _AS_AN_ORDINARY_USER, str(home)],
        user=65534,
        group=65534,
        extra_groups=[],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "['nats', 'postgres']", done.stderr
    assert all(path.stat().st_uid == 65534 for path in home.rglob("*"))
