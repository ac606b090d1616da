"""A household form → people and facts. Facts keep the words of an eligibility check; money as decimal yuan text.

Unknown is a value: what was not said is absent from the facts, and `disability: null` (holds no card) is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, cast

from services.contracts.divisions import CITY
from services.contracts.money import yuan
from services.intake.records.fields import Fields
from services.intake.records.identity import Gender, Identity, read_id_type, read_identity
from services.intake.records.issues import Action, Issue, Notes, check, gravest, load_yaml
from services.intake.records.text_cells import read_division

_FIELDS = ("division", "address", "members", "assets", "expenditures_12m", "housing", "monitored")
_FLAGS = (
    "cohabits", "legal_duty", "independent", "serious_illness", "able_to_work", "needs_long_term_care", "union_member",
    "left_behind", "chooses_child_benefit",
)  # fmt: skip
_CHOICES = {
    "presence": "presences",
    "custody": "custodies",
    "employment": "employments",
    "student": "students",
}
_MEMBER_FIELDS = (
    "ref", "id_type", "id_number", "name", "phone", "relation", "gender", "birth_date", "disability",
    "self_care_failed_items", "incomes", "obligors", "parents", *_FLAGS, *_CHOICES,
)  # fmt: skip
_MOST_MEMBERS = 30
_WORST_GRADE, _MILDEST_GRADE = 1, 4
_SELF_CARE_ITEMS = 6

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the form. `facts` name nobody; `ref` is the sender's word for the person."""

    ref: str
    identity: Identity
    name: str
    phone: str | None
    phone_is_usable: bool
    facts: Facts


@dataclass(frozen=True, slots=True)
class HouseholdForm:
    """A household as registered. `division` is shortened; `facts` hold all but the members."""

    division: str
    address: str | None
    members: tuple[Member, ...]
    facts: Facts


@dataclass(frozen=True, slots=True)
class ReadHousehold:
    """What reading one form gave: None when it cannot be stored, and the issues."""

    form: HouseholdForm | None
    issues: tuple[Issue, ...]

    @property
    def action(self) -> Action:
        """What happens to the form."""
        return gravest(self.issues)


@cache
def _codes(name: str) -> tuple[str, ...]:
    return tuple(load_yaml("household.yaml")[name])


def read_household(body: Mapping[str, Any], *, today: date) -> ReadHousehold:
    """Read one form, given as the parsed JSON object. `today` is the Shanghai date.

    The form is None when anything is wrong; the issues name each field.
    """
    notes = Notes()
    fields = Fields(body, "", notes)
    fields.only(_FIELDS)
    division_text = fields.raw("division", str, needed=True)
    division = read_division(division_text, field="division", notes=notes, strict=True) if division_text else None
    if division and not division.startswith(CITY):
        notes.add("DIVISION_ELSEWHERE", "division", division)
    address = fields.text("address", most=200, strict=False)
    listed = fields.many("members", needed=True, most=_MOST_MEMBERS) or []
    if not listed and isinstance(body.get("members"), list):
        notes.add("MEMBERS_NONE", "members")
    members = [_read_member(member, today, is_alone=len(listed) == 1) for member in listed]
    facts = _read_household_facts(fields)
    _refuse_twice(members, notes)
    if notes.has_error or division is None:
        return ReadHousehold(None, notes.issues)
    form = HouseholdForm(division, address, tuple(member for member in members if member), facts)
    return ReadHousehold(form, notes.issues)


def _refuse_twice(members: list[Member | None], notes: Notes) -> None:
    seen_refs: set[str] = set()
    seen_people: set[str] = set()
    for index, member in enumerate(members):
        if member is None:
            continue
        if member.ref in seen_refs:
            notes.add("REF_TWICE", f"members[{index}].ref")
        if member.identity.id_number in seen_people:
            notes.add("MEMBER_TWICE", f"members[{index}].id_number")
        seen_refs.add(member.ref)
        seen_people.add(member.identity.id_number)


def _read_member(member: Fields, today: date, *, is_alone: bool) -> Member | None:
    member.only(_MEMBER_FIELDS)
    notes = member.notes
    ref = member.text("ref", needed=True, most=64)
    name = member.name("name", needed=True)
    phone, is_usable = member.phone("phone")
    identity = _read_member_identity(member, today)
    facts = _read_member_facts(member, identity, today)
    relation = member.choice("relation", _codes("relations"), needed=not is_alone, default="self" if is_alone else None)
    if relation:
        facts["relation"] = relation
    if notes.has_error or not (ref and name and identity):
        return None
    return Member(ref, identity, name, phone, is_usable, facts)


def _read_member_identity(member: Fields, today: date) -> Identity | None:
    number = member.raw("id_number", str, needed=True)
    written = member.raw("id_type", str) or ""
    if number is None:
        return None
    code = read_id_type(written, field=member.at("id_type"), notes=member.notes)
    if code is None:
        return None
    return read_identity(
        number, notes=member.notes, not_after=today, id_type=code, strict=True, prefix=f"{member.path}."
    )


