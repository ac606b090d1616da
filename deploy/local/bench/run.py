"""`./yiqijiu bench [WHAT] [--json FILE] [--quick]`."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from deploy.local.bench import end_to_end, screen
from deploy.local.bench.figures import Figure, machine, write_report

Measure = Callable[..., Coroutine[Any, Any, list[Figure]]]

BENCHES: dict[str, Measure] = {"end-to-end": end_to_end.measure, "screen": screen.measure}
"""Each takes `quick` and answers its figures. Names of figures are listed in docs/reference/figures.md."""


def main(arguments: list[str]) -> int:
    """Measure, print, and write the JSON. Ends 1 when a goal is not met."""
    parser = argparse.ArgumentParser(prog="./yiqijiu bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=[*BENCHES, "all"], default="all")
    parser.add_argument("--json", type=Path, default=None, help="write the figures to this file")
    parser.add_argument("--quick", action="store_true", help="a tenth of the load; goals of the full load do not count")
    asked = parser.parse_args(arguments)
    about = machine()
    figures: list[Figure] = []
    for name, measure in BENCHES.items():
        if asked.what in (name, "all"):
            print(f"… {name}", file=sys.stderr)
            figures += asyncio.run(measure(quick=asked.quick))
    write_report(figures, about, json_file=asked.json)
    return 1 if any(figure.met is False for figure in figures) else 0
