"""最低生活保障边缘家庭: a family at the margin of the minimum living guarantee.

Asks: not dibao; net income strictly below 1.5 times the standard for all counted heads; assets within the margin limits
(M57 Art 8, G39 §2). A family whose assets alone exceed the dibao limit but not the margin limit is margin, not refused.

Gives: no monthly amount; the status opens special aids, temporary aid and single-person dibao.
"""

from typing import Final

from services.eligibility.rules.household import asset_tests, income_below, not_already, people, somebody
from services.eligibility.rules.logic import Value, all_of
from services.eligibility.rules.steps import Programme

_CITES: Final = ("M57", "第八条")
_INCOME: Final = income_below(
    "margin.income",
    lambda h, p: p.margin_multiple,
    cites=_CITES,
    reason="MARGIN_BELOW_1_5X",
    refusal="MARGIN_INCOME_NOT_BELOW_1_5X",
)
_ASSETS: Final = asset_tests(
    "margin",
    kind="margin",
    heads=people,
    cites=("M57", "第十四条"),
    refusals=("ASSET_FINANCIAL_OVER_MARGIN", "ASSET_VEHICLE_MARGIN", "ASSET_DWELLING", "ASSET_BUSINESS"),
)
_NOT_DIBAO: Final = not_already("dibao", "STATUS_IS_DIBAO", _CITES, "margin")


def is_margin(h: Value, p: Value) -> Value:
    """Not dibao, but income and assets within the margin lines."""
    return all_of(_NOT_DIBAO(h, p), _INCOME(h, p), _ASSETS(h, p))


MARGIN: Final = Programme(
    code="margin",
    scope="household",
    reached=somebody,
    holds=is_margin,
    unreached="NOBODY_COUNTED",
    members=lambda m, p: m.is_inside,
    can_near_miss=True,
)
