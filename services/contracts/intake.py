"""What intake publishes."""

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from services.contracts.event import Event, State


class CountedRecord(State):
    """One hospital-cost record as it counts now.

    `self_paid_fen` is negative for a refund. `counted` is false for a record that was superseded, is held, or was
    withdrawn; such records stay in the list so that each has its account. `note` says why it is not counted.
    """

    record_id: UUID
    settlement_year: int
    settled_on: date
    self_paid_fen: int
    counted: bool = True
    note: Literal["", "superseded", "held", "withdrawn", "refunded"] = ""


class CareChanged(Event):
    """A person's hospital costs changed: a record, a refund, a correction, a confirmation or a withdrawal.

    `ref` is the person, the state all of the person's records. `household_ref` is where the person lives now; a person
    in no registered household has a provisional household of one. `in_city` is false for a person registered outside
    the city: such a record is forwarded, not assessed.
    """

    SUBJECT: ClassVar[str] = "intake.care.changed"

    household_ref: UUID
    provisional: bool
    birth_date: date | None
    gender: Literal["female", "male"] | None
    in_city: bool
    deceased: bool = False
    records: tuple[CountedRecord, ...]


class HouseholdChanged(Event):
    """A household was registered, corrected, or merged into another.

    `ref` is the household. `facts` is the household object of `POST /api/v1/eligibility/checks` without names: members
    (their `ref` is the person_ref), assets, expenditures_12m, housing, monitored; money in decimal yuan strings; what
    is unknown is absent. `merged_into` is set when the household's people now live in another one: then `facts` is {}.
    """

    SUBJECT: ClassVar[str] = "intake.household.changed"

    provisional: bool = False
    merged_into: UUID | None = None
    facts: dict[str, Any]


class BenefitHeld(State):
    """One line of a roll (在册名册) that a person stands on: the programme, since when, until when if known.

    `division` is the place whose roll it is.
    """

    programme: str
    division: str
    since: date
    until: date | None = None
    monthly_fen: int | None = None


class BenefitsChanged(Event):
    """What a person receives by the rolls changed: a new roll, a roll taken back, or the person moved.

    `ref` is the person, the state every line of a roll in force that names them; none when they stand on no roll any
    more. `household_ref` is where the person lives now; whenever that changes it is told again, so the newest event
    alone says whose household it is.
    """

    SUBJECT: ClassVar[str] = "intake.benefits.changed"

    household_ref: UUID
    provisional: bool
    benefits: tuple[BenefitHeld, ...]


class GridReportRecorded(Event):
    """A grid worker reported a household in need.

    `ref` is the report's record id. `person_ref` is None when nobody could be identified. `kinds` are the codes of the
    report form; `informed` and `share_with_partners` are what the family said to the grid worker.
    """

    SUBJECT: ClassVar[str] = "intake.grid_report.recorded"

    household_ref: UUID
    person_ref: UUID | None
    provisional: bool
    birth_date: date | None
    gender: Literal["female", "male"] | None
    household_size: int | None
    kinds: tuple[str, ...]
    urgency: Literal["red", "yellow", "blue"]
    reported_on: date
    safe_to_call: bool
    informed: bool
    share_with_partners: bool
    in_city: bool = True


class ConsentChanged(Event):
    """A family said yes or no, or took a yes back. `ref` is the household; each decision raises its consent version.

    `partner` is a partner code or "any", `purpose` a need code or "any". `decisions` is the whole list of decisions in
    force: of two for the same partner and purpose the later one is kept.
    """

    SUBJECT: ClassVar[str] = "intake.consent.changed"

    decisions: tuple["ConsentDecision", ...]


class ConsentDecision(State):
    """One decision on sharing with one partner for one purpose; the more exact one wins over "any"."""

    consent_id: UUID
    person_ref: UUID | None
    partner: str
    purpose: str
    decision: Literal["given", "refused", "revoked"]
    basis: Literal["consent", "statutory"] = "consent"
    given_on: date
    expires_on: date | None = None


ConsentChanged.model_rebuild()
