"""`./yiqijiu check`: lint, form, types and import rules; the same that every commit has to pass."""

import subprocess
import sys
from collections.abc import Sequence

from deploy.local.arguments import Arguments
from deploy.local.parts import ROOT
from deploy.local.refusal import FOUND_PROBLEMS
from deploy.local.terminal import tell

_LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
CHECKS = (
    ("ruff", ["-m", "ruff", "check", "--no-cache", "."]),
    ("ruff format", ["-m", "ruff", "format", "--no-cache", "--check", "--quiet", "."]),
    ("mypy", ["-m", "mypy", "services", "gateway", "deploy"]),
    ("import-linter", ["-c", _LINT_IMPORTS]),
)


def main(arguments: Sequence[str]) -> int:
    """Run every check, even after one has failed. Answers 1 when any found something."""
    Arguments(
        "check",
        zh="代码检查：ruff、mypy、导入规则。",
        en="Lint, form, types and import rules.",
        example="./yiqijiu check",
    ).parse_args(arguments)
    failed = []
    for name, command in CHECKS:
        tell(f"── {name}", f"── {name}")
        if subprocess.run([sys.executable, *command], cwd=ROOT).returncode != 0:
            failed.append(name)
    if failed:
        tell(f"未通过：{'、'.join(failed)}", f"Not passed: {', '.join(failed)}")
        return FOUND_PROBLEMS
    tell("全部通过。", "All passed.")
    return 0
