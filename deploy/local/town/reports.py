"""Grid reports of the eighteen kinds: some about people the town registered, some about people nobody had registered,
children under aliases, people who gave no name, and people who must not be called."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.local.town.people import REPORTED_PREFIX, Gender, People, Person, names
from deploy.local.town.places import Village, villages

_SHANGHAI = timezone(timedelta(hours=8))
_CHANNELS = ("app", "app", "wechat", "phone", "paper")


@dataclass(frozen=True)
class Known:
    """Somebody the town registered, whom a report may be about."""

    person: Person
    village: Village
    household_size: int
    kinds: tuple[str, ...] = ()
    """What is to be reported; any kind when empty."""
    text: str = ""
    """What the worker wrote; a sentence of the kind when empty."""


@cache
def kinds() -> list[dict[str, Any]]:
    """The rows of `reports.yaml`."""
    held: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "reports.yaml").read_text(encoding="utf-8"))
    return held


def make_reports(
    seed: int, count: int, *, people: People, stories: list[Known], registered: list[Known]
) -> tuple[dict[str, Any], ...]:
    """`count` reports: the stories' first, then every kind in turn. Each third grown-up is one of `registered`."""
    found: list[dict[str, Any]] = []
    pool = list(registered)
    for number in range(count):
        rng = random.Random(f"{seed}/report/{number}")
        if number < len(stories):
            found.append(_about_known(rng, number, stories[number], people.today))
            continue
        row = kinds()[number % len(kinds())]
        grown_up = not row.get("child") and not row.get("nameless")
        if number % 3 == 0 and grown_up and pool:
            known = pool.pop(0)
            about = (_of(known.person, people.today), known.household_size)
            found.append(_report(rng, number, row, people.today, known.village, *about))
        else:
            village = rng.choice(villages())
            found.append(_report(rng, number, row, people.today, village, *_somebody(rng, row, people)))
    for number, report in enumerate(found):
        day = report["reported_at"][:10].replace("-", "")
        report["report_id"] = f"WG{day}{seed:02d}{number:04d}"
    return tuple(found)


def _about_known(rng: random.Random, number: int, known: Known, today: date) -> dict[str, Any]:
    rows = [row for row in kinds() if row["kind"] in known.kinds]
    person = _of(known.person, today)
    report = _report(rng, number, rows[0], today, known.village, person, known.household_size)
    report |= {"kinds": list(known.kinds), "text": known.text or report["text"]}
    return report | {"consent": {"informed": True, "share_with_partners": True}, "safe_to_call": True}


def _of(person: Person, today: date) -> dict[str, Any]:
    age = today.year - person.born.year - ((today.month, today.day) < (person.born.month, person.born.day))
    return {
        "name": person.name,
        "gender": person.gender,
        "age": age,
        "id_type": "居民身份证",
        "id_number": person.id_number,
        "phone": person.phone or None,
        "alias": False,
    }


def _somebody(rng: random.Random, row: dict[str, Any], people: People) -> tuple[dict[str, Any], int | None]:
    """(person of the report, household size) of somebody nobody registered."""
    age = rng.randint(*row["age"])
    gender: Gender = row.get("gender") or rng.choice(("female", "male"))
    unknown: dict[str, Any] = {"gender": gender, "id_type": None, "id_number": None, "phone": None}
    if row.get("nameless"):
        return {"name": None, **unknown, "age": None, "alias": False}, None
    if row.get("child"):
        return {"name": rng.choice(names()["aliases"]), **unknown, "age": age, "alias": True}, rng.randint(2, 5)
    person = people.make(rng, prefix=REPORTED_PREFIX, age=age, gender=gender)
    told = _of(person, people.today)
    if rng.random() < 0.25:
        told |= {"id_type": None, "id_number": None}
    return told, rng.randint(1, 6)


def _report(
    rng: random.Random,
    number: int,
    row: dict[str, Any],
    today: date,
    village: Village,
    person: dict[str, Any],
    household_size: int | None,
) -> dict[str, Any]:
    """One line of the report form."""
    nine = datetime(today.year, today.month, today.day, 9, 0, tzinfo=_SHANGHAI)
    at = nine - timedelta(days=1, minutes=rng.randint(0, 40_000))
    nameless = person["name"] is None
    shares = not (nameless or row.get("child", False) or number % 9 == 7)
    return {
        "reported_at": at.isoformat(),
        "reporter": {
            "id": f"G{village.county}{number % 40:05d}",
            "name": rng.choice(names()["reporters"]),
            "phone": f"1540001{number % 10_000:04d}",
            "role": rng.choice(names()["reporter_roles"]),
        },
        "grid_code": f"{village.code}{number % 9 + 1:03d}",
        "division_code": village.code,
        "place": village.address(rng),
        "person": person,
        "household_size": household_size,
        "kinds": [row["kind"]],
        "urgency": row["urgency"],
        "text": rng.choice(row["texts"]).format(name=person["name"] or ""),
        "safe_to_call": not row.get("quiet", False),
        "consent": {"informed": not nameless, "share_with_partners": shares},
        "photos": [],
        "channel": rng.choice(_CHANNELS),
    }
