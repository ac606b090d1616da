"""What a general linter cannot know: where time, SQL and fen may be, and how large a module may grow."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CODE = ("services", "gateway", "deploy")
MAY_READ_THE_TIME = {"services/kit/clock.py", "services/kit/logs.py", "services/contracts/event.py"}


def modules() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split() if name.split("/")[0] in CODE and (ROOT / name).exists()]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_module_outgrows_400_lines() -> None:
    long = {named(path): lines for path in modules() if (lines := path.read_text().count("\n")) > 400}
    assert long == {}


def test_only_the_clock_reads_the_calendar() -> None:
    pattern = re.compile(r"\b(datetime\.now|datetime\.utcnow|date\.today)\(")
    found = [named(path) for path in modules() if "services" in path.parts and pattern.search(path.read_text())]
    assert set(found) <= MAY_READ_THE_TIME


def test_sql_stands_in_stores_migrations_and_the_kit_only() -> None:
    found = []
    for path in modules():
        parts = path.relative_to(ROOT).parts
        if (
            parts[0] != "services"
            or parts[1] in ("kit", "contracts")
            or "migrations" in parts
            or "store" in named(path)
        ):
            continue
        tree = ast.parse(path.read_text())
        from_sql = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
            for alias in node.names
        }
        if "text" not in from_sql:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "text":
                found.append(f"{named(path)}:{node.lineno}")
    assert found == []


def test_no_float_comes_near_fen() -> None:
    pattern = re.compile(r"float\([^)]*_fen|_fen\s*(:\s*float|=\s*float)")
    assert [named(path) for path in modules() if pattern.search(path.read_text())] == []


def test_every_public_function_has_a_docstring() -> None:
    missing = []
    for path in modules():
        if "migrations" in path.parts:
            continue
        for node in ast.parse(path.read_text()).body:
            public = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_"
            if public and not ast.get_docstring(node):
                missing.append(f"{named(path)}:{node.lineno} {node.name}")
    assert missing == []


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_for_later_without_saying_where(word: str) -> None:
    assert [named(path) for path in modules() if re.search(rf"\b{word}\b", path.read_text())] == []
