"""What holds of each person: membership, top-ups, and the programmes of persons."""

from typing import Any

import numpy as np

from deploy.local.openfisca_country.codes import CUSTODIES, PRESENCES, RELATIONS
from deploy.local.openfisca_country.variables import Rules, graded, stepped, whole

_HERE = CUSTODIES.index("here")
_PRESENT = PRESENCES.index("present")
_CHILD = RELATIONS.index("child")
_COUPLE = [RELATIONS.index(one) for one in ("self", "spouse")]
_KIN = [RELATIONS.index(one) for one in ("parent", "grandparent", "grandchild")]


def add_persons(rules: Rules) -> None:
    """Who is counted, and what each has of their own."""
    p = rules.p
    rules.person("is_minor", bool, lambda m, t: m("age", t) < p["adult_age"])
    rules.person("is_severe", bool, lambda m, t: graded(m, t, p["severe_disability"]))
    rules.person("is_present", bool, lambda m, t: m("presence", t) == _PRESENT)
    rules.person("is_counted", bool, _counted)
    rules.person("is_inside", bool, lambda m, t: m("is_counted", t) & ~m("tekun", t))
    rules.person("topup_rate", float, lambda m, t: _topup_rate(m, t, p))
    rules.person("is_jobless", bool, lambda m, t: _jobless(m, t, p))
    _add_tekun(rules)
    _add_single(rules)
    _add_children(rules)
    _add_disabled_and_old(rules)


def _counted(m: Any, t: Any) -> Any:
    relation, by_duty = m("relation", t), m("cohabits", t) & m("legal_duty", t)
    grown = m("studies", t) | m("is_severe", t) | ~m("independent", t) | by_duty
    child = np.where(m("is_minor", t), m("custody", t) == _HERE, grown)
    belongs = np.isin(relation, _COUPLE) | (relation == _CHILD) & child | np.isin(relation, _KIN) & by_duty
    return m("is_present", t) & belongs


def _topup_rate(m: Any, t: Any, p: Any) -> Any:
    """The highest category top-up, or their sum."""
    rates = (
        (m("age", t) >= p["topup_elder_age"]) * p["topup_elder70"],
        m("is_minor", t) * p["topup_minor"],
        m("is_severe", t) * p["topup_severe_disabled"],
        m("serious_illness", t) * p["topup_seriously_ill"],
    )
    return sum(rates) if p["topup_stack"] else np.maximum.reduce(rates)


def _jobless(m: Any, t: Any, p: Any) -> Any:
    of_age = (m("age", t) >= p["working_age_min"]) & (m("age", t) <= p["working_age_max"])
    return m("is_counted", t) & of_age & m("able_to_work", t) & m("is_idle", t)


def _add_tekun(rules: Rules) -> None:
    p = rules.p
    standard = p["dibao_standard_month"]

    def labour(m: Any, t: Any) -> Any:
        age = m("age", t)
        return (age >= p["tekun_elder_age"]) | (age < p["tekun_minor_age"]) | graded(m, t, p["tekun_disability"])

    def tekun(m: Any, t: Any) -> Any:
        tested = m("is_present", t) & m("is_tekun_tested", t) & m("is_without_labour", t)
        poor = (m("own_income", t) < standard) & m.household("assets_tekun", t)
        return tested & poor & m("obligors_unable", t) & ~m("chooses_child_benefit", t)

    def care(m: Any, t: Any) -> Any:
        failed = m("failed_items", t)
        loss = np.where(failed <= p["self_care_partial_items"], p["care_partial_loss"], p["care_total_loss"])
        return m("tekun", t) * np.where(failed == 0, p["care_full_self_care"], loss)

    rules.person("is_without_labour", bool, labour)
    rules.person("tekun", bool, tekun)
    rules.person("own_tekun_basic", float, lambda m, t: m("tekun", t) * (p["tekun_basic_multiple"] * standard))
    rules.person("own_tekun_care", float, care)


