"""A referral's whole state as the event it publishes. Pure."""

from services.contracts.referral import OutcomeState, ReferralChanged
from services.referral.partners.state import ReferralState


def referral_changed(referral: ReferralState) -> ReferralChanged:
    """The event of a referral's newest version. Its note stays here: free text is not for events."""
    outcome = None
    if referral.outcome_kind is not None and referral.outcome_on is not None:
        outcome = OutcomeState(
            kind=referral.outcome_kind, amount_fen=referral.outcome_amount_fen, on=referral.outcome_on
        )
    return ReferralChanged(
        ref=referral.id,
        version=referral.version,
        division=referral.division,
        urgent=referral.priority == "stat",
        household_ref=referral.household_ref,
        subject_ref=referral.subject_ref,
        assessment_id=referral.assessment_id,
        partner=referral.partner,
        bureau=referral.bureau,
        need=referral.need,
        programme=referral.programme,
        near_miss=referral.near_miss,
        status=referral.status,
        held_for=referral.held_for,
        reason_code=referral.reason_code,
        gap_fen=referral.gap_fen,
        due_on=referral.due_on,
        outcome=outcome,
        changed_at=referral.changed_at,
    )
