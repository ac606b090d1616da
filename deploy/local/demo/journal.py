"""The pusher's own journal: what was sent and what was answered, on disk before the next thing is sent.

It is the oracle of the demo and of the fault tests: what it saw accepted must be there, once, whatever died meanwhile.
Keys are settlement and report numbers, never anything that names a person.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """What was answered for one thing: its id, and a word such as `new` or `same`."""

    key: str
    id: str
    result: str


class PushJournal:
    """One file; may hold what earlier runs in the same data folder pushed."""

    def __init__(self, path: Path) -> None:
        self.ids: dict[str, dict[str, str]] = {}
        """kind → key → id, of everything that was ever accepted."""
        self.contradictions: list[str] = []
        """Keys that were given two ids."""
        self.rows: dict[str, int] = {}
        """kind → rows accepted in this run, repeats included."""
        self.sent_at: dict[str, float] = {}
        """id → when it was sent in this run."""
        if path.exists():
            for line in path.read_bytes().splitlines():
                self._remember_line(line)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def sending(self, kind: str, keys: Iterable[str], *, at: float) -> None:
        """About to send."""
        self._write({"sending": kind, "keys": list(keys), "at": at})

    def accepted(self, kind: str, answers: Iterable[Answer], *, sent_at: float, at: float) -> None:
        """The office took these."""
        answers = list(answers)
        self._write({"accepted": kind, "answers": [[a.key, a.id, a.result] for a in answers], "at": at})
        self.rows[kind] = self.rows.get(kind, 0) + len(answers)
        for answer in answers:
            self._remember(kind, answer.key, answer.id)
            self.sent_at.setdefault(answer.id, sent_at)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, line: dict[str, object]) -> None:
        os.write(self._file, json.dumps(line, ensure_ascii=False).encode() + b"\n")
        os.fsync(self._file)

    def _remember_line(self, text: bytes) -> None:
        try:
            line = json.loads(text)
        except ValueError:  # the last line of a run that was killed while it wrote
            return
        if "accepted" in line:
            for key, identifier, _ in line["answers"]:
                self._remember(line["accepted"], key, identifier)

    def _remember(self, kind: str, key: str, identifier: str) -> None:
        known = self.ids.setdefault(kind, {}).setdefault(key, identifier)
        if known != identifier:
            self.contradictions.append(f"{kind} {key}")
