"""The plan carried out on one household, as plain values.

Views carry the facts under the names that the rule texts use, and take up each figure as it is worked out. Each missing
fact is an Unknown with a bit of its own, so that every unknown answer knows which facts it hangs on. Facts are named as
in the request: `members[m2].incomes`, `assets`, `event.severity`; a parameter without a value on the day by its id.
"""

from typing import Any, Final

from services.eligibility.rules.criteria import Line
from services.eligibility.rules.facts import (
    NO_TAPER,
    Disability,
    Event,
    Facts,
    History,
    Income,
    Member,
    Parent,
    Vehicle,
    completed_months,
)
from services.eligibility.rules.logic import Unknown, Value, all_of, any_of, is_unknown, larger
from services.eligibility.rules.persons import BEFORE_TEKUN
from services.eligibility.rules.plan import PLAN
from services.eligibility.rules.programmes.temp_emergency import NO_EMERGENCY
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import CauseFlag, Fold, HouseholdFigure, PersonFigure, Programme, Step


class Missing:
    """The missing facts of a household, a bit for each in the order of the request."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def add(self, name: str) -> Value:
        """The value of a fact nobody knows: an Unknown with a bit of its own."""
        self.names.append(name)
        return Unknown(1 << len(self.names) - 1)

    def named(self, facts: int) -> tuple[str, ...]:
        """The names of the facts whose bits are set, in order."""
        if not facts:
            return ()
        return tuple(name for index, name in enumerate(self.names) if facts >> index & 1)


class View:
    """What rule texts may ask: facts and figures by name."""

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

    def __init__(self, vehicle: Vehicle, path: str, missing: Missing) -> None:
        self.kind = vehicle.kind
        self.value = missing.add(f"{path}.value") if vehicle.value_fen is None else vehicle.value_fen
        self.is_marked = vehicle.exempt is not None
        self.is_marked_exempt = vehicle.exempt is True


class ParentView(View):
    """A child's parent."""

    def __init__(self, parent: Parent, path: str, missing: Missing) -> None:
        self.presence = parent.presence
        card: Value = parent.disability or missing.add(f"{path}.disability")
        known = isinstance(card, Disability)
        self.card_kind = card.kind if known else card
        self.card_grade = card.grade if known else card
        ill = parent.serious_illness
        self.serious_illness = missing.add(f"{path}.serious_illness") if ill is None else ill
        self.out_of_contact_months = parent.out_of_contact_months


class PersonView(View):
    """One person, and the household as `home`."""

    def __init__(self, member: Member, home: "HouseholdView", applicant: str) -> None:
        self.home = home
        self.lines: dict[str, list[Line]] = {}
        self.ref = member.ref
        self.relation = member.relation
        self.presence = member.presence
        self.is_woman = member.gender == "female"
        self.cohabits = member.cohabits
        self.legal_duty = member.legal_duty
        self.custody = member.custody
        self.independent = member.independent is not False
        self.failed_items = member.self_care_failed_items
        self.long_term_care = member.needs_long_term_care
        self.union_member = member.union_member
        self.left_behind = member.left_behind
        self.chooses_child_benefit = member.chooses_child_benefit
        obligors = member.obligors
        self.is_tekun_tested = obligors is not None
        self.obligors_unable = obligors is not None and not any(obligor.able for obligor in obligors)
        self.has_parents = bool(member.parents)
        self.is_single_applicant = member.ref == applicant
        self._take_what_may_be_unknown(member, home.p, home.missing)

    def _take_what_may_be_unknown(self, member: Member, p: Parameters, missing: Missing) -> None:
        path = f"members[{member.ref}]"
        born, on = member.birth_date, p.on
        self.age: Value
        if born is None:
            self.age = missing.add(path + ".birth_date")
        else:
            self.age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
        card = member.disability
        if card is None:
            self.has_card = self.card_kind = self.card_grade = missing.add(path + ".disability")
        else:
            self.has_card, self.card_kind, self.card_grade = card.kind != "", card.kind, card.grade
        ill, able, work, study = member.serious_illness, member.able_to_work, member.employment, member.student
        self.serious_illness = missing.add(path + ".serious_illness") if ill is None else ill
        self.able_to_work = missing.add(path + ".able_to_work") if able is None else able
        self.employment = missing.add(path + ".employment") if work is None else work
        self.student = missing.add(path + ".student") if study is None else study
        self.incomes: Any = (
            missing.add(path + ".incomes")
            if member.incomes is None
            else [IncomeView(income) for income in member.incomes]
        )
        self.parents = [
            ParentView(parent, f"{path}.parents[{index}]", missing) for index, parent in enumerate(member.parents)
        ]


