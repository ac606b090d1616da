"""What must hold in referral's own tables, each as a query for the rows that break it. `verify` runs them all."""

LIVE = ("queued", "sending", "retrying")
"""States of a webhook on its way. `held` waits for an endpoint, or for the partner's own polling."""

BREACHES: dict[str, str] = {
    # Invariant 3
    "a need of the newest assessment has neither referral nor reason": """
        SELECT h.household_ref, n->>'code' AS need FROM household h, jsonb_array_elements(h.needs) n
        WHERE NOT EXISTS (SELECT 1 FROM need_outcome o
            WHERE o.assessment_id = h.assessment_id AND o.need = n->>'code')""",
    "a party that a need names has neither referral nor reason": """
        SELECT h.household_ref, n->>'code' AS need, party FROM household h, jsonb_array_elements(h.needs) n,
            jsonb_array_elements_text((n->'partners') || (n->'bureaux')) party
        WHERE NOT EXISTS (SELECT 1 FROM need_outcome o
            WHERE o.assessment_id = h.assessment_id AND o.need = n->>'code' AND o.party = party)""",
    "a household has two open referrals to one partner for one need": """
        SELECT household_ref, partner, need FROM referral
        WHERE status IN ('draft', 'requested', 'accepted', 'in_progress', 'on_hold')
        GROUP BY household_ref, partner, need HAVING count(*) > 1""",
    # Invariant 4
    "a referral that may leave has no webhook on its way": """
        SELECT r.id FROM referral r
        WHERE r.status IN ('requested', 'accepted', 'in_progress', 'on_hold') AND r.held_for IS NULL
            AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.referral_id = r.id AND d.state <> 'cancelled')""",
    "a webhook waits for a referral that may not leave": """
        SELECT d.id FROM delivery d JOIN referral r ON r.id = d.referral_id
        WHERE d.state IN ('queued', 'sending', 'retrying', 'held') AND d.type <> 'referral.revoked'
            AND (r.held_for IS NOT NULL OR r.requested_at IS NULL OR r.status = 'cancelled')""",
    "a referral left without consent or statute": """
        SELECT id FROM referral WHERE requested_at IS NOT NULL AND consent IS NULL""",
    "a webhook was tried before its body was written": """
        SELECT id FROM delivery WHERE attempts > 0 AND body IS NULL""",
    "a delivered webhook has no good attempt, and its partner has neither polled nor answered": """
        SELECT d.id FROM delivery d LEFT JOIN referral r ON r.id = d.referral_id
        WHERE d.state = 'delivered' AND d.endpoint_id IS NOT NULL AND r.acknowledged_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.delivery_id = d.id AND a.status BETWEEN 200 AND 299)""",
    # Histories
    "a referral's newest version has no step": """
        SELECT r.id FROM referral r
        WHERE NOT EXISTS (SELECT 1 FROM referral_step s WHERE s.referral_id = r.id AND s.version = r.version
            AND s.status = r.status)""",
    "a referral's versions have a gap": """
        SELECT referral_id FROM referral_step GROUP BY referral_id HAVING count(*) <> max(version)""",
}
