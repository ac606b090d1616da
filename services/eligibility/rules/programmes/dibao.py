"""最低生活保障 (dibao): the minimum living guarantee of a whole household.

Asks: net income strictly below the standard for all counted heads, and assets within the dibao limits (D649 Art 9,
M57).

Gives: the difference between the standard and net income (or, where the county pays by tiers, the amount a head of the
first tier that per-capita income does not exceed) as `base`; a top-up per person of the highest category that applies
as `category_top_up` (M57 Arts 23, 27). Each is rounded once, half up, on the household's total. From the third refused
job on, the already rounded base is cut to the share of the others, N staying as it is (D649 Art 45, M57 Art 34).

Tapering (渐退期, M83 §1(3)): a family on dibao whose income rose above the standard because a member took a job keeps
the status and its former grant unchanged, as `base`, for a set number of months, while income stays within a multiple
of the standard and assets within the dibao limits. Back below the standard the ordinary grant is paid.

Readings: a base that rounds to 0 leaves the status valid. Where the tiers end below a household's income the base is 0.
A top-up is paid for what is established; a missing fact that could raise it is named while the answer stays "eligible".
`active_sole` does not exclude (its income is counted), `active_company` does. The months of tapering are completed
months since the day on record: on the day that completes the last one the taper is over. The former grant holds its
top-ups; a refused job does not cut it again.

Cannot tell: which member refused jobs; whether it was a job that raised the income (the record is taken); living area;
a local limit on the deduction of medical cost.
"""

from typing import Final

from services.eligibility.rules.criteria import Comparison, Line
from services.eligibility.rules.facts import NO_TAPER
from services.eligibility.rules.household import asset_tests, income_below, people, per_head, somebody, whole
from services.eligibility.rules.logic import MONTHS, NET, RATE, Value, all_of, any_of, choose, first_within, negate
from services.eligibility.rules.persons import topup_is_open
from services.eligibility.rules.steps import Programme

_INCOME: Final = income_below(
    "dibao.income",
    lambda h, p: RATE,
    cites=("D649", "第九条"),
    reason="DIBAO_INCOME_BELOW_STANDARD",
    refusal="DIBAO_INCOME_NOT_BELOW_STANDARD",
)
_TAPER_TIME: Final = Comparison(
    id="dibao.taper_months",
    cites=("M83", "一（三）"),
    reason="EXIT_TAPER",
    refusal="EXIT_TAPER_ENDED",
    unit="months",
    operator="<",
    actual=lambda h, p: h.taper_months,
    threshold=lambda h, p: p.taper_max_months,
)
_TAPER_INCOME: Final = Comparison(
    id="dibao.taper_income",
    cites=("M83", "一（三）"),
    refusal="EXIT_TAPER_INCOME_ABOVE",
    unit="yuan/person/month",
    operator="<=",
    actual=lambda h, p: h.net,
    threshold=lambda h, p: p.taper_income_multiple * p.dibao_standard_month * h.people * MONTHS,
    per=per_head,
)
_ASSETS: Final = asset_tests(
    "dibao",
    kind="dibao",
    heads=people,
    cites=("M57", "第十四条"),
    refusals=("ASSET_FINANCIAL_OVER_DIBAO", "ASSET_VEHICLE_DIBAO", "ASSET_DWELLING", "ASSET_BUSINESS"),
)


def is_dibao(h: Value, p: Value) -> Value:
    """Income below the standard or tapering off, and assets within the limits."""
    return all_of(any_of(_INCOME(h, p), is_tapering(h, p)), _ASSETS(h, p))


def is_tapering(h: Value, p: Value) -> Value:
    """A rise of income by a job is on record, not too long ago and not too high. Source: M83 §1(3)."""
    return all_of(is_on_record(h, p), _TAPER_TIME(h, p), _TAPER_INCOME(h, p))


def is_on_record(h: Value, p: Value) -> Value:
    """A rise of income by a job is on record."""
    return h.taper_months > NO_TAPER


def is_below(h: Value, p: Value) -> Value:
    """Income below the standard; of a family on dibao: it is not tapering off."""
    return h.net < p.dibao_standard_month * h.people * NET


def has_refused_jobs(h: Value, p: Value) -> Value:
    """As many jobs refused without reason as stop a person's own share."""
    return h.refused_jobs >= p.job_refusals_stop


def base(h: Value, p: Value) -> Value:
    """The grant without top-ups; while it tapers, the former grant. Units: fen a month."""
    gap = p.dibao_standard_month * h.people * NET - h.net
    full = choose(p.grant_mode == "tier", by_tier(h, p), whole(gap, NET, p))
    paid = choose(has_refused_jobs(h, p), whole(full * (h.people - 1), h.people, p), full)
    return choose(any_of(negate(is_on_record(h, p)), is_below(h, p)), paid, h.taper_grant)


def topup(h: Value, p: Value) -> Value:
    """The category top-ups; the former grant of a taper holds them already. Units: fen a month."""
    return choose(any_of(negate(is_on_record(h, p)), is_below(h, p)), whole(h.topup, RATE, p), 0)


def by_tier(h: Value, p: Value) -> Value:
    """The amount of the first tier whose per-capita limit is not exceeded, for each head. Units: fen a month."""
    return whole(first_within(h.net, p.tiers, h.people * NET) * h.people, 1, p)


def tidy(lines: list[Line]) -> list[Line]:
    """The tests of a taper are shown where a rise of income is on record and income is not below the standard.

    Where they hold the failed comparison with the standard has no bearing on the answer.
    """
    income, time, reach, *assets = lines
    if time.actual == NO_TAPER or income.holds is True:
        return [income, *assets]
    return [time, reach, *assets] if time.holds is True and reach.holds is True else lines


DIBAO: Final = Programme(
    code="dibao",
    scope="household",
    reached=somebody,
    holds=is_dibao,
    unreached="NOBODY_COUNTED",
    components=(("base", base), ("category_top_up", topup)),
    members=lambda m, p: m.is_inside,
    amount_facts=lambda m, p: all_of(m.is_inside, topup_is_open(m, p)),
    notes=(
        ("OWN_SHARE_STOPPED_3_REFUSALS", has_refused_jobs),
        ("GRANT_ROUNDS_TO_ZERO_STATUS_VALID", lambda h, p: base(h, p) == 0),
        ("MEMBER_DECEASED", lambda h, p: any_of(*(m.presence == "deceased" for m in h.members))),
        ("MEMBER_IN_TWO_HOUSEHOLDS", lambda h, p: any_of(*(m.presence == "in_other_household" for m in h.members))),
    ),
    can_near_miss=True,
    tidy=tidy,
)
