"""The command line. Each command is a module with `main(arguments) -> exit status`, imported when it is called.

demo → deploy/local/demo.py, import → deploy/local/importing.py, …
"""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import typer
from typer.exceptions import TyperException

from deploy.local.arguments import wrong_usage
from deploy.local.refusal import INTERRUPTED, WRONG_USAGE, Refusal, Words
from deploy.local.terminal import say, tell, tell_refusal

COMMANDS: tuple[tuple[str, str, Words], ...] = (
    ("demo", "demo", Words("完整演示：虚构小镇、七个伙伴单位、实时进度", "the whole motion in an invented town")),
    ("up", "up", Words("启动全套服务，数据保留", "run the suite with lasting data")),
    ("serve", "serve", Words("在前台运行一个服务", "run one part in the foreground")),
    ("token", "token", Words("为本机脚本签发访问令牌", "make a bearer token for scripts on this machine")),
    ("import", "importing", Words("导入文件", "import a file")),
    ("verify", "verify", Words("核对不变量：不丢、不重、账平", "prove the invariants: nothing lost, nothing twice")),
    ("doctor", "doctor", Words("逐项检查本机安装", "look over the installation, check by check")),
    ("migrate", "migrating", Words("升级数据库结构", "bring the databases to the newest revision")),
    ("dlq", "dlq", Words("死信：列出、查看、重试、丢弃", "dead letters: list, show, retry, drop")),
    ("replay", "replay", Words("重发事件", "publish events again")),
    ("reconcile", "reconcile", Words("核对发件箱与消息流", "compare outboxes with streams")),
    ("screen", "screen", Words("全量人口筛查", "screen a whole population")),
    ("simulate", "simulate", Words("政策试算", "try a change of policy")),
    ("synth", "synth", Words("生成虚构数据", "make invented data")),
    ("partner", "partner", Words("伙伴单位：listen 接收、conform 校验", "for partners: listen, conform")),
    ("backup", "backup", Words("备份", "back up")),
    ("restore", "restore", Words("恢复备份", "restore a backup")),
    ("docs", "docs", Words("生成参考文档", "generate the reference pages")),
    ("bench", "bench", Words("性能测试", "benchmarks, each beside its floor")),
    ("test", "testing", Words("运行全部测试（参数交给 pytest）", "run the tests (arguments go to pytest)")),
    ("check", "checking", Words("代码检查：ruff、mypy、导入规则", "lint, types, import rules")),
)

app = typer.Typer(
    name="yiqijiu",
    add_completion=False,
    no_args_is_help=True,
    # Typer's own error pages show local variables, and those may hold anything.
    pretty_exceptions_enable=False,
    help=say("一起救：政策找人。", "Yiqijiu: policy finds people."),
    epilog=say("例：./yiqijiu demo", "Example: ./yiqijiu demo"),
)


def _register(name: str, module: str, words: Words) -> None:
    def command(context: typer.Context) -> None:
        status = run_command(name, module, context.args)
        if status:
            raise typer.Exit(status)

    # Options belong to the module: it alone knows them, and its --help is the one that is shown.
    settings: dict[str, Any] = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    help_text = words.say("en" if say("zh", "en") == "en" else "zh")
    app.command(name, help=help_text, add_help_option=False, context_settings=settings)(command)


for _command in COMMANDS:
    _register(*_command)


def run_command(name: str, module: str, arguments: Sequence[str]) -> int:
    """Import the command's module and run it. Raises: Refusal when it is not there."""
    path = f"deploy.local.{module}"
    try:
        found = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name != path:
            raise
        raise _absent(name) from error
    return _main_of(found, name)(list(arguments))


def main(arguments: Sequence[str]) -> int:
    """Run the command line. Answers the exit status."""
    try:
        answer = app(args=list(arguments), prog_name="yiqijiu", standalone_mode=False)
        return int(answer or 0)
    except TyperException as error:
        return tell_refusal(wrong_usage(str(error), "./yiqijiu demo"))
    except Refusal as refusal:
        return tell_refusal(refusal)
    except SystemExit as end:  # argparse ends this way
        return end.code if isinstance(end.code, int) else 1
    except (KeyboardInterrupt, typer.Abort):
        tell("已中断。已提交的数据都在，可以重新运行。", "Interrupted. What was committed is there; run it again.")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _main_of(module: ModuleType, name: str) -> Callable[[list[str]], int]:
    found = getattr(module, "main", None)
    if found is None:
        raise _absent(name)
    return found  # type: ignore[no-any-return]  # a module's attribute


def _absent(name: str) -> Refusal:
    return Refusal(
        "command_absent",
        Words(f"这个版本还没有 {name} 命令。", f"This version has no command {name} yet."),
        Words("用 ./yiqijiu --help 查看现有命令。", "See ./yiqijiu --help for the commands there are."),
        status=WRONG_USAGE,
    )
