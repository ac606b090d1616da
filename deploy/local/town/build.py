"""The town itself: the stories first, then people one by one, each from their own number, so that a town of more
records begins with the smaller town."""

import random
from dataclasses import dataclass
from datetime import date
from typing import Any

from deploy.local.practice.config import CODES
from deploy.local.town.bills import Season, bills_of, draw_total
from deploy.local.town.members import Draft, Family
from deploy.local.town.people import LOTS, People, Person, names
from deploy.local.town.places import Village, villages
from deploy.local.town.recipes import draw
from deploy.local.town.reports import Known, make_reports
from deploy.local.town.stories import STORIES

_SMALL_FROM = 100
"""Seeds from here on are for small towns."""
_EVERY = 8
"""One person in eight of those with bills lives in a registered household."""
_VISITED = {
    "widower": (
        ("major_illness",),
        "走访时才知道确诊癌症已半年，一个人住，药钱是卖地瓜攒的，怕给村里添麻烦一直没说。",
    ),
    "mother_of_three": (
        ("job_loss",),
        "离婚带三个孩子，鞋厂裁员没了工作，这个月房租交不出，想找离家近能接孩子的活。",
    ),
}
"""Stories that a grid worker finds: the kinds of the report and what it says."""


@dataclass(frozen=True)
class TownHousehold:
    """A household to register. `consents` are bodies of `POST /api/v1/intake/consents` without their household_ref."""

    kind: str
    body: dict[str, Any]
    consents: tuple[dict[str, Any], ...]

    @property
    def id_numbers(self) -> tuple[str, ...]:
        """ID numbers of its members."""
        return tuple(member["id_number"] for member in self.body["members"])


@dataclass(frozen=True)
class Story:
    """One of the named families: its place in the town's list, the report that found it, the bills that did."""

    name: str
    household: int
    report_id: str | None
    settlement_ids: tuple[str, ...]


@dataclass(frozen=True)
class Town:
    """Everything a demo or a bench pushes, in the order it may be pushed."""

    seed: int
    today: date
    households: tuple[TownHousehold, ...]
    records: tuple[dict[str, Any], ...]
    reports: tuple[dict[str, Any], ...]
    stories: tuple[Story, ...]

    def story(self, name: str) -> Story:
        """One of the stories by name."""
        return next(story for story in self.stories if story.name == name)


class _Builder:
    def __init__(self, seed: int, today: date) -> None:
        self.seed = seed
        # Small towns for tests live side by side in one installation: those of different lots share nobody.
        self.people = People(today, lot=seed % (LOTS - 1) if seed >= _SMALL_FROM else None)
        self.season = Season.before(today)
        self.households: list[TownHousehold] = []
        self.records: list[dict[str, Any]] = []
        self.visited: list[Known] = []
        self.known: list[Known] = []
        self._story_rows: list[tuple[str, int, tuple[str, ...], str | None]] = []

    def add_stories(self) -> None:
        """The named families, all of whom said yes to every partner."""
        for number, (name, recipe, total, division) in enumerate(STORIES):
            rng = random.Random(f"{self.seed}/story/{name}")
            village = rng.choice([one for one in villages(division[:6]) if one.code.startswith(division)])
            draft = recipe(Family(rng, self.people, village), total)
            settled = self._add_bills(rng, draft.patient, village.code, total, number) if total else ()
            if name in _VISITED:
                self.visited.append(Known(draft.patient, village, len(draft.members), *_VISITED[name]))
            self._register(rng, draft, name, self._decision("any", "given"))
            self._story_rows.append((name, number, settled, name if name in _VISITED else None))

    def add_person(self, block: int) -> None:
        """The person of a block with their bills, in a registered household or in none."""
        rng = random.Random(f"{self.seed}/block/{block}")
        village = rng.choice(villages())
        total = draw_total(rng)
        if block % _EVERY == 3:
            draft = draw(rng)(Family(rng, self.people, village), total)
            self._register(rng, draft, draft.kind, *self._consents(block // _EVERY, rng))
            self.known.append(Known(draft.patient, village, len(draft.members)))
            patient, division = draft.patient, village.code
        else:
            patient = self._stranger(rng, village)
            division = rng.choice(names()["elsewhere"]) if block % 41 == 11 else village.code
        self._add_bills(rng, patient, division, total, block)

    def _stranger(self, rng: random.Random, village: Village) -> Person:
        age = rng.choice((rng.randint(1, 17), rng.randint(18, 59), rng.randint(45, 79), rng.randint(60, 90)))
        return self.people.make(rng, prefix=village.county, age=age, gender=rng.choice(("female", "male")))

    def _add_bills(self, rng: random.Random, person: Person, division: str, total: int, block: int) -> tuple[str, ...]:
        bills = bills_of(
            rng, person, division=division, total_yuan=total, season=self.season, town=self.seed, block=block
        )
        self.records += [bill.body() for bill in bills]
        return tuple(bill.settlement_id for bill in bills)

    def _register(self, rng: random.Random, draft: Draft, kind: str, *consents: dict[str, Any]) -> None:
        self.households.append(TownHousehold(kind, draft.body(rng), consents))

    def _decision(self, partner: str, decision: str) -> dict[str, Any]:
        given_on = self.season.first.isoformat()
        return {"partner": partner, "purpose": "any", "decision": decision, "given_on": given_on, "basis": "consent"}

    def _consents(self, number: int, rng: random.Random) -> tuple[dict[str, Any], ...]:
        """Two families in three said yes, mostly to any partner; of the rest some refused and some were not asked."""
        if number % 3 == 0:
            return (self._decision("any", "refused"),) if number % 2 else ()
        if number % 5 == 4:
            return tuple(self._decision(partner, "given") for partner in sorted(rng.sample(CODES, 3)))
        return (self._decision("any", "given"),)

    def stories(self, reports: tuple[dict[str, Any], ...]) -> tuple[Story, ...]:
        """The stories with the reports that found them; reports begin with those in the stories' order."""
        ids = iter([report["report_id"] for report in reports[: len(self.visited)]])
        return tuple(
            Story(name, household, next(ids, None) if visited else None, settled)
            for name, household, settled, visited in self._story_rows
        )


def make_town(seed: int, records: int, reports: int, *, today: date) -> Town:
    """The town of a seed with exactly so many hospital-cost records and grid reports, seen from `today`.

    About one person in eight lives in a registered household. With fewer than ten records the stories' bills are cut.
    """
    town = _Builder(seed, today)
    town.add_stories()
    block = 100  # story bills have the numbers below
    while len(town.records) < records:
        town.add_person(block)
        block += 1
    told = make_reports(seed, reports, people=town.people, stories=town.visited, registered=town.known[::2])
    return Town(seed, today, tuple(town.households), tuple(town.records[:records]), told, town.stories(told))
