"""A workbook read in a process of its own, with bounded memory and time: a bomb that gets past every check ends it,
not the service. Run as `python -m services.intake.records.child ROWS COLUMNS`: the file on stdin, JSON on stdout."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from services.intake.records.headers import RefusedFile
from services.intake.records.issues import Issue
from services.intake.records.workbook import FormulaCell, Workbook, open_workbook

_ROOT = Path(__file__).resolve().parents[3]
_MEMORY = 1024 * 1024 * 1024
_CPU_S = 20
_WALL_S = 30


def read_in_child(data: bytes, *, most_rows: int, most_columns: int) -> Workbook:
    """Read a workbook in a child process.

    Raises: RefusedFile, also when the child ran out of memory or time.
    """
    command = [sys.executable, "-m", "services.intake.records.child", str(most_rows), str(most_columns)]
    environment = {"PYTHONPATH": str(_ROOT), "PATH": os.environ.get("PATH", ""), "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_WALL_S, env=environment, check=False)
    except subprocess.TimeoutExpired as error:
        raise RefusedFile(Issue("FILE_UNREADABLE", None)) from error
    if done.returncode != 0:
        raise RefusedFile(Issue("FILE_UNREADABLE", None))
    told = json.loads(done.stdout)
    if "refused" in told:
        raise RefusedFile(*(Issue(code, field, tuple(map(tuple, params))) for code, field, params in told["refused"]))
    formulas = frozenset(FormulaCell(line, column) for line, column in told["formulas"])
    return Workbook(told["sheet"], iter(told["rows"]), formulas)


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most_rows, most_columns = int(sys.argv[1]), int(sys.argv[2])
    told: dict[str, object]
    try:
        book = open_workbook(sys.stdin.buffer.read(), most_rows=most_rows, most_columns=most_columns)
        told = {"sheet": book.sheet, "rows": list(book.rows), "formulas": sorted(book.formulas)}
    except RefusedFile as refused:
        told = {"refused": [(issue.code, issue.field, issue.params) for issue in refused.issues]}
    sys.stdout.write(json.dumps(told, ensure_ascii=False))


if __name__ == "__main__":
    _main()
