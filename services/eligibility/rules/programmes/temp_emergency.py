"""临时救助·急难型: temporary aid in an emergency, before and beside everything else.

Asks: an emergency: a severity is stated, or one of the event's causes calls for emergency aid (D649 Arts 47-48).
While such a cause has no severity yet, nobody can tell: the visit says.

Gives: the multiple of the standard for the severity as a one-off amount; up to the small-amount limit the township
decides itself, else the county.

Readings: no yearly cap and no same-cause rule (those belong to the spending type). A stated severity is an emergency
whatever the cause says ("other special hardship").
"""

from typing import Final

from services.eligibility.rules.criteria import Claim
from services.eligibility.rules.logic import RATE, Value, any_of, choose, negate, round_half_up
from services.eligibility.rules.steps import CauseFlag, HouseholdFigure, Programme, Step

NO_EMERGENCY: Final = "none"

_EMERGENCY: Final = Claim(
    id="temp_emergency.emergency",
    cites=("D649", "第四十七条"),
    reason="TEMP_EMERGENCY",
    refusal="TEMP_NO_EMERGENCY",
    holds=lambda h, p: negate(h.severity == NO_EMERGENCY),
    shows=lambda h, p: h.severity,
)


def severity(h: Value, p: Value) -> Value:
    """What was stated; unknown while a grave cause waits for the visit; else no emergency."""
    unstated = choose(h.is_emergency_cause, h.severity_unstated, NO_EMERGENCY)
    return choose(h.severity_said == NO_EMERGENCY, unstated, h.severity_said)


def amount(h: Value, p: Value) -> Value:
    """The one-off amount. Units: fen."""
    grave = choose(h.severity == "medium", p.temp_emergency_medium, p.temp_emergency_severe)
    multiple = choose(h.severity == "light", p.temp_emergency_light, grave)
    return round_half_up(multiple * p.dibao_standard_month, RATE)


BEFORE: Final[tuple[Step, ...]] = (
    CauseFlag("is_emergency_cause", lambda p: p.emergency_causes),
    HouseholdFigure("severity", severity),
)

TEMP_EMERGENCY: Final = Programme(
    code="temp_emergency",
    scope="household",
    holds=lambda h, p: _EMERGENCY(h, p),
    one_off=amount,
    authority=lambda h, p: choose(amount(h, p) <= p.township_limit, "township", "county"),
    members=lambda m, p: any_of(m.is_inside, m.tekun),
)
