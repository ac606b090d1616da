"""`./yiqijiu import`: a file goes in at the gateway, is checked, then committed; a broken-off one is taken up again."""

import argparse
import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from deploy.local.access import Access, find_access
from deploy.local.arguments import Arguments
from deploy.local.asking import refused
from deploy.local.bar import Bar
from deploy.local.home import read_json, write_over
from deploy.local.refusal import FOUND_PROBLEMS, REJECTED_ROWS, Refusal, Words
from deploy.local.terminal import console, say, tell

KINDS = ("hospital-costs", "grid-reports", "households", "benefit-rolls")
_SHOWN = 20
_LOOK_S = 0.2
_ENDED = ("checked", "committed", "failed", "undone")
_DEALT_WITH = ("new", "changed", "same", "duplicate", "warned", "held", "skipped", "rejected")


def main(arguments: Sequence[str]) -> int:
    """Import one file. Status 0 when every row went in, 3 when some were rejected."""
    reader = Arguments(
        "import",
        zh="导入一个文件：先检查，再提交；中断后再次运行会接着做。",
        en="Import a file: checked first, then committed; run it again after a break and it goes on.",
        example="./yiqijiu import hospital-costs.csv --kind hospital-costs",
    )
    reader.add_argument("file", type=Path)
    reader.add_argument("--kind", required=True, choices=KINDS)
    reader.add_argument("--dry-run", action="store_true", help=say("只检查，不提交", "check only"))
    reader.add_argument(
        "--yes", action="store_true", help=say("表头不同时，接受系统建议的对应", "take the columns that are suggested")
    )
    reader.add_argument("--json", action="store_true", help=say("把结果写成 JSON", "the result as JSON"))
    chosen = reader.parse_args(arguments)
    try:
        content = chosen.file.read_bytes()
    except OSError as error:
        raise Refusal(
            "file_unreadable",
            Words(f"读不了 {chosen.file}。", f"{chosen.file} cannot be read."),
            Words("请检查路径和权限。", "Check the path and its permissions."),
            status=FOUND_PROBLEMS,
            details=(error.strerror or "",),
        ) from error
    return _import(asyncio.run(find_access()), chosen, content)


def _import(access: Access, chosen: argparse.Namespace, content: bytes) -> int:
    headers = {"Authorization": f"Bearer {access.token}"}
    with httpx.Client(base_url=access.url, headers=headers, timeout=60, trust_env=False) as http:
        work = _Import(http, access.home / "run" / "imports", chosen, content)
        state = work.run()
        problems = work.problems("errors") if state["counts"]["rejected"] else []
    if chosen.json:
        print(json.dumps(state | {"errors": problems}, ensure_ascii=False, indent=1))
    else:
        _show(state, problems)
    if state["state"] == "failed":
        return FOUND_PROBLEMS
    return REJECTED_ROWS if state["counts"]["rejected"] else 0


