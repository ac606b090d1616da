"""The parts' databases, opened by somebody on the machine itself: of a running suite, or with the servers alone."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg

from deploy.local.home import Home
from deploy.local.parts import PARTS
from deploy.local.refusal import Refusal, Words
from deploy.local.runlock import holder
from deploy.local.supervisor import Suite, SuiteOptions

Databases = Mapping[str, asyncpg.Connection]
"""A connection for each part, by its name; each sees every territory's rows."""


@asynccontextmanager
async def opened_databases(folder: Path, *, read_only: bool = True) -> AsyncIterator[Databases]:
    """Open every part's database; when no suite runs in the data folder, its servers are started for as long as needed.

    Raises: Refusal when there is no installation in the folder, or its databases do not answer.
    """
    if not (folder / "home.json").exists():
        raise Refusal(
            "no_installation",
            Words(f"{folder} 中还没有安装。", f"There is no installation in {folder}."),
            Words(
                "先运行 ./yiqijiu up 或 demo，或设置 YIQIJIU_HOME。", "Run ./yiqijiu up or demo, or set YIQIJIU_HOME."
            ),
        )
    home = Home.open(folder)
    async with AsyncExitStack() as stack:
        if holder(home) is None:
            await stack.enter_async_context(
                Suite(folder, SuiteOptions(parts=(), port=0, migrate=False, answer_signals=True))
            )
        databases: dict[str, asyncpg.Connection] = {}
        for part in PARTS:
            databases[part] = await _open(home, part, read_only=read_only)
            stack.push_async_callback(databases[part].close)
        yield databases


async def _open(home: Home, part: str, *, read_only: bool) -> asyncpg.Connection:
    url = home.part_secrets(part).get("database_url", "")
    try:
        connection = await asyncpg.connect(url, timeout=10)
        await connection.execute("SET statement_timeout = '120s'")
        await connection.execute("SELECT set_config('yiqijiu.territory', 'all', false)")
        if read_only:
            await connection.execute("SET default_transaction_read_only = on")
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise Refusal(
            "database_unreachable",
            Words(f"连不上 {part} 的数据库。", f"The database of {part} cannot be reached."),
            Words("稍候再试，或用 ./yiqijiu doctor 查看。", "Try again in a moment, or look with ./yiqijiu doctor."),
            status=1,
            details=(type(error).__name__,),
        ) from error
    return connection
