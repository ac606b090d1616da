"""Invented households at random, close to the lines of the rule book, with facts missing here and there."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from services.eligibility.rules.facts import (
    NO_CARD,
    Assets,
    Disability,
    Event,
    Expenditures,
    Facts,
    History,
    Income,
    Member,
    Obligor,
    Parent,
    Vehicle,
)

RELATIONS = ("spouse", "child", "child", "child", "parent", "grandparent", "grandchild", "sibling", "other")
PRESENCES = (
    "imprisoned",
    "compulsory_detox",
    "declared_missing",
    "deceased",
    "clergy",
    "in_other_household",
    "conscript",
)
CARDS = ("visual", "hearing", "speech", "physical", "intellectual", "mental", "multiple")
STUDIES = (
    "preschool",
    "primary",
    "junior_high",
    "senior_high",
    "vocational",
    "junior_college",
    "undergraduate",
    "postgraduate",
)
EXEMPT = ("preferential_allowance", "scholarship", "disability_subsidy", "elderly_allowance", "social_assistance")
CAUSES = ("fire", "natural_disaster", "accident", "job_loss", "major_illness", "homeless_person", "income_up_signal")
EDGES_FEN = (0, 1, 90_000, 89_999, 90_001, 135_000, 85_000, 84_999, 127_500)

T = TypeVar("T")
Case = tuple[Facts, Event, History]


def random_case(random: Random, on: date, *, unknown: float = 0.0) -> Case:
    """A household, what happened, and what is on record. `unknown`: how likely each fact is missing."""

    def maybe(value: T) -> T | None:
        return None if random.random() < unknown else value

    members = [_member(random, "m1", "self", on)]
    for number in range(random.choice((0, 1, 1, 2, 2, 3, 4))):
        members.append(_member(random, f"m{number + 2}", random.choice(RELATIONS), on))
    hidden = [
        replace(
            member,
            birth_date=maybe(member.birth_date),
            disability=maybe(member.disability),
            serious_illness=maybe(member.serious_illness),
            able_to_work=maybe(member.able_to_work),
            employment=maybe(member.employment),
            student=maybe(member.student),
            incomes=maybe(member.incomes),
            parents=tuple(
                replace(each, disability=maybe(each.disability), serious_illness=maybe(each.serious_illness))
                for each in member.parents
            ),
        )
        for member in members
    ]
    facts = Facts(
        tuple(hidden),
        maybe(_assets(random, unknown)),
        maybe(_expenditures(random)),
        random.choice(("safe", "safe", "dangerous", "crowded", "none")),
        random.random() < 0.1,
    )
    return facts, _event(random), _history(random, members, on)


def _member(random: Random, ref: str, relation: str, on: date) -> Member:
    often = random.random
    oldest = 17 if relation in ("child", "grandchild") and often() < 0.6 else 95
    return Member(
        ref=ref,
        relation=relation,
        gender=random.choice(("female", "male", "")),
        birth_date=_birth_date(random, oldest, on),
        presence="present" if often() < 0.88 else random.choice(PRESENCES),
        cohabits=often() < 0.8,
        legal_duty=often() < 0.85,
        custody="here" if often() < 0.85 else "elsewhere",
        independent=random.choice((None, None, True, False)),
        disability=Disability(random.choice(CARDS), random.randint(1, 4)) if often() < 0.3 else NO_CARD,
        serious_illness=often() < 0.2,
        able_to_work=often() < 0.6,
        employment=random.choice(("employed", "flexible", "farming", "retired", "none", "none")),
        student=random.choice(STUDIES) if often() < 0.4 else "none",
        self_care_failed_items=random.choice((0, 0, 0, 1, 3, 4, 6)),
        needs_long_term_care=often() < 0.2,
        union_member=often() < 0.2,
        left_behind=often() < 0.1,
        chooses_child_benefit=often() < 0.1,
        incomes=tuple(_income(random) for _ in range(random.choice((0, 1, 1, 2)))),
        obligors=_obligors(random) if often() < 0.25 else None,
        parents=tuple(_parent(random) for _ in range(2)) if often() < 0.15 else (),
    )


def _birth_date(random: Random, oldest: int, on: date) -> date:
    if random.random() < 0.25:
        years = random.choice((6, 16, 17, 18, 59, 60, 70, 80, 90))
        return date(on.year - years, on.month, min(on.day, 28)) + timedelta(days=random.choice((-1, 0, 1)))
    return on - timedelta(days=random.randint(0, oldest * 365))


def _income(random: Random) -> Income:
    kind = random.choice(("wage", "wage", "business", "property", "transfer", "other"))
    item = random.choice(("", "", "", "central_basic_pension", *EXEMPT, "unheard_of"))
    fen = random.choice((random.choice(EDGES_FEN), random.randint(0, 600_000), random.randint(0, 120_000)))
    return Income(kind, -fen if kind == "business" and random.random() < 0.2 else fen, item)


def _obligors(random: Random) -> tuple[Obligor, ...]:
    return tuple(Obligor(random.random() < 0.3, "child") for _ in range(random.choice((0, 0, 1, 2))))


def _parent(random: Random) -> Parent:
    return Parent(
        "present" if random.random() < 0.4 else random.choice((*PRESENCES, "deceased", "deceased")),
        Disability(random.choice(CARDS), random.randint(1, 4)) if random.random() < 0.3 else NO_CARD,
        random.random() < 0.3,
        random.choice((0, 0, 5, 6, 12)),
    )


def _assets(random: Random, unknown: float) -> Assets:
    often = random.random
    vehicles = tuple(
        Vehicle(
            random.choice(("car", "car", "motorbike")),
            None
            if often() < unknown
            else random.choice((0, 5_000_000, 5_000_001, 8_000_000, random.randint(0, 12_000_000))),
            random.choice((None, False, True)),
        )
        for _ in range(random.choice((0, 0, 0, 0, 1, 1, 2)))
    )
    return Assets(
        random.choice((0, random.randint(0, 3_000_000), random.randint(0, 30_000_000), 2_160_000, 2_160_001)),
        vehicles,
        2 if often() < 0.08 else random.choice((0, 1)),
        "none" if often() < 0.8 else random.choice(("dormant", "active_sole", "active_company")),
    )


def _expenditures(random: Random) -> Expenditures:
    return Expenditures(
        random.choice((0, 0, 999_999, 1_000_000, 4_000_000, 8_000_000, random.randint(0, 15_000_000))),
        random.choice((0, 0, random.randint(0, 2_000_000))),
        random.choice((0, 0, random.randint(0, 2_000_000))),
    )


def _event(random: Random) -> Event:
    return Event(
        random.choice(("application", "hospital_cost", "grid_report", "screening")),
        random.choice((None, None, None, "light", "medium", "severe")),
        tuple(random.sample(CAUSES, random.choice((0, 0, 1, 2)))),
    )


def _history(random: Random, members: list[Member], on: date) -> History:
    rose = on - timedelta(days=random.randint(0, 400)) if random.random() < 0.1 else None
    return History(
        random.choice(("", "", random.choice(members).ref)),
        random.choice((0, 0, 0, 2, 3, 4)),
        random.random() < 0.1,
        random.choice((0, 0, 500_000, 1_020_001, 2_000_000)),
        rose,
        random.choice((30_000, 95_000, 140_050)) if rose else 0,
    )
