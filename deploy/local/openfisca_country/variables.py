"""Persons, households, and what is given of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from deploy.local.openfisca_country.codes import CARD_KINDS

PERSON = build_entity(key="person", plural="persons", label="", is_person=True)
HOUSEHOLD = build_entity(
    key="household", plural="households", label="", roles=[{"key": "member", "plural": "members", "label": ""}]
)
PERSON_INPUTS: dict[str, type] = {
    **dict.fromkeys(("age", "relation", "presence", "custody", "card_kind", "card_grade", "failed_items"), int),
    **dict.fromkeys(("cohabits", "legal_duty", "independent", "studies", "is_student", "is_idle"), bool),
    **dict.fromkeys(("has_card", "serious_illness", "able_to_work", "long_term_care"), bool),
    **dict.fromkeys(("is_tekun_tested", "obligors_unable", "chooses_child_benefit", "is_single_applicant"), bool),
    **dict.fromkeys(("has_parents", "parents_gone", "parents_cannot_care"), bool),
    **dict.fromkeys(("own_income", "own_wage"), float),
}
HOUSEHOLD_INPUTS: dict[str, type] = {
    **dict.fromkeys(("vehicles", "dwellings", "business", "housing", "severity", "refused_jobs", "taper_months"), int),
    **dict.fromkeys(("is_disaster_cause", "is_homeless_cause", "same_cause", "monitored"), bool),
    **dict.fromkeys(("financial", "vehicle_value", "medical", "education", "rehabilitation"), float),
    **dict.fromkeys(("aid_received", "taper_grant"), float),
}
NO_TAPER = -1

Parameters = dict[str, Any]  # Any: yuan, fractions, whole numbers, switches, codes, and lists of them
Formula = Callable[[Any, Any], Any]


class Rules:
    """A tax-benefit system in the making, under the parameters of one place and day."""

    def __init__(self, p: Parameters) -> None:
        self.p = p
        self.made = TaxBenefitSystem([PERSON, HOUSEHOLD])
        for entity, inputs in ((PERSON, PERSON_INPUTS), (HOUSEHOLD, HOUSEHOLD_INPUTS)):
            for key, kind in inputs.items():
                self.made.add_variable(_variable(key, kind, entity))

    def person(self, key: str, kind: type, formula: Formula) -> None:
        """A figure of each person: (persons, month) → values."""
        self.made.add_variable(_variable(key, kind, PERSON, formula))

    def household(self, key: str, kind: type, formula: Formula) -> None:
        """A figure of each household: (households, month) → values."""
        self.made.add_variable(_variable(key, kind, HOUSEHOLD, formula))


def _variable(key: str, kind: type, entity: Any, formula: Formula | None = None) -> type:
    body: dict[str, Any] = {"value_type": kind, "entity": entity, "definition_period": DateUnit.MONTH}
    if formula is not None:
        body["formula"] = lambda subject, period: formula(subject, period)
    return type(key, (Variable,), body)


def graded(m: Any, t: Any, rows: list[Any]) -> Any:
    """A card that reaches one of the rows (kind or "any", worst grade)."""
    found = np.zeros(m.count, dtype=bool)
    for kind, worst in rows:
        reaches = m("card_grade", t) <= worst
        found |= reaches if kind == "any" else reaches & (m("card_kind", t) == CARD_KINDS.index(kind))
    return found


def whole(amount: Any, unit: float) -> Any:
    """Half up to whole units, yuan for grants and fen for one-off aid."""
    return np.floor(amount / unit + 0.5) * unit


def stepped(figure: Any, rows: list[Any]) -> Any:
    """What the last row gives whose lower edge the figure reaches."""
    answer = np.zeros(len(figure))
    for edge, gives in rows:
        answer = np.where(figure >= edge, gives, answer)
    return answer
