"""The rule text on a whole city's columns, and on one household."""

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from deploy.local.bench import against_openfisca
from deploy.local.bench.figures import Figure, percentile
from deploy.local.bench.population import population
from deploy.local.town import make_town
from services.eligibility.rules.assess import assess
from services.eligibility.rules.book import file_book
from services.eligibility.rules.columns.frames import Frames
from services.eligibility.rules.columns.screen import screen
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.rendering import render
from services.eligibility.schemas import MemberIn, read_check

CITY_HOUSEHOLDS = 1_700_000
_MOST = 200_000
"""Households a chunk: a county of the city is one."""
_DAY = date(2025, 7, 1)
_SIZES = (33_700, 337_000, CITY_HOUSEHOLDS)
"""Households of 100 thousand, 1 million and 5.05 million residents."""
_TODAY = date(2026, 11, 25)
_BILLS = 800
_ROUNDS = 12
_FACTS = frozenset(MemberIn.model_fields) - {"name", "ref"}
_ABOUT = ("assets", "expenditures_12m", "housing")

Json = dict[str, Any]  # Any: JSON


def main() -> None:
    """What one child process does: screen the households of its argument, and write what it took as JSON."""
    households = int(sys.argv[1])
    book = file_book()
    seconds = floor = 0.0
    residents = 0
    answers = dict.fromkeys((step.code for step in PROGRAMMES), (0, 0, 0))
    for county, frames in population(households, chunk=_MOST):
        residents += frames.members.height
        started = time.perf_counter()
        found = screen(frames, book.at(county, _DAY))
        seconds += time.perf_counter() - started
        for step in PROGRAMMES:
            said = found.households.get_column(step.anyone)
            yes, open_ = int(said.sum()), said.null_count()
            one, two, three = answers[step.code]
            answers[step.code] = (one + yes, two + open_, three + len(said) - yes - open_)
        floor += _floor(frames)
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"seconds": seconds, "floor": floor, "residents": residents, "rss_mb": rss_mb, "answers": answers}
    sys.stdout.write(json.dumps(told))


def _floor(frames: Frames) -> float:
    """The seconds of the least that any engine must do: each person's income summed up, and the household's."""
    started = time.perf_counter()
    own = frames.incomes.lazy().group_by("member").agg(pl.col("monthly").sum())
    people = frames.members.lazy().select("household", pl.col("member")).join(own, on="member", how="left")
    people.group_by("household").agg(pl.col("monthly").sum(), pl.len()).collect()
    return time.perf_counter() - started


async def _child(households: int) -> Json:
    made = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from deploy.local.bench.screen import main; main()", str(households)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    out, _ = await made.communicate()
    if made.returncode:
        raise RuntimeError("the measurement of a population failed")
    told: Json = json.loads(out)
    return told


async def measure(*, quick: bool) -> list[Figure]:
    """All figures of `./yiqijiu bench screen`."""
    runs = [await _child(households // 10 if quick else households) for households in _SIZES]
    city = runs[-1]
    per_household = [
        run["seconds"] / (households // 10 if quick else households) * 1e6
        for run, households in zip(runs, _SIZES, strict=True)
    ]
    goal_s = None if quick else 5.0
    worded, plain = _one_at_a_time()
    return [
        Figure("screen_city_s", city["seconds"], "s", city["floor"], goal_s),
        Figure("screen_city_residents", city["residents"], "residents"),
        Figure("screen_city_rss_mb", city["rss_mb"], "MB", goal=3072.0),
        Figure("screen_unknown_share", _unknown_share(city["answers"]), "share"),
        Figure("screen_per_household_100k_us", per_household[0], "µs"),
        Figure(
            "screen_per_household_1m_us", per_household[1], "µs", per_household[0], round(per_household[0] * 1.1, 3)
        ),
        Figure(
            "screen_per_household_5m_us", per_household[2], "µs", per_household[0], round(per_household[0] * 1.1, 3)
        ),
        Figure("check_p50_ms", percentile(worded, 0.5), "ms", percentile(plain, 0.5), 1.0),
        Figure("check_without_texts_p50_ms", percentile(plain, 0.5), "ms", goal=0.2),
        *await against_openfisca.measure(quick=quick),
    ]


def _unknown_share(answers: dict[str, list[int]]) -> float:
    return sum(three[1] for three in answers.values()) / sum(map(sum, answers.values()))


def _families() -> Iterator[Json]:
    """The bodies of `POST /checks` of an invented town's families, without their names."""
    town = make_town(1, _BILLS, 0, today=_TODAY)
    for home in town.households:
        members = [
            {"ref": f"m{number}", **{name: value for name, value in member.items() if name in _FACTS}}
            for number, member in enumerate(home.body["members"], 1)
        ]
        told = {name: home.body[name] for name in _ABOUT if name in home.body}
        yield {
            "county": home.body["division"][:6],
            "as_of": _TODAY.isoformat(),
            "household": {"members": members, **told},
        }


def _one_at_a_time() -> tuple[list[float], list[float]]:
    """Milliseconds of checks of families one after the other, with and without sentences."""
    book = file_book()
    asked = [read_check(body, book, today=_TODAY) for body in _families()]
    worded: list[float] = []
    plain: list[float] = []
    for each in asked * _ROUNDS:
        started = time.perf_counter()
        answer = assess(each.facts, each.parameters, book, event=each.event, history=each.history)
        plain.append((time.perf_counter() - started) * 1000)
        render(answer, book)
        worded.append((time.perf_counter() - started) * 1000)
    return worded, plain
