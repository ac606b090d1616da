"""Furniture of the deploy tests: folders to throw away, a PostgreSQL of one's own, and parts that only answer."""

import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.keys import passwords
from deploy.local.place import Place, find_place
from deploy.local.ports import free_port
from deploy.local.postgres import PostgresServer
from deploy.local.supervisor import SuiteOptions

SMALL_PART = Path(__file__).with_name("small_part.py")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may pass through, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="yiqijiu-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True)
class OwnPostgres:
    """A server of one test alone, which it may kill."""

    server: PostgresServer
    home: Home
    place: Place
    passwords: dict[str, str]


@pytest.fixture
async def own_postgres(folder: Path) -> AsyncIterator[OwnPostgres]:
    """A running PostgreSQL of this test alone."""
    home = Home.open(folder / "home")
    secrets = passwords(home)
    place = find_place(home)
    server = PostgresServer(
        place,
        port=free_port(),
        superuser_password=secrets["database/postgres"],
        log_file=home.log_file("postgres"),
    )
    await server.start()
    yield OwnPostgres(server, home, place, secrets)
    await server.stop()
    place.remove()


def small_parts(*parts: str, **options: object) -> SuiteOptions:
    """A suite whose parts only answer `/readyz`, on free ports, thrown away at its end."""
    commands = {part: [sys.executable, str(SMALL_PART), part] for part in parts}
    values: dict[str, object] = {"port": 0, "migrate": False, "ephemeral": True} | options
    return SuiteOptions(parts=parts, commands=commands, **values)  # type: ignore[arg-type]  # a test's own choice
