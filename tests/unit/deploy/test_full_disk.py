"""A full disk, on a small file system in memory: the suite waits, and goes on by itself once there is space again.

Needs the right to mount; where that is missing these tests are skipped.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import nats
import pytest
from nats.errors import Error as NatsError
from nats.js.errors import APIError

from deploy.local.supervisor import Suite
from tests.unit.deploy.conftest import small_parts
from tests.unit.deploy.test_supervisor import until

pytestmark = [pytest.mark.slow, pytest.mark.fault]


class SmallDisk:
    """A file system of a given size that can be made larger while it is in use."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mount(self, size: str) -> None:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(self.path)], stderr=-1
        )
        if done.returncode != 0:
            pytest.skip("may not mount a file system here")

    def resize(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.path)], check=True)


@pytest.fixture
def small_disk() -> Iterator[SmallDisk]:
    path = Path(tempfile.mkdtemp(prefix="yiqijiu-disk-"))
    path.chmod(0o755)
    yield SmallDisk(path)
    subprocess.run(["umount", "-l", str(path)], stderr=subprocess.DEVNULL)
    shutil.rmtree(path, ignore_errors=True)


async def test_a_stream_that_could_not_be_written_is_writable_again_soon_after_there_is_space(
    small_disk: SmallDisk,
) -> None:
    """NATS does not recover by itself: a stream that once met a full disk stays unwritable until a restart."""
    small_disk.mount("1g")
    home = small_disk.path / "home"
    async with Suite(home, small_parts()) as suite:
        client = await nats.connect(
            suite.home.part_secrets("intake")["nats_url"],
            inbox_prefix=b"_INBOX_intake",
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.1,
            error_cb=_quiet,
        )
        js = client.jetstream(timeout=1)
        used = shutil.disk_usage(small_disk.path).used
        small_disk.resize(str(used + 8 * 2**20))
        acknowledged = 0
        with pytest.raises((TimeoutError, NatsError, APIError)):
            while True:
                await js.publish("intake.thing.happened", os.urandom(100_000))
                acknowledged += 1
        small_disk.resize("2g")

        async with asyncio.timeout(30):
            while True:
                try:
                    await js.publish("intake.thing.happened", b"after")
                    break
                except (TimeoutError, NatsError, APIError):
                    await asyncio.sleep(0.1)
        assert "nats" in {event.name for event in suite.restart_events}
        assert (await js.stream_info("INTAKE")).state.messages >= acknowledged + 1
        await client.close()


async def test_a_database_whose_log_met_a_full_disk_is_back_soon_after_there_is_space(small_disk: SmallDisk) -> None:
    """PostgreSQL ends when it cannot write its log, and its recovery fails too for as long as the disk is full."""
    small_disk.mount("1g")
    async with Suite(small_disk.path / "home", small_parts()) as suite:
        url = suite.home.part_secrets("intake")["owner_database_url"]
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE filled (n bigint, text text)")
        small_disk.resize(str(shutil.disk_usage(small_disk.path).used + 40 * 2**20))
        acknowledged = 0
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            while True:
                await connection.execute(
                    "INSERT INTO filled SELECT $1, repeat('x', 1900) FROM generate_series(1, 500)", acknowledged
                )
                acknowledged += 1
        await until(lambda: suite.status()["processes"]["postgres"]["health"] != "ok")
        small_disk.resize("3g")

        async with asyncio.timeout(60):
            while True:
                try:
                    again = await asyncpg.connect(url, timeout=2)
                    await again.execute("INSERT INTO filled VALUES (-1, '')")
                    break
                except (asyncpg.PostgresError, OSError, TimeoutError):
                    await asyncio.sleep(0.1)
        assert await again.fetchval("SELECT count(DISTINCT n) FROM filled WHERE n >= 0") == acknowledged
        assert {event.name for event in suite.restart_events} == {"postgres"}, "its log met the full disk"
        await again.close()
        connection.terminate()


async def _quiet(error: Exception) -> None:
    """The broker's refusals are what the test is about."""
