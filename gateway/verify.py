"""Verifies the audit chain from its first row, and the heads that were noted outside the database. Needs the database
and the key, not the running system."""

import asyncio
import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from gateway.audit import GENESIS, AuditLog, Chain, Head, connected

_EVERY_S = 60.0
_MOST_BREACHES = 20


@dataclass(frozen=True)
class ChainReport:
    """What verification found. `breaches` are English sentences, the first bad row first; empty means whole."""

    rows: int
    head: int
    breaches: tuple[str, ...]


def heads_file(home: Path) -> Path:
    """Where the chain's heads are noted, outside the database."""
    return home / "audit-heads.jsonl"


async def verify_chain(database_url: str, audit_key: str, heads: Path | None = None) -> ChainReport:
    """Recompute every hash. With the file of noted heads a chain that was cut short or replaced is found too.

    Raises: Unavailable when the database does not answer.
    """
    async with connected(database_url) as connection:
        noted = read_heads(heads)
        breaches: list[str] = []
        chain, previous, count, seq = Chain(audit_key), GENESIS, 0, 0
        async with connection.transaction(readonly=True):
            async for row in connection.cursor("SELECT seq, body, hash FROM audit_entry ORDER BY seq", prefetch=2000):
                if row["seq"] != seq + 1:
                    breaches.append(f"audit row {seq + 1} is missing")
                if chain.hash(previous, row["body"]) != row["hash"]:
                    breaches.append(f"audit row {row['seq']} does not follow from the row before it")
                seq, previous, count = row["seq"], row["hash"], count + 1
                wanted = noted.pop(seq, None)
                if wanted is not None and wanted != previous.hex():
                    breaches.append(f"audit row {seq} is not the one that was noted outside the database")
                if len(breaches) >= _MOST_BREACHES:
                    break
            else:
                breaches += [f"audit row {lost} was noted outside the database and is gone" for lost in sorted(noted)]
        return ChainReport(count, seq, tuple(breaches[:_MOST_BREACHES]))


def read_heads(path: Path | None) -> dict[int, str]:
    """Noted heads: hash (hex) by row number. A half-written last line is left out."""
    if path is None or not path.exists():
        return {}
    noted = {}
    for line in path.read_text().splitlines():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            row = json.loads(line)
            noted[int(row["seq"])] = str(row["hash"])
    return noted


def note_head(path: Path, head: Head) -> None:
    """Append a head, on disk before this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, json.dumps({"seq": head.seq, "hash": head.hash.hex()}).encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def note_heads(audit: AuditLog, path: Path) -> None:
    """Note the head each minute and at the end, until cancelled."""
    last = 0
    try:
        while True:
            await asyncio.sleep(_EVERY_S)
            last = _note_if_newer(audit, path, last)
    finally:
        _note_if_newer(audit, path, last)


def _note_if_newer(audit: AuditLog, path: Path, last: int) -> int:
    head = audit.head
    if head is None or head.seq <= last:
        return last
    note_head(path, head)
    return head.seq
