"""The body of `POST /checks`, strictly: what may be sent, and how it becomes facts.

`null` and absent read the same, except `disability: null`. Unknown fields, codes outside their lists, amounts that are
no decimal text and dates that do not exist are refused; errors name the field and never repeat the value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from services.contracts.divisions import divisions
from services.contracts.money import UnreadableAmount, parse_fen, parse_yuan
from services.eligibility.rules.book import ParameterProblem, RuleBook
from services.eligibility.rules.facts import Event, Facts, History
from services.eligibility.rules.readers import event_of, facts_of, history_of
from services.eligibility.rules.snapshot import Parameters
from services.kit.errors import BadInput, FieldError
from services.kit.fields import AmountText, Body, Code, Day, Division

MOST_MEMBERS = 60
MOST_ITEMS = 100
MOST_RECORDS = 2_000


def _yuan_text(text: str) -> str:
    try:
        parse_yuan(text)
    except UnreadableAmount:
        raise PydanticCustomError("amount", "not an amount") from None
    return text


def _not_negative(text: str) -> str:
    if _yuan_text(text).startswith("-"):
        raise PydanticCustomError("amount", "not an amount")
    return text


def _whole(value: Any) -> Any:  # Any: JSON as it came
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("whole_number", "not a whole number")
    return value


Yuan = Annotated[AmountText, AfterValidator(_not_negative)]
"""Decimal yuan text, not negative."""

SignedYuan = Annotated[AmountText, AfterValidator(_yuan_text)]
"""Decimal yuan text; a loss or a refund is negative."""

Count = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=100_000)]
"""A whole number."""

MemberRef = Annotated[str, StringConstraints(pattern=r"^[^\s\[\]\x00-\x1f\x7f]{1,64}$")]
"""What the caller calls a person; comes back in the answer."""

Relation = Literal[
    "self", "spouse", "divorced_spouse", "child", "parent", "grandparent", "grandchild", "sibling", "other"
]
Presence = Literal[
    "present",
    "imprisoned",
    "compulsory_detox",
    "declared_missing",
    "deceased",
    "clergy",
    "in_other_household",
    "conscript",
]
CardKind = Literal["visual", "hearing", "speech", "physical", "intellectual", "mental", "multiple"]
Study = Literal[
    "none",
    "preschool",
    "primary",
    "junior_high",
    "senior_high",
    "vocational",
    "junior_college",
    "undergraduate",
    "postgraduate",
]


class DisabilityIn(Body):
    """A disability card."""

    kind: CardKind
    grade: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=4)]


class IncomeIn(Body):
    """One monthly income; only a business may lose money."""

    kind: Literal["wage", "business", "property", "transfer", "other"]
    item: Code | None = None
    monthly: SignedYuan


class ObligorIn(Body):
    """Someone bound by law to support the person."""

    relation: Code | None = None
    able: bool


class ParentIn(Body):
    """A parent of the person."""

    presence: Presence | None = None
    disability: DisabilityIn | None = None
    serious_illness: bool | None = None
    out_of_contact_months: Count | None = None


class MemberIn(Body):
    """One person."""

    ref: MemberRef
    name: Annotated[str, StringConstraints(max_length=200)] | None = None
    relation: Relation
    gender: Literal["female", "male"] | None = None
    birth_date: Day | None = None
    presence: Presence | None = None
    cohabits: bool | None = None
    legal_duty: bool | None = None
    custody: Literal["here", "elsewhere"] | None = None
    independent: bool | None = None
    disability: DisabilityIn | None = None
    serious_illness: bool | None = None
    able_to_work: bool | None = None
    employment: Literal["employed", "flexible", "farming", "retired", "none"] | None = None
    student: Study | None = None
    self_care_failed_items: Annotated[int, BeforeValidator(_whole), Field(ge=0, le=6)] | None = None
    needs_long_term_care: bool | None = None
    union_member: bool | None = None
    left_behind: bool | None = None
    chooses_child_benefit: bool | None = None
    incomes: Annotated[list[IncomeIn], Field(max_length=MOST_ITEMS)] | None = None
    obligors: Annotated[list[ObligorIn], Field(max_length=MOST_ITEMS)] | None = None
    parents: Annotated[list[ParentIn], Field(max_length=4)] | None = None


class VehicleIn(Body):
    """A motor vehicle."""

    kind: Code | None = None
    value: Yuan | None = None
    exempt: bool | None = None


class AssetsIn(Body):
    """What the household owns."""

    financial_total: Yuan | None = None
    vehicles: Annotated[list[VehicleIn], Field(max_length=MOST_ITEMS)] | None = None
    dwellings: Count | None = None
    business: Literal["none", "dormant", "active_sole", "active_company"] | None = None


class ExpendituresIn(Body):
    """What the household paid itself in 12 months."""

    medical_self_paid: Yuan | None = None
    education: Yuan | None = None
    rehabilitation: Yuan | None = None


class HousingIn(Body):
    """The dwelling."""

    kind: Literal["safe", "dangerous", "crowded", "none"] | None = None


class HouseholdIn(Body):
    """A household."""

    members: Annotated[list[MemberIn], Field(min_length=1, max_length=MOST_MEMBERS)]
    assets: AssetsIn | None = None
    expenditures_12m: ExpendituresIn | None = None
    housing: HousingIn | None = None
    monitored: bool | None = None


class RecordIn(Body):
    """A settled hospital bill; a refund is negative."""

    settlement_id: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    version: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=1_000_000)] | None = None
    self_paid: AmountText
    unit: Literal["yuan", "fen"] | None = None
    settled_on: Day


class EventIn(Body):
    """What made somebody look."""

    kind: Literal["application", "hospital_cost", "grid_report", "screening"] | None = None
    severity: Literal["light", "medium", "severe"] | None = None
    cause: Code | None = None
    records: Annotated[list[RecordIn], Field(max_length=MOST_RECORDS)] | None = None
    year: Annotated[int, BeforeValidator(_whole), Field(ge=1900, le=2200)] | None = None


class TaperIn(Body):
    """A family on dibao earns above the standard since a member took a job: the day, and its grant until then."""

    since: Day
    grant: Yuan


class HistoryIn(Body):
    """Earlier help on record."""

    single_applicant: MemberRef | None = None
    refused_jobs: Count | None = None
    temp_aid_same_cause_within_12m: bool | None = None
    temp_aid_received_this_year: Yuan | None = None
    dibao_taper: TaperIn | None = None


class CheckIn(Body):
    """The body of `POST /checks`."""

    county: Division
    as_of: Day | None = None
    event: EventIn | None = None
    household: HouseholdIn
    history: HistoryIn | None = None
    parameters: Annotated[dict[str, Any], Field(max_length=MOST_ITEMS)] | None = None  # Any: read by the rule book


@dataclass(frozen=True, slots=True)
class Check:
    """A check ready to be made."""

    facts: Facts
    event: Event
    history: History
    parameters: Parameters


def to_check(body: CheckIn, book: RuleBook, *, today: date) -> Check:
    """Facts and parameters of a body. `as_of` absent: today. An abolished code means the place it became.

    Raises: BadInput for a place without parameters, a ref used twice or not at all, a birth after the day, an amount
    that is not of its unit, and a parameter that does not exist or does not fit.
    """
    on = body.as_of or today
    wrong = list(_wrong(body, on))
    county = divisions().resolve(body.county).code
    if not book.knows(county):
        wrong.append(FieldError("county", "no_parameters", "这个地区没有政策参数", "No parameters for this place"))
    overrides = {
        id: raw for id, raw in (body.parameters or {}).items() if raw is not None or id not in book.definitions
    }
    wrong += _wrong_parameters(overrides, book)
    if wrong:
        raise BadInput(errors=tuple(wrong))
    parameters = book.at(county, on, overrides)
    household = body.household.model_dump(exclude_unset=True)
    event = body.event.model_dump(exclude_unset=True) if body.event else None
    history = body.history.model_dump(exclude_unset=True) if body.history else None
    return Check(facts_of(household), event_of(event), history_of(history), parameters)


def read_check(body: Any, book: RuleBook, *, today: date) -> Check:  # Any: parsed JSON
    """As `to_check`, from parsed JSON.

    Raises: BadInput.
    """
    try:
        parsed = CheckIn.model_validate(body)
    except ValidationError as error:
        raise BadInput(
            errors=tuple(
                FieldError(_path(item["loc"]), str(item["type"]), "此项的值不对", "The value is wrong")
                for item in error.errors(include_input=False, include_url=False)[:50]
            )
        ) from None
    return to_check(parsed, book, today=today)


def _wrong(body: CheckIn, on: date) -> Iterator[FieldError]:
    seen: set[str] = set()
    for index, member in enumerate(body.household.members):
        path = f"household.members[{index}]"
        if member.ref in seen:
            yield FieldError(f"{path}.ref", "used_twice", "同一个编号用了两次", "The ref is used twice")
        seen.add(member.ref)
        if member.birth_date and member.birth_date > on:
            yield FieldError(f"{path}.birth_date", "date", "出生日期在核对日期之后", "Born after the day of the check")
        for at, income in enumerate(member.incomes or ()):
            if income.kind != "business" and income.monthly.startswith("-"):
                yield FieldError(f"{path}.incomes[{at}].monthly", "amount", "收入不能为负", "Not an income")
    for index, record in enumerate((body.event and body.event.records) or ()):
        try:
            parse_fen(record.self_paid) if record.unit == "fen" else parse_yuan(record.self_paid)
        except UnreadableAmount:
            yield FieldError(
                f"event.records[{index}].self_paid",
                "amount",
                "金额应为最多两位小数的数字（以分为单位时为整数）",
                "An amount has digits and at most two decimals, in fen none",
            )
    taper = body.history.dibao_taper if body.history else None
    if taper is not None and taper.since > on:
        yield FieldError("history.dibao_taper.since", "date", "日期在核对日期之后", "After the day of the check")
    applicant = body.history.single_applicant if body.history else None
    if applicant is not None and applicant not in seen:
        yield FieldError("history.single_applicant", "unknown_ref", "没有这个成员", "There is no such member")


def _wrong_parameters(overrides: Mapping[str, Any], book: RuleBook) -> Iterator[FieldError]:  # Any: JSON values
    for id, raw in overrides.items():
        try:
            book.read_overrides({id: raw})
        except ParameterProblem as problem:
            yield _parameter_error(problem)


def _parameter_error(problem: ParameterProblem) -> FieldError:
    known = problem.id.isascii() and problem.id.replace("_", "").isalnum() and len(problem.id) <= 64
    path = f"parameters.{problem.id}" if known else "parameters"
    zh, en = "没有这个参数，或者值的类型不对", f"Not a parameter of this kind: {problem.problem}"
    return FieldError(path, "parameter", zh, en)


def _path(where: tuple[int | str, ...]) -> str:
    path = ""
    for step in where:
        path += f"[{step}]" if isinstance(step, int) else (f".{step}" if path else step)
    return path or "body"
