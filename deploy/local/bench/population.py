"""An invented population as columns: households over the eleven counties, most of them with incomes nobody knows.

The shares are invented too; what they must have is every branch of the rules, and the size of a city.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from services.contracts.divisions import CITY, divisions
from services.eligibility.rules.columns.frames import CODE, Frames
from services.eligibility.rules.facts import NO_CARD
from services.eligibility.rules.programmes.temp_emergency import NO_EMERGENCY

HEADS_PER_HOUSEHOLD = 2.97
"""5.05 million residents in 1.7 million households."""
_SIZES = np.array([1, 2, 3, 4, 5, 6])
_SIZE_SHARES = np.array([0.16, 0.26, 0.24, 0.18, 0.11, 0.05])
_STUDIES = ("none", "preschool", "primary", "junior_high", "senior_high", "undergraduate")
_WORK = ("employed", "flexible", "farming", "retired", "none")
_KINDS = ("wage", "business", "property", "transfer", "other")
_KNOWN = 0.35
"""Of so many people the incomes and assets are known."""


def population(households: int, *, chunk: int, seed: int = 1) -> Iterator[tuple[str, Frames]]:
    """(county, frames) in chunks of at most `chunk` households, each county in proportion."""
    counties = [place.code for place in divisions().children(CITY)]
    left = households
    for number, county in enumerate(counties):
        own = left // (len(counties) - number)
        left -= own
        for start in range(0, own, chunk):
            rng = np.random.default_rng((seed, int(county), start))
            yield county, _frames(rng, min(chunk, own - start))


def frames_of_everybody(rng: np.random.Generator, households: int) -> Frames:
    """Households of which incomes and assets are all known."""
    return _frames(rng, households, known=1.0)


def _frames(rng: np.random.Generator, count: int, *, known: float = _KNOWN) -> Frames:
    sizes = rng.choice(_SIZES, count, p=_SIZE_SHARES)
    homes = np.repeat(np.arange(count), sizes)
    firsts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    people = len(homes)
    are_known = rng.random(count) < known
    return Frames(
        _coded(_households(rng, count, are_known)),
        _coded(_members(rng, homes, firsts, people, are_known[homes])),
        _coded(_incomes(rng, np.flatnonzero(are_known[homes] & (rng.random(people) < 0.6)))),
        _coded(_vehicles(rng, np.flatnonzero(are_known & (rng.random(count) < 0.2)))),
        _coded(_parents()),
    )


def _coded(frame: pl.DataFrame) -> pl.DataFrame:
    """Codes in the type that frames have them in."""
    return frame.with_columns(pl.col(pl.String).exclude("ref", "item").cast(CODE))


def _some(rng: np.random.Generator, codes: tuple[str, ...], shares: list[float], count: int) -> pl.Series:
    return pl.Series(codes, dtype=pl.String).gather(rng.choice(len(codes), count, p=shares))


def _maybe(values: np.ndarray, known: np.ndarray) -> pl.Series:
    return pl.Series(values).set(pl.Series(~known), None)


def _households(rng: np.random.Generator, count: int, known: np.ndarray) -> pl.DataFrame:
    ill = rng.random(count) < 0.06
    emergency = rng.random(count) < 0.002
    return pl.DataFrame(
        {
            "household": np.arange(count),
            "assets_known": known,
            "financial": _maybe(rng.integers(0, 6_000_000, count), known),
            "dwellings": _maybe(rng.integers(1, 3, count), known),
            "business": pl.select(
                pl.when(pl.Series(known)).then(
                    _some(rng, ("none", "active_sole", "active_company"), [0.93, 0.05, 0.02], count)
                )
            ).to_series(),
            "medical": _maybe(
                np.where(ill, rng.integers(500_000, 12_000_000, count), rng.integers(0, 200_000, count)), known | ill
            ),
            "education": _maybe(rng.integers(0, 800_000, count), known),
            "rehabilitation": _maybe(np.zeros(count, dtype=np.int64), known),
            "housing": _some(rng, ("safe", "dangerous", "none"), [0.985, 0.01, 0.005], count),
            "monitored": rng.random(count) < 0.01,
            "causes": pl.select(
                pl.when(pl.Series(emergency)).then(pl.lit(["fire"])).otherwise(pl.lit([], dtype=pl.List(pl.String)))
            ).to_series(),
            "severity_said": pl.repeat(NO_EMERGENCY, count, eager=True),
            "severity_unstated": pl.repeat(None, count, dtype=pl.String, eager=True),
            "refused_jobs": np.zeros(count, dtype=np.int64),
            "same_cause": np.zeros(count, dtype=bool),
            "aid_received": np.zeros(count, dtype=np.int64),
            "taper_since": pl.repeat(None, count, dtype=pl.Date, eager=True),
            "taper_grant": np.zeros(count, dtype=np.int64),
        }
    )


def _members(
    rng: np.random.Generator, homes: np.ndarray, firsts: np.ndarray, people: int, known: np.ndarray
) -> pl.DataFrame:
    is_first = np.zeros(people, dtype=bool)
    is_first[firsts] = True
    ages = np.where(is_first, rng.integers(25, 92, people), rng.integers(0, 92, people))
    born = (np.datetime64("2025-06-30") - (ages * 365.25).astype(np.int64)).astype("datetime64[D]")
    card = rng.random(people) < 0.045
    relation = np.where(is_first, 0, np.where(ages < 23, 2, np.where(ages > 70, 3, 1)))
    study = np.where(
        ages < 3,
        0,
        np.where(
            ages < 6,
            1,
            np.where(ages < 12, 2, np.where(ages < 15, 3, np.where(ages < 18, 4, np.where(ages < 22, 5, 0)))),
        ),
    )
    none = pl.repeat(None, people, dtype=pl.String, eager=True)
    kinds = _some(rng, ("visual", "hearing", "physical", "intellectual", "mental"), [0.2, 0.2, 0.35, 0.15, 0.1], people)
    flags = {
        name: rng.random(people) < share
        for name, share in (("long_term_care", 0.01), ("union_member", 0.2), ("left_behind", 0.02))
    }
    return pl.DataFrame(
        {
            "household": homes,
            "member": np.arange(people),
            "ref": none,
            "relation": pl.Series(("self", "spouse", "child", "parent")).gather(relation),
            "presence": pl.repeat("present", people, eager=True),
            "is_woman": rng.random(people) < 0.5,
            "birth_date": pl.Series(born),
            "cohabits": np.ones(people, dtype=bool),
            "legal_duty": np.ones(people, dtype=bool),
            "custody": pl.repeat("here", people, eager=True),
            "independent": np.ones(people, dtype=bool),
            "has_card": card,
            "card_kind": pl.select(pl.when(pl.Series(card)).then(kinds).otherwise(pl.lit(""))).to_series(),
            "card_grade": np.where(card, rng.integers(1, 5, people), NO_CARD.grade),
            "serious_illness": _maybe(rng.random(people) < 0.03, known),
            "able_to_work": _maybe((ages > 17) & (ages < 60) & ~card, known),
            "employment": pl.select(
                pl.when(pl.Series(known)).then(_some(rng, _WORK, [0.4, 0.15, 0.15, 0.15, 0.15], people))
            ).to_series(),
            "student": pl.Series(_STUDIES).gather(study),
            "failed_items": np.where(ages > 80, rng.integers(0, 7, people), 0),
            **flags,
            "chooses_child_benefit": np.zeros(people, dtype=bool),
            "incomes_known": known,
            "is_tekun_tested": rng.random(people) < 0.02,
            "obligors_unable": rng.random(people) < 0.5,
            "has_parents": np.zeros(people, dtype=bool),
            "is_single_applicant": np.zeros(people, dtype=bool),
        }
    )


def _incomes(rng: np.random.Generator, members: np.ndarray) -> pl.DataFrame:
    count = len(members)
    items = pl.repeat("", count, eager=True)
    monthly = (rng.lognormal(12.2, 0.8, count)).astype(np.int64)
    return pl.DataFrame(
        {
            "member": members,
            "kind": _some(rng, _KINDS, [0.6, 0.1, 0.05, 0.2, 0.05], count),
            "item": items,
            "monthly": monthly,
        }
    )


def _vehicles(rng: np.random.Generator, homes: np.ndarray) -> pl.DataFrame:
    count = len(homes)
    marks = np.zeros(count, dtype=bool)
    value = rng.integers(500_000, 15_000_000, count)
    return pl.DataFrame(
        {
            "household": homes,
            "kind": _some(rng, ("car", "motorbike"), [0.6, 0.4], count),
            "value": value,
            "is_marked": marks,
            "is_marked_exempt": marks,
        }
    )


def _parents() -> pl.DataFrame:
    kinds = {"member": pl.Int64, "presence": pl.String, "card_kind": pl.String, "card_grade": pl.Int64}
    return pl.DataFrame(schema={**kinds, "serious_illness": pl.Boolean, "out_of_contact_months": pl.Int64})
