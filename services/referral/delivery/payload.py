"""What a webhook says: thin, nothing that identifies. Written once, and the same bytes at every try. Pure.

Source: Standard Webhooks 1.0.0 (`{type, timestamp, data}`, under 20 kB); design of webhooks.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from services.contracts.webhook import WebhookType
from services.kit.privacy import BlindIndex

MOST_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What only the sender adds: the duty line, the address of the partner door, and the key of case refs."""

    public_url: str
    office_name: str
    office_phone: str
    index: BlindIndex

    def case_ref(self, partner: str, household_ref: UUID) -> str:
        """A household's name towards one partner: no two partners can tell that theirs are the same household."""
        digest = self.index.of("case_ref", partner, str(household_ref))
        return "c_" + base64.b32encode(digest[:15]).decode().lower()

    def links(self, referral_id: UUID) -> dict[str, str]:
        """Where the partner reads the allowed fields and where it answers."""
        detail = f"{self.public_url.rstrip('/')}/partner/v1/referrals/{referral_id}"
        return {"detail": detail, "status": f"{detail}/status"}


def write_body(
    kind: WebhookType,
    facts: dict[str, Any],
    *,
    partner: str,
    referral_id: UUID | None,
    household_ref: UUID | None,
    sequence: int,
    at: datetime,
    letterhead: Letterhead,
) -> str:
    """The body of one webhook as JSON text. `facts` is its own data; a message of no referral is about the endpoint.

    Raises: ValueError when it would not be thin.
    """
    data: dict[str, Any] = {}
    if referral_id is not None and household_ref is not None:
        data["referral_id"] = str(referral_id)
        data["case_ref"] = letterhead.case_ref(partner, household_ref)
    data["partner"] = partner
    data |= {key: value for key, value in facts.items() if key != "programme" or value is not None}
    data["sequence"] = sequence
    data["office"] = {"name": letterhead.office_name, "phone": letterhead.office_phone}
    if referral_id is not None and kind != "referral.revoked":
        data["links"] = letterhead.links(referral_id)
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = orjson.dumps({"type": kind, "timestamp": stamp, "data": data})
    if len(body) >= MOST_BYTES:
        raise ValueError("a webhook body is thin")
    return body.decode()
