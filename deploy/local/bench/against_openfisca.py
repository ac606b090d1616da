"""The programmes by the rule book's text and by openfisca-core 46, side by side on the same households."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from deploy.local.bench.figures import Figure
from deploy.local.bench.handed_over import facts_of, inputs_of, parameters_of
from deploy.local.bench.known import known_county
from deploy.local.parts import ROOT
from services.eligibility.rules.book import file_book
from services.eligibility.rules.columns.frames import Frames
from services.eligibility.rules.columns.screen import screen
from services.eligibility.rules.plain import work_through
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.snapshot import Parameters

HOUSEHOLDS: Final = 1_700_000
"""As many as the city has."""
_COUNTY, _DAY = "350602", date(2025, 7, 1)
_LOCK = ROOT / "requirements-bench.lock"
_COUNTRY = "deploy.local.openfisca_country.run"
_SINGLES = 10
"""So many households are also asked one by one: how long one takes hangs on what is asked of it."""
_ROUNDS = 100
_TRIES = 5
_HALF_A_FEN = 0.5
T = TypeVar("T")

Columns = dict[str, Any]  # Any: arrays of any type


async def measure(*, quick: bool) -> list[Figure]:
    """How much faster the rule book is, in bulk and for one household, and whether the answers are the same.

    Both begin with the same columns of facts and end with all eighteen programmes and their amounts; the least of five
    rounds counts on either side. openfisca knows persons and households only: summing up incomes, vehicles and parents,
    naming codes by numbers and building its simulation counts, loading it and its rules does not. For one household
    both begin with facts in their own shape; the mean of some counts. Empty when openfisca-core cannot be installed.
    """
    count = HOUSEHOLDS // 10 if quick else HOUSEHOLDS
    p = file_book().at(_COUNTY, _DAY)
    frames = known_county(count, p)
    seconds, ours = _best(lambda: screen(frames, p).households)
    given_s, given = _best(lambda: inputs_of(frames, p))
    try:
        theirs = await asyncio.to_thread(_theirs, given, p)
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"openfisca-core: {type(error).__name__}", file=sys.stderr)
        return []
    their_s = float(theirs["seconds"]) + given_s
    answers = {step.anyone for step in PROGRAMMES}
    unlike = sum(int((ours.get_column(key).to_numpy() != theirs[key]).sum()) for key in answers)
    amounts = [key for key in _asked() if key not in answers]
    apart = [np.abs(ours.get_column(key).to_numpy() - theirs[key] * 100) for key in amounts]
    one_ms = sum(_one(frames, p, place) for place in range(_SINGLES)) / _SINGLES
    single = float(theirs["one_ms"]) / one_ms
    goal = None if quick else 5.0
    return [
        Figure("programmes_s", seconds, "s", their_s),
        Figure("times_as_fast_as_openfisca_in_bulk", their_s / seconds, "times", goal=goal, better="higher"),
        Figure("openfisca_formulas_s", float(theirs["calculation"]), "s"),
        Figure("programmes_of_one_ms", one_ms, "ms", float(theirs["one_ms"])),
        Figure("times_as_fast_as_openfisca_for_one", single, "times", goal=50.0, better="higher"),
        Figure("answers_unlike_openfisca", unlike, "answers"),
        Figure("amounts_unlike_openfisca", sum(int((each > _HALF_A_FEN).sum()) for each in apart), "amounts"),
        Figure("furthest_amount_from_openfisca", max(float(each.max()) for each in apart) / 100, "yuan"),
    ]


def _asked() -> Iterator[str]:
    """Every programme, and every amount that one gives, under the names of a screened household's columns."""
    for step in PROGRAMMES:
        yield from (step.anyone, *step.amounts)


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
        np.savez(
            put, parameters=json.dumps(parameters_of(p)), asked=json.dumps(list(_asked())), singles=_SINGLES, **given
        )
        subprocess.run([str(_python()), "-m", _COUNTRY, str(put), str(made)], check=True, cwd=ROOT)
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


def _one(frames: Frames, p: Parameters, place: int) -> float:
    """Median milliseconds of one household by itself."""
    facts, event, history = facts_of(frames, place)
    took = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        work_through(facts, event, history, p, keep_lines=False)
        took.append((time.perf_counter() - started) * 1000)
    return sorted(took)[_ROUNDS // 2]
