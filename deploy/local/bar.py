"""A progress bar on stderr; where a bar is out of place, a line every five seconds."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from deploy.local.terminal import console, is_plain, say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_EVERY_S = 5.0


class Bar:
    """Shows how far something is. Use it with `with`."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = time.monotonic()
        self._last = 0.0
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if not is_plain(sys.stderr):
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TextColumn("{task.fields[detail]}"),
                TimeRemainingColumn(),
            )
            self._progress = Progress(*columns, console=console(sys.stderr))
            self._progress.start()
            self._task = self._progress.add_task(self._title, total=None, rate="", detail="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, done: int, total: int, detail: str = "") -> None:
        """So many of so many are done."""
        rate = done / max(time.monotonic() - self._started, 0.001)
        words = say(f"{rate:,.0f} 行/秒", f"{rate:,.0f} rows/s")
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=total or None, rate=words, detail=detail)
        elif time.monotonic() - self._last >= _EVERY_S:
            self._last = time.monotonic()
            print(f"{self._title} {done:,}/{total:,} {words} {detail}", file=sys.stderr, flush=True)
