"""The tables that are read or changed row by row. Bulk writes go by SQL in `store`; the schema is in `migrations`."""

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ARRAY, Column, DateTime, Text
from sqlmodel import Field

from services.kit.db import service_base

if TYPE_CHECKING:
    from sqlmodel import SQLModel as Base
else:
    Base = service_base("eligibility")


class Assessment(Base, table=True):
    """One check of a household against every programme, as it was made. It never changes but in `state`."""

    assessment_id: UUID = Field(primary_key=True)
    household_ref: UUID
    number: int
    division: str
    as_of: date
    cause: str
    cause_ref: str
    state: str
    superseded_by: UUID | None = None
    status: str | None = None
    priority: str
    household_size: int
    eligible: list[str] = Field(sa_column=Column(ARRAY(Text)))
    unknown: list[str] = Field(sa_column=Column(ARRAY(Text)))
    not_eligible: list[str] = Field(sa_column=Column(ARRAY(Text)))
    monthly_fen: int
    one_off_fen: int
    facts: str
    facts_sha256: str
    findings: str
    findings_sha256: str
    needs: str
    rule_version: str
    rule_digest: str
    engine: str
    created_at: datetime = Field(sa_type=DateTime(timezone=True))


class RecordAccount(Base, table=True):
    """What became of one record: an assessment, or a reason for none."""

    __tablename__ = "record_account"

    record_id: UUID = Field(primary_key=True)
    division: str
    source: str
    household_ref: UUID
    person_ref: UUID | None = None
    year: int | None = None
    kind: str
    reason: str | None = None
    assessment_id: UUID | None = None


class Visit(Base, table=True):
    """A household on the visit list; one row a household, whatever brought it there."""

    household_ref: UUID = Field(primary_key=True)
    division: str
    version: int
    state: str
    priority: str
    due_on: date
    assessment_id: UUID
    result: str | None = None


class Policy(Base, table=True):
    """A policy version: changes of parameters on their way into force. `changes` is the JSON of `rules/layers.py`."""

    id: UUID = Field(primary_key=True)
    version: int
    division: str
    title: str
    reason: str
    state: str
    changes: str
    losers_reason: str | None = None
    created_by: str
    approved_by: str | None = None
    four_eyes_waived: bool = False
    scheduled_for: date | None = None
    sequence: int | None = None
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    changed_at: datetime = Field(sa_type=DateTime(timezone=True))


class PolicyStep(Base, table=True):
    """One step of a policy version: which state, by whom, when. Rows are only ever added."""

    __tablename__ = "policy_step"

    policy_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    division: str
    state: str
    four_eyes_waived: bool = False
    taken_by: str
    taken_at: datetime = Field(sa_type=DateTime(timezone=True))


class Rehearsal(Base, table=True):
    """A what-if over the registry. `tally` is what was counted up to `cursor_ref`; `tests`, `result` are JSON."""

    id: UUID = Field(primary_key=True)
    policy_id: UUID | None = None
    policy_version: int | None = None
    title: str
    division: str
    as_of: date
    changes: str
    state: str
    problem: str | None = None
    households_done: int = 0
    households_total: int = 0
    cursor_ref: UUID | None = None
    tally: str = ""
    tests: str = ""
    result: str = ""
    baseline_version: str = ""
    baseline_digest: str = ""
    attempts: int = 0
    lease_by: UUID | None = None
    lease_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    created_by: str
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    started_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    finished_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
