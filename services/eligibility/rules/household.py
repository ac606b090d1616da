"""Figures of the household that is left when tekun persons are taken out, and the tests on its assets.

A household's facts in these texts: financial, vehicles and vehicle_value (those that count), dwellings, business,
medical, education, rehabilitation (12 months, self-paid), housing, monitored, severity_said, refused_jobs, same_cause,
aid_received. Money in fen.

Exact: nothing is divided. `net` is fen x 120,000 a month, so that a rate of a wage and a twelfth of a year's cost stay
whole; `gross` is fen a month.

Cannot tell: living area per head, whether a dwelling is uninhabitable, real turnover of a business, money already
committed to treatment, costs that another body pays back later.
"""

from operator import attrgetter
from typing import Final

from services.eligibility.rules.criteria import Claim, Comparison, Group, Text
from services.eligibility.rules.logic import (
    MONTHS,
    NET,
    RATE,
    Value,
    any_of,
    choose,
    established,
    larger,
    negate,
    one_of,
    round_half_up,
)
from services.eligibility.rules.steps import Fold, HouseholdFigure, Step


def is_exempt(vehicle: Value, p: Value) -> Value:
    """Marked exempt or, where nothing is marked, of an exempt kind. Source: M57 Art 14."""
    return choose(vehicle.is_marked, vehicle.is_marked_exempt, one_of(vehicle.kind, p.exempt_vehicle_kinds))


def counting_vehicle(vehicle: Value, p: Value) -> Value:
    """1 for a vehicle that counts."""
    return choose(is_exempt(vehicle, p), 0, 1)


def counting_value(vehicle: Value, p: Value) -> Value:
    """The value of a vehicle that counts. Units: fen."""
    return choose(is_exempt(vehicle, p), 0, vehicle.value)


def one_inside(m: Value, p: Value) -> Value:
    """1 for a person of the household."""
    return choose(m.is_inside, 1, 0)


def income_inside(m: Value, p: Value) -> Value:
    """The counted income of a person of the household."""
    return choose(m.is_inside, m.own_income, 0)


def wage_inside(m: Value, p: Value) -> Value:
    """The counted wage of a person of the household."""
    return choose(m.is_inside, m.own_wage, 0)


def topup_inside(m: Value, p: Value) -> Value:
    """The category top-up of a person of the household. Units: fen x 10,000 a month."""
    return established(m.is_inside, m.topup_rate * p.dibao_standard_month, 0)


def deductible_cost(h: Value, p: Value) -> Value:
    """What 12 months of self-paid cost take off the income. Units: fen. Source: M57 Art 13, last paragraph."""
    ill = choose(p.medical_deduct, h.medical + h.rehabilitation, 0)
    return ill + choose(p.education_deduct, h.education, 0)


def net_income(h: Value, p: Value) -> Value:
    """Household income less job cost, then less a twelfth of the year's deductible cost, never below zero.

    Medical cost is of the household, illness or not; `medical_deduct` switches it off together with rehabilitation.
    Units: fen x 120,000 a month. Source: M57 Art 13.
    """
    earned = h.gross * NET - h.wage * p.job_cost_rate * MONTHS
    return choose(earned <= 0, 0, larger(earned - deductible_cost(h, p) * RATE, 0))


def spending(h: Value, p: Value) -> Value:
    """Self-paid medical, education and rehabilitation cost of 12 months. Units: fen. Source: RIGID24 Art 4."""
    return h.medical + h.education + h.rehabilitation


FIGURES: Final[tuple[Step, ...]] = (
    Fold("people", "members", "sum", one_inside),
    Fold("gross", "members", "sum", income_inside),
    Fold("wage", "members", "sum", wage_inside),
    Fold("topup", "members", "sum", topup_inside),
    HouseholdFigure("net", net_income),
    HouseholdFigure("spending", spending),
)

ASSETS: Final[tuple[Step, ...]] = (
    Fold("vehicles", "vehicles", "sum", counting_vehicle),
    Fold("vehicle_value", "vehicles", "largest", counting_value),
)


def people(h: Value, p: Value) -> Value:
    """The heads of a household."""
    return h.people


def somebody(h: Value, p: Value) -> Value:
    """Somebody is left when tekun persons are taken out."""
    return h.people > 0


def one_head(m: Value, p: Value) -> Value:
    """A person stands for one head."""
    return 1


def per_head(h: Value, p: Value) -> Value:
    """Net income and lines are shown per head and month."""
    return h.people * NET


def whole(figure: Value, per: int, p: Value) -> Value:
    """A grant: the figure divided, rounded half up to whole units (yuan, by default) once. Units: fen."""
    return round_half_up(figure, p.grant_unit * per) * p.grant_unit


