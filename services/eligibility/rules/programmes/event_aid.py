"""受灾人员救助 · 生活无着流浪乞讨人员救助: aids that follow from what happened, whatever the income.

- disaster_aid: one of the event's causes is a natural disaster (D649 Arts 20-26). Handled by the emergency bureau.
- homeless_aid: one of the causes is a person without shelter (D649 Arts 50-51). No test of registration or income;
  handled by the relief station.

Gives: help in kind; no amount is worked out here.

Readings: a fire is an emergency (temporary aid), not a natural disaster.
"""

from typing import Final

from services.eligibility.rules.criteria import Claim
from services.eligibility.rules.logic import any_of
from services.eligibility.rules.steps import CauseFlag, Programme, Step

_DISASTER: Final = Claim(
    id="disaster_aid.cause",
    cites=("D649", "第二十条"),
    reason="DISASTER_REPORTED",
    refusal="NO_DISASTER_REPORTED",
    holds=lambda h, p: h.is_disaster_cause,
)
_HOMELESS: Final = Claim(
    id="homeless_aid.cause",
    cites=("D649", "第五十条"),
    reason="HOMELESS_REPORTED",
    refusal="NO_HOMELESS_REPORTED",
    holds=lambda h, p: h.is_homeless_cause,
)

BEFORE: Final[tuple[Step, ...]] = (
    CauseFlag("is_disaster_cause", lambda p: p.disaster_causes),
    CauseFlag("is_homeless_cause", lambda p: p.homeless_causes),
)

EVENT_AIDS: Final = (
    Programme(
        code="disaster_aid",
        scope="household",
        holds=lambda h, p: _DISASTER(h, p),
        members=lambda m, p: any_of(m.is_counted, m.tekun),
    ),
    Programme(
        code="homeless_aid",
        scope="household",
        holds=lambda h, p: _HOMELESS(h, p),
        members=lambda m, p: any_of(m.is_counted, m.tekun),
    ),
)
