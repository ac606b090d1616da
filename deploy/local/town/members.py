"""Building blocks of a household: members with every fact known, incomes, assets. All money is decimal yuan text."""

import random
from dataclasses import dataclass, field
from typing import Any

from deploy.local.town.people import Gender, People, Person, names
from deploy.local.town.places import Village


@dataclass
class Draft:
    """A household on its way: `kind` names its recipe, `patient` is whoever gets the bills."""

    kind: str
    village: Village
    patient: Person
    members: list[dict[str, Any]]
    financial: str = "5000.00"
    vehicles: list[dict[str, Any]] = field(default_factory=list)
    dwellings: int = 1
    education: str = "0.00"
    medical: str = "0.00"
    rehabilitation: str = "0.00"
    housing: str = "safe"

    def body(self, rng: random.Random) -> dict[str, Any]:
        """The body of `POST /api/v1/intake/households`."""
        return {
            "division": self.village.code,
            "address": self.village.address(rng),
            "members": self.members,
            "assets": {
                "financial_total": self.financial,
                "vehicles": self.vehicles,
                "dwellings": self.dwellings,
                "business": "none",
            },
            "expenditures_12m": {
                "medical_self_paid": self.medical,
                "education": self.education,
                "rehabilitation": self.rehabilitation,
            },
            "housing": {"kind": self.housing},
        }


class Family:
    """Makes the members of one household: one surname for the blood line, one village, refs m1, m2, …"""

    def __init__(self, rng: random.Random, people: People, village: Village) -> None:
        self.rng = rng
        self.village = village
        self._people = people
        self._surname = rng.choice(names()["surnames"])
        self.members: list[dict[str, Any]] = []

    def add(
        self, relation: str, age: int, gender: Gender, *, incomes: list[dict[str, Any]] | None = None, **facts: Any
    ) -> Person:
        """A member with every fact known; `facts` override the plain ones."""
        surname = self._surname if relation in ("self", "child", "grandchild") else None
        person = self._people.make(self.rng, prefix=self.village.county, age=age, gender=gender, surname=surname)
        plain: dict[str, Any] = {
            "disability": None,
            "serious_illness": False,
            "able_to_work": 16 <= age < 60,
            "employment": "none",
            "student": "none",
        }
        member = {"ref": f"m{len(self.members) + 1}", "relation": relation, **person.identity(), **plain, **facts}
        member["incomes"] = incomes or []
        self.members.append(member)
        return person

    def draft(self, kind: str, patient: Person, **facts: Any) -> Draft:
        """The household as it stands."""
        return Draft(kind, self.village, patient, self.members, **facts)


def wage(yuan: int) -> dict[str, Any]:
    """A monthly wage in whole yuan."""
    return {"kind": "wage", "monthly": f"{yuan}.00"}


def farming(yuan: int) -> dict[str, Any]:
    """A monthly net income from the land in whole yuan."""
    return {"kind": "business", "monthly": f"{yuan}.00"}


def support(yuan: int) -> dict[str, Any]:
    """Alimony or support by relatives, monthly, in whole yuan."""
    return {"kind": "transfer", "monthly": f"{yuan}.00"}


def pension(yuan: int) -> dict[str, Any]:
    """A residents' pension without its central part, monthly, in whole yuan."""
    return {"kind": "transfer", "item": "local_pension", "monthly": f"{yuan}.00"}
