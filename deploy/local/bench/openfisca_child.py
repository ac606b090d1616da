"""The basic-living statuses written for openfisca-core, in an environment of its own: `python FILE INPUT.npz OUT.npz`.

Dibao, margin and rigid with their arithmetic and asset limits, and dibao's grant: the plan of the rule book as far as
rigid, for households of which everything is known and nobody is tested for tekun. It counts in 32-bit floats.
"""

import json
import sys
import time
from typing import Any

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

MONTH = "2025-07"
PERSON = build_entity(key="person", plural="persons", label="", is_person=True)
HOUSEHOLD = build_entity(
    key="household", plural="households", label="", roles=[{"key": "member", "plural": "members", "label": ""}]
)
PERSON_INPUTS = {
    **{"age": int, "relation": int, "studies": bool, "card_kind": int, "card_grade": int, "serious_illness": bool},
    **{"wage_income": float, "other_income": float},
}
HOUSEHOLD_INPUTS = {
    **{"financial": float, "vehicles": int, "vehicle_value": float, "dwellings": int, "business": int},
    **{"medical": float, "education": float, "rehabilitation": float},
}
ANSWERS = ("dibao", "margin", "rigid", "dibao_base", "dibao_topup")


def input_variable(key: str, kind: type, entity: Any) -> type:
    """A variable that is given."""
    return type(key, (Variable,), {"value_type": kind, "entity": entity, "definition_period": DateUnit.MONTH})


def worked_out(key: str, kind: type, entity: Any, formula: Any) -> type:
    """A variable with a formula of (subject, period)."""
    body = {"value_type": kind, "entity": entity, "definition_period": DateUnit.MONTH, "formula": formula}
    return type(key, (Variable,), body)


def system(p: dict[str, Any]) -> TaxBenefitSystem:
    """The statuses under the parameters of a county and day; amounts in yuan, rates as fractions."""
    made = TaxBenefitSystem([PERSON, HOUSEHOLD])

    def add(key: str, kind: type, entity: Any, formula: Any) -> None:
        made.add_variable(worked_out(key, kind, entity, lambda subject, period: formula(subject, period)))

    for entity, inputs in ((PERSON, PERSON_INPUTS), (HOUSEHOLD, HOUSEHOLD_INPUTS)):
        for key, value_type in inputs.items():
            made.add_variable(input_variable(key, value_type, entity))
    add("is_minor", bool, PERSON, lambda m, t: m("age", t) < p["adult_age"])
    add("is_severe", bool, PERSON, lambda m, t: severe(m, t, p))
    add("is_counted", bool, PERSON, counted)
    add("own_income", float, PERSON, lambda m, t: m("wage_income", t) + m("other_income", t))
    add("topup_rate", float, PERSON, lambda m, t: topup_rate(m, t, p))
    add("people", int, HOUSEHOLD, lambda h, t: h.sum(h.members("is_counted", t)))
    add("gross", float, HOUSEHOLD, lambda h, t: h.sum(h.members("own_income", t) * h.members("is_counted", t)))
    add("wage", float, HOUSEHOLD, lambda h, t: h.sum(h.members("wage_income", t) * h.members("is_counted", t)))
    add("topup", float, HOUSEHOLD, lambda h, t: h.sum(h.members("topup_rate", t) * h.members("is_counted", t)))
    add("net", float, HOUSEHOLD, lambda h, t: net(h, t, p))
    for kind in ("dibao", "margin", "rigid"):
        add(f"assets_{kind}", bool, HOUSEHOLD, lambda h, t, kind=kind: assets(h, t, p, kind))
    standard = p["dibao_standard_month"]
    add("dibao", bool, HOUSEHOLD, lambda h, t: (h("net", t) < standard * h("people", t)) * h("assets_dibao", t))
    add("margin", bool, HOUSEHOLD, lambda h, t: is_margin(h, t, p))
    add("rigid", bool, HOUSEHOLD, lambda h, t: is_rigid(h, t, p))
    add("dibao_base", float, HOUSEHOLD, lambda h, t: h("dibao", t) * whole(standard * h("people", t) - h("net", t)))
    add("dibao_topup", float, HOUSEHOLD, lambda h, t: h("dibao", t) * whole(h("topup", t) * standard))
    return made


def severe(m: Any, t: Any, p: dict[str, Any]) -> Any:
    """Severely disabled: the kinds and grades of the table."""
    found = m("age", t) < 0
    for kinds, grade in p["severe"]:
        found = found + (m("card_grade", t) == grade) * np.isin(m("card_kind", t), kinds)
    return found


def counted(m: Any, t: Any) -> Any:
    """Everybody of these households lives here under a duty of support."""
    relation = m("relation", t)
    grown = m("studies", t) + m("is_severe", t) + (relation == 2)
    return (relation < 2) + (relation == 2) * (m("is_minor", t) + grown) + (relation == 3)


