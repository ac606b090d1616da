"""What happens to the processes of a suite, for whoever looks on: the demo, the tests, the log."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class SuiteEvent:
    """Kinds: starting, ready, failing, recovered, exited, restarted, provisioned, migrated, stopping, stopped, note."""

    kind: str
    name: str
    detail: str = ""
    at: float = 0.0


@dataclass(frozen=True)
class RestartEvent:
    """A process that was brought back. `seconds` from its end to its being there again, back-off included."""

    name: str
    reason: str
    old_pid: int
    new_pid: int
    seconds: float
    at: float


Listener = Callable[[SuiteEvent], Awaitable[None]]


class Journal:
    """Writes each event to the supervisor's log as a JSON line and tells the listener."""

    def __init__(self, file: Path, listener: Listener | None = None, *, now: Callable[[], float] = time.time) -> None:
        self._file = file
        self._listener = listener
        self._now = now

    async def tell(self, kind: str, name: str, detail: str = "") -> None:
        """Something happened."""
        event = SuiteEvent(kind, name, detail, self._now())
        with self._file.open("a") as log:
            log.write(json.dumps(asdict(event), ensure_ascii=False) + "\n")
        if self._listener is not None:
            await self._listener(event)
