"""The decision certificate: everything one assessment stands on, in canonical bytes that carry their own digest.

Facts used, the values in force with their sources, each test with actual against threshold and article, the digest of
the rule book and the edition of the engine. RFC 8785 JSON, so the same content is the same bytes; `sha256` is that of
the document without it. A book that is kept carries this module too: years later a certificate is made by the code of
its own day.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import rfc8785

from services.eligibility.rules.assessment import Assessment
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.rendering import Text2, render

Json = dict[str, Any]
"""A JSON object."""

EDITION: Final = 1
"""Of the document's shape."""

PROPOSAL: Final[Text2] = {
    "zh": "本证书说明系统按存档事实核对的过程，是供经办人参考的建议；给予或不予救助由有权的机关和人员作出决定。",
    "en": "This certificate tells how stored facts were checked. It is a proposal to the officers in charge; whether "
    "aid is given is decided by the competent office and its people.",
}


def certificate(head: Mapping[str, Any], facts: str, findings: str, book: RuleBook) -> bytes:
    """The certificate of an assessment from its stored texts.

    `head` says which assessment it is: codes and refs, nothing that changes later. Returns: RFC 8785 JSON.
    """
    assessment = Assessment.from_json(json.loads(findings))
    written = render(assessment, book)
    document: Json = {
        "kind": "decision_certificate",
        "edition": EDITION,
        "assessment": dict(head),
        "standing": PROPOSAL,
        "rule_book": written.pop("rule_book"),
        "facts": json.loads(facts),
        "facts_sha256": sha256_of(facts.encode()),
        "parameters": values_in_force(book, assessment.place, assessment.as_of.isoformat()),
        "answer": written,
        "findings_sha256": sha256_of(findings.encode()),
    }
    return rfc8785.dumps(document | {"sha256": sha256_of(rfc8785.dumps(document))})


def is_genuine(document: bytes) -> bool:
    """Whether a certificate's own digest is that of its content, and its bytes are canonical."""
    read: Json = json.loads(document)
    told = read.pop("sha256", None)
    content = rfc8785.dumps(read)
    return told == sha256_of(content) and document == rfc8785.dumps(read | {"sha256": told})


def sha256_of(content: bytes) -> str:
    """A digest in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def values_in_force(book: RuleBook, place: str, day: str) -> list[Json]:
    """The dated values that hold at a place on a day (ISO), the nearest place's of each, by id."""
    nearest: dict[str, Json] = {}
    for row in book.listing():
        home = "" if row["division"] == "000000" else row["division"]
        if not place.startswith(home) or row["from"] > day or (row["to"] is not None and row["to"] < day):
            continue
        former = nearest.get(row["id"])
        if former is None or len(home) >= len("" if former["division"] == "000000" else former["division"]):
            nearest[row["id"]] = row
    return [nearest[id] for id in sorted(nearest)]
