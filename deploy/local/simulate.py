"""`./yiqijiu simulate`: what a change of policy would cost, and who gains or loses; nothing comes into force."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from deploy.local.access import find_access
from deploy.local.arguments import Arguments, wrong_usage
from deploy.local.asking import Asker, Json
from deploy.local.refusal import FOUND_PROBLEMS, Words
from deploy.local.terminal import console, say, tell
from services.kit.clock import Clock

REHEARSALS = "/api/v1/eligibility/rehearsals"
_EXAMPLE = "./yiqijiu simulate --set dibao_standard_month=900 --division 350622 --from 2027-01-01"
_BUSY = ("queued", "running")
_FIGURES = (
    ("yearly_before", "现年支出（元）", "yuan a year now"),
    ("yearly_after", "改后年支出（元）", "yuan a year then"),
    ("yearly_change", "年支出变化（元）", "change, yuan a year"),
    ("gained", "新得到救助（户）", "households newly helped"),
    ("more", "得到更多（户）", "households with more"),
    ("same", "不变（户）", "households with the same"),
    ("less", "得到更少（户）", "households with less"),
    ("lost", "不再得到（户）", "households no longer helped"),
)


def main(arguments: Sequence[str]) -> int:
    """Rehearse a change. Status 0 when it was completed and the rules' own tests passed."""
    reader = Arguments(
        "simulate",
        zh="政策试算：改一个或几个参数，看花多少钱、谁增谁减；不生效。",
        en="Rehearse a change of parameters: cost, who gains, who loses; nothing comes into force.",
        example=_EXAMPLE,
    )
    reader.add_argument("file", nargs="?", type=Path, help=say("JSON 文件：{title, division, changes}", "a JSON file"))
    reader.add_argument(
        "--set", action="append", default=[], metavar="ID=VALUE", help=say("参数=新值", "parameter=value")
    )
    reader.add_argument(
        "--division", default="3506", help=say("区划代码，默认全市", "division code, the city by default")
    )
    reader.add_argument("--from", dest="since", type=date.fromisoformat, help=say("生效日，默认今天", "first day"))
    reader.add_argument("--json", action="store_true", help=say("把结果写成 JSON", "the result as JSON"))
    chosen = reader.parse_args(arguments)
    body = _body(chosen)
    with Asker(asyncio.run(find_access())) as asker:
        made = asker.ask("POST", REHEARSALS, body)
        run = asker.follow(f"{REHEARSALS}/{made['id']}", Words("试算", "Rehearsal"), busy=_BUSY, on_break=lambda: None)
    if chosen.json:
        print(json.dumps(run, ensure_ascii=False, indent=1))
    else:
        _show(run)
    return 0 if run["state"] == "completed" and not (run["tests"] or {}).get("failed") else FOUND_PROBLEMS


def _body(chosen: argparse.Namespace) -> Json:
    if chosen.file is not None:
        try:
            held: Json = json.loads(chosen.file.read_bytes())
        except (OSError, ValueError) as error:
            raise wrong_usage(f"{chosen.file}: {type(error).__name__}", _EXAMPLE) from error
        return held
    if not chosen.set:
        raise wrong_usage(say("没有改动：用 --set", "no change: use --set"), _EXAMPLE)
    since = (chosen.since or Clock().today()).isoformat()
    source = {"title": say("命令行试算", "tried on the command line")}
    changes = []
    for each in chosen.set:
        name, found, value = each.partition("=")
        if not found:
            raise wrong_usage(each, _EXAMPLE)
        place = {"parameter": name, "division": chosen.division, "from": since}
        changes.append(place | {"value": _value(value), "source": source, "illustrative": True})
    title = say("命令行试算：", "Tried: ") + "，".join(chosen.set)
    return {"title": title[:200], "division": chosen.division, "as_of": since, "changes": changes}


def _value(text: str) -> Any:  # Any: JSON
    """JSON where it is a list or a boolean; else the text, which keeps amounts exact."""
    try:
        read = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(read, int | float) and not isinstance(read, bool) else read


def _show(run: Json) -> None:
    from rich.table import Table

    if run["state"] != "completed":
        tell(f"试算没有完成：{run['state']}", f"The rehearsal did not finish: {run['state']}")
        return
    table = Table(say("项", "figure"), title=run["title"])
    table.add_column(say("值", "value"), justify="right")
    for key, zh, en in _FIGURES:
        value = run["figures"][key]
        table.add_row(say(zh, en), f"{value:,}" if isinstance(value, int) else str(value))
    console().print(table)
    tests = run["tests"] or {}
    if tests.get("failed"):
        tell(f"规则检验未通过：{tests['failed']} 项", f"{tests['failed']} tests of the rules failed")
    tell(
        f"全部结果见控制台 /policy/rehearsals/{run['id']}", f"All of it: /policy/rehearsals/{run['id']} in the console"
    )
