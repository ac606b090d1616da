"""What the partners saw and did: counts, every webhook-id with the hash of its body, and whatever was not as promised.

Each line of the journal file is one thing that happened; a process that was killed reads it and goes on.
"""

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_PROBLEMS = 200
MUST_HELP = 3
"""A partner helps the first few referred to it, so that each partner helps somebody in any town."""


@dataclass
class PartnerMemory:
    """One partner's memory. `bodies`: webhook-id → SHA-256 of its body; `waiting`: referrals not done with, with their
    links; `courses`: referral → the last status sent."""

    counts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, str] = field(default_factory=dict)
    turned_away: set[str] = field(default_factory=set)
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    courses: dict[str, str] = field(default_factory=dict)
    first: list[str] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


class Memory:
    """All partners' memories and the journal they are kept in."""

    def __init__(self, journal: Path | None, codes: tuple[str, ...]) -> None:
        self.partners = {code: PartnerMemory() for code in codes}
        self.seen: list[dict[str, Any]] = []
        self._file: int | None = None
        if journal is not None:
            if journal.exists():
                self._read(journal)
            self._file = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def turn_away(self, code: str, message_id: str) -> bool:
        """Whether this message's first attempt has yet to be refused; it counts as refused from now on."""
        partner = self.partners[code]
        if message_id in partner.turned_away or message_id in partner.bodies:
            return False
        self._note({"what": "turned_away", "partner": code, "id": message_id})
        return True

    def receive(self, code: str, message_id: str, *, sha256: str, body: dict[str, Any], at: float) -> bool:
        """Remember a genuine message. True when it is new; the same id with another body is a breach."""
        partner = self.partners[code]
        known = partner.bodies.get(message_id)
        if known is not None:
            partner.counts["repeats"] += 1
            if known != sha256:
                self.problem(code, "the same webhook-id came with another body")
            return False
        data = body.get("data")
        thin = {
            name: data.get(name) for name in ("referral_id", "need", "links") if isinstance(data, dict) and name in data
        }
        line = {"what": "received", "partner": code, "id": message_id, "sha256": sha256, "type": body.get("type")}
        self._note({**line, "data": thin, "at": at})
        return True

    def answered(self, code: str, referral_id: str, status: str, *, outcome: str | None, last: bool) -> None:
        """A step that the office took from the partner; `last` when the partner has done all it will."""
        self._note(
            {
                "what": "answered",
                "partner": code,
                "referral_id": referral_id,
                "status": status,
                "outcome": outcome,
                "last": last,
            }
        )

    def problem(self, code: str, what: str) -> None:
        """Something is not as the contract promises. The text names no person."""
        self._note({"what": "problem", "partner": code, "text": what[:300]})

    def tell(self) -> dict[str, Any]:
        """Counts, outcomes and problems of each partner."""
        return {
            code: {
                "received": held.counts["received"],
                "repeats": held.counts["repeats"],
                "turned_away": len(held.turned_away),
                "fetched": held.counts["fetched"],
                "waiting": len(held.waiting),
                "statuses": dict(Counter(held.courses.values())),
                "outcomes": dict(held.outcomes),
                "problems": held.problems,
            }
            for code, held in self.partners.items()
        }

    def _note(self, line: dict[str, Any]) -> None:
        self._apply(line)
        if self._file is not None:
            os.write(self._file, json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def _read(self, journal: Path) -> None:
        for text in journal.read_bytes().splitlines():
            try:
                self._apply(json.loads(text))
            except ValueError:  # the last line of a process that was killed while it wrote
                continue

    def _apply(self, line: dict[str, Any]) -> None:
        partner = self.partners.get(line["partner"])
        if partner is None:
            return
        if line["what"] == "turned_away":
            partner.turned_away.add(line["id"])
        elif line["what"] == "received":
            self._apply_received(partner, line)
        elif line["what"] == "answered":
            partner.courses[line["referral_id"]] = line["status"]
            if line["outcome"]:
                partner.outcomes[line["outcome"]] += 1
            if line["last"]:
                partner.waiting.pop(line["referral_id"], None)
        elif line["what"] == "problem" and len(partner.problems) < MOST_PROBLEMS:
            partner.problems.append(line["text"])

    def _apply_received(self, partner: PartnerMemory, line: dict[str, Any]) -> None:
        partner.bodies[line["id"]] = line["sha256"]
        partner.counts["received"] += 1
        partner.counts[str(line["type"])] += 1
        data = line["data"]
        self.seen.append(
            {name: line[name] for name in ("partner", "id", "sha256", "type", "at")}
            | {"referral_id": data.get("referral_id")}
        )
        referral_id = data.get("referral_id")
        if line["type"] == "referral.requested" and referral_id:
            partner.waiting[referral_id] = data
            if len(partner.first) < MUST_HELP:
                partner.first.append(referral_id)
        elif line["type"] == "referral.revoked" and referral_id:
            partner.revoked.add(referral_id)
