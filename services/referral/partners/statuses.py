"""The machine of a referral's status, as a table. Pure.

Source: HL7 FHIR R4 Task.status, with underscores.
"""

from typing import get_args

from services.contracts.codes import ReferralStatus

STATUSES: tuple[ReferralStatus, ...] = get_args(ReferralStatus)
NEXT: dict[ReferralStatus, tuple[ReferralStatus, ...]] = {
    "draft": ("requested", "cancelled", "entered_in_error"),
    "requested": ("accepted", "rejected", "failed", "cancelled", "entered_in_error"),
    "accepted": ("in_progress", "on_hold", "completed", "failed", "cancelled", "entered_in_error"),
    "in_progress": ("on_hold", "completed", "failed", "cancelled", "entered_in_error"),
    "on_hold": ("in_progress", "rejected", "failed", "cancelled", "entered_in_error"),
    "rejected": ("entered_in_error",),
    "completed": ("entered_in_error",),
    "failed": ("entered_in_error",),
    "cancelled": ("entered_in_error",),
    "entered_in_error": (),
}
OPEN: frozenset[ReferralStatus] = frozenset({"draft", "requested", "accepted", "in_progress", "on_hold"})
TAKEN: frozenset[ReferralStatus] = frozenset({"accepted", "in_progress", "on_hold"})
"""A partner said yes and has not ended it."""
PARTNER_SETS: frozenset[ReferralStatus] = frozenset(
    {"accepted", "rejected", "in_progress", "on_hold", "completed", "failed"}
)
NEEDS_REASON: frozenset[ReferralStatus] = frozenset({"rejected", "on_hold", "failed", "cancelled"})


def allowed(status: ReferralStatus, *, to_partner: bool) -> tuple[ReferralStatus, ...]:
    """Where a referral may go from `status`: the steps that a partner may take, or all of them."""
    return tuple(step for step in NEXT[status] if not to_partner or step in PARTNER_SETS)
