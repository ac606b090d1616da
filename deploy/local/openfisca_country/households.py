"""What holds of each household: income and assets, statuses and grants, aids."""

from typing import Any

import numpy as np

from deploy.local.openfisca_country.codes import BUSINESSES, HOUSINGS, SEVERITIES
from deploy.local.openfisca_country.variables import NO_TAPER, Rules, stepped, whole

_POOR_HOUSING = [HOUSINGS.index(one) for one in ("dangerous", "crowded", "none")]
_FEN = 0.01


def add_households(rules: Rules) -> None:
    """Figures, statuses, aids, and the sums of what members are given."""
    _add_figures(rules)
    _add_statuses(rules)
    _add_grant(rules)
    _add_temporary_aid(rules)
    _add_special_aid(rules)
    p = rules.p
    for code in ("tekun", "dibao_single", "orphan", "unattended_child", "disability_living", "disability_care"):
        rules.household(f"any_{code}", bool, _anybody(code))
    rules.household("any_elderly_allowance", bool, _anybody("elderly_allowance"))
    for key, own in (
        ("dibao_single_base", "single_base"),
        ("dibao_single_category_top_up", "single_topup"),
        ("orphan_basic_living", "own_orphan"),
        ("unattended_child_basic_living", "own_unattended"),
        ("disability_living_base", "own_living"),
        ("disability_care_care", "own_care"),
        ("elderly_allowance_base", "own_allowance"),
    ):
        rules.household(key, float, _sum(own))
    rules.household(
        "tekun_basic_living", float, lambda h, t: whole(h.sum(h.members("own_tekun_basic", t)), p["grant_unit"])
    )
    rules.household("tekun_care", float, lambda h, t: whole(h.sum(h.members("own_tekun_care", t)), p["grant_unit"]))


def _anybody(code: str) -> Any:
    return lambda h, t: h.any(h.members(code, t))


def _sum(own: str) -> Any:
    return lambda h, t: h.sum(h.members(own, t))


def _inside(own: str) -> Any:
    return lambda h, t: h.sum(h.members(own, t) * h.members("is_inside", t))


def _add_figures(rules: Rules) -> None:
    p = rules.p
    standard = p["dibao_standard_month"]

    def net(h: Any, t: Any) -> Any:
        ill = p["medical_deduct"] * (h("medical", t) + h("rehabilitation", t))
        cost = ill + p["education_deduct"] * h("education", t)
        return np.maximum(h("gross", t) - h("wage", t) * p["job_cost_rate"] - cost / 12, 0)

    rules.household("people", int, _sum("is_inside"))
    rules.household("gross", float, _inside("own_income"))
    rules.household("wage", float, _inside("own_wage"))
    rules.household("topup", float, lambda h, t: _inside("topup_rate")(h, t) * standard)
    rules.household("net", float, net)
    rules.household("spending", float, lambda h, t: h("medical", t) + h("education", t) + h("rehabilitation", t))
    for kind, business in (
        *((kind, "business_allowed") for kind in ("dibao", "margin", "rigid")),
        ("tekun", "business_allowed_tekun"),
    ):
        rules.household(f"assets_{kind}", bool, _assets(kind, p, [BUSINESSES.index(one) for one in p[business]]))


def _assets(kind: str, p: Any, business: list[int]) -> Any:
    """The asset limits of a status, a head each for the household, or for one person."""
    limit = p[f"vehicle_limit_{kind}"]
    per_head = p[f"financial_limit_months_{kind}"] * p["dibao_standard_month"]

    def within(h: Any, t: Any) -> Any:
        heads = 1 if kind == "tekun" else h("people", t)
        number = h("vehicles", t)
        car = number == 0 if limit == 0 else (number == 0) | (number == 1) & (h("vehicle_value", t) <= limit)
        home = (h("dwellings", t) <= p["dwellings_max"]) & np.isin(h("business", t), business)
        return (h("financial", t) <= per_head * heads) & car & home

    return within


def _add_statuses(rules: Rules) -> None:
    p = rules.p
    standard = p["dibao_standard_month"]

    def tapering(h: Any, t: Any) -> Any:
        months = h("taper_months", t)
        in_time = (months > NO_TAPER) & (months < p["taper_max_months"])
        return in_time & (h("net", t) <= p["taper_income_multiple"] * standard * h("people", t))

    def dibao(h: Any, t: Any) -> Any:
        return (h("people", t) > 0) & (h("is_below", t) | h("is_tapering", t)) & h("assets_dibao", t)

    def margin(h: Any, t: Any) -> Any:
        below = h("net", t) < p["margin_multiple"] * standard * h("people", t)
        return (h("people", t) > 0) & ~h("dibao", t) & below & h("assets_margin", t)

    def rigid(h: Any, t: Any) -> Any:
        living = 12 * standard * h("people", t) if p["rigid_living"] == "dibao_standard" else 0
        spent = h("spending", t) + living > p["rigid_ratio"] * 12 * h("gross", t)
        free = (h("people", t) > 0) & ~h("dibao", t) & ~h("margin", t) & ~h("any_tekun", t)
        return free & h("is_below_average", t) & h("assets_rigid", t) & (spent | (h("gross", t) == 0))

    rules.household("is_below", bool, lambda h, t: h("net", t) < standard * h("people", t))
    rules.household(
        "is_below_average",
        bool,
        lambda h, t: h("gross", t) * 12 < p["disposable_income_prev_year"] * h("people", t),
    )
    rules.household("is_tapering", bool, tapering)
    rules.household("dibao", bool, dibao)
    rules.household("margin", bool, margin)
    rules.household("rigid", bool, rigid)
    rules.household("is_without_or_rigid", bool, lambda h, t: ~h("dibao", t) & ~h("margin", t) & ~h("any_tekun", t))


