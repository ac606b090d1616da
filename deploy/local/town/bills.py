"""What the medical-insurance bureau pushes about one person in one settlement year: settlements whose parts add up to
the fen, now and then with a refund, a correction, a row sent twice or a person registered elsewhere."""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from deploy.local.town.people import Person, names
from services.contracts.money import yuan

SOURCE = "medical_insurance"
_OVER_SHARE = 0.62
"""Of the person-years a push holds, about as many lie over 40,000 yuan as in a real one."""
_COUNTS = ((1, 81), (2, 10), (3, 5), (4, 4))


@dataclass(frozen=True)
class Season:
    """The days on which bills were settled: all in one year, and none more than eleven months ago."""

    first: date
    last: date

    @classmethod
    def before(cls, today: date) -> "Season":
        """This year's days up to yesterday; in the first half of a year, last year's."""
        year = today.year if today.month > 6 else today.year - 1
        first = max(date(year, 1, 10), today - timedelta(days=330))
        return cls(first, min(date(year, 12, 31), today - timedelta(days=1)))

    def day(self, rng: random.Random) -> date:
        """Some day of it."""
        return self.first + timedelta(days=rng.randrange((self.last - self.first).days + 1))


def draw_total(rng: random.Random) -> int:
    """What a person-year comes to, in whole yuan: about three in five are over 40,000."""
    if rng.random() < _OVER_SHARE:
        return int(40_001 + min(rng.expovariate(1 / 24_000), 240_000))
    return rng.choice((rng.randint(1_500, 9_900), rng.randint(10_001, 39_900), rng.randint(18_000, 39_900), 40_000))


@dataclass(frozen=True)
class Bill:
    """One settlement; money in fen."""

    settlement_id: str
    person: Person
    division: str
    hospital: str
    settled_on: date
    self_paid_fen: int
    covered_fen: int
    version: int = 1
    refund_of: str | None = None

    def body(self) -> dict[str, Any]:
        """The body of `POST /api/v1/intake/hospital-costs`."""
        serious = 0 if self.refund_of else self.covered_fen // 7
        stay = timedelta(days=self.self_paid_fen % 19 + 2)
        held = {
            "source": SOURCE,
            "settlement_id": self.settlement_id,
            "version": self.version,
            "id_type": "resident_id",
            "id_number": self.person.id_number,
            "name": self.person.name,
            "division": self.division,
            "hospital": self.hospital,
            "admitted_on": (self.settled_on - stay).isoformat(),
            "discharged_on": self.settled_on.isoformat(),
            "settled_on": self.settled_on.isoformat(),
            "total": yuan(self.self_paid_fen + self.covered_fen),
            "pooled_fund_paid": yuan(self.covered_fen - serious),
            "serious_illness_paid": yuan(serious),
            "medical_aid_paid": "0.00",
            "self_paid": yuan(self.self_paid_fen),
        }
        return held | ({"refund_of": self.refund_of} if self.refund_of else {})


def bills_of(
    rng: random.Random, person: Person, *, division: str, total_yuan: int, season: Season, town: int, block: int
) -> list[Bill]:
    """The settlements of one person-year that come to `total_yuan`, with what a real push adds to them.

    `town` is the town's seed and `block` the person's number in it; settlement ids and the rarer turns follow from
    them.
    """
    count = rng.choices([n for n, _ in _COUNTS], [weight for _, weight in _COUNTS])[0]
    shares = _split(rng, total_yuan * 100, count)
    days = sorted(season.day(rng) for _ in shares)
    bills = [
        Bill(
            settlement_id=f"YS{day:%Y}{town:03d}{block:07d}{number:02d}",
            person=person,
            division=division,
            hospital=rng.choice(names()["hospitals"]),
            settled_on=day,
            self_paid_fen=share,
            covered_fen=int(share * rng.uniform(0.6, 1.9)),
        )
        for number, (day, share) in enumerate(zip(days, shares, strict=True))
    ]
    return bills + _turns(rng, bills, season=season, block=block)


def _turns(rng: random.Random, bills: list[Bill], *, season: Season, block: int) -> list[Bill]:
    """A refund, a correction upwards or downwards, a lower version come late, or a row sent again."""
    last = bills[-1]
    if block % 41 == 5:
        back = last.self_paid_fen // rng.choice((4, 9))
        day = min(season.last, last.settled_on + timedelta(days=9))
        refund = replace(last, settlement_id=f"{last.settlement_id}R", settled_on=day, refund_of=last.settlement_id)
        return [replace(refund, self_paid_fen=-back, covered_fen=-(back // 2))]
    if block % 41 == 17:
        corrected = max(10_000, last.self_paid_fen + rng.randint(-900, 600) * 100)
        return [replace(last, version=2, self_paid_fen=corrected)]
    if block % 41 == 23:
        return [replace(last, version=3, self_paid_fen=last.self_paid_fen + 12_345), replace(last, version=2)]
    if block % 41 == 29:
        return [last]
    return []


def _split(rng: random.Random, fen: int, count: int) -> list[int]:
    """Cut an amount into `count` parts of at least a hundredth each."""
    weights = [rng.uniform(0.2, 1.0) for _ in range(count)]
    parts = [int(fen * weight / sum(weights)) for weight in weights[:-1]]
    return [*parts, fen - sum(parts)]
