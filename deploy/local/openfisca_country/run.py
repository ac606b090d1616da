"""Work out the programmes of given households: `python -m deploy.local.openfisca_country.run INPUT.npz OUTPUT.npz`."""

import json
import sys
import time
from typing import Any

import numpy as np
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem

from deploy.local.openfisca_country.households import add_households
from deploy.local.openfisca_country.persons import add_persons
from deploy.local.openfisca_country.variables import HOUSEHOLD_INPUTS, PERSON_INPUTS, Rules

_MONTH = "2025-07"
_TRIES = 5
_ROUNDS = 60


def system(p: dict[str, Any]) -> TaxBenefitSystem:
    """The programmes under the parameters of a place and day."""
    rules = Rules(p)
    add_persons(rules)
    add_households(rules)
    return rules.made


def many(made: TaxBenefitSystem, held: Any, asked: list[str]) -> tuple[dict[str, Any], float, float]:
    """All households at once: (answers, seconds from the inputs on, of them seconds of calculation)."""
    started = time.perf_counter()
    builder = SimulationBuilder()
    builder.create_entities(made)
    people = len(held["age"])
    builder.declare_person_entity("person", np.arange(people))
    homes = builder.declare_entity("household", np.arange(len(held["financial"])))
    builder.join_with_persons(homes, held["homes"], roles=np.repeat("member", people))
    simulation = builder.build(made)
    for key in (*PERSON_INPUTS, *HOUSEHOLD_INPUTS):
        simulation.set_input(key, _MONTH, held[key])
    built = time.perf_counter()
    answers = {key: simulation.calculate(key, _MONTH) for key in asked}
    ended = time.perf_counter()
    return answers, ended - started, ended - built


def one(made: TaxBenefitSystem, held: Any, asked: list[str], place: int) -> float:
    """Median milliseconds of one household by itself, with building its simulation."""
    took = []
    first, last = np.searchsorted(held["homes"], (place, place + 1))
    people = {f"p{n}": {key: {_MONTH: held[key][n].item()} for key in PERSON_INPUTS} for n in range(first, last)}
    home = {"members": list(people), **{key: {_MONTH: held[key][place].item()} for key in HOUSEHOLD_INPUTS}}
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        simulation = SimulationBuilder().build_from_entities(made, {"persons": people, "households": {"h": home}})
        for key in asked:
            simulation.calculate(key, _MONTH)
        took.append((time.perf_counter() - started) * 1000)
    return sorted(took)[_ROUNDS // 2]


def main() -> None:
    """Read the inputs, work them out, write answers and times."""
    held = {key: values for key, values in np.load(sys.argv[1]).items()}
    made, asked = system(json.loads(str(held["parameters"]))), json.loads(str(held["asked"]))
    rounds = [many(made, held, asked) for _ in range(_TRIES)]
    answers = rounds[-1][0]
    seconds, calculation = (min(times) for times in list(zip(*rounds, strict=True))[1:])
    one_ms = [one(made, held, asked, place) for place in range(int(held["singles"]))]
    np.savez(sys.argv[2], seconds=seconds, calculation=calculation, one_ms=sum(one_ms) / len(one_ms), **answers)


if __name__ == "__main__":
    main()
