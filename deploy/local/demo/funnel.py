"""Where everything that was pushed has come to, read from the parts' own tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from deploy.local.opened import Databases

_ACCOUNTED = "SELECT count(*) FROM record_account WHERE record_id = ANY ($1::uuid[])"
_ASSESSED = """
    SELECT count(*) AS assessments, coalesce(sum(cardinality(eligible)), 0) AS eligible,
        coalesce(sum(cardinality(not_eligible)), 0) AS not_eligible, coalesce(sum(cardinality(unknown)), 0) AS unknown,
        count(*) FILTER (WHERE needs <> '[]') AS in_need
    FROM assessment WHERE state = 'live'
"""
# A family that says no and then yes (a grid report may tell so) has a closed draft and a new referral when the need was
# known in between, and one referral when it was not: which comes first, the word or the assessment, no run can promise.
# So what is counted is each household, partner and need once, and the same town gives the same figure.
_REFERRALS = """
    SELECT count(DISTINCT (household_ref, partner, need)) AS referrals,
        count(*) FILTER (WHERE status = 'draft' AND held_for = 'consent') AS consent,
        count(*) FILTER (WHERE status = 'draft' AND held_for = 'confirmation') AS confirmation
    FROM referral
"""
_PARTNERS = """
    SELECT partner, count(*) FILTER (WHERE requested_at IS NOT NULL) AS requested,
        count(*) FILTER (WHERE acknowledged_at IS NOT NULL) AS answered,
        count(*) FILTER (WHERE outcome_kind IS NOT NULL) AS helped
    FROM referral WHERE partner = ANY ($1::text[]) GROUP BY partner
"""
_DELIVERIES = """
    SELECT partner, count(*) FILTER (WHERE state = 'delivered') AS delivered,
        count(*) FILTER (WHERE state IN ('queued', 'sending', 'retrying')) AS waiting
    FROM delivery WHERE type = 'referral.requested' AND partner = ANY ($1::text[]) GROUP BY partner
"""
_UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"


@dataclass
class PartnerLine:
    """One partner: referrals that left for it, webhooks it took, referrals it answered, people it helped."""

    requested: int = 0
    delivered: int = 0
    waiting: int = 0
    answered: int = 0
    helped: int = 0


@dataclass
class Funnel:
    """The whole motion in figures. `accepted` counts repeats again, `distinct` and `accounted` do not."""

    pushed: int = 0
    accepted: int = 0
    distinct: int = 0
    accounted: int = 0
    assessments: int = 0
    in_need: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    referrals: int = 0
    held: dict[str, int] = field(default_factory=dict)
    partners: dict[str, PartnerLine] = field(default_factory=dict)
    unsent: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether everything pushed has its account, no event waits, and every first delivery was answered."""
        is_accounted = self.accepted == self.pushed and self.accounted >= self.distinct
        return is_accounted and not self.unsent and not any(line.waiting for line in self.partners.values())

    @property
    def all_helped(self) -> bool:
        """Whether every partner reported an outcome."""
        return all(line.helped for line in self.partners.values())


async def read_funnel(databases: Databases, *, pushed: int, ids: Sequence[UUID], codes: Sequence[str]) -> Funnel:
    """Count. `ids` are the records accepted so far, repeats once; `codes` the partners that take part."""
    funnel = Funnel(pushed=pushed, accepted=0, distinct=len(ids))
    eligibility, referral = databases["eligibility"], databases["referral"]
    funnel.accounted = await eligibility.fetchval(_ACCOUNTED, ids)
    row = await eligibility.fetchrow(_ASSESSED)
    funnel.assessments, funnel.in_need = row["assessments"], row["in_need"]
    funnel.outcomes = {name: int(row[name]) for name in ("eligible", "not_eligible", "unknown")}
    row = await referral.fetchrow(_REFERRALS)
    funnel.referrals = row["referrals"]
    funnel.held = {name: row[name] for name in ("consent", "confirmation")}
    funnel.partners = {code: PartnerLine() for code in codes}
    for row in await referral.fetch(_PARTNERS, list(codes)):
        line = funnel.partners[row["partner"]]
        line.requested, line.answered, line.helped = row["requested"], row["answered"], row["helped"]
    for row in await referral.fetch(_DELIVERIES, list(codes)):
        line = funnel.partners[row["partner"]]
        line.delivered, line.waiting = row["delivered"], row["waiting"]
    for part in ("intake", "eligibility", "referral"):
        funnel.unsent += await databases[part].fetchval(_UNSENT)
    return funnel