def income_below(id: str, multiple: Text, *, cites: tuple[str, str], reason: str, refusal: str) -> Comparison:
    """The income test of a status: net income strictly below a multiple (in ten-thousandths) of the standard."""
    return Comparison(
        id=id,
        cites=cites,
        reason=reason,
        refusal=refusal,
        unit="yuan/person/month",
        operator="<",
        actual=lambda h, p: h.net,
        threshold=lambda h, p: multiple(h, p) * p.dibao_standard_month * h.people * MONTHS,
        per=per_head,
    )


def gross_below_average(id: str, *, cites: tuple[str, str], refusal: str) -> Comparison:
    """Gross annual income per head strictly below the local disposable income of the previous year.

    Gross: twelve months of counted income, before the cost of working and every deduction.
    """
    return Comparison(
        id=id,
        cites=cites,
        refusal=refusal,
        unit="yuan/person/year",
        operator="<",
        actual=lambda h, p: h.gross * MONTHS,
        threshold=lambda h, p: p.disposable_income_prev_year * h.people,
        per=people,
    )


def spending_above(
    id: str, ratio: Text, spent: Text, *, cites: tuple[str, str], reason: str = "", refusal: str
) -> Comparison:
    """Spending strictly above a share of gross annual income; a household without income passes."""
    return Comparison(
        id=id,
        cites=cites,
        reason=reason,
        refusal=refusal,
        unit="rate",
        operator=">",
        actual=lambda h, p: spent(h, p) * RATE,
        threshold=lambda h, p: ratio(h, p) * h.gross * MONTHS,
        per=lambda h, p: h.gross * MONTHS,
        unless=lambda h, p: h.gross == 0,
    )


def asset_tests(
    prefix: str,
    *,
    kind: str,
    heads: Text,
    cites: tuple[str, str],
    refusals: tuple[str, str, str, str],
    business: str = "business_allowed",
) -> Group:
    """The asset limits of a status: financial assets per head, vehicles, dwellings, business registration.

    A vehicle limit of 0 allows none; any other limit allows one vehicle worth at most that much. Limits include the
    number itself. `refusals` are the reason codes for the four.
    """
    financial, vehicle, dwelling, trade = refusals

    months = attrgetter(f"financial_limit_months_{kind}")
    allowed = attrgetter(business)
    return Group(
        Comparison(
            id=f"{prefix}.financial",
            cites=cites,
            refusal=financial,
            unit="yuan/person",
            operator="<=",
            actual=lambda s, p: s.home.financial * RATE,
            threshold=lambda s, p: months(p) * p.dibao_standard_month * heads(s, p),
            per=lambda s, p: heads(s, p) * RATE,
        ),
        *_vehicle_tests(prefix, kind=kind, cites=cites, refusal=vehicle),
        Comparison(
            id=f"{prefix}.dwellings",
            cites=cites,
            refusal=dwelling,
            unit="count",
            operator="<=",
            actual=lambda s, p: s.home.dwellings,
            threshold=lambda s, p: p.dwellings_max,
        ),
        Claim(
            id=f"{prefix}.business",
            cites=cites,
            refusal=trade,
            holds=lambda s, p: one_of(s.home.business, allowed(p)),
            shows=lambda s, p: s.home.business,
        ),
    )


def _vehicle_tests(prefix: str, *, kind: str, cites: tuple[str, str], refusal: str) -> tuple[Comparison, Comparison]:
    """How many vehicles, and what the one may be worth."""
    limit = attrgetter(f"vehicle_limit_{kind}")
    return (
        Comparison(
            id=f"{prefix}.vehicles",
            cites=cites,
            refusal=refusal,
            unit="count",
            operator="<=",
            actual=lambda s, p: s.home.vehicles,
            threshold=lambda s, p: choose(limit(p) > 0, 1, 0),
        ),
        Comparison(
            id=f"{prefix}.vehicle_value",
            cites=cites,
            refusal=refusal,
            unit="yuan",
            operator="<=",
            actual=lambda s, p: s.home.vehicle_value,
            threshold=lambda s, p: limit(p),
            unless=lambda s, p: any_of(limit(p) == 0, s.home.vehicles == 0),
        ),
    )


def not_already(status: str, refusal: str, cites: tuple[str, str], prefix: str) -> Claim:
    """The household holds no higher status."""
    held = attrgetter(status)
    return Claim(id=f"{prefix}.not_{status}", cites=cites, refusal=refusal, holds=lambda h, p: negate(held(h)))