class HouseholdView(View):
    """The household. It is its own `home`, so that a test on assets reads the same for a person and for a household.

    `missing` names the facts that its unknown values hang on. `p` are the parameters it was worked through with.
    """

    def __init__(self, facts: Facts, event: Event, history: History, p: Parameters) -> None:
        self.home = self
        self.lines: dict[str, list[Line]] = {}
        self.missing = missing = Missing()
        self.p = p = p.with_unknowns(missing.add) if p.has_gaps else p
        applicant = history.single_applicant
        self.members = [PersonView(member, self, applicant) for member in facts.members]
        assets, spent = facts.assets, facts.expenditures
        if assets is None:
            self.vehicle_list = self.financial = self.dwellings = self.business = missing.add("assets")
        else:
            self.vehicle_list = [
                VehicleView(each, f"assets.vehicles[{index}]", missing) for index, each in enumerate(assets.vehicles)
            ]
            self.financial, self.dwellings = assets.financial_total_fen, assets.dwellings
            self.business = assets.business
        if spent is None:
            self.medical = self.education = self.rehabilitation = missing.add("expenditures_12m")
        else:
            self.medical, self.education = spent.medical_self_paid_fen, spent.education_fen
            self.rehabilitation = spent.rehabilitation_fen
        self.housing = facts.housing
        self.monitored = facts.monitored
        self.causes = event.causes
        self.severity_said = event.severity or NO_EMERGENCY
        self.severity_unstated: Value = NO_EMERGENCY
        if event.causes and not event.severity:
            self.severity_unstated = missing.add("event.severity")
        self.refused_jobs = history.refused_jobs
        self.same_cause = history.same_cause_within_12_months
        self.aid_received = history.temp_aid_received_this_year_fen
        since = history.taper_since
        self.taper_months = NO_TAPER if since is None else completed_months(since, p.on)
        self.taper_grant = history.taper_grant_fen

    def release(self) -> None:
        """Let go of the circle of household and persons, so that no garbage collector need find it."""
        del self.home
        for m in self.members:
            del m.home


def fold(step: Fold, items: Any, p: Parameters) -> Value:  # Any: views, or an Unknown
    """Make one value of many."""
    if is_unknown(items):
        return items
    text, how = step.text, step.how
    if how == "sum":
        total: Value = 0
        for item in items:
            total = total + text(item, p)
        return total
    if how == "largest":
        most: Value = 0
        for item in items:
            most = larger(most, text(item, p))
        return most
    return (any_of if how == "any" else all_of)(*[text(item, p) for item in items])


def _take_person_figure(step: PersonFigure, h: HouseholdView, p: Parameters, keep: bool) -> None:
    name, text = step.name, step.text
    for m in h.members:
        m.__dict__[name] = text(m, p)


def _take_household_figure(step: HouseholdFigure, h: HouseholdView, p: Parameters, keep: bool) -> None:
    h.__dict__[step.name] = step.text(h, p)


def _take_fold(step: Fold, h: HouseholdView, p: Parameters, keep: bool) -> None:
    if step.over == "members":
        if step.paid_by and h.__dict__["any_" + step.paid_by] is not True:
            h.__dict__[step.name] = 0
        else:
            h.__dict__[step.name] = fold(step, h.members, p)
    elif step.over == "vehicles":
        h.__dict__[step.name] = fold(step, h.vehicle_list, p)
    else:
        for m in h.members:
            m.__dict__[step.name] = fold(step, m.incomes if step.over == "incomes" else m.parents, p)


def _take_cause_flag(step: CauseFlag, h: HouseholdView, p: Parameters, keep: bool) -> None:
    codes = step.codes(p)
    if is_unknown(codes):
        h.__dict__[step.name] = codes if h.causes else False
    else:
        h.__dict__[step.name] = any(cause in codes for cause in h.causes)


def _take_programme(step: Programme, h: HouseholdView, p: Parameters, keep: bool) -> None:
    if step.scope == "person":
        holds = False
        for m in h.members:
            outcome = m.__dict__[step.code] = _decide(step, m, p, keep)
            holds = holds | outcome
        h.__dict__[step.anyone] = holds
        return
    holds = h.__dict__[step.code] = _decide(step, h, p, keep)
    for code, text in step.components:
        h.__dict__[f"{step.code}_{code}"] = text(h, p) if holds is True else 0


def _decide(step: Programme, subject: HouseholdView | PersonView, p: Parameters, keep: bool) -> Value:
    """A programme's answer for one subject; its lines are kept under its code."""
    reached: Value = True
    if step.reached is not None:
        reached = step.reached(subject, p)
        if reached is False:
            return False
    if keep:
        subject.trace = subject.lines[step.code] = []
        holds = reached & step.holds(subject, p)
        subject.trace = None
        return holds
    return reached & step.holds(subject, p)


_TAKE: Final = {
    PersonFigure: _take_person_figure,
    HouseholdFigure: _take_household_figure,
    Fold: _take_fold,
    CauseFlag: _take_cause_flag,
    Programme: _take_programme,
}


def _bound(steps: tuple[Step, ...]) -> tuple[tuple[Any, Step], ...]:  # Any: the step's own taker
    return tuple((_TAKE[type(step)], step) for step in steps)


_PLAN: Final = _bound(PLAN)
_COUNTING: Final = _bound(BEFORE_TEKUN)


def work_through(
    facts: Facts,
    event: Event,
    history: History,
    p: Parameters,
    *,
    keep_lines: bool = True,
    plan: tuple[Step, ...] = PLAN,
) -> HouseholdView:
    """Carry out the plan, or its first steps: the household with every figure and every answer.

    `keep_lines`: keep each test's line, for an explanation; without it only the answers are kept.
    """
    h = HouseholdView(facts, event, history, p)
    p = h.p
    for take, step in _PLAN if plan is PLAN else _bound(plan):
        take(step, h, p, keep_lines)
    return h


def counted_members(facts: Facts, p: Parameters) -> dict[str, Value]:
    """Each member's ref with whether the law counts the person into the household: True, False or unknown.

    Before anybody is taken out as tekun.
    """
    h = HouseholdView(facts, Event(), History(), p)
    for take, step in _COUNTING:
        take(step, h, h.p, False)
    return {m.ref: m.is_counted for m in h.members}
