"""A second, slow and plain account of the law, written from the text alone, to hold the rule book against.

Fractions instead of cross-multiplied whole numbers, loops instead of steps, its own table of values. It knows no
missing facts. Every sentence that settles a branch is quoted by its number.
"""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from services.eligibility.rules.facts import Disability, Event, Facts, History, Income, Member

EXEMPT = {
    "preferential_allowance",
    "family_planning_reward",
    "scholarship",
    "student_grant",
    "bravery_award",
    "social_assistance",
    "disability_subsidy",
    "child_benefit",
    "elderly_allowance",
    "earmarked_charity",
}
YUAN = 100


@dataclass
class Values:
    """The illustrative snapshot, in yuan."""

    S: Fraction
    Y: Fraction
    changes: dict[str, Any] = field(default_factory=dict)
    job_cost: Fraction = Fraction(20, 100)
    medical_deduct: bool = True
    education_deduct: bool = False
    rigid_ratio: Fraction = Fraction(60, 100)
    rigid_living: bool = False
    stack: bool = False
    tiers: list[tuple[Fraction, Fraction]] | None = None


GROUP_A = Values(Fraction(900), Fraction(42_000))
GROUP_B = Values(Fraction(850), Fraction(33_600))


def half_up(value: Fraction) -> int:
    """To whole yuan."""
    return int((value + Fraction(1, 2)).__floor__())


def yuan(fen: int) -> Fraction:
    return Fraction(fen, 100)


def age(member: Member, on: date) -> int:
    born = member.birth_date
    assert born is not None
    years = on.year - born.year
    return years if (on.month, on.day) >= (born.month, born.day) else years - 1


def card(member: Any) -> Disability | None:
    return member.disability if member.disability and member.disability.kind else None


def severe(member: Member) -> bool:
    """3."""
    held = card(member)
    return held is not None and (held.grade <= 2 or (held.grade == 3 and held.kind in ("intellectual", "mental")))


def counted(member: Member, on: date) -> bool:
    """2."""
    if member.presence != "present":
        return False
    by_duty = member.cohabits and member.legal_duty
    if member.relation in ("self", "spouse"):
        return True
    if member.relation == "child":
        if age(member, on) < 18:
            return member.custody == "here"
        studies = member.student in ("senior_high", "vocational", "junior_college", "undergraduate")
        return studies or severe(member) or member.independent is False or by_duty
    return member.relation in ("parent", "grandparent", "grandchild") and by_duty


def amount(income: Income, on: date) -> Fraction:
    """4.2, with its date."""
    if income.item in EXEMPT or (income.item == "central_basic_pension" and on <= date(2025, 12, 31)):
        return Fraction(0)
    return max(yuan(income.monthly_fen), Fraction(0))


def own_income(member: Member, on: date) -> Fraction:
    """4."""
    return sum((amount(income, on) for income in member.incomes or ()), Fraction(0))


def assets_ok(facts: Facts, months: int, vehicle_limit: int, heads: int, v: Values, *, tekun: bool = False) -> bool:
    """4.4."""
    assets = facts.assets
    assert assets is not None
    cars = [car for car in assets.vehicles if not (car.exempt if car.exempt is not None else car.kind == "motorbike")]
    if yuan(assets.financial_total_fen) > months * v.S * heads or assets.dwellings > 1:
        return False
    if vehicle_limit == 0 and cars:
        return False
    if vehicle_limit and (len(cars) > 1 or any(yuan(car.value_fen or 0) > vehicle_limit for car in cars)):
        return False
    return assets.business == "none" if tekun else assets.business != "active_company"


def is_tekun(member: Member, facts: Facts, on: date, v: Values) -> bool:
    """6."""
    if member.obligors is None or member.presence != "present" or member.chooses_child_benefit:
        return False
    held, years = card(member), age(member, on)
    no_work = years >= 60 or years < 16
    if held:
        worst = {"intellectual": 3, "mental": 3, "physical": 2, "visual": 1}.get(held.kind, 0)
        no_work = no_work or held.grade <= worst
    if not no_work or own_income(member, on) >= v.S or any(obligor.able for obligor in member.obligors):
        return False
    return assets_ok(facts, 24, 0, 1, v, tekun=True)


def top_up(member: Member, on: date, v: Values) -> Fraction:
    """7, 9."""
    rates = [
        Fraction(10, 100) if age(member, on) >= 70 else Fraction(0),
        Fraction(10, 100) if age(member, on) < 18 else Fraction(0),
        Fraction(20, 100) if severe(member) else Fraction(0),
        Fraction(20, 100) if member.serious_illness else Fraction(0),
    ]
    return (sum(rates, Fraction(0)) if v.stack else max(rates)) * v.S


def in_taper(history: History, on: date) -> bool:
    """渐退: not six months old yet."""
    since = history.taper_since
    if since is None:
        return False
    year, month = divmod(since.year * 12 + since.month - 1 + 6, 12)
    return (on.year, on.month, on.day) < (year, month + 1, since.day)


