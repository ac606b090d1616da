"""Brings the parts' databases to their newest revision, as each one's owner role, all in one process.

python -m deploy.local.migrate [--when-told] [PART …]
"""

import asyncio
import json
import sys
from collections.abc import Sequence

import asyncpg

from deploy.local.home import Home, home_path
from deploy.local.parts import PARTS, newest_revision


async def migrate_parts(home: Home, parts: Sequence[str]) -> dict[str, str]:
    """Migrate those that are behind. Answers what was done, by part: "migrated", "newest" or "skipped".

    "skipped": the part keeps nothing, or the environment names its database and no role that may migrate it.
    """
    done = {}
    for part in parts:
        revision = newest_revision(part)
        url = home.part_secrets(part).get("owner_database_url")
        if revision is None or not url:
            done[part] = "skipped"
        elif await _is_newest(url, revision):
            done[part] = "newest"
        else:
            from services.kit.migrations import migrate  # half a second of imports that the usual start can spare

            await migrate(part, url)
            done[part] = "migrated"
    return done


async def are_newest(home: Home, parts: Sequence[str]) -> bool:
    """Whether no part's database is behind its code."""
    for part in parts:
        revision = newest_revision(part)
        url = home.part_secrets(part).get("owner_database_url")
        if revision is not None and url and not await _is_newest(url, revision):
            return False
    return True


async def _is_newest(url: str, revision: str) -> bool:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return bool(await connection.fetchval("SELECT version_num FROM alembic_version") == revision)
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await connection.close()


def main(arguments: Sequence[str]) -> int:
    """Migrate the named parts, or all; with --when-told import everything now and begin when stdin has a line."""
    parts = [argument for argument in arguments if argument != "--when-told"] or list(PARTS)
    if "--when-told" in arguments:
        import services.kit.migrations  # noqa: F401  # the half second of imports, while PostgreSQL is being made

        if not sys.stdin.readline():
            return 1  # whoever was to tell us is gone
    done = asyncio.run(migrate_parts(Home.open(home_path()), parts))
    print(json.dumps(done))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
