"""The log files of the processes: appended to, turned over when outsized, quoted when something fails."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LARGEST_LOG = 64 * 2**20
_KEPT_LOGS = 3


@contextmanager
def open_log(log_file: Path) -> Iterator[int]:
    """The descriptor of a 0600 log to append to; an outsized one is first put aside."""
    turn_over(log_file, largest=LARGEST_LOG)
    number = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield number
    finally:
        os.close(number)


def turn_over(log_file: Path, *, largest: int) -> None:
    """Copy an outsized log to `<name>.1` and empty it; its writer appends and goes on. Older ones move up, to three."""
    try:
        if log_file.stat().st_size <= largest:
            return
    except FileNotFoundError:
        return
    for number in range(_KEPT_LOGS - 1, 0, -1):
        older = log_file.with_suffix(f".log.{number}")
        if older.exists():
            older.replace(log_file.with_suffix(f".log.{number + 1}"))
    with log_file.open("rb") as source, open(log_file.with_suffix(".log.1"), "wb") as copy:
        while chunk := source.read(2**20):
            copy.write(chunk)
    os.truncate(log_file, 0)


def tail(file: Path, lines: int = 6) -> tuple[str, ...]:
    """The last lines of a log."""
    try:
        with file.open("rb") as log:
            log.seek(max(0, file.stat().st_size - 8192))
            return tuple(log.read().decode(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ()