def topup_rate(m: Any, t: Any, p: dict[str, Any]) -> Any:
    """The highest category top-up, or their sum."""
    rates = (
        (m("age", t) >= p["topup_elder_age"]) * p["topup_elder70"],
        m("is_minor", t) * p["topup_minor"],
        m("is_severe", t) * p["topup_severe_disabled"],
        m("serious_illness", t) * p["topup_seriously_ill"],
    )
    return sum(rates) if p["topup_stack"] else np.maximum.reduce(rates)


def net(h: Any, t: Any, p: dict[str, Any]) -> Any:
    """Income less job cost and a twelfth of the deductible cost."""
    cost = p["medical_deduct"] * (h("medical", t) + h("rehabilitation", t)) + p["education_deduct"] * h("education", t)
    return np.maximum(h("gross", t) - h("wage", t) * p["job_cost_rate"] - cost / 12, 0)


def assets(h: Any, t: Any, p: dict[str, Any], kind: str) -> Any:
    """The asset limits of a status."""
    limit = p[f"vehicle_limit_{kind}"]
    per_head = p[f"financial_limit_months_{kind}"] * p["dibao_standard_month"]
    car = (h("vehicles", t) <= (1 if limit > 0 else 0)) * ((h("vehicle_value", t) <= limit) + (h("vehicles", t) == 0))
    home = (h("dwellings", t) <= p["dwellings_max"]) * np.isin(h("business", t), p["business_allowed"])
    return (h("financial", t) <= per_head * h("people", t)) * car * home


def is_margin(h: Any, t: Any, p: dict[str, Any]) -> Any:
    """Not dibao, income below the multiple, assets within limits."""
    line = p["margin_multiple"] * p["dibao_standard_month"] * h("people", t)
    return (1 - h("dibao", t)) * (h("net", t) < line) * h("assets_margin", t) > 0


def is_rigid(h: Any, t: Any, p: dict[str, Any]) -> Any:
    """No higher status, income below the average, spending above the share of it."""
    gross = h("gross", t) * 12
    spent = h("medical", t) + h("education", t) + h("rehabilitation", t)
    spent = spent + p["rigid_living"] * p["dibao_standard_month"] * h("people", t) * 12
    above = (spent > p["rigid_ratio"] * gross) + (gross == 0)
    below = gross < p["disposable_income_prev_year"] * h("people", t)
    return (1 - h("dibao", t)) * (1 - h("margin", t)) * below * above * h("assets_rigid", t) > 0


def whole(amount: Any) -> Any:
    """Half up to whole yuan."""
    return np.floor(amount + 0.5)


def many(made: TaxBenefitSystem, held: Any) -> tuple[dict[str, Any], float]:
    """All households at once: (answers, seconds from the inputs on)."""
    started = time.perf_counter()
    builder = SimulationBuilder()
    builder.create_entities(made)
    count = len(held["financial"])
    builder.declare_person_entity("person", np.arange(len(held["age"])))
    homes = builder.declare_entity("household", np.arange(count))
    builder.join_with_persons(homes, held["homes"], roles=np.repeat("member", len(held["age"])))
    simulation = builder.build(made)
    for key in (*PERSON_INPUTS, *HOUSEHOLD_INPUTS):
        simulation.set_input(key, MONTH, held[key])
    answers = {key: simulation.calculate(key, MONTH) for key in ANSWERS}
    return answers, time.perf_counter() - started


def one(made: TaxBenefitSystem, held: Any, rounds: int) -> float:
    """Median milliseconds of one household by itself, with building its simulation."""
    took = []
    first = int(np.searchsorted(held["homes"], 1))
    people = {f"p{n}": {key: {MONTH: held[key][n].item()} for key in PERSON_INPUTS} for n in range(first)}
    home = {"members": list(people), **{key: {MONTH: held[key][0].item()} for key in HOUSEHOLD_INPUTS}}
    for _ in range(rounds):
        started = time.perf_counter()
        simulation = SimulationBuilder().build_from_entities(made, {"persons": people, "households": {"h": home}})
        for key in ANSWERS:
            simulation.calculate(key, MONTH)
        took.append((time.perf_counter() - started) * 1000)
    return sorted(took)[rounds // 2]


def main() -> None:
    """Read the inputs, work them out, write answers and times."""
    held = dict(np.load(sys.argv[1]))
    made = system(json.loads(str(held["parameters"])))
    rounds = [many(made, held) for _ in range(3)]
    answers, seconds = rounds[-1][0], min(took for _, took in rounds)
    np.savez(sys.argv[2], seconds=seconds, one_ms=one(made, held, 60), **answers)


if __name__ == "__main__":
    main()
