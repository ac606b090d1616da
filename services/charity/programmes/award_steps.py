"""The steps of an award, from a proposal to money in hand. Pure.

proposed ─▶ reviewed ─▶ approved ─▶ in_payment ─▶ paid
    │           │           │            └──▶ failed ◀──┘ the money came back
    ▼           ▼           ▼                   │
rejected, withdrawn  ◀──────┘      reviewed ◀───┘ taken up again, by two people again
"""

from collections.abc import Mapping
from typing import Literal, get_args
from uuid import UUID

AwardStatus = Literal["proposed", "reviewed", "approved", "in_payment", "paid", "rejected", "withdrawn", "failed"]
STATUSES: tuple[AwardStatus, ...] = get_args(AwardStatus)

NEXT: Mapping[AwardStatus, frozenset[AwardStatus]] = {
    "proposed": frozenset({"reviewed", "rejected", "withdrawn"}),
    "reviewed": frozenset({"reviewed", "approved", "rejected", "withdrawn"}),
    "approved": frozenset({"in_payment", "rejected", "withdrawn"}),
    "in_payment": frozenset({"paid", "failed"}),
    "paid": frozenset({"failed"}),
    "failed": frozenset({"reviewed", "rejected"}),
    "rejected": frozenset(),
    "withdrawn": frozenset(),
}
LIVE: frozenset[AwardStatus] = frozenset({"proposed", "reviewed", "approved", "in_payment"})
"""Statuses in which an award is on its way: of a household's need at most one."""
HELPED: frozenset[AwardStatus] = frozenset({"approved", "in_payment", "paid"})
"""Statuses that count as help given or promised."""
OPEN_TO_CHANGE: frozenset[AwardStatus] = frozenset({"proposed", "reviewed", "approved"})
"""Statuses in which charity may still stand back."""


def allowed(status: AwardStatus) -> list[AwardStatus]:
    """The statuses a step may lead to from here, in the order of the path."""
    return [step for step in STATUSES if step in NEXT[status]]


def may(status: AwardStatus, step: AwardStatus) -> bool:
    """Whether the step is legal from here."""
    return step in NEXT[status]


def award_number(award_id: UUID) -> str:
    """What an award is called outside: on payment files, and to donors. Tells nothing of the household."""
    return f"JZ-{award_id.hex[:12].upper()}"
