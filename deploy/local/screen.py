"""`./yiqijiu screen`: every registered household against every programme, with progress; Ctrl-C pauses it."""

import asyncio
import json
from collections.abc import Sequence

from deploy.local.access import find_access
from deploy.local.arguments import Arguments
from deploy.local.asking import Asker, Json
from deploy.local.refusal import FOUND_PROBLEMS, Words
from deploy.local.terminal import console, say, tell

SCREENINGS = "/api/v1/eligibility/screenings"
_BUSY = ("queued", "running")


def main(arguments: Sequence[str]) -> int:
    """Screen a place. Status 0 when the run was completed."""
    reader = Arguments(
        "screen",
        zh="全量筛查：登记在册的每一户对照全部项目；Ctrl-C 暂停，--resume 接着做。",
        en="Screen every registered household; Ctrl-C pauses, --resume goes on.",
        example="./yiqijiu screen --division 350622",
    )
    reader.add_argument(
        "--division", default="3506", help=say("区划代码，默认全市", "division code, the city by default")
    )
    reader.add_argument("--since", help=say("只看这次筛查以来有变化的", "only what changed since this run"))
    reader.add_argument("--resume", metavar="ID", help=say("接着做一次暂停的筛查", "go on with a paused run"))
    reader.add_argument("--json", action="store_true", help=say("把结果写成 JSON", "the result as JSON"))
    chosen = reader.parse_args(arguments)
    with Asker(asyncio.run(find_access())) as asker:
        if chosen.resume:
            run_id = asker.ask("POST", f"{SCREENINGS}/{chosen.resume}/resume", {})["id"]
        else:
            body: Json = {"division": chosen.division, "basis": "changed" if chosen.since else "full"}
            run_id = asker.ask("POST", SCREENINGS, body | ({"since": chosen.since} if chosen.since else {}))["id"]

        def pause() -> None:
            asker.ask("POST", f"{SCREENINGS}/{run_id}/pause", {})
            tell(
                f"已暂停，做过的都在。接着做：./yiqijiu screen --resume {run_id}",
                f"Paused; what was done is kept. To go on: ./yiqijiu screen --resume {run_id}",
            )

        run = asker.follow(f"{SCREENINGS}/{run_id}", Words("筛查", "Screening"), busy=_BUSY, on_break=pause)
    if chosen.json:
        print(json.dumps(run, ensure_ascii=False, indent=1))
    else:
        _show(run)
    return 0 if run["state"] == "completed" else FOUND_PROBLEMS


def _show(run: Json) -> None:
    from rich.table import Table

    table = Table(
        say("项目", "programme"), title=say(f"{run['place']} {run['as_of']}", f"{run['division']} {run['as_of']}")
    )
    heads = (("可能符合", "may qualify"), ("已在享受", "already"), ("不能判断", "cannot tell"), ("不符合", "does not"))
    for zh, en in (*heads, ("每月（元）", "yuan a month")):
        table.add_column(say(zh, en), justify="right")
    for row in run["programmes"]:
        counts = (row["eligible"], row["already"], row["unknown"], row["not_eligible"])
        table.add_row(say(row["name"]["zh"], row["name"]["en"]), *(f"{n:,}" for n in counts), row["monthly_amount"])
    console().print(table)
    if run["sources"]:
        best = run["sources"][0]
        tell(
            f"补“{best['name']['zh']}”最有用：能让{best['resolves']}户有答案。",
            f"“{best['name']['en']}” would help most: it settles {best['resolves']} households.",
        )
    tell(f"线索 {run['leads']} 条，见控制台“主动筛查”。", f"{run['leads']} leads; see Screening in the console.")
