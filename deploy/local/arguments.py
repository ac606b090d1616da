"""Reading a command's arguments: argparse, with its complaints told the way every refusal is told."""

import argparse
from typing import NoReturn

from deploy.local.refusal import WRONG_USAGE, Refusal, Words
from deploy.local.terminal import say


class Arguments(argparse.ArgumentParser):
    """A parser of one command. `example` is a whole line to copy; it closes the help."""

    def __init__(self, command: str, *, zh: str, en: str, example: str) -> None:
        super().__init__(
            prog=f"yiqijiu {command}",
            description=say(zh, en),
            epilog=say(f"例：{example}", f"Example: {example}"),
            allow_abbrev=False,
        )
        self._example = example

    def error(self, message: str) -> NoReturn:
        """Raises: Refusal, always."""
        raise wrong_usage(message, self._example)


def wrong_usage(message: str, example: str) -> Refusal:
    """A command that was not written right; `message` says what is wrong with it."""
    return Refusal(
        "wrong_usage",
        Words("命令写法不对。", "The command is not written right."),
        Words(f"照着写：{example}；加 --help 看全部选项。", f"Follow {example}; --help lists all options."),
        status=WRONG_USAGE,
        details=(message,),
    )
