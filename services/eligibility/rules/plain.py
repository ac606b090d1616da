"""The plan carried out on one household, as plain values.

Views carry the facts under the names that the rule texts use, and take up each figure as it is worked out.
"""

from typing import Any, Final

from services.eligibility.rules.criteria import Line
from services.eligibility.rules.facts import Event, Facts, History, Income, Member, Parent, Vehicle
from services.eligibility.rules.logic import UNKNOWN, Value, all_of, any_of, larger
from services.eligibility.rules.plan import PLAN
from services.eligibility.rules.programmes.temp_emergency import NO_EMERGENCY
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import CauseFlag, Fold, HouseholdFigure, PersonFigure, Programme


class View:
    """What rule texts may ask: facts and figures by name. `asked` is only there for readers that note questions."""

    asked: Final = None
    trace: list[Line] | None = None

    def __getattr__(self, name: str) -> Any:  # Any: a fact or figure of any kind
        raise AttributeError(name)


class IncomeView(View):
    """One income."""

    def __init__(self, income: Income) -> None:
        self.kind = income.kind
        self.item = income.item
        self.monthly = income.monthly_fen


class VehicleView(View):
    """One vehicle."""

    def __init__(self, vehicle: Vehicle) -> None:
        self.kind = vehicle.kind
        self.value = vehicle.value_fen
        self.is_marked = vehicle.exempt is not None
        self.is_exempt = vehicle.exempt is True


class ParentView(View):
    """A child's parent."""

    def __init__(self, parent: Parent) -> None:
        self.presence = parent.presence
        card = parent.disability
        self.card_kind = card.kind if card else UNKNOWN
        self.card_grade = card.grade if card else UNKNOWN
        self.serious_illness = UNKNOWN if parent.serious_illness is None else parent.serious_illness
        self.out_of_contact_months = parent.out_of_contact_months


class PersonView(View):
    """One person, and the household as `home`."""

    def __init__(self, member: Member, home: "HouseholdView", p: Parameters, applicant: str) -> None:
        self.home = home
        self.facts = member
        self.lines: dict[str, list[Line]] = {}
        self.incomes = UNKNOWN if member.incomes is None else [IncomeView(each) for each in member.incomes]
        self.parents = [ParentView(each) for each in member.parents]
        self.ref = member.ref
        self.relation = member.relation
        self.presence = member.presence
        self.is_woman = member.gender == "female"
        self.cohabits = member.cohabits
        self.legal_duty = member.legal_duty
        self.custody = member.custody
        self.independent = member.independent is not False
        born, on = member.birth_date, p.on
        self.age: Value = UNKNOWN
        if born is not None:
            self.age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
        card = member.disability
        self.has_card: Value = UNKNOWN if card is None else card.kind != ""
        self.card_kind: Value = UNKNOWN if card is None else card.kind
        self.card_grade: Value = UNKNOWN if card is None else card.grade
        self.serious_illness: Value = UNKNOWN if member.serious_illness is None else member.serious_illness
        self.able_to_work: Value = UNKNOWN if member.able_to_work is None else member.able_to_work
        self.employment: Value = UNKNOWN if member.employment is None else member.employment
        self.student: Value = UNKNOWN if member.student is None else member.student
        self.failed_items = member.self_care_failed_items
        self.long_term_care = member.needs_long_term_care
        self.union_member = member.union_member
        self.left_behind = member.left_behind
        self.chooses_child_benefit = member.chooses_child_benefit
        obligors = member.obligors
        self.is_tekun_tested = obligors is not None
        self.obligors_unable = obligors is not None and not any(obligor.able for obligor in obligors)
        self.is_single_applicant = member.ref == applicant
        self.has_parents = bool(member.parents)


