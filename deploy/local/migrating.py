"""`./yiqijiu migrate`: the databases at their newest revision, in the running suite or with the database alone."""

import asyncio
from collections.abc import Sequence

from deploy.local.arguments import Arguments
from deploy.local.home import Home, home_path
from deploy.local.migrate import migrate_parts
from deploy.local.parts import PARTS
from deploy.local.runlock import holder
from deploy.local.supervisor import Suite, SuiteOptions
from deploy.local.terminal import say

_DONE = {
    "migrated": ("已升级", "migrated"),
    "newest": ("已是最新", "is the newest already"),
    "skipped": ("没有需要升级的", "has nothing to migrate"),
}


def main(arguments: Sequence[str]) -> int:
    """Migrate the named parts, or all, and say what was done."""
    reader = Arguments(
        "migrate",
        zh="升级数据库结构。",
        en="Bring the databases to the newest revision.",
        example="./yiqijiu migrate intake",
    )
    reader.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    chosen = reader.parse_args(arguments)
    unknown = set(chosen.parts) - set(PARTS)
    if unknown:
        reader.error(f"{', '.join(sorted(unknown))}: {', '.join(PARTS)}")
    done = asyncio.run(_migrate(chosen.parts or list(PARTS)))
    for part, outcome in done.items():
        zh, en = _DONE[outcome]
        print(say(f"{part}：{zh}", f"{part}: {en}"))
    return 0


async def _migrate(parts: Sequence[str]) -> dict[str, str]:
    home = Home.open(home_path())
    if holder(home) is not None:
        return await migrate_parts(home, parts)
    async with Suite(home.path, SuiteOptions(parts=(), port=0, migrate=False, answer_signals=True)):
        return await migrate_parts(home, parts)
