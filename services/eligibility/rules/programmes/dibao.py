"""最低生活保障 (dibao): the minimum living guarantee of a whole household.

Asks: net income strictly below the standard for all counted heads, and assets within the dibao limits (D649 Art 9,
M57).

Gives: the difference between the standard and net income (or, where the county pays by tiers, the amount a head of the
first tier that per-capita income does not exceed) as `base`; a top-up per person of the highest category that applies
as `category_top_up` (M57 Arts 23, 27). Each is rounded once, half up, on the household's total. From the third refused
job on, the already rounded base is cut to the share of the others, N staying as it is (D649 Art 45, M57 Art 34).

Readings: a base that rounds to 0 leaves the status valid. Where the tiers end below a household's income the base is 0.
A top-up is paid for what is established; a missing fact that could raise it is named while the answer stays "eligible".
`active_sole` does not exclude (its income is counted), `active_company` does.

Cannot tell: which member refused jobs; living area; a local limit on the deduction of medical cost.
"""

from typing import Final

from services.eligibility.rules.household import asset_tests, income_below, people, somebody, whole
from services.eligibility.rules.logic import NET, RATE, Value, all_of, any_of, choose, first_within
from services.eligibility.rules.persons import topup_is_open
from services.eligibility.rules.steps import Programme

_INCOME: Final = income_below(
    "dibao.income",
    lambda h, p: RATE,
    cites=("D649", "第九条"),
    reason="DIBAO_INCOME_BELOW_STANDARD",
    refusal="DIBAO_INCOME_NOT_BELOW_STANDARD",
)
_ASSETS: Final = asset_tests(
    "dibao",
    kind="dibao",
    heads=people,
    cites=("M57", "第十四条"),
    refusals=("ASSET_FINANCIAL_OVER_DIBAO", "ASSET_VEHICLE_DIBAO", "ASSET_DWELLING", "ASSET_BUSINESS"),
)


def is_dibao(h: Value, p: Value) -> Value:
    """Income and assets both within the lines."""
    return all_of(_INCOME(h, p), _ASSETS(h, p))


def has_refused_jobs(h: Value, p: Value) -> Value:
    """As many jobs refused without reason as stop a person's own share."""
    return h.refused_jobs >= p.job_refusals_stop


def base(h: Value, p: Value) -> Value:
    """The grant without top-ups. Units: fen a month."""
    gap = p.dibao_standard_month * h.people * NET - h.net
    full = choose(p.grant_mode == "tier", by_tier(h, p), whole(gap, NET, p))
    return choose(has_refused_jobs(h, p), whole(full * (h.people - 1), h.people, p), full)


def by_tier(h: Value, p: Value) -> Value:
    """The amount of the first tier whose per-capita limit is not exceeded, for each head. Units: fen a month."""
    return whole(first_within(h.net, p.tiers, h.people * NET) * h.people, 1, p)


DIBAO: Final = Programme(
    code="dibao",
    scope="household",
    reached=somebody,
    holds=is_dibao,
    unreached="NOBODY_COUNTED",
    components=(("base", base), ("category_top_up", lambda h, p: whole(h.topup, RATE, p))),
    members=lambda m, p: m.is_inside,
    amount_facts=lambda m, p: all_of(m.is_inside, topup_is_open(m, p)),
    notes=(
        ("OWN_SHARE_STOPPED_3_REFUSALS", has_refused_jobs),
        ("GRANT_ROUNDS_TO_ZERO_STATUS_VALID", lambda h, p: base(h, p) == 0),
        ("MEMBER_DECEASED", lambda h, p: any_of(*(m.presence == "deceased" for m in h.members))),
        ("MEMBER_IN_TWO_HOUSEHOLDS", lambda h, p: any_of(*(m.presence == "in_other_household" for m in h.members))),
    ),
    can_near_miss=True,
)
