"""Migrations of one part: alembic, with short lock and statement times, run by the role that owns the tables."""

import asyncio
import time
from pathlib import Path

from alembic import context, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool


def folder(part: str) -> Path:
    """Where the part's migrations are."""
    root = Path(__file__).resolve().parents[2]
    return root / "gateway" / "migrations" if part == "gateway" else root / "services" / part / "migrations"


def run_sql(script: str) -> None:
    """Run several statements from a migration's upgrade(). PostgreSQL's own parser splits them."""
    raw = op.get_bind().connection.driver_connection
    op.get_bind().exec_driver_sql("SELECT 1")
    from sqlalchemy.util import await_only

    assert raw is not None
    await_only(raw.execute(script))


async def migrate(part: str, owner_url: str) -> None:
    """Bring the part's database to the newest revision.

    Raises: whatever alembic or the database raises; nothing is half-done, since each revision is one transaction.
    """
    config = Config()
    config.set_main_option("script_location", str(folder(part)))
    config.set_main_option("version_locations", str(folder(part) / "versions"))
    config.set_main_option("path_separator", "os")
    engine = create_async_engine(
        owner_url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool, hide_parameters=True
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade, config)
            await connection.commit()
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, config: Config) -> None:
    script = ScriptDirectory.from_config(config)

    def steps(revision: object, _context: object) -> object:
        return script._upgrade_revs("head", revision)  # type: ignore[arg-type]  # alembic's own command does the same

    from alembic.runtime.environment import EnvironmentContext

    with EnvironmentContext(config, script, fn=steps) as environment:
        connection.execute(text("SET lock_timeout = '4s'"))
        connection.execute(text("SET statement_timeout = '60s'"))
        connection.commit()
        environment.configure(connection=connection, transaction_per_migration=True)
        with environment.begin_transaction():
            environment.run_migrations()


def newest_revision(part: str) -> str:
    """The revision the part's code needs: the last file's name up to its slug (`2026_11_24_1000`)."""
    files = sorted(path.name for path in (folder(part) / "versions").glob("2*.py"))
    return files[-1][:15]


async def wait_for_schema(part: str, url: str, *, timeout_s: float = 60) -> None:
    """Return once the part's database answers and is at the newest revision.

    Raises: TimeoutError when it is not within `timeout_s` seconds.
    """
    wanted = newest_revision(part)
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    end = time.monotonic() + timeout_s
    try:
        while True:
            try:
                async with engine.connect() as connection:
                    found = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
                if found == wanted:
                    return
            except Exception as error:  # any failure to look is the same answer here: not yet
                if time.monotonic() > end:
                    raise TimeoutError(f"the {part} database is not at revision {wanted}") from error
            if time.monotonic() > end:
                raise TimeoutError(f"the {part} database is not at revision {wanted}")
            await asyncio.sleep(0.05)
    finally:
        await engine.dispose()


__all__ = ["context", "folder", "migrate", "newest_revision", "run_sql", "wait_for_schema"]
