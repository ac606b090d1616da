"""Invented families around the lines of a rule book, to try it on; none of them may be on tekun. Pure."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Final, TypeVar

from services.eligibility.rules.facts import (
    NO_CARD,
    NO_HISTORY,
    Assets,
    Disability,
    Event,
    Expenditures,
    Facts,
    History,
    Income,
    Member,
    Parent,
    Vehicle,
)

T = TypeVar("T")
Case = tuple[Facts, Event, History]
SCREENING: Final = Event("screening")
_RELATIONS: Final = ("spouse", "child", "child", "parent", "grandparent")
_STUDIES: Final = ("none", "none", "primary", "senior_high", "undergraduate")
_INCOME_KINDS: Final = ("wage", "business", "property", "transfer")


def family(random: Random, on: date, line_fen: int, *, unknown: float = 0.0) -> Case:
    """A family whose incomes lie around `line_fen` a head. `unknown`: how likely each fact is missing."""
    members = tuple(
        _member(random, f"m{number}", "self" if number == 1 else random.choice(_RELATIONS), on, line_fen, unknown)
        for number in range(1, random.choice((1, 2, 2, 3, 4)) + 1)
    )
    assets = None if random.random() < unknown else _assets(random, line_fen)
    spent = None if random.random() < unknown else _spent(random, line_fen)
    return Facts(members, assets, spent), SCREENING, NO_HISTORY


def alone(on: date, income_fen: int | None) -> Case:
    """One healthy adult without means; an income of which everything counts, or None for one nobody knows."""
    incomes = None if income_fen is None else (Income("transfer", income_fen),)
    member = Member(
        ref="m1",
        relation="self",
        gender="female",
        birth_date=date(on.year - 45, 1, 1),
        disability=NO_CARD,
        serious_illness=False,
        able_to_work=True,
        employment="flexible",
        student="none",
        incomes=incomes,
    )
    return Facts((member,), Assets(), Expenditures()), SCREENING, NO_HISTORY


def with_more_income(case: Case, more_fen: int) -> Case:
    """The same family, its first member with another income."""
    facts, event, history = case
    first = facts.members[0]
    richer = replace(first, incomes=(*(first.incomes or ()), Income("transfer", more_fen)))
    return Facts((richer, *facts.members[1:]), facts.assets, facts.expenditures), event, history


def _member(random: Random, ref: str, relation: str, on: date, line_fen: int, unknown: float) -> Member:
    def maybe(value: T) -> T | None:
        return None if random.random() < unknown else value

    is_young = relation == "child" and random.random() < 0.7
    days = random.randint(0, 17 * 365) if is_young else random.randint(18 * 365, 95 * 365)
    card = Disability(random.choice(("visual", "physical", "mental")), random.randint(1, 4))
    return Member(
        ref=ref,
        relation=relation,
        gender=random.choice(("female", "male")),
        birth_date=maybe(on - timedelta(days=days)),
        disability=maybe(card if random.random() < 0.25 else NO_CARD),
        serious_illness=maybe(random.random() < 0.2),
        able_to_work=maybe(random.random() < 0.6),
        employment=maybe(random.choice(("employed", "flexible", "farming", "retired", "none"))),
        student=maybe(random.choice(_STUDIES)),
        incomes=maybe(tuple(_income(random, line_fen) for _ in range(random.choice((0, 1, 1, 2))))),
        parents=(Parent("deceased"), Parent("imprisoned")) if is_young and random.random() < 0.1 else (),
    )


def _income(random: Random, line_fen: int) -> Income:
    edge = random.choice((line_fen, line_fen - 1, line_fen + 1, random.randint(0, 3 * line_fen)))
    return Income(random.choice(_INCOME_KINDS), max(edge, 0))


def _assets(random: Random, line_fen: int) -> Assets:
    vehicles = (Vehicle("car", random.randint(0, 100 * line_fen)),) if random.random() < 0.1 else ()
    return Assets(random.randint(0, 30 * line_fen), vehicles, random.choice((0, 1, 1, 2)))


def _spent(random: Random, line_fen: int) -> Expenditures:
    return Expenditures(random.choice((0, 0, random.randint(0, 120 * line_fen))), random.randint(0, 5 * line_fen))
