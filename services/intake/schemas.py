"""Bodies as they are documented, and answers. Bodies of records are read by `records/`, which names each wrong field.

A test holds the documented fields and the readers' fields equal.
"""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from services.kit.fields import Body, Code, Day, Ref

Amount = str | int | float
_AMOUNT = "decimal text or number with at most two decimals; whole when unit is fen"


class Documented(BaseModel):
    """A body that a reader of `records/` takes; never instantiated."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def schema_of(cls) -> dict[str, Any]:
        """The JSON schema with everything in place, as a route's openapi_extra needs it."""
        schema = cls.model_json_schema()
        inlined: dict[str, Any] = _inlined(schema, schema.pop("$defs", {}))
        return inlined


def _inlined(node: Any, defs: dict[str, Any]) -> Any:
    if isinstance(node, dict):
        if "$ref" in node:
            return _inlined(defs[node["$ref"].rpartition("/")[2]], defs)
        return {name: _inlined(value, defs) for name, value in node.items()}
    if isinstance(node, list):
        return [_inlined(value, defs) for value in node]
    return node


class HospitalCostIn(Documented):
    """One settlement. Amounts are exact; the parts must add up to the total when all are given."""

    source: str = Field(description="code of the pushing system", max_length=64)
    settlement_id: str = Field(description="settlement number, unique in its source", max_length=64)
    version: int = Field(default=1, ge=1, le=999_999, description="a correction has a higher one")
    refund_of: str | None = Field(default=None, description="settlement that this one refunds; amounts are then ≤ 0")
    id_type: str = Field(default="resident_id", description="kind of paper")
    id_number: str = Field(description="normalised number, ASCII")
    name: str = Field(max_length=100)
    division: str = Field(description="registered residence: 4, 6, 9 or 12 digits", examples=["350622103206"])
    hospital: str
    admitted_on: date | None = None
    discharged_on: date | None = None
    settled_on: date
    total: Amount = Field(description=_AMOUNT)
    pooled_fund_paid: Amount | None = Field(default=None, description=_AMOUNT)
    serious_illness_paid: Amount | None = Field(default=None, description=_AMOUNT)
    medical_aid_paid: Amount | None = Field(default=None, description=_AMOUNT)
    self_paid: Amount = Field(description=_AMOUNT)
    unit: Literal["yuan", "fen"] = "yuan"


class HospitalCostBatchIn(Documented):
    """Up to 5,000 settlements."""

    records: list[HospitalCostIn] = Field(min_length=1, max_length=5_000)


class ReporterIn(Documented):
    """Who reports."""

    id: str
    name: str | None = None
    phone: str | None = None
    role: str | None = None


class ReportedPersonIn(Documented):
    """What is known of the person."""

    name: str | None = None
    gender: Literal["female", "male"] | None = None
    age: int | None = None
    id_type: str | None = None
    id_number: str | None = None
    phone: str | None = None
    alias: bool = False


class ReportConsentIn(Documented):
    """What the family said to the worker."""

    informed: bool
    share_with_partners: bool


class GridReportIn(Documented):
    """One report of a grid worker."""

    report_id: str = Field(max_length=64)
    reported_at: datetime
    reporter: ReporterIn
    grid_code: str | None = None
    division_code: str
    place: str | None = None
    person: ReportedPersonIn
    household_size: int | None = Field(default=None, ge=1, le=50)
    kinds: list[str] = Field(min_length=1)
    urgency: Literal["red", "yellow", "blue"]
    text: str | None = None
    safe_to_call: bool = True
    consent: ReportConsentIn
    photos: list[str] = []
    channel: str | None = None