class HouseholdView(View):
    """The household. It is its own `home`, so that a test on assets reads the same for a person and for a household."""

    def __init__(self, facts: Facts, event: Event, history: History, p: Parameters) -> None:
        self.home = self
        self.facts = facts
        self.lines: dict[str, list[Line]] = {}
        assets, spent = facts.assets, facts.expenditures
        self.vehicle_list: Any = UNKNOWN if assets is None else [VehicleView(each) for each in assets.vehicles]
        self.financial: Value = UNKNOWN if assets is None else assets.financial_total_fen
        self.dwellings: Value = UNKNOWN if assets is None else assets.dwellings
        self.business: Value = UNKNOWN if assets is None else assets.business
        self.medical: Value = UNKNOWN if spent is None else spent.medical_self_paid_fen
        self.education: Value = UNKNOWN if spent is None else spent.education_fen
        self.rehabilitation: Value = UNKNOWN if spent is None else spent.rehabilitation_fen
        self.housing = facts.housing
        self.monitored = facts.monitored
        self.severity_said = event.severity or NO_EMERGENCY
        self.causes = event.causes
        self.refused_jobs = history.refused_jobs
        self.same_cause = history.same_cause_within_12_months
        self.aid_received = history.temp_aid_received_this_year_fen
        self.members = [PersonView(member, self, p, history.single_applicant) for member in facts.members]


def fold(step: Fold, items: Any, p: Parameters) -> Value:  # Any: views, or UNKNOWN
    """Make one value of many."""
    if items is UNKNOWN:
        return UNKNOWN
    values = [step.text(item, p) for item in items]
    if step.how == "any":
        return any_of(*values)
    if step.how == "all":
        return all_of(*values)
    answer: Value = 0
    for value in values:
        answer = answer + value if step.how == "sum" else larger(answer, value)
    return answer


def _take_fold(step: Fold, h: HouseholdView, p: Parameters) -> None:
    if step.over == "members":
        if step.paid_by and h.__dict__["any_" + step.paid_by] is not True:
            h.__dict__[step.name] = 0
            return
        h.__dict__[step.name] = fold(step, h.members, p)
    elif step.over == "vehicles":
        h.__dict__[step.name] = fold(step, h.vehicle_list, p)
    else:
        for m in h.members:
            m.__dict__[step.name] = fold(step, m.incomes if step.over == "incomes" else m.parents, p)


def _decide(step: Programme, subject: HouseholdView | PersonView, p: Parameters, keep: bool) -> Value:
    """A programme's answer for one subject; its lines are kept under its code."""
    reached = True if step.reached is None else step.reached(subject, p)
    if reached is False:
        return False
    subject.trace = lines = [] if keep else None
    holds = all_of(reached, step.holds(subject, p))
    subject.trace = None
    if lines is not None:
        subject.lines[step.code] = lines
    return holds


def _take_programme(step: Programme, h: HouseholdView, p: Parameters, keep: bool) -> None:
    if step.scope == "person":
        for m in h.members:
            m.__dict__[step.code] = _decide(step, m, p, keep)
        h.__dict__[step.anyone] = any_of(*(m.__dict__[step.code] for m in h.members))
        return
    holds = h.__dict__[step.code] = _decide(step, h, p, keep)
    for code, text in step.components:
        h.__dict__[f"{step.code}_{code}"] = text(h, p) if holds is True else 0


def work_through(
    facts: Facts, event: Event, history: History, p: Parameters, *, keep_lines: bool = True
) -> HouseholdView:
    """Carry out the plan: the household with every figure and every answer.

    `keep_lines`: keep each test's line, for an explanation; without it only the answers are kept.
    """
    h = HouseholdView(facts, event, history, p)
    for step in PLAN:
        kind = type(step)
        if kind is PersonFigure:
            name, text = step.name, step.text  # type: ignore[union-attr] # the kind was just looked at
            for m in h.members:
                m.__dict__[name] = text(m, p)
        elif kind is Fold:
            _take_fold(step, h, p)  # type: ignore[arg-type] # as above
        elif kind is HouseholdFigure:
            h.__dict__[step.name] = step.text(h, p)  # type: ignore[union-attr] # as above
        elif kind is Programme:
            _take_programme(step, h, p, keep_lines)  # type: ignore[arg-type] # as above
        elif isinstance(step, CauseFlag):
            codes = step.codes(p)
            unknown = codes is UNKNOWN and h.causes
            h.__dict__[step.name] = UNKNOWN if unknown else any(cause in codes for cause in h.causes)
    return h
