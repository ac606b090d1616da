"""刚性支出困难家庭: a family in hardship from rigid expenditure.

Asks: not dibao, not margin, nobody tekun; gross annual income per head strictly below the local disposable income of
the previous year; assets within the rigid limits; rigid spending of the last 12 months strictly above the local share
of gross annual income (RIGID24 Art 4). Without any income the share counts as exceeded.

Rigid spending = self-paid medical + education + rehabilitation, and 12 months of the standard for each head where the
county counts living cost. Gross income is before the cost of working and before all deductions, so that no expenditure
is used twice.

Gives: no monthly amount; the status, for at most 12 months.

Cannot tell: which costs are compliant and receipted; the public-school rate of school fees; when the 12 months of an
earlier recognition end.
"""

from typing import Final

from services.eligibility.rules.household import (
    asset_tests,
    gross_below_average,
    not_already,
    people,
    somebody,
    spending_above,
)
from services.eligibility.rules.logic import MONTHS, Value, all_of, choose
from services.eligibility.rules.steps import Programme

_CITES: Final = ("RIGID24", "第四条")


def rigid_spending(h: Value, p: Value) -> Value:
    """Spending of 12 months that counts as rigid. Units: fen."""
    living = p.dibao_standard_month * h.people * MONTHS
    return h.spending + choose(p.rigid_living == "dibao_standard", living, 0)


_NOT_DIBAO: Final = not_already("dibao", "STATUS_IS_DIBAO", _CITES, "rigid")
_NOT_MARGIN: Final = not_already("margin", "STATUS_IS_MARGIN", _CITES, "rigid")
_NOT_TEKUN: Final = not_already("any_tekun", "STATUS_IS_TEKUN", _CITES, "rigid")
_INCOME: Final = gross_below_average("rigid.income", cites=_CITES, refusal="RIGID_FAIL_INCOME")
_ASSETS: Final = asset_tests("rigid", kind="rigid", heads=people, cites=_CITES, refusals=("RIGID_FAIL_ASSETS",) * 4)
_RATIO: Final = spending_above(
    "rigid.ratio",
    lambda h, p: p.rigid_ratio,
    rigid_spending,
    cites=_CITES,
    reason="RIGID_RATIO_EXCEEDED",
    refusal="RIGID_FAIL_RATIO",
)


def is_rigid(h: Value, p: Value) -> Value:
    """No higher status, income below the average, assets within limits, spending above the line."""
    return all_of(_NOT_DIBAO(h, p), _NOT_MARGIN(h, p), _NOT_TEKUN(h, p), _INCOME(h, p), _ASSETS(h, p), _RATIO(h, p))


RIGID: Final = Programme(
    code="rigid",
    scope="household",
    reached=somebody,
    holds=is_rigid,
    unreached="NOBODY_COUNTED",
    members=lambda m, p: m.is_inside,
    can_near_miss=True,
)
