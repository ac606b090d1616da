"""Everything a rule may look at: a household as facts, with units.

`None` is a fact that nobody knows, and only these may be unknown: birth_date, disability, serious_illness,
able_to_work, employment, student, incomes, assets, expenditures. A person known to hold no disability card has NO_CARD.
All other facts have a default. Money is in fen. Nothing here identifies anybody.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class Income:
    """One monthly income. `item` is "" or the code of what it is (an exempt kind, for instance)."""

    kind: str
    monthly_fen: int
    item: str = ""


@dataclass(frozen=True, slots=True)
class Disability:
    """A disability card: kind, and grade 1 (most severe) to 4."""

    kind: str
    grade: int


NO_CARD: Final = Disability("", 99)
"""Known to hold no card: no kind, and a grade beyond all."""


@dataclass(frozen=True, slots=True)
class Obligor:
    """Someone bound by law to support a person, and whether they are able to."""

    able: bool
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Parent:
    """A parent of a child, whether or not he or she lives in the household."""

    presence: str = "present"
    disability: Disability | None = None
    serious_illness: bool | None = None
    out_of_contact_months: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the household, counted or not.

    `independent` None: nothing said, so an adult child is taken to live on its own means. `obligors` None: tekun is not
    tested for this person; empty: no obligor exists. `parents` empty: nothing said of them.
    """

    ref: str
    relation: str
    gender: str = ""
    birth_date: date | None = None
    presence: str = "present"
    cohabits: bool = True
    legal_duty: bool = True
    custody: str = "here"
    independent: bool | None = None
    disability: Disability | None = None
    serious_illness: bool | None = None
    able_to_work: bool | None = None
    employment: str | None = None
    student: str | None = None
    self_care_failed_items: int = 0
    needs_long_term_care: bool = False
    union_member: bool = False
    left_behind: bool = False
    chooses_child_benefit: bool = False
    incomes: tuple[Income, ...] | None = None
    obligors: tuple[Obligor, ...] | None = None
    parents: tuple[Parent, ...] = ()


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A motor vehicle. `exempt` None: decided by its kind. `value_fen` None: not stated, unknown where it matters."""

    kind: str
    value_fen: int | None
    exempt: bool | None = None


@dataclass(frozen=True, slots=True)
class Assets:
    """What the household owns together."""

    financial_total_fen: int = 0
    vehicles: tuple[Vehicle, ...] = ()
    dwellings: int = 0
    business: str = "none"


@dataclass(frozen=True, slots=True)
class Expenditures:
    """What the household paid itself in the 12 months up to the date."""

    medical_self_paid_fen: int = 0
    education_fen: int = 0
    rehabilitation_fen: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """A household."""

    members: tuple[Member, ...]
    assets: Assets | None = None
    expenditures: Expenditures | None = None
    housing: str = "safe"
    monitored: bool = False


@dataclass(frozen=True, slots=True)
class CareRecord:
    """One settled hospital bill (or refund, then negative) for the trigger."""

    settlement_id: str
    version: int
    self_paid_fen: int
    settled_on: date


@dataclass(frozen=True, slots=True)
class Event:
    """What made somebody look at the household. `causes` are codes of the grid report form."""

    kind: str = "application"
    severity: str | None = None
    causes: tuple[str, ...] = ()
    records: tuple[CareRecord, ...] = ()
    year: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is on record of earlier help. `single_applicant` is the ref of a member who applies alone, or "".

    `taper_since`: the day from which a family on dibao earns above the standard because a member took a job;
    `taper_grant_fen` is what it was paid a month until then.
    """

    single_applicant: str = ""
    refused_jobs: int = 0
    same_cause_within_12_months: bool = False
    temp_aid_received_this_year_fen: int = 0
    taper_since: date | None = None
    taper_grant_fen: int = 0


NO_TAPER: Final = -1
"""Months since income rose where no rise is on record."""


def completed_months(since: date, on: date) -> int:
    """Whole months from one day to another."""
    return (on.year - since.year) * 12 + on.month - since.month - (on.day < since.day)


APPLICATION: Final = Event()
NO_HISTORY: Final = History()