def _read_member_facts(member: Fields, identity: Identity | None, today: date) -> Facts:
    facts: Facts = {}
    birth = _birth_date(member, identity, today)
    if birth:
        facts["birth_date"] = birth.isoformat()
    gender = cast(Gender | None, member.choice("gender", ("female", "male")))
    gender = gender or (identity.gender if identity else None)
    if gender:
        facts["gender"] = gender
    for name in _FLAGS:
        flag = member.flag(name)
        if flag is not None:
            facts[name] = flag
    for name, codes in _CHOICES.items():
        code = member.choice(name, _codes(codes))
        if code is not None:
            facts[name] = code
    items = member.whole("self_care_failed_items", 0, _SELF_CARE_ITEMS)
    if items is not None:
        facts["self_care_failed_items"] = items
    facts |= _disability(member)
    facts |= _lists(member)
    return facts


def _birth_date(member: Fields, identity: Identity | None, today: date) -> date | None:
    """The date stated, else that of the number. A corrected registration may differ from an old number."""
    stated = member.day("birth_date")
    shown = identity.birth_date if identity else None
    if stated is None:
        return shown
    if stated > today:
        member.notes.add("DATE_FUTURE", member.at("birth_date"))
    elif today.year - stated.year > check("oldest_age_years"):
        member.notes.add("AGE_UNLIKELY", member.at("birth_date"))
    elif shown and shown != stated:
        member.notes.add("BIRTH_DATE_DIFFERS", member.at("birth_date"))
    return stated


def _disability(fields: Fields) -> Facts:
    """`{}` when nothing was said, `{"disability": None}` when the person holds no card."""
    if "disability" not in fields.values:
        return {}
    card = fields.inner("disability")
    if card is None:
        return {"disability": None}
    card.only(("kind", "grade"))
    kind = card.choice("kind", _codes("disabilities"), needed=True)
    grade = card.whole("grade", _WORST_GRADE, _MILDEST_GRADE, needed=True)
    return {"disability": {"kind": kind, "grade": grade}}


def _lists(member: Fields) -> Facts:
    facts: Facts = {}
    incomes = member.many("incomes")
    if incomes is not None:
        facts["incomes"] = [_income(income) for income in incomes]
    obligors = member.many("obligors")
    if obligors is not None:
        facts["obligors"] = [_obligor(obligor) for obligor in obligors]
    parents = member.many("parents", most=2)
    if parents is not None:
        facts["parents"] = [_parent(parent) for parent in parents]
    return facts


def _income(income: Fields) -> Facts:
    income.only(("kind", "item", "monthly"))
    fen = income.fen("monthly", needed=True)
    facts: Facts = {"kind": income.choice("kind", _codes("incomes"), needed=True), "monthly": yuan(fen or 0)}
    item = income.text("item", most=60)
    return facts | ({"item": item} if item else {})


def _obligor(obligor: Fields) -> Facts:
    obligor.only(("relation", "able"))
    relation = obligor.choice("relation", _codes("relations"))
    able = obligor.flag("able")
    return ({"relation": relation} if relation else {}) | ({"able": able} if able is not None else {})


def _parent(parent: Fields) -> Facts:
    parent.only(("presence", "disability", "serious_illness", "out_of_contact_months"))
    presence = parent.choice("presence", _codes("presences"))
    ill = parent.flag("serious_illness")
    months = parent.whole("out_of_contact_months", 0, 1200)
    facts: Facts = {"presence": presence} if presence else {}
    facts |= _disability(parent)
    facts |= {"serious_illness": ill} if ill is not None else {}
    return facts | ({"out_of_contact_months": months} if months is not None else {})


def _read_household_facts(fields: Fields) -> Facts:
    facts: Facts = {}
    assets = fields.inner("assets")
    if assets is not None:
        facts["assets"] = _assets(assets)
    spending = fields.inner("expenditures_12m")
    if spending is not None:
        kinds = ("medical_self_paid", "education", "rehabilitation")
        spending.only(kinds)
        amounts = {kind: spending.fen(kind) for kind in kinds}
        facts["expenditures_12m"] = {kind: yuan(fen) for kind, fen in amounts.items() if fen is not None}
    housing = fields.inner("housing")
    if housing is not None:
        housing.only(("kind",))
        kind = housing.choice("kind", _codes("housings"))
        facts["housing"] = {"kind": kind} if kind else {}
    monitored = fields.flag("monitored")
    return facts | ({"monitored": monitored} if monitored is not None else {})


def _assets(assets: Fields) -> Facts:
    assets.only(("financial_total", "vehicles", "dwellings", "business"))
    facts: Facts = {}
    total = assets.fen("financial_total")
    if total is not None:
        facts["financial_total"] = yuan(total)
    vehicles = assets.many("vehicles")
    if vehicles is not None:
        facts["vehicles"] = [_vehicle(vehicle) for vehicle in vehicles]
    dwellings = assets.whole("dwellings", 0, 100)
    if dwellings is not None:
        facts["dwellings"] = dwellings
    business = assets.choice("business", _codes("businesses"))
    return facts | ({"business": business} if business else {})


def _vehicle(vehicle: Fields) -> Facts:
    vehicle.only(("kind", "value", "exempt"))
    kind = vehicle.text("kind", most=40)
    value = vehicle.fen("value")
    exempt = vehicle.flag("exempt")
    facts: Facts = {"kind": kind} if kind else {}
    facts |= {"value": yuan(value)} if value is not None else {}
    return facts | ({"exempt": exempt} if exempt is not None else {})
