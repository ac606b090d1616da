"""`./yiqijiu verify`: proves the invariants on a running or stopped installation; names each breach."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from deploy.local.arguments import Arguments
from deploy.local.home import home_path
from deploy.local.opened import opened_databases
from deploy.local.refusal import FOUND_PROBLEMS
from deploy.local.terminal import console, say, tell
from deploy.local.verify.check import MOST_NAMED, Verdict


def main(arguments: Sequence[str]) -> int:
    """Verify the data folder's installation. Status 0 when everything holds, 1 naming each breach."""
    reader = Arguments(
        "verify",
        zh="核对不变量：不丢、不重、账平、审计链完整。运行中或已停止的系统都可以。",
        en="Prove the invariants on a running or stopped installation.",
        example="./yiqijiu verify --json",
    )
    reader.add_argument("--json", action="store_true", help=say("把结果写成 JSON", "the result as JSON"))
    chosen = reader.parse_args(arguments)
    verdict = asyncio.run(_verify(home_path()))
    if chosen.json:
        told = {"clean": verdict.is_clean, "checks": [check.tell() for check in verdict.checks]}
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        show(verdict)
    return 0 if verdict.is_clean else FOUND_PROBLEMS


async def _verify(folder: Path) -> Verdict:
    from deploy.local.verify.run import verify_databases

    async with opened_databases(folder) as databases:
        return await verify_databases(databases, folder)


def show(verdict: Verdict) -> None:
    """Print each statement with what was looked at, then the breaches by name."""
    from rich.table import Table

    table = Table(say("不变量", "invariant"), say("说明", "statement"), say("核对", "looked at"), say("结果", "result"))
    for check in verdict.checks:
        outcome = (
            say("成立", "holds")
            if check.holds
            else say(f"{len(check.breaches)} 处不符", f"{len(check.breaches)} breaches")
        )
        on_the_way = check.notes.get("on_the_way", 0)
        if on_the_way:
            outcome += say(f"（在途 {on_the_way}）", f" ({on_the_way} on the way)")
        table.add_row(str(check.number), say(check.words.zh, check.words.en), f"{check.looked_at:,}", outcome)
    console().print(table)
    for check in verdict.checks:
        for breach in check.breaches[:MOST_NAMED]:
            print(f"{check.code}: {breach}")
        if len(check.breaches) > MOST_NAMED:
            tell(
                f"  {check.code} 还有 {len(check.breaches) - MOST_NAMED} 处",
                f"  … {len(check.breaches) - MOST_NAMED} more",
            )