class _Import:
    """One file on its way in. What was begun is remembered by the file's hash, so that it can be taken up again."""

    def __init__(self, http: httpx.Client, memory: Path, chosen: argparse.Namespace, content: bytes) -> None:
        self._http = http
        self._chosen = chosen
        self._content = content
        self._digest = hashlib.sha256(content).hexdigest()
        memory.mkdir(mode=0o700, exist_ok=True)
        self._note = memory / f"{self._digest[:24]}-{chosen.kind}{'-dry' if chosen.dry_run else ''}.json"
        self._id = ""

    def run(self) -> dict[str, Any]:
        """Bring the import to its end; answers its last state."""
        state = self._taken_up() or self._upload()
        with Bar(say(f"导入 {self._chosen.file.name}", f"Import {self._chosen.file.name}")) as bar:
            state = self._follow(bar, "checking", "uploaded")
            if state["state"] == "checked" and not self._chosen.dry_run:
                self._ask("POST", f"/{self._id}/commit", json={})
                state = self._follow(bar, "checking", "checked", "committing")
        return state

    def problems(self, what: str) -> list[dict[str, Any]]:
        """The rejected rows (`errors`) or those that were taken with a word (`notes`); the first hundred."""
        items: list[dict[str, Any]] = self._ask("GET", f"/{self._id}/{what}?limit=100").get("items", [])
        return items

    def _taken_up(self) -> dict[str, Any] | None:
        """The state of an import of this very file that was begun before, or None."""
        self._id = read_json(self._note).get("id", "")
        if not self._id:
            return None
        answer = self._http.get(f"/api/v1/intake/imports/{self._id}")
        if answer.status_code != 200 or answer.json()["state"] in ("failed", "undone"):
            return None
        state: dict[str, Any] = answer.json()
        if state["state"] == "committed":
            tell("这个文件已经导入过，结果如下。", "This file was imported before; this is what came of it.")
        else:
            tell("接着上次的导入。", "Going on with the import begun before.")
        return state

    def _upload(self, mapping: dict[str, str] | None = None) -> dict[str, Any]:
        attempt = int(read_json(self._note).get("attempt", 0)) + 1
        answer = self._http.post(
            "/api/v1/intake/imports",
            files={"file": (self._chosen.file.name, self._content)},
            data={
                "kind": self._chosen.kind,
                "dry_run": "true" if self._chosen.dry_run else "false",
                "mapping": json.dumps(mapping) if mapping else "",
            },
            headers={"Idempotency-Key": f"{self._digest[:40]}-{self._note.stem[-12:]}-{attempt}-{bool(mapping)}"},
        )
        suggested = _suggested(answer)
        if suggested and mapping is None:
            if not self._chosen.yes:
                raise _other_columns(suggested)
            return self._upload(suggested)
        if not answer.is_success:
            raise _refused(answer)
        made: dict[str, Any] = answer.json()
        self._id = made["id"]
        write_over(self._note, json.dumps({"id": self._id, "attempt": attempt}))
        return made

    def _follow(self, bar: Bar, *under_way: str) -> dict[str, Any]:
        """Look until the state is none of `under_way`."""
        while True:
            state = self._ask("GET", f"/{self._id}")
            progress, rejected = state.get("progress", {}), state["counts"].get("rejected", 0)
            words = say(f"退回 {rejected}", f"rejected {rejected}")
            bar.show(progress.get("done", 0), progress.get("total") or 0, words)
            if state["state"] not in under_way:
                return state
            time.sleep(_LOOK_S)

    def _ask(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        answer = self._http.request(method, f"/api/v1/intake/imports{path}", **arguments)
        if answer.is_success:
            held: dict[str, Any] = answer.json()
            return held
        raise _refused(answer)


def _suggested(answer: httpx.Response) -> dict[str, str]:
    """Which column means which field, when the file's headers are others than agreed; {} otherwise."""
    if answer.status_code != 422:
        return {}
    problem = answer.json()
    if problem.get("code") != "column_mapping_needed":
        return {}
    held: dict[str, str] = problem["mapping"]["suggestion"]
    return held


def _other_columns(suggested: dict[str, str]) -> Refusal:
    return Refusal(
        "column_mapping_needed",
        Words("文件的表头与约定不同。建议这样对应：", "The file's headers are others than agreed. Suggested:"),
        Words("核对无误后加 --yes 重新运行。", "When this is right, run it again with --yes."),
        status=FOUND_PROBLEMS,
        details=tuple(f"{header} → {name}" for header, name in suggested.items()),
    )


def _refused(answer: httpx.Response) -> Refusal:
    nothing = Words("改正后重新运行；没有导入任何一行。", "Mend it and run this again; no row was imported.")
    return refused(answer, nothing)


def _show(state: dict[str, Any], problems: Sequence[dict[str, Any]]) -> None:
    from rich.table import Table

    counts = state["counts"]
    shown = "  ".join(
        f"{say(*_WORDS[name])} {counts.get(name, 0)}" for name in ("rows", *_DEALT_WITH) if name in _WORDS
    )
    print(f"{say(*_STATES.get(state['state'], (state['state'],) * 2))}  {shown}")
    for note in state.get("notes") or ():
        if note["code"] in _TOLD_NOTES:
            tell(note["message"]["zh"], note["message"]["en"])
    if not problems:
        return
    table = Table(say("行", "line"), say("列", "column"), say("代码", "code"), say("原因", "reason"))
    for row in problems[:_SHOWN]:
        reason = say(row["message"]["zh"], row["message"]["en"])
        table.add_row(str(row["line"]), row.get("column") or "", row["code"], reason)
    console().print(table)
    if counts["rejected"] > _SHOWN:
        tell(
            f"退回共 {counts['rejected']} 行；全部见 GET /api/v1/intake/imports/…/errors，或加 --json。",
            f"{counts['rejected']} rows were rejected; --json shows up to a hundred.",
        )


_TOLD_NOTES = frozenset({"ROLL_LEAVES", "ROLL_NEW"})
"""What a file does as a whole that whoever sends it should read."""
_STATES = {
    "checked": ("检查完毕，未提交", "checked, not committed"),
    "committed": ("已导入", "imported"),
    "failed": ("导入失败", "failed"),
    "undone": ("已撤销", "undone"),
}
_WORDS = {
    "rows": ("行", "rows"),
    "new": ("新增", "new"),
    "changed": ("更正", "changed"),
    "same": ("相同", "same"),
    "duplicate": ("重复", "duplicate"),
    "warned": ("提醒", "warned"),
    "held": ("待确认", "held"),
    "skipped": ("跳过", "skipped"),
    "rejected": ("退回", "rejected"),
}
