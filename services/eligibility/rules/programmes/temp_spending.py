"""临时救助·支出型: temporary aid for spending that suddenly exceeds what a family can bear.

Asks: self-paid medical cost of 12 months reaches the first band; no aid for the same cause within 12 months; and, for
families without a status only, capacity: gross annual income per head strictly below the local average, assets within
the margin limits, and medical + education + rehabilitation strictly above the share of gross annual income (without any
income it counts as exceeded). For dibao, margin, rigid and tekun only the spending is verified (TA23 §2(2)).

Gives: the multiple of the standard of the last band reached, at most what is left of the yearly cap, as a one-off
amount, exact to the fen: the cap may leave an odd rest of what was received.

Readings: living cost is never added to the spending, whatever `rigid_living` says. Where the cap leaves nothing the
answer stays "eligible" with amount 0 and `TEMP_YEAR_CAP`: the text refuses for the same cause only. The cap and the
same-cause rule are those of this type; emergency aid has neither.

Cannot tell: whether the spending is sudden; which costs are compliant; aid from outside the system.
"""

from typing import Final

from services.eligibility.rules.criteria import Claim, Comparison, Group, Line
from services.eligibility.rules.household import (
    asset_tests,
    gross_below_average,
    people,
    spending_above,
)
from services.eligibility.rules.logic import (
    RATE,
    Value,
    all_of,
    any_of,
    larger,
    last_reached,
    lowest_edge,
    negate,
    round_half_up,
    smaller,
)
from services.eligibility.rules.steps import HouseholdFigure, Programme, Step

_CITES: Final = ("TA23", "二（一）")
_OVER: Final = "TEMP_CAPACITY_NOT_EXCEEDED"

_BAND: Final = Comparison(
    id="temp_spending.band",
    cites=("TA23", "二（三）"),
    reason="TEMP_SPENDING_OK",
    refusal="TEMP_SPENDING_BELOW_FIRST_BAND",
    unit="yuan",
    operator=">=",
    actual=lambda h, p: h.medical,
    threshold=lambda h, p: lowest_edge(p.temp_spending_bands),
)
_CAUSE: Final = Claim(
    id="temp_spending.same_cause",
    cites=("TA23", "二（三）"),
    refusal="TEMP_SAME_CAUSE_WITHIN_12M",
    holds=lambda h, p: negate(h.same_cause),
)
_STATUS: Final = Claim(
    id="temp_spending.status",
    cites=("TA23", "二（二）"),
    holds=lambda h, p: any_of(h.dibao, h.margin, h.rigid, h.any_tekun),
)
CAPACITY: Final = Group(
    gross_below_average("temp_spending.income", cites=_CITES, refusal=_OVER),
    asset_tests("temp_spending", kind="margin", heads=people, cites=_CITES, refusals=(_OVER,) * 4),
    spending_above(
        "temp_spending.ratio",
        lambda h, p: p.temp_capacity_ratio,
        lambda h, p: h.spending,
        cites=_CITES,
        refusal=_OVER,
    ),
)


def is_temp_spending(h: Value, p: Value) -> Value:
    """Spending reaches a band, for a new cause, of a family with a status or beyond its capacity."""
    return all_of(_BAND(h, p), _CAUSE(h, p), any_of(_STATUS(h, p), CAPACITY(h, p)))


def wanted(h: Value, p: Value) -> Value:
    """The multiple of the band reached. Units: fen x 10,000."""
    return h.temp_multiple * p.dibao_standard_month


def left_of_cap(h: Value, p: Value) -> Value:
    """What the yearly cap leaves, never below zero. Units: fen x 10,000."""
    return larger(p.temp_year_cap_multiple * p.dibao_standard_month - h.aid_received * RATE, 0)


def amount(h: Value, p: Value) -> Value:
    """The one-off amount. Units: fen."""
    return round_half_up(smaller(wanted(h, p), left_of_cap(h, p)), RATE)


def tidy(lines: list[Line]) -> list[Line]:
    """A family with a status shows no capacity tests, one without shows no status test."""
    band, cause, status, *capacity = lines
    if status.holds is True:
        return [band, cause, status]
    return [band, cause, *capacity] if status.holds is False else lines


BEFORE: Final[tuple[Step, ...]] = (
    HouseholdFigure("temp_multiple", lambda h, p: last_reached(h.medical, p.temp_spending_bands)),
)

TEMP_SPENDING: Final = Programme(
    code="temp_spending",
    scope="household",
    holds=is_temp_spending,
    one_off=amount,
    members=lambda m, p: m.is_inside,
    notes=(("TEMP_YEAR_CAP", lambda h, p: wanted(h, p) > left_of_cap(h, p)),),
    can_near_miss=True,
    tidy=tidy,
)
