"""Closed vocabularies that more than one part relies on.

Partners, bureaux, needs and brands are rows in directories, not enums: an eighth partner or a tenth brand is data.
"""

from typing import Literal

Part = Literal["intake", "eligibility", "referral", "charity", "gateway"]
PARTS: tuple[Part, ...] = ("intake", "eligibility", "referral", "charity", "gateway")

ReferralStatus = Literal[
    "draft",
    "requested",
    "accepted",
    "rejected",
    "in_progress",
    "on_hold",
    "completed",
    "failed",
    "cancelled",
    "entered_in_error",
]
"""FHIR Task status codes, with underscores. Source: HL7 FHIR R4 Task.status."""

HeldFor = Literal["consent", "confirmation"]
DeliveryState = Literal["queued", "sending", "delivered", "retrying", "dead", "held", "cancelled"]
Priority = Literal["stat", "asap", "urgent", "routine"]
AgeBand = Literal["0-5", "6-15", "16-17", "18-34", "35-59", "60-69", "70-79", "80+"]
GapBand = Literal["none", "lt_1000", "1000_5000", "5000_20000", "20000_plus"]
ReasonCode = Literal[
    "no_capacity",
    "not_our_scope",
    "cannot_reach",
    "person_declined",
    "already_helped",
    "need_met",
    "duplicate",
    "waiting_for_season",
    "other",
]

AccountReason = Literal[
    "below_threshold",
    "superseded",
    "refunded",
    "withdrawn",
    "already_assessed",
    "out_of_area",
    "deceased",
    "membership_conflict",
    "data_error",
]
"""Why a record led to no assessment of its own. Source: design of the account of a record."""

Role = Literal[
    "city_officer",
    "county_officer",
    "township_clerk",
    "village_worker",
    "grid_worker",
    "resident",
    "source_system",
    "partner_officer",
    "partner_system",
    "charity_officer",
    "donor",
    "auditor",
    "system_admin",
    "security_admin",
    "operator",
]
