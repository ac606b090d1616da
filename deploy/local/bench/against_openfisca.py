"""The same statuses by the rule book's text and by openfisca-core 46, side by side on the same households."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import polars as pl

from deploy.local.bench.figures import Figure
from deploy.local.bench.population import known_county
from deploy.local.parts import ROOT
from services.eligibility.rules.book import file_book
from services.eligibility.rules.columns.frames import Frames
from services.eligibility.rules.columns.screen import screen
from services.eligibility.rules.facts import (
    Assets,
    Disability,
    Event,
    Expenditures,
    Facts,
    History,
    Income,
    Member,
    Vehicle,
)
from services.eligibility.rules.logic import RATE
from services.eligibility.rules.plain import work_through
from services.eligibility.rules.plan import PLAN
from services.eligibility.rules.programmes.rigid import RIGID
from services.eligibility.rules.snapshot import Parameters

HOUSEHOLDS: Final = 400_000
_COUNTY, _DAY = "350602", date(2025, 7, 1)
_STATUSES: Final = PLAN[: PLAN.index(RIGID) + 1]
_LOCK = ROOT / "requirements-bench.lock"
_CHILD = Path(__file__).parent / "openfisca_child.py"
_KINDS = ("", "visual", "hearing", "speech", "physical", "intellectual", "mental", "multiple")
_RELATIONS = ("self", "spouse", "child", "parent")
_BUSINESSES = ("none", "dormant", "active_sole", "active_company")
_ROUNDS = 400
_TRIES = 3
T = TypeVar("T")

Columns = dict[str, Any]  # Any: arrays of any type


async def measure(*, quick: bool) -> list[Figure]:
    """How much faster the rule book is, in bulk and for one household, and whether the answers are the same.

    Both begin with the same columns of facts; the least of three rounds counts on either side. Empty when
    openfisca-core cannot be installed.
    """
    count = HOUSEHOLDS // 10 if quick else HOUSEHOLDS
    frames, p = known_county(count), file_book().at(_COUNTY, _DAY)
    seconds, ours = _best(lambda: screen(frames, p, plan=_STATUSES).households)
    given_s, given = _best(lambda: _inputs(frames, p))
    try:
        theirs = await asyncio.to_thread(_theirs, given, p)
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"openfisca-core: {type(error).__name__}", file=sys.stderr)
        return []
    their_s = float(theirs["seconds"]) + given_s
    apart = sum(int((ours.get_column(key).to_numpy() != theirs[key]).sum()) for key in ("dibao", "margin", "rigid"))
    grants = {"dibao_base": "dibao_base", "dibao_category_top_up": "dibao_topup"}
    off = sum(
        int((np.abs(ours.get_column(own).to_numpy() / 100 - theirs[key]) > 0.001).sum()) for own, key in grants.items()
    )
    one_ms = _one(frames, p)
    single = float(theirs["one_ms"]) / one_ms
    goal = None if quick else 5.0
    return [
        Figure("statuses_s", seconds, "s", their_s),
        Figure("times_as_fast_as_openfisca_in_bulk", their_s / seconds, "times", goal=goal, better="higher"),
        Figure("statuses_of_one_ms", one_ms, "ms", float(theirs["one_ms"])),
        Figure("times_as_fast_as_openfisca_for_one", single, "times", goal=50.0, better="higher"),
        Figure("statuses_unlike_openfisca", apart, "households"),
        Figure("grants_unlike_openfisca", off, "households"),
    ]


def _best(work: Callable[[], T]) -> tuple[float, T]:
    """The least seconds of a few rounds, and what came of it."""
    took = []
    for _ in range(_TRIES):
        started = time.perf_counter()
        made = work()
        took.append(time.perf_counter() - started)
    return min(took), made


def _theirs(given: Columns, p: Parameters) -> Any:
    """The answers and times of openfisca-core."""
    with tempfile.TemporaryDirectory(prefix="yiqijiu-openfisca-") as folder:
        put, made = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(put, parameters=json.dumps(_parameters(p)), **given)
        subprocess.run([str(_python()), str(_CHILD), str(put), str(made)], check=True)
        return dict(np.load(made))


def _python() -> Path:
    """The python of the environment that has openfisca-core, made at first use."""
    home = ROOT / "var" / "bench-openfisca"
    python = home / "bin" / "python"
    done = home / "installed"
    if not done.exists() or done.read_text() != _LOCK.read_text():
        print("… openfisca-core", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(_LOCK)]
        subprocess.run(install, check=True)
        done.write_text(_LOCK.read_text())
    return python


def _parameters(p: Parameters) -> dict[str, Any]:
    """Amounts in yuan, rates as fractions, tables as plain lists."""
    kinds_of_status = ("dibao", "margin", "rigid")
    amounts = [f"vehicle_limit_{kind}" for kind in kinds_of_status]
    amounts += ["dibao_standard_month", "disposable_income_prev_year"]
    rates = [f"financial_limit_months_{kind}" for kind in kinds_of_status]
    rates += ["margin_multiple", "job_cost_rate", "rigid_ratio", "topup_elder70", "topup_minor"]
    rates += ["topup_severe_disabled", "topup_seriously_ill"]
    plain = ("adult_age", "topup_elder_age", "topup_stack", "medical_deduct", "education_deduct", "dwellings_max")
    kinds = list(range(1, len(_KINDS)))
    grades = [
        (kinds if kind == "any" else [_KINDS.index(kind)], grade)
        for kind, worst in p.severe_disability
        for grade in range(1, worst + 1)
    ]
    return {
        **{name: getattr(p, name) / 100 for name in amounts},
        **{name: getattr(p, name) / RATE for name in rates},
        **{name: getattr(p, name) for name in plain},
        "severe": grades,
        "rigid_living": p.rigid_living == "dibao_standard",
        "business_allowed": [_BUSINESSES.index(one) for one in p.business_allowed],
    }


def _inputs(frames: Frames, p: Parameters) -> Columns:
    """What openfisca is given: sums a person, yuan, and codes as numbers."""
    homes, members = frames.households, frames.members
    count, people = homes.height, members.height
    born = members.get_column("birth_date")
    before = born.dt.month().cast(pl.Int32) * 100 + born.dt.day() > _DAY.month * 100 + _DAY.day
    own = frames.incomes.with_columns(wage=pl.col("kind") == "wage")
    who, monthly, wage = (own.get_column(name).to_numpy() for name in ("member", "monthly", "wage"))
    paid, other = np.zeros(people), np.zeros(people)
    np.add.at(paid, who[wage], monthly[wage] / 100)
    np.add.at(other, who[~wage], monthly[~wage] / 100)
    counts = ~frames.vehicles.get_column("kind").is_in(list(p.exempt_vehicle_kinds)).to_numpy()
    cars = frames.vehicles.get_column("household").to_numpy()[counts]
    number, value = np.zeros(count, dtype=np.int32), np.zeros(count)
    np.add.at(number, cars, 1)
    np.maximum.at(value, cars, frames.vehicles.get_column("value").to_numpy()[counts] / 100)
    return {
        "homes": members.get_column("household").to_numpy(),
        "age": (_DAY.year - born.dt.year() - before.cast(pl.Int32)).to_numpy(),
        "relation": _codes(members.get_column("relation"), _RELATIONS),
        "studies": members.get_column("student").is_in(list(p.dependent_studies)).to_numpy(),
        "card_kind": _codes(members.get_column("card_kind"), _KINDS),
        "card_grade": members.get_column("card_grade").to_numpy(),
        "serious_illness": members.get_column("serious_illness").to_numpy(),
        "wage_income": paid,
        "other_income": other,
        "vehicles": number,
        "vehicle_value": value,
        "dwellings": homes.get_column("dwellings").to_numpy(),
        "business": _codes(homes.get_column("business"), _BUSINESSES),
        **{name: homes.get_column(name).to_numpy() / 100 for name in ("financial", *_SPENT)},
    }


_SPENT = ("medical", "education", "rehabilitation")


def _codes(values: pl.Series, names: tuple[str, ...]) -> Any:
    return values.replace_strict(list(names), list(range(len(names))), return_dtype=pl.Int32).to_numpy()


def _one(frames: Frames, p: Parameters) -> float:
    """Median milliseconds of the first household by itself."""
    facts, event, history = _first(frames), Event(), History()
    took = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        work_through(facts, event, history, p, keep_lines=False, plan=_STATUSES)
        took.append((time.perf_counter() - started) * 1000)
    return sorted(took)[_ROUNDS // 2]


def _first(frames: Frames) -> Facts:
    """The first household as plain facts."""
    home = frames.households.row(0, named=True)
    members = []
    for row in frames.members.filter(pl.col("household") == 0).iter_rows(named=True):
        incomes = frames.incomes.filter(pl.col("member") == row["member"]).iter_rows(named=True)
        members.append(
            Member(
                str(row["member"]),
                row["relation"],
                birth_date=row["birth_date"],
                disability=Disability(row["card_kind"], row["card_grade"]),
                serious_illness=row["serious_illness"],
                able_to_work=row["able_to_work"],
                employment=row["employment"],
                student=row["student"],
                incomes=tuple(Income(one["kind"], one["monthly"], one["item"]) for one in incomes),
            )
        )
    cars = frames.vehicles.filter(pl.col("household") == 0).iter_rows(named=True)
    vehicles = tuple(Vehicle(one["kind"], one["value"]) for one in cars)
    assets = Assets(home["financial"], vehicles, home["dwellings"], home["business"])
    return Facts(tuple(members), assets, Expenditures(*(home[name] for name in _SPENT)), home["housing"])
