"""The order in which a household is worked through: the waterfall.

Tekun first, person by person; who is tekun leaves the household before heads and income are counted. Then dibao,
margin, rigid; single-person dibao inside the household that is left; temporary aid beside them; then the special aids
that follow from the statuses found.
"""

from typing import Final

from services.eligibility.rules import household, persons
from services.eligibility.rules.programmes import (
    children,
    dibao_single,
    disability,
    elderly,
    event_aid,
    special_aid,
    tekun,
    temp_emergency,
    temp_spending,
)
from services.eligibility.rules.programmes.dibao import DIBAO
from services.eligibility.rules.programmes.margin import MARGIN
from services.eligibility.rules.programmes.rigid import RIGID
from services.eligibility.rules.steps import Programme, Step

PLAN: Final[tuple[Step, ...]] = (
    *household.ASSETS,
    *persons.BEFORE_TEKUN,
    tekun.TEKUN,
    *tekun.AMOUNTS,
    *persons.AFTER_TEKUN,
    *household.FIGURES,
    DIBAO,
    MARGIN,
    RIGID,
    *dibao_single.BEFORE,
    dibao_single.DIBAO_SINGLE,
    *dibao_single.AMOUNTS,
    *temp_emergency.BEFORE,
    temp_emergency.TEMP_EMERGENCY,
    *temp_spending.BEFORE,
    temp_spending.TEMP_SPENDING,
    *special_aid.BEFORE,
    *special_aid.SPECIAL_AIDS,
    *event_aid.BEFORE,
    *event_aid.EVENT_AIDS,
    *children.CHILDREN,
    *disability.DISABILITY,
    *disability.AMOUNTS,
    *children.AMOUNTS,
    elderly.ELDERLY,
    *elderly.AMOUNTS,
)

PROGRAMMES: Final = tuple(step for step in PLAN if isinstance(step, Programme))
