"""An invented county of which everything is known, with some of whatever any programme asks for."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from deploy.local.bench.population import frames_of_everybody
from deploy.local.openfisca_country.codes import CUSTODIES, HOUSINGS, PRESENCES, SEVERITIES
from services.eligibility.rules.columns.frames import CODE, Frames
from services.eligibility.rules.facts import NO_CARD
from services.eligibility.rules.persons import CENTRAL_PENSION
from services.eligibility.rules.snapshot import Parameters

_OF_PARENTS = ("present", "deceased", "declared_missing", "imprisoned", "compulsory_detox")
_OF_CHILDREN = 0.06
"""So many minors have their parents listed."""
_GRADES = 5
_BORN_AFTER = 2008
_EPOCH = date(1970, 1, 1).toordinal()


def known_county(households: int, p: Parameters, *, seed: int = 1) -> Frames:
    """So many households under the parameters of their place and day."""
    rng = np.random.default_rng(seed)
    frames = frames_of_everybody(rng, households)
    members = _members(rng, frames.members)
    children = np.flatnonzero(members.get_column("has_parents").to_numpy())
    return Frames(
        _households(rng, frames.households, p),
        members,
        _incomes(rng, frames.incomes, p),
        _vehicles(rng, frames.vehicles),
        _parents(rng, np.repeat(children, rng.integers(1, 3, len(children)))),
    )


def codes(rng: np.random.Generator, names: tuple[str, ...], count: int, *, first: float = 0.0) -> pl.Series:
    """Names at random, the first of them with an extra share."""
    drawn = rng.integers(0, len(names), count)
    drawn[rng.random(count) < first] = 0
    return pl.Series(names).cast(CODE).gather(drawn)


def _members(rng: np.random.Generator, members: pl.DataFrame) -> pl.DataFrame:
    count = members.height
    is_first = members.get_column("household").is_first_distinct().to_numpy()
    is_young = (members.get_column("birth_date").dt.year() > _BORN_AFTER).to_numpy()
    return members.with_columns(
        pl.Series("presence", codes(rng, PRESENCES, count, first=0.97)),
        pl.Series("custody", codes(rng, CUSTODIES, count, first=0.95)),
        pl.Series("independent", rng.random(count) < 0.97),
        pl.Series("cohabits", rng.random(count) < 0.95),
        pl.Series("legal_duty", rng.random(count) < 0.95),
        pl.Series("chooses_child_benefit", rng.random(count) < 0.02),
        pl.Series("is_single_applicant", is_first & (rng.random(count) < 0.03)),
        pl.Series("has_parents", is_young & (rng.random(count) < _OF_CHILDREN)),
    )


def _households(rng: np.random.Generator, homes: pl.DataFrame, p: Parameters) -> pl.DataFrame:
    count = homes.height
    causes = [*p.emergency_causes, *p.disaster_causes, *p.homeless_causes]
    named = pl.Series([[], *([cause] for cause in causes)], dtype=pl.List(pl.String))
    drawn = np.where(rng.random(count) < 0.02, rng.integers(1, len(causes) + 1, count), 0)
    is_grave = (rng.random(count) < 0.01) | (drawn > 0)  # whatever happened, its severity was stated
    grave = pl.Series(SEVERITIES).cast(CODE).gather(np.where(is_grave, rng.integers(1, 4, count), 0))
    on_record = rng.random(count) < 0.02
    since = pl.Series(p.on.replace(year=p.on.year - 1).toordinal() + rng.integers(0, 360, count) - _EPOCH)
    return homes.with_columns(
        named.gather(drawn).alias("causes"),
        pl.Series("severity_said", grave),
        pl.Series("housing", codes(rng, HOUSINGS, count, first=0.96)),
        pl.Series("refused_jobs", np.where(rng.random(count) < 0.02, rng.integers(1, 5, count), 0)),
        pl.Series("same_cause", rng.random(count) < 0.02),
        pl.Series("aid_received", np.where(rng.random(count) < 0.05, rng.integers(0, 1_200_000, count), 0)),
        since.cast(pl.Int32).cast(pl.Date).set(pl.Series(~on_record), None).alias("taper_since"),
        pl.Series("taper_grant", np.where(on_record, rng.integers(0, 3_000, count) * 100, 0)),
    )


def _incomes(rng: np.random.Generator, incomes: pl.DataFrame, p: Parameters) -> pl.DataFrame:
    items = ("", CENTRAL_PENSION, *p.exempt_incomes)
    loss = np.where(rng.random(incomes.height) < 0.02, -1, 1)
    return incomes.with_columns(
        codes(rng, items, incomes.height, first=0.9).cast(pl.String).alias("item"), monthly=pl.col("monthly") * loss
    )


def _vehicles(rng: np.random.Generator, vehicles: pl.DataFrame) -> pl.DataFrame:
    return vehicles.with_columns(
        pl.Series("is_marked", rng.random(vehicles.height) < 0.1),
        pl.Series("is_marked_exempt", rng.random(vehicles.height) < 0.5),
    )


def _parents(rng: np.random.Generator, children: Any) -> pl.DataFrame:
    count = len(children)
    has_card = rng.random(count) < 0.3
    kinds = ("visual", "hearing", "physical", "intellectual", "mental")
    return pl.DataFrame(
        {
            "member": children,
            "presence": codes(rng, _OF_PARENTS, count, first=0.3),
            "card_kind": pl.Series(["", *kinds]).cast(CODE).gather(np.where(has_card, rng.integers(1, 6, count), 0)),
            "card_grade": np.where(has_card, rng.integers(1, _GRADES, count), NO_CARD.grade),
            "serious_illness": rng.random(count) < 0.1,
            "out_of_contact_months": np.where(rng.random(count) < 0.2, rng.integers(0, 24, count), 0),
        }
    )
