"""高龄津贴: the old-age allowance of low-income families (Law on the Elderly Art 33).

Asks: a counted member, tekun persons included, who reaches the first age band, in a household of low income.

Gives: the amount of the last age band reached, a person, as `base`.

Cannot tell: an allowance already paid by the health bureau; local bands by length of residence.
"""

from typing import Final

from services.eligibility.rules.criteria import Claim, Comparison
from services.eligibility.rules.household import whole
from services.eligibility.rules.logic import Value, all_of, established, last_reached, lowest_edge
from services.eligibility.rules.steps import Fold, Programme, Step

_CITES: Final = ("ELDERS", "第三十三条")
_STATUS: Final = Claim(
    id="elderly_allowance.low_income",
    cites=_CITES,
    reason="LOW_INCOME_STATUS",
    refusal="NO_LOW_INCOME_STATUS",
    holds=lambda m, p: m.home.is_low_income,
)
_AGE: Final = Comparison(
    id="elderly_allowance.age",
    cites=_CITES,
    unit="years",
    operator=">=",
    actual=lambda m, p: m.age,
    threshold=lambda m, p: lowest_edge(p.elderly_allowance),
)


def is_reached(m: Value, p: Value) -> Value:
    """A counted member who is old enough."""
    return all_of(m.is_counted, m.age >= lowest_edge(p.elderly_allowance))


def allowance(m: Value, p: Value) -> Value:
    """The amount of the age band reached. Units: fen a month."""
    return established(m.elderly_allowance, whole(last_reached(m.age, p.elderly_allowance), 1, p), 0)


ELDERLY: Final = Programme(
    code="elderly_allowance",
    scope="person",
    reached=is_reached,
    unreached="NOBODY_OLD_ENOUGH",
    holds=lambda m, p: all_of(_STATUS(m, p), _AGE(m, p)),
    components=(("base", lambda h, p: h.elderly_amount),),
)

AMOUNTS: Final[tuple[Step, ...]] = (Fold("elderly_amount", "members", "sum", allowance, "elderly_allowance"),)