def _add_grant(rules: Rules) -> None:
    p = rules.p
    standard = p["dibao_standard_month"]

    def full(h: Any, t: Any) -> Any:
        if p["grant_mode"] != "tier":
            return whole(standard * h("people", t) - h("net", t), p["grant_unit"])
        a_head = np.zeros(h.count)
        for limit, gives in reversed(p["tiers"]):
            a_head = np.where(h("net", t) <= limit * h("people", t), gives, a_head)
        return whole(a_head * h("people", t), p["grant_unit"])

    def base(h: Any, t: Any) -> Any:
        heads = np.maximum(h("people", t), 1)
        cut = whole(h("full_grant", t) * (heads - 1) / heads, p["grant_unit"])
        paid = np.where(h("refused_jobs", t) >= p["job_refusals_stop"], cut, h("full_grant", t))
        return h("dibao", t) * np.where(h("is_paid_anew", t), paid, h("taper_grant", t))

    rules.household("full_grant", float, full)
    rules.household("is_paid_anew", bool, lambda h, t: (h("taper_months", t) <= NO_TAPER) | h("is_below", t))
    rules.household("dibao_base", float, base)
    rules.household(
        "dibao_category_top_up",
        float,
        lambda h, t: h("dibao", t) * h("is_paid_anew", t) * whole(h("topup", t), p["grant_unit"]),
    )


def _add_temporary_aid(rules: Rules) -> None:
    p = rules.p
    standard = p["dibao_standard_month"]
    multiples = np.array([0.0, *(p[f"temp_emergency_{one}"] for one in SEVERITIES[1:])])
    bands = p["temp_spending_bands"]

    def temp_spending(h: Any, t: Any) -> Any:
        spent = h("spending", t) > p["temp_capacity_ratio"] * 12 * h("gross", t)
        beyond = h("is_below_average", t) & h("assets_margin", t) & (spent | (h("gross", t) == 0))
        status = h("dibao", t) | h("margin", t) | h("rigid", t) | h("any_tekun", t)
        reached = h("medical", t) >= bands[0][0] if bands else np.zeros(h.count, dtype=bool)
        return reached & ~h("same_cause", t) & (status | beyond)

    def spending_amount(h: Any, t: Any) -> Any:
        left = np.maximum(p["temp_year_cap_multiple"] * standard - h("aid_received", t), 0)
        return h("temp_spending", t) * whole(np.minimum(stepped(h("medical", t), bands) * standard, left), _FEN)

    rules.household("temp_emergency", bool, lambda h, t: h("severity", t) > 0)
    rules.household("temp_emergency_one_off", float, lambda h, t: whole(multiples[h("severity", t)] * standard, _FEN))
    rules.household("temp_spending", bool, temp_spending)
    rules.household("temp_spending_one_off", float, spending_amount)


def _add_special_aid(rules: Rules) -> None:
    p = rules.p

    def low_income(h: Any, t: Any) -> Any:
        own = h("any_tekun", t) | h("any_dibao_single", t)
        return h("dibao", t) | h("margin", t) | h("rigid", t) | own

    def medical_aid(h: Any, t: Any) -> Any:
        own = h("any_tekun", t) | h("any_dibao_single", t)
        ill = h("rigid", t) & h.any(h.members("is_counted", t) & h.members("serious_illness", t))
        return h("dibao", t) | h("margin", t) | own | ill | (p["medical_aid_monitored"] & h("monitored", t))

    def education_aid(h: Any, t: Any) -> Any:
        return h("is_low_income", t) & h.any(h.members("is_counted", t) & h.members("is_student", t))

    rules.household("is_low_income", bool, low_income)
    rules.household("medical_aid", bool, medical_aid)
    rules.household("education_aid", bool, education_aid)
    rules.household("housing_aid", bool, lambda h, t: h("is_low_income", t) & np.isin(h("housing", t), _POOR_HOUSING))
    rules.household("employment_aid", bool, lambda h, t: h("is_low_income", t) & h.any(h.members("is_jobless", t)))
    rules.household("disaster_aid", bool, lambda h, t: h("is_disaster_cause", t))
    rules.household("homeless_aid", bool, lambda h, t: h("is_homeless_cause", t))
