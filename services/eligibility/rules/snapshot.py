"""The parameters in force for one place on one day: what the rule texts call `p`.

Money is in fen, rates and multiples in ten-thousandths, tables are tuples of rows. A parameter that has no value on the
day is UNKNOWN. What each one means, its unit and its source stand in `parameters/<division>/<topic>/<id>.yaml`.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from services.eligibility.rules.logic import Value, is_unknown

_OWN: Final = frozenset({"place", "on", "replacements", "has_gaps"})


class Parameters:
    """One attribute per parameter id."""

    place: str
    on: date
    replacements: Mapping[str, Any]  # Any: the kind decides the type
    has_gaps: bool
    # ages
    adult_age: Value
    working_age_max: Value
    working_age_min: Value
    # assets
    business_allowed: Value
    business_allowed_tekun: Value
    dwellings_max: Value
    exempt_vehicle_kinds: Value
    financial_limit_months_dibao: Value
    financial_limit_months_margin: Value
    financial_limit_months_rigid: Value
    financial_limit_months_tekun: Value
    vehicle_limit_dibao: Value
    vehicle_limit_margin: Value
    vehicle_limit_rigid: Value
    vehicle_limit_tekun: Value
    # children
    unattended_contact_months: Value
    unattended_disability: Value
    child_benefit: Value
    # dibao
    dependent_studies: Value
    job_refusals_stop: Value
    dibao_standard_month: Value
    grant_mode: Value
    grant_unit: Value
    taper_income_multiple: Value
    taper_max_months: Value
    tiers: Value
    topup_elder70: Value
    topup_elder_age: Value
    topup_minor: Value
    topup_seriously_ill: Value
    topup_severe_disabled: Value
    topup_stack: Value
    # disability
    severe_disability: Value
    disability_care_1: Value
    disability_care_2: Value
    disability_living: Value
    disability_stack: Value
    # discovery
    elder_care_age: Value
    hospital_bands: Value
    hospital_threshold: Value
    near_miss_share: Value
    need_medical_floor: Value
    pupil_ages: Value
    watch_threshold: Value
    # elderly
    elderly_allowance: Value
    # income
    exempt_incomes: Value
    central_basic_pension_exempt_until: Value
    disposable_income_prev_year: Value
    education_deduct: Value
    job_cost_rate: Value
    medical_deduct: Value
    # margin
    margin_multiple: Value
    # medical aid
    medical_aid_monitored: Value
    # rigid
    rigid_living: Value
    rigid_ratio: Value
    # tekun
    self_care_partial_items: Value
    tekun_disability: Value
    tekun_elder_age: Value
    tekun_minor_age: Value
    care_full_self_care: Value
    care_partial_loss: Value
    care_total_loss: Value
    tekun_basic_multiple: Value
    # temporary aid
    disaster_causes: Value
    emergency_causes: Value
    homeless_causes: Value
    temp_capacity_ratio: Value
    temp_emergency_light: Value
    temp_emergency_medium: Value
    temp_emergency_severe: Value
    temp_spending_bands: Value
    temp_year_cap_multiple: Value
    township_limit: Value

    def __init__(self, place: str, on: date, values: Mapping[str, Any]) -> None:  # Any: the kind decides the type
        self.place = place
        self.on = on
        self.replacements = {}
        self.__dict__.update(values)
        self.has_gaps = any(is_unknown(value) for value in values.values())

    @classmethod
    def ids(cls) -> set[str]:
        """The ids of all parameters."""
        return set(cls.__annotations__) - _OWN

    def replaced(self, values: Mapping[str, Any]) -> "Parameters":  # Any: the kind decides the type
        """The same place and day with some values replaced."""
        return Parameters(self.place, self.on, {**self.__dict__, **values, "replacements": dict(values)})

    def with_unknowns(self, unknown: Callable[[str], Value]) -> "Parameters":
        """The same, each parameter without a value standing for itself: `unknown` makes its value from its id."""
        gaps = {id: unknown(id) for id in sorted(self.ids()) if is_unknown(getattr(self, id))}
        return Parameters(self.place, self.on, {**self.__dict__, **gaps})

    def replaced_value(self, id: str) -> Any:  # Any: the kind decides the type
        """What a parameter was replaced by; None when it was not."""
        return self.replacements.get(id)
