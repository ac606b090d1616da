"""Which needs a household has, and which bureaux and partners should hear of each.

The table is `routing.yaml`; the facts that its rows name are the functions here. A row fires only on what is known.
Nobody outside civil affairs hears of a household without low-income status, temporary aid, a need stated in the event,
or a near-miss: every fact below stands on one of these.

Readings: "temp aid" is an eligible finding of either type. A lone mother is the only adult among applicant and spouse
who are present, a woman, with a counted child under age; she is passed on when the household has low income or
temporary aid. A left-behind or unattended child is a need by itself. The trade union hears of a jobless person who is a
member. Charity hears of poor housing only where housing aid is not open, which leaves the gap.

Cannot tell: a new enrolment (no brand is added for it); what a housing repair leaves to pay.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from services.eligibility.rules.assessment import Finding, Need
from services.eligibility.rules.facts import Event
from services.eligibility.rules.logic import all_of, is_unknown
from services.eligibility.rules.plain import HouseholdView, PersonView

_PATH: Final = Path(__file__).parent / "routing.yaml"
_TEMP_AIDS: Final = ("temp_spending", "temp_emergency")

Found = str | None
"""The ref of the person a fact is about, "" for the household, None when the fact was not found."""


@dataclass(frozen=True, slots=True)
class RoutingRow:
    """One line of the table."""

    row: str
    need: str
    when: str = ""
    causes: tuple[str, ...] = ()
    bureaux: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Routing:
    """The table."""

    rows: tuple[RoutingRow, ...]
    refers_nobody: frozenset[str]
    housing: frozenset[str]
    near_miss_row: str
    near_miss_partners: tuple[str, ...]
    need_by_cause: Mapping[str, str]
    need_by_kind: Mapping[str, str]
    last_need: str


@cache
def routing() -> Routing:
    """The table beside this module, read once.

    Raises: KeyError when a row names a fact that does not exist.
    """
    raw = yaml.safe_load(_PATH.read_text(encoding="utf-8"))
    rows = tuple(
        RoutingRow(
            row=each["row"],
            need=each["need"],
            when=each.get("when", ""),
            causes=tuple(each.get("causes", ())),
            bureaux=tuple(each.get("bureaux", ())),
            partners=tuple(each.get("partners", ())),
        )
        for each in raw["rows"]
    )
    for row in rows:
        if row.when:
            FACTS[row.when]
    near = raw["near_miss"]
    return Routing(
        rows=rows,
        refers_nobody=frozenset(raw["refers_nobody"]),
        housing=frozenset(raw["housing"]),
        near_miss_row=near["row"],
        near_miss_partners=tuple(near["partners"]),
        need_by_cause=near["need_by_cause"],
        need_by_kind=near["need_by_kind"],
        last_need=near["need"],
    )


class _Case:
    """What the facts of the table look at."""

    def __init__(self, h: HouseholdView, findings: Iterable[Finding], event: Event) -> None:
        self.h = h
        self.p = h.p
        self.event = event
        self.eligible = {finding.programme for finding in findings if finding.outcome == "eligible"}
        self.is_low_income = h.is_low_income is True
        self.has_temp_aid = any(aid in self.eligible for aid in _TEMP_AIDS)

    @property
    def is_in_hardship(self) -> bool:
        """Low income, or temporary aid."""
        return self.is_low_income or self.has_temp_aid

    def who(self, claim: Callable[[PersonView], Any]) -> Found:  # Any: a truth or UNKNOWN
        """The first member of whom a claim is known to hold."""
        return next((m.ref for m in self.h.members if claim(m) is True), None)


def _poor_with_medical_cost(case: _Case) -> Found:
    costly = case.h.medical >= case.p.need_medical_floor
    return "" if case.is_in_hardship and costly is True else None


def _poor_student(case: _Case) -> Found:
    return case.who(lambda m: m.is_student) if case.is_low_income else None


def _poor_pupil(case: _Case) -> Found:
    if not case.is_low_income or is_unknown(case.p.pupil_ages):
        return None
    youngest, oldest = case.p.pupil_ages
    return case.who(lambda m: all_of(m.is_student, m.age >= youngest, m.age <= oldest))


def _poor_jobless(case: _Case) -> Found:
    return case.who(lambda m: m.is_jobless) if case.is_low_income else None


def _poor_jobless_union_member(case: _Case) -> Found:
    return case.who(lambda m: all_of(m.is_jobless, m.union_member)) if case.is_low_income else None


def _poor_card_holder(case: _Case) -> Found:
    return case.who(lambda m: all_of(_is_family(m), m.has_card)) if case.is_low_income else None


def _lone_mother_in_hardship(case: _Case) -> Found:
    if not case.is_in_hardship:
        return None
    adults = [m for m in case.h.members if m.relation in ("self", "spouse") and m.presence == "present"]
    adults = [m for m in adults if m.is_minor is not True]
    has_child = case.who(lambda m: all_of(m.relation == "child", m.is_counted, m.is_minor)) is not None
    if len(adults) == 1 and adults[0].is_minor is False and adults[0].is_woman and has_child:
        return adults[0].ref
    return None


def _unattended_child(case: _Case) -> Found:
    return case.who(lambda m: m.unattended_child)


def _left_behind_child(case: _Case) -> Found:
    return case.who(lambda m: m.left_behind and m.presence == "present")


def _poor_or_tekun_elder(case: _Case) -> Found:
    p = case.p
    tekun = case.who(lambda m: all_of(m.tekun, m.age >= p.tekun_elder_age))
    if tekun is not None or not case.is_low_income:
        return tekun
    return case.who(lambda m: all_of(_is_family(m), m.age >= p.elder_care_age))


def _union_member_in_hardship(case: _Case) -> Found:
    return case.who(lambda m: all_of(_is_family(m), m.union_member)) if case.is_in_hardship else None


def _emergency_aid(case: _Case) -> Found:
    return "" if "temp_emergency" in case.eligible else None


def _poor_housing(case: _Case) -> Found:
    return "" if case.is_in_hardship and case.h.housing in routing().housing else None


def _housing_gap(case: _Case) -> Found:
    reported = any(row.need == "housing" and _stated(row, case.event) for row in routing().rows)
    open_need = reported or _poor_housing(case) is not None
    return "" if open_need and case.is_in_hardship and "housing_aid" not in case.eligible else None


def _is_family(m: PersonView) -> Any:  # Any: a truth or UNKNOWN
    return m.is_counted if m.tekun is not True else True


FACTS: Final[dict[str, Callable[[_Case], Found]]] = {
    "poor_with_medical_cost": _poor_with_medical_cost,
    "poor_student": _poor_student,
    "poor_pupil": _poor_pupil,
    "poor_jobless": _poor_jobless,
    "poor_jobless_union_member": _poor_jobless_union_member,
    "poor_card_holder": _poor_card_holder,
    "lone_mother_in_hardship": _lone_mother_in_hardship,
    "unattended_child": _unattended_child,
    "left_behind_child": _left_behind_child,
    "poor_or_tekun_elder": _poor_or_tekun_elder,
    "union_member_in_hardship": _union_member_in_hardship,
    "emergency_aid": _emergency_aid,
    "poor_housing": _poor_housing,
    "housing_gap": _housing_gap,
}
"""The facts that rows of the table may name."""


def find_needs(h: HouseholdView, findings: tuple[Finding, ...], event: Event) -> tuple[Need, ...]:
    """The needs of a household worked through, each with its bureaux, partners and the rows that found it."""
    table = routing()
    if event.causes and table.refers_nobody.issuperset(event.causes):
        return ()
    case = _Case(h, findings, event)
    found: dict[str, list[tuple[RoutingRow, str]]] = {}
    for row in table.rows:
        subject = FACTS[row.when](case) if row.when else None
        if subject is None and row.causes and event.causes and _stated(row, event):
            subject = ""
        if subject is not None:
            found.setdefault(row.need, []).append((row, subject))
    needs = [_merge(need, rows, case, findings) for need, rows in found.items()]
    near = _near_miss(case, findings, table)
    if near is not None and near.code not in found:
        needs.append(near)
    return tuple(needs)


def _stated(row: RoutingRow, event: Event) -> bool:
    return any(cause in row.causes for cause in event.causes)


def _merge(code: str, rows: list[tuple[RoutingRow, str]], case: _Case, findings: tuple[Finding, ...]) -> Need:
    return Need(
        code=code,
        partners=_in_order(partner for row, _ in rows for partner in row.partners),
        bureaux=_in_order(bureau for row, _ in rows for bureau in row.bureaux),
        why=tuple(row.row for row, _ in rows),
        member=next((subject for _, subject in rows if subject), ""),
        gap_fen=_gap(code, case, findings),
    )


def _near_miss(case: _Case, findings: tuple[Finding, ...], table: Routing) -> Need | None:
    """No status, no temporary aid, one figure close to its line: charity may hear of it, after consent."""
    if case.h.is_low_income is not False or case.has_temp_aid:
        return None
    if not any(finding.is_near_miss for finding in findings):
        return None
    by_cause = (table.need_by_cause[cause] for cause in case.event.causes if cause in table.need_by_cause)
    code = next(by_cause, "") or table.need_by_kind.get(case.event.kind, table.last_need)
    return Need(
        code=code,
        partners=table.near_miss_partners,
        bureaux=(),
        why=(table.near_miss_row,),
        near_miss=True,
        gap_fen=_gap(code, case, findings),
    )


def _gap(code: str, case: _Case, findings: tuple[Finding, ...]) -> int | None:
    """What of a known yearly cost no one-off aid covers yet. Units: fen."""
    if code == "medical_cost" and not is_unknown(case.h.medical):
        aid = sum(finding.one_off_fen or 0 for finding in findings if finding.outcome == "eligible")
        return max(int(case.h.medical) - aid, 0)
    if code == "education_cost" and not is_unknown(case.h.education) and case.h.education > 0:
        return int(case.h.education)
    return None


def _in_order(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))