class MemberIn(Documented):
    """A member: who it is, and the facts of an eligibility check."""

    ref: str
    id_type: str | None = None
    id_number: str
    name: str
    phone: str | None = None
    relation: str | None = None
    gender: Literal["female", "male"] | None = None
    birth_date: date | None = None
    presence: str | None = None
    cohabits: bool | None = None
    legal_duty: bool | None = None
    custody: Literal["here", "elsewhere"] | None = None
    independent: bool | None = None
    disability: dict[str, Any] | None = Field(default=None, description="null: holds no card; absent: unknown")
    serious_illness: bool | None = None
    able_to_work: bool | None = None
    employment: str | None = None
    student: str | None = None
    self_care_failed_items: int | None = None
    needs_long_term_care: bool | None = None
    union_member: bool | None = None
    left_behind: bool | None = None
    chooses_child_benefit: bool | None = None
    incomes: list[dict[str, Any]] | None = Field(default=None, description="[]: none; absent: unknown")
    obligors: list[dict[str, Any]] | None = None
    parents: list[dict[str, Any]] | None = None


class HouseholdIn(Documented):
    """A household. The same people again update it."""

    division: str
    address: str | None = None
    members: list[MemberIn] = Field(min_length=1, max_length=30)
    assets: dict[str, Any] | None = None
    expenditures_12m: dict[str, Any] | None = None
    housing: dict[str, Any] | None = None
    monitored: bool | None = None


class EvidenceIn(Body):
    """What proves a decision: a paper, a recording, a form."""

    kind: Code
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ConsentIn(Body):
    """One decision of a family. `partner` is a partner code or "any", `purpose` a need code or "any"."""

    household_ref: Ref
    person_ref: Ref | None = None
    partner: Code
    purpose: Code
    decision: Literal["given", "refused", "revoked"]
    given_on: Day
    expires_on: Day | None = None
    basis: Literal["consent", "statutory"] = "consent"
    evidence: EvidenceIn | None = None

    @model_validator(mode="after")
    def ends_after_it_begins(self) -> "ConsentIn":
        """A consent does not run out before it was given."""
        if self.expires_on is not None and self.expires_on < self.given_on:
            texts = {"zh": "到期日早于给出日", "en": "It ends before it begins"}
            raise PydanticCustomError("expires_before_given", "ends before it begins", texts)
        return self


class DisclosureIn(Body):
    """What the gateway asks on behalf of a partner."""

    person_ref: Ref
    fields: list[Code] = Field(min_length=1, max_length=40)
    referral_id: Ref
    partner: Code
    purpose: Code | None = None


class RevealIn(Body):
    """Which fields of a person to show in full."""

    fields: list[Literal["name", "id_number", "phone", "address"]] = Field(min_length=1, max_length=4)


class ConfirmIn(Body):
    """In which unit a held row's amounts really are."""

    unit: Literal["yuan", "fen"] = "yuan"


class Links(BaseModel):
    """Where to look."""

    self: str


class RecordReceipt(BaseModel):
    """What became of a record."""

    record_id: UUID
    result: Literal["new", "same", "correction", "held"]
    settlement_year: int
    links: Links


class BatchReceipts(BaseModel):
    """What became of each record of a batch, in its order. `conflict`: the same key is recorded with other content."""

    counts: dict[str, int]
    receipts: list[dict[str, Any]]


class HouseholdReceipt(BaseModel):
    """The household, and who is behind each member's ref."""

    household_ref: UUID
    person_refs: dict[str, UUID]


class ConsentReceipt(BaseModel):
    """The decision's id, and the household's consent version it made."""

    id: UUID
    version: int


class ImportOut(BaseModel):
    """An import. `new` and `changed` include rows taken with a word (`warned`); `skipped` includes duplicates."""

    id: UUID
    kind: str
    state: Literal["checking", "checked", "committing", "committed", "failed", "undone"]
    dry_run: bool
    counts: dict[str, int]
    progress: dict[str, int | None]
    file: dict[str, Any]
    notes: list[dict[str, Any]]
    error: dict[str, Any] | None
    created_at: datetime
    committed_at: datetime | None
    links: dict[str, str]


class ImportRows(BaseModel):
    """Findings about rows, by line."""

    items: list[dict[str, Any]]
    next: str | None = None


class ConfirmedRow(BaseModel):
    """A held row that counts now."""

    line: int
    record_id: UUID


class Counts(BaseModel):
    """How much there is in the caller's territory."""

    records: int
    reports: int
    households: int
    persons: int
    consents: dict[str, int]
