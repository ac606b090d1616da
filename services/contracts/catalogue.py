"""Every event there is, who publishes it and who consumes it. Events run downhill only."""

from services.contracts.charity import AwardChanged, DonationReceived
from services.contracts.codes import Part
from services.contracts.eligibility import AssessmentCompleted
from services.contracts.event import Event
from services.contracts.intake import (
    BenefitsChanged,
    CareChanged,
    ConsentChanged,
    GridReportRecorded,
    HouseholdChanged,
)
from services.contracts.referral import NeedUnmet, ReferralChanged

CONSUMERS: dict[type[Event], tuple[Part, ...]] = {
    CareChanged: ("eligibility",),
    HouseholdChanged: ("eligibility",),
    GridReportRecorded: ("eligibility",),
    BenefitsChanged: ("eligibility",),
    ConsentChanged: ("referral",),
    AssessmentCompleted: ("referral", "charity"),
    ReferralChanged: ("charity",),
    NeedUnmet: ("charity",),
    AwardChanged: (),
    DonationReceived: (),
}
"""Which parts take each event in. A consumer that has no handler for a type it receives skips it."""

EVENTS: dict[str, type[Event]] = {event.SUBJECT: event for event in CONSUMERS}
"""Event classes by subject, which is also the CloudEvents type."""
