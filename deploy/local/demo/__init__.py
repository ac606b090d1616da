"""`./yiqijiu demo`: the whole motion in an invented town, with seven practice partner organisations."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from deploy.local.arguments import Arguments
from deploy.local.home import home_path
from deploy.local.refusal import FOUND_PROBLEMS
from deploy.local.terminal import say, tell

RECORDS = 500
MOST_RECORDS = 15_313
"""As many as the bureau pushed in the source article."""


def main(arguments: Sequence[str]) -> int:
    """Run the demo. With --exit: status 0 only when everything is accounted for and every partner has helped."""
    reader = Arguments(
        "demo",
        zh="完整演示：虚构小镇推送医疗费用和网格上报，七家演练单位接收、办理、反馈。",
        en="The whole motion: an invented town, seven practice partners that receive, work and report.",
        example="./yiqijiu demo --exit --report r.json",
    )
    reader.add_argument("--exit", action="store_true", help=say("全部办结后退出", "end when everything is settled"))
    reader.add_argument("--report", type=Path, metavar="FILE", help=say("把结果写成 JSON", "write the result as JSON"))
    reader.add_argument("--records", type=int, default=RECORDS, metavar="N", help=f"1 … {MOST_RECORDS} ({RECORDS})")
    reader.add_argument("--port", type=int, help=say("网关端口，默认 8000", "the gateway's port, 8000 by default"))
    chosen = reader.parse_args(arguments)
    if not 1 <= chosen.records <= MOST_RECORDS:
        reader.error(f"--records: 1 … {MOST_RECORDS}")
    return asyncio.run(_run(chosen.records, chosen.port, ends=chosen.exit, report=chosen.report))


async def _run(records: int, port: int | None, *, ends: bool, report: Path | None) -> int:
    from deploy.local.demo.run import Demo, tell_outcome

    home = home_path()
    tell(f"正在启动演示（数据文件夹 {home}）…", f"Starting the demo (data folder {home})…")
    outcome = await Demo(home, records=records, port=port).run(until_settled=ends, report=report)
    if outcome is None:
        return 0
    tell_outcome(outcome)
    return FOUND_PROBLEMS if outcome.complaints else 0
