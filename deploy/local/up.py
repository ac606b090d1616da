"""`./yiqijiu up`: the suite with lasting data, until Ctrl-C."""

import asyncio
import re
from collections.abc import Sequence

from deploy.local.arguments import Arguments
from deploy.local.events import SuiteEvent
from deploy.local.first_account import first_account, print_console
from deploy.local.home import home_path
from deploy.local.supervisor import Suite, SuiteOptions
from deploy.local.terminal import say, tell

_TOLD = {
    "exited": ("{name} 意外停止：{detail}，正在重启", "{name} ended: {detail}; bringing it back"),
    "restarted": ("{name} 已恢复（{detail}）", "{name} is back ({detail})"),
    "failing": ("{name} 异常：{detail}", "{name} is failing: {detail}"),
    "recovered": ("{name} 已正常", "{name} is well again"),
    "migrated": ("数据库结构已升级", "databases migrated"),
    "note": ("{name}：{detail}", "{name}: {detail}"),
}


# What the supervisor says of a process in its log is English; these are its turns of phrase.
_IN_CHINESE = (
    (r"ended by (\w+)", r"被 \1 结束"),
    (r"ended with status (\d+)", r"以状态 \1 退出"),
    (r"does not answer", "没有响应"),
    (r"its store is gone", "消息存储被删除"),
    (r"does not store \((\w+)\)", r"消息存不下去（\1）"),
    (r"says that it is not well", "自检不正常"),
    (r"reads but does not write \((\w+)\)", r"能读不能写（\1），请检查磁盘空间"),
    (r"not ready \((\d+)\)", r"尚未就绪（\1）"),
    (r"ended what an earlier run had left", "已结束上次运行遗留的进程"),
    (r", (\d+\.\d+) s", r"，\1 秒"),
)


def in_chinese(detail: str) -> str:
    """An event's detail for a Chinese reader; a phrase that is not known stays as it is."""
    for pattern, words in _IN_CHINESE:
        detail = re.sub(pattern, words, detail)
    return detail


async def tell_event(event: SuiteEvent) -> None:
    """Say on stderr what a person at the terminal wants to know of an event."""
    if event.kind in _TOLD:
        zh, en = _TOLD[event.kind]
        tell(
            "  " + zh.format(name=event.name, detail=in_chinese(event.detail)),
            "  " + en.format(name=event.name, detail=event.detail),
        )


def main(arguments: Sequence[str]) -> int:
    """Run until a signal asks for the end. Answers the exit status."""
    reader = Arguments(
        "up",
        zh="启动全套服务，数据保留在 YIQIJIU_HOME。",
        en="Run the suite; its data stays in YIQIJIU_HOME.",
        example="./yiqijiu up --port 8080",
    )
    reader.add_argument("--port", type=int, help=say("网关端口，默认 8000", "the gateway's port, 8000 by default"))
    chosen = reader.parse_args(arguments)
    return asyncio.run(_up(chosen.port))


async def _up(port: int | None) -> int:
    home = home_path()
    tell(f"正在启动（数据文件夹 {home}）…", f"Starting (data folder {home})…")
    suite = Suite(home, SuiteOptions(port=port, answer_signals=True), on_event=tell_event)
    async with suite:
        print(say(f"已就绪：{suite.gateway_url}", f"Ready: {suite.gateway_url}"), flush=True)
        print_console(suite.gateway_url, *await first_account(suite.home, "office"))
        tell(
            "  令牌：./yiqijiu token --role operator --territory 3506\n  停止：Ctrl-C",
            "  Token: ./yiqijiu token --role operator --territory 3506\n  Stop: Ctrl-C",
        )
        await suite.until_stopped()
        tell("正在停止，先做完手上的事（再按一次强行结束）…", "Stopping; finishing what is under way (again to force)…")
    tell("已停止，数据都在。", "Stopped; the data is there.")
    return 0