def _add_single(rules: Rules) -> None:
    p = rules.p
    standard = p["dibao_standard_month"]

    def single(m: Any, t: Any) -> Any:
        in_margin = m.household("margin", t) & m("is_inside", t) & (m("is_severe", t) | m("serious_illness", t))
        alone = m("is_single_applicant", t) & m("is_present", t) & ~m("tekun", t)
        alone &= m.household("is_without_or_rigid", t) & ~m("is_minor", t) & m("is_severe", t)
        return (in_margin | alone & m("is_idle", t) & ~m("is_student", t)) & (m("own_income", t) < standard)

    rules.person("dibao_single", bool, single)
    rules.person(
        "single_base",
        float,
        lambda m, t: m("dibao_single", t) * whole(standard - m("own_income", t), p["grant_unit"]),
    )
    rules.person(
        "single_topup", float, lambda m, t: m("dibao_single", t) * whole(m("topup_rate", t) * standard, p["grant_unit"])
    )


def _add_children(rules: Rules) -> None:
    p = rules.p
    standard = p["dibao_standard_month"]

    def child(m: Any, t: Any) -> Any:
        return m("is_present", t) & m("has_parents", t) & m("is_minor", t)

    def already_paid(m: Any, t: Any) -> Any:
        people = np.maximum(m.household("people", t), 1)
        share = whole(m.household("dibao_base", t) / people, 0.01) + whole(m("topup_rate", t) * standard, 0.01)
        on_dibao = m.household("dibao", t) & m("is_inside", t)
        tekun = whole(m("own_tekun_basic", t), 0.01) + m("own_tekun_care", t)
        other = np.where(on_dibao, share, m("single_base", t) + m("single_topup", t))
        return np.where(m("tekun", t), tekun, other) + m("own_living", t)

    def unattended(m: Any, t: Any) -> Any:
        rest = np.maximum(p["child_benefit"] - m("already_paid", t), 0)
        return m("unattended_child", t) * whole(rest, p["grant_unit"])

    rules.person("is_child_of_listed_parents", bool, child)
    rules.person(
        "orphan", bool, lambda m, t: m("is_child_of_listed_parents", t) & m("parents_gone", t) & ~m("tekun", t)
    )
    rules.person(
        "unattended_child",
        bool,
        lambda m, t: m("is_child_of_listed_parents", t) & m("parents_cannot_care", t) & ~m("parents_gone", t),
    )
    rules.person("already_paid", float, already_paid)
    rules.person("own_orphan", float, lambda m, t: m("orphan", t) * whole(p["child_benefit"], p["grant_unit"]))
    rules.person("own_unattended", float, unattended)


def _add_disabled_and_old(rules: Rules) -> None:
    p = rules.p
    stacks = p["disability_stack"]
    rows = p["elderly_allowance"]

    def living(m: Any, t: Any) -> Any:
        poor = m.household("dibao", t) & m("is_inside", t) | m("dibao_single", t)
        return m("holds_card", t) & poor & (stacks | ~(m("tekun", t) | m("orphan", t)))

    def care(m: Any, t: Any) -> Any:
        return m("holds_card", t) & m("long_term_care", t) & (m("card_grade", t) <= 2) & (stacks | ~m("tekun", t))

    def care_amount(m: Any, t: Any) -> Any:
        rate = np.where(m("card_grade", t) == 1, p["disability_care_1"], p["disability_care_2"])
        return m("disability_care", t) * whole(rate, p["grant_unit"])

    def old(m: Any, t: Any) -> Any:
        is_old = m("age", t) >= rows[0][0] if rows else np.zeros(m.count, dtype=bool)
        return m("is_counted", t) & is_old & m.household("is_low_income", t)

    rules.person("holds_card", bool, lambda m, t: m("is_present", t) & m("has_card", t))
    rules.person("disability_living", bool, living)
    rules.person(
        "own_living", float, lambda m, t: m("disability_living", t) * whole(p["disability_living"], p["grant_unit"])
    )
    rules.person("disability_care", bool, care)
    rules.person("own_care", float, care_amount)
    rules.person("elderly_allowance", bool, old)
    rules.person(
        "own_allowance",
        float,
        lambda m, t: m("elderly_allowance", t) * whole(stepped(m("age", t), rows), p["grant_unit"]),
    )
