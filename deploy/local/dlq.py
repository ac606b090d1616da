"""`./yiqijiu dlq`: events that no part could take in, for a person to look at, to try again, or to give up."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from deploy.local.arguments import Arguments
from deploy.local.home import home_path
from deploy.local.opened import Databases, opened_databases
from deploy.local.parts import SERVICES
from deploy.local.refusal import FOUND_PROBLEMS, Refusal, Words
from deploy.local.terminal import console, say, tell

_SHOWN = 20
_LIST = """
    SELECT event_id, subject, division, error, attempts, state, first_seen_at FROM dead_letter
    WHERE state = ANY ($1::text[]) ORDER BY first_seen_at DESC
"""
_SHOW = "SELECT * FROM dead_letter WHERE event_id = $1"
_RETRY = """
    UPDATE dead_letter SET state = 'retry', changed_at = now()
    WHERE state = 'open' AND ($1::uuid[] IS NULL OR event_id = ANY ($1)) RETURNING event_id
"""
_DROP = """
    UPDATE dead_letter SET state = 'dropped', reason = $2, changed_at = now()
    WHERE state = 'open' AND event_id = ANY ($1::uuid[]) RETURNING event_id
"""


def main(arguments: Sequence[str]) -> int:
    """List, show, retry or drop dead letters. Answers the exit status."""
    return asyncio.run(_run(_reader().parse_args(arguments)))


def _reader() -> Arguments:
    reader = Arguments(
        "dlq",
        zh="死信：没有一个部分能处理的事件。",
        en="Dead letters: events that no part could take in.",
        example='./yiqijiu dlq drop 0198…-… --reason "重复推送，已核实"',
    )
    verbs = reader.add_subparsers(
        dest="verb", required=True, metavar="list|show|retry|drop", parser_class=argparse.ArgumentParser
    )
    listing = verbs.add_parser("list", help=say("列出待处理的死信", "list those that wait"))
    listing.add_argument("--all", action="store_true", help=say("也列已处理的", "those that are settled too"))
    listing.add_argument("--json", action="store_true")
    show = verbs.add_parser("show", help=say("查看一条", "show one"))
    show.add_argument("event", type=UUID)
    retry = verbs.add_parser("retry", help=say("再试一次；不写编号就全部重试", "try again; all of them without an id"))
    retry.add_argument("events", nargs="*", type=UUID, metavar="EVENT")
    drop = verbs.add_parser("drop", help=say("放弃，须写明理由", "give up, with a reason"))
    drop.add_argument("events", nargs="+", type=UUID, metavar="EVENT")
    drop.add_argument("--reason", required=True)
    return reader


async def _run(chosen: argparse.Namespace) -> int:
    verb = {"list": _list, "show": _show, "retry": _retry, "drop": _drop}[chosen.verb]
    async with opened_databases(home_path(), read_only=chosen.verb in ("list", "show")) as databases:
        return await verb(databases, chosen)


async def _list(databases: Databases, chosen: argparse.Namespace) -> int:
    states = ["open", "retry", *(["resolved", "dropped"] if chosen.all else [])]
    rows = [dict(row) | {"part": part} for part in SERVICES for row in await databases[part].fetch(_LIST, states)]
    if chosen.json:
        print(json.dumps(rows, default=str, ensure_ascii=False, indent=1))
        return 0
    if not rows:
        print(say("没有待处理的死信。", "No dead letters wait."))
        return 0
    from rich.table import Table

    table = Table(*(say(*words) for words in _COLUMNS))
    for row in rows[:_SHOWN]:
        cells = (
            row["event_id"],
            row["part"],
            row["subject"],
            row["division"],
            row["error"],
            row["attempts"],
            row["state"],
        )
        table.add_row(*(str(cell) for cell in cells))
    console().print(table)
    if len(rows) > _SHOWN:
        tell(f"共 {len(rows)} 条，用 --json 看全部。", f"{len(rows)} in all; --json shows the rest.")
    return 0


_COLUMNS = (
    ("事件", "event"),
    ("收件方", "consumer"),
    ("主题", "subject"),
    ("区划", "division"),
    ("原因", "error"),
    ("次数", "attempts"),
    ("状态", "state"),
)


async def _show(databases: Databases, chosen: argparse.Namespace) -> int:
    found: list[dict[str, Any]] = []
    for part in SERVICES:
        for row in await databases[part].fetch(_SHOW, chosen.event):
            found.append(dict(row) | {"part": part, "body": json.loads(row["body"])})
    if not found:
        raise _unknown()
    print(json.dumps(found, default=str, ensure_ascii=False, indent=1))
    return 0


async def _retry(databases: Databases, chosen: argparse.Namespace) -> int:
    wanted = chosen.events or None
    done = [row["event_id"] for part in SERVICES for row in await databases[part].fetch(_RETRY, wanted)]
    if wanted and not done:
        raise _unknown()
    print(say(f"{len(done)} 条将在几秒内重试。", f"{len(done)} will be tried again within seconds."))
    return 0


async def _drop(databases: Databases, chosen: argparse.Namespace) -> int:
    done = [row for part in SERVICES for row in await databases[part].fetch(_DROP, chosen.events, chosen.reason)]
    if not done:
        raise _unknown()
    print(say(f"已放弃 {len(done)} 条，理由已记录。", f"{len(done)} dropped; the reason is on record."))
    return 0


def _unknown() -> Refusal:
    return Refusal(
        "no_such_dead_letter",
        Words("没有这条待处理的死信。", "There is no such dead letter waiting."),
        Words("用 ./yiqijiu dlq list 查看。", "See ./yiqijiu dlq list."),
        status=FOUND_PROBLEMS,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
