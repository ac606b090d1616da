"""Which brands fit a need of a household on a day, and what an award should be. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from services.charity.programmes.directory import Amounts, Brand, Directory, FactName
from services.charity.programmes.policy import Policy

Fit = Literal["yes", "no", "cannot_tell"]
# What a need says of itself about the household it was found in.
_IMPLIED: Mapping[str, FactName] = {
    "education_cost": "student",
    "elder_care": "elder",
    "left_behind_child": "minor",
    "child_care": "minor",
    "disability_support": "card_holder",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What charity knows of a household. A fact that is not in `known` is unknown, never "no"."""

    status: str | None = None
    near_miss: bool = False
    known: Mapping[FactName, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BrandMatch:
    """A brand's answer. `reasons` are codes; `missing` are facts that would decide; `opens_on` when it is closed."""

    brand: Brand
    fit: Fit
    is_open: bool
    reasons: tuple[str, ...]
    missing: tuple[FactName, ...] = ()
    opens_on: date | None = None


def facts_of(
    *,
    status: str | None,
    near_miss: bool,
    oldest: date | None,
    youngest: date | None,
    programmes: Collection[str],
    on: date,
    policy: Policy,
) -> Facts:
    """Facts from what an assessment told: birth dates of the oldest and youngest member, and eligible programmes."""
    known: dict[FactName, bool] = {}
    if youngest is not None:
        known["minor"] = _age(youngest, on) < policy.adult_age
    if oldest is not None:
        known["elder"] = _age(oldest, on) >= policy.elder_age
    if {"orphan", "unattended_child"} & set(programmes):
        known["orphan"] = True
    if {"disability_living", "disability_care"} & set(programmes):
        known["card_holder"] = True
    return Facts(status=status, near_miss=near_miss, known=known)


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def match_brand(brand: Brand, *, need: str, facts: Facts, on: date) -> BrandMatch:
    """One brand's answer.

    Cannot tell: when a fact the brand asks for is unknown and its answer would decide.
    """
    is_open = brand.is_open(on)
    opens_on = None if is_open else brand.season(on)[0]
    season = "season_open" if is_open else "season_closed"
    if need not in brand.needs:
        return BrandMatch(brand, "no", is_open, ("need_not_served", season), opens_on=opens_on)
    known = dict(facts.known)
    if need in _IMPLIED:
        known.setdefault(_IMPLIED[need], True)
    fit, missing = _requirements(brand, known)
    reasons = [
        "need_served",
        {"yes": "requirement_met", "no": "requirement_not_met"}.get(fit, "requirement_unknown"),
        season,
    ]
    if brand.aid != "service" and brand.amounts_on(on) is None:
        fit = "no"
        reasons.append("no_amount_in_force")
    return BrandMatch(brand, fit, is_open, tuple(reasons), missing, opens_on)


def _requirements(brand: Brand, known: Mapping[FactName, bool]) -> tuple[Fit, tuple[FactName, ...]]:
    if any(known.get(fact) is False for fact in brand.requires):
        return "no", ()
    any_known = [known.get(fact) for fact in brand.requires_any]
    if any_known and all(value is False for value in any_known):
        return "no", ()
    missing = [fact for fact in brand.requires if fact not in known]
    if any_known and True not in any_known:
        missing += [fact for fact in brand.requires_any if fact not in known]
    return ("cannot_tell", tuple(missing)) if missing else ("yes", ())


def match_brands(directory: Directory, *, need: str, facts: Facts, on: date) -> tuple[BrandMatch, ...]:
    """Every brand's answer, in the directory's order."""
    return tuple(match_brand(brand, need=need, facts=facts, on=on) for brand in directory.brands)


def choose(matches: Collection[BrandMatch], *, owners: Collection[str]) -> BrandMatch | None:
    """The brand to propose: one of `owners`', that gives money or goods, fits for certain and is open.

    Of several, the one made for fewer kinds of need. None when there is none.
    """
    fitting = [
        match
        for match in matches
        if match.fit == "yes" and match.is_open and match.brand.owner in owners and match.brand.aid != "service"
    ]
    return min(fitting, key=lambda match: (len(match.brand.needs), match.brand.number), default=None)


def suggest_amount(amounts: Amounts, *, gap_fen: int | None) -> int:
    """What to propose: the gap, at most the brand's most; with an unknown gap the brand's least. Units: fen."""
    if gap_fen is None:
        return amounts.least_fen
    return min(gap_fen, amounts.most_fen)


def is_allowed(amounts: Amounts, amount_fen: int, *, gap_fen: int | None) -> bool:
    """Whether an award may have this amount: within the brand's limits and the gap; a smaller gap lowers the least."""
    least = amounts.least_fen if gap_fen is None else min(amounts.least_fen, gap_fen)
    most = amounts.most_fen if gap_fen is None else min(amounts.most_fen, gap_fen)
    return amount_fen > 0 and least <= amount_fen <= most
