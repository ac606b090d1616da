"""A real PostgreSQL for the whole test run, and a fresh, migrated database of a part in a few milliseconds each.

One embedded server starts at first use. Each part's schema is migrated once into a template; a test's database is a
copy of it. Roles are those of an installation: an owner that migrates, and the application's, which owns nothing.
"""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from deploy.local.home import Home
from deploy.local.place import find_place
from deploy.local.ports import free_port
from deploy.local.postgres import PostgresServer
from services.kit.db import Database
from services.kit.migrations import migrate

_PASSWORD = "only-for-tests"
_numbers = itertools.count(1)


class TestPostgres:
    """The run's server. `part_url` makes a database."""

    __test__ = False

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._templates: dict[str, str] = {}
        self._lock = asyncio.Lock()

    def url(self, role: str, database: str) -> str:
        """URL of a database for a role."""
        return f"postgresql://{role}:{_PASSWORD}@127.0.0.1:{self.server.port}/{database}"

    async def run(self, *statements: str) -> None:
        """Run statements as the superuser."""
        connection = await asyncpg.connect(self.server.admin_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def part_url(self, part: str) -> tuple[str, str]:
        """(application URL, owner URL) of a fresh database with the part's schema."""
        async with self._lock:
            template = self._templates.get(part) or await self._make_template(part)
        name = f"test_{part}_{next(_numbers)}"
        await self.run(
            f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY OWNER {part}_owner",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {name} TO {part}_owner, {part}_app",
        )
        return self.url(f"{part}_app", name), self.url(f"{part}_owner", name)

    async def _make_template(self, part: str) -> str:
        name = f"template_{part}"
        await self.run(
            f"CREATE ROLE {part}_owner LOGIN PASSWORD '{_PASSWORD}' NOSUPERUSER NOBYPASSRLS",
            f"CREATE ROLE {part}_app LOGIN PASSWORD '{_PASSWORD}' NOSUPERUSER NOBYPASSRLS",
            f"CREATE DATABASE {name} OWNER {part}_owner",
        )
        owner = await asyncpg.connect(self.url(f"{part}_owner", name))
        try:
            for what in ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE ON SEQUENCES", "EXECUTE ON FUNCTIONS"):
                await owner.execute(f"ALTER DEFAULT PRIVILEGES GRANT {what} TO {part}_app")
        finally:
            await owner.close()
        await migrate(part, self.url(f"{part}_owner", name))
        self._templates[part] = name
        return name


@dataclass(frozen=True)
class PartDatabase:
    """A fresh database of a part: the part's own handle, and the URLs of both roles."""

    database: Database
    app_url: str
    owner_url: str


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[TestPostgres]:
    """The run's PostgreSQL server."""
    folder = Path(tempfile.mkdtemp(prefix="yiqijiu-test-"))
    home = Home.open(folder / "home")
    place = find_place(home)
    server = PostgresServer(place, port=free_port(), superuser_password=_PASSWORD, log_file=home.log_file("postgres"))
    await server.start()
    try:
        yield TestPostgres(server)
    finally:
        await server.stop()
        place.remove()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def part_database(postgres: TestPostgres) -> AsyncIterator["PartDatabases"]:
    """Makes fresh databases of parts: `await part_database("intake")`. All are closed after the test."""
    made = PartDatabases(postgres)
    yield made
    await made.close()


class PartDatabases:
    """Makes and closes databases of one test."""

    def __init__(self, postgres: TestPostgres) -> None:
        self._postgres = postgres
        self._made: list[Database] = []

    async def __call__(self, part: str) -> PartDatabase:
        """A fresh database with the part's schema."""
        app_url, owner_url = await self._postgres.part_url(part)
        database = Database(app_url, name=part, pool_size=5)
        self._made.append(database)
        return PartDatabase(database, app_url, owner_url)

    async def close(self) -> None:
        """Give all connections back."""
        for database in self._made:
            await database.close()