def check(facts: Facts, event: Event, history: History, on: date, v: Values) -> dict[str, Any]:
    """Every programme's answer, and the amounts in whole yuan (temporary aid exact)."""
    answer: dict[str, Any] = {}
    spent = facts.expenditures
    assert spent is not None
    medical, education, rehabilitation = (
        yuan(spent.medical_self_paid_fen),
        yuan(spent.education_fen),
        yuan(spent.rehabilitation_fen),
    )
    tekun = [m for m in facts.members if is_tekun(m, facts, on, v)]
    family = [m for m in facts.members if counted(m, on)]
    rest = [m for m in family if m not in tekun]
    n = len(rest)
    answer["counted_members"] = n

    care = [
        Fraction(205) if m.self_care_failed_items == 0 else Fraction(614 if m.self_care_failed_items <= 3 else 1227)
        for m in tekun
    ]
    answer["tekun"] = [m.ref for m in tekun]
    answer["tekun_amount"] = half_up(Fraction(13, 10) * v.S * len(tekun) + sum(care, Fraction(0)))

    # 5.
    gross = sum((own_income(m, on) for m in rest), Fraction(0))
    wages = sum((amount(i, on) for m in rest for i in m.incomes or () if i.kind == "wage"), Fraction(0))
    net = gross - wages * v.job_cost
    if v.medical_deduct:
        net -= (medical + rehabilitation) / 12
    if v.education_deduct:
        net -= education / 12
    net = max(net, Fraction(0))
    answer["per_capita_fen"] = None if n == 0 else half_up(net / n * 100)

    # 7.
    # 渐退: the former grant for six months after a job took income above the standard, up to 1.5 S a head
    tapers = net >= v.S * n and in_taper(history, on) and net <= Fraction(3, 2) * v.S * n
    dibao = n > 0 and (net < v.S * n or tapers) and assets_ok(facts, 24, 0, n, v)
    answer["dibao"] = dibao
    if dibao:
        base = half_up(v.S * n - net)
        if v.tiers is not None:
            base = half_up(next((a_head for limit, a_head in v.tiers if net / n <= limit), Fraction(0)) * n)
        if history.refused_jobs >= 3:
            base = half_up(Fraction(base * (n - 1), n))
        answer["dibao_amount"] = (base, half_up(sum((top_up(m, on, v) for m in rest), Fraction(0))))
        if tapers:
            answer["dibao_amount"] = (yuan(history.taper_grant_fen), 0)

    # 8.
    margin = n > 0 and not dibao and net < Fraction(3, 2) * v.S * n and assets_ok(facts, 36, 50_000, n, v)
    answer["margin"] = margin

    # 10, 11.
    year = gross * 12
    spending = medical + education + rehabilitation
    rigid_spending = spending + (12 * v.S * n if v.rigid_living else 0)
    rigid = (
        n > 0
        and not dibao
        and not margin
        and not tekun
        and year / n < v.Y
        and assets_ok(facts, 48, 80_000, n, v)
        and (year == 0 or rigid_spending / year > v.rigid_ratio)
    )
    answer["rigid"] = rigid
    status = "dibao" if dibao else "margin" if margin else "rigid" if rigid else "tekun" if tekun else None
    answer["status"] = status

    # 9.
    singles = []
    for m in facts.members:
        by_margin = status == "margin" and m in rest and (severe(m) or m.serious_illness)
        alone = (
            m.ref == history.single_applicant
            and m.presence == "present"
            and m not in tekun
            and age(m, on) >= 18
            and m.employment == "none"
            and m.student == "none"
            and severe(m)
            and status in (None, "rigid")
        )
        if (by_margin or alone) and own_income(m, on) < v.S:
            singles.append(m)
    answer["dibao_single"] = [m.ref for m in singles]
    answer["dibao_single_amount"] = (
        sum(half_up(v.S - own_income(m, on)) for m in singles),
        sum(half_up(top_up(m, on, v)) for m in singles),
    )

    # 12.
    multiple = 10 if medical >= 80_000 else 6 if medical >= 40_000 else 3 if medical >= 10_000 else 0
    capable = status in ("dibao", "margin", "rigid", "tekun") or (
        n > 0
        and year / n < v.Y
        and assets_ok(facts, 36, 50_000, n, v)
        and (year == 0 or spending / year > Fraction(1, 2))
    )
    spending_aid = multiple > 0 and not history.same_cause_within_12_months and capable
    answer["temp_spending"] = spending_aid
    received = yuan(history.temp_aid_received_this_year_fen)
    answer["temp_spending_amount"] = max(min(multiple * v.S, 12 * v.S - received), Fraction(0)) if spending_aid else 0

    # 13.
    answer["temp_emergency"] = event.severity is not None
    if event.severity:
        given = {"light": 2, "medium": 4, "severe": 6}[event.severity] * v.S
        answer["temp_emergency_amount"] = given
        answer["authority"] = "township" if given <= 3_000 else "county"

    # 14.
    low = status is not None or bool(singles)
    ill = any(m.serious_illness for m in family)
    answer["medical_aid"] = status in ("dibao", "tekun", "margin") or bool(singles) or bool(tekun) or (rigid and ill)
    answer["education_aid"] = low and any(m.student != "none" for m in family)
    answer["employment_aid"] = low and any(
        16 <= age(m, on) <= 59 and m.able_to_work and m.employment == "none" for m in family
    )
    answer["housing_aid"] = low and facts.housing in ("dangerous", "crowded", "none")
    answer["elderly_allowance"] = sum(
        300 if age(m, on) >= 100 else 200 if age(m, on) >= 90 else 100 for m in family if low and age(m, on) >= 80
    )
    return answer
