"""The facts of many households as five dataframes, one row each: households, members, incomes, vehicles, parents.

Unknown is null; `assets_known` and `incomes_known` tell households without assets and people without incomes from those
of whom nobody knows. Money in fen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from services.eligibility.rules.facts import Disability, Event, Facts, History, Member
from services.eligibility.rules.programmes.temp_emergency import NO_EMERGENCY

Row = dict[str, Any]
"""A row to be: values by column."""


@dataclass(frozen=True, slots=True)
class Frames:
    """The facts of many households."""

    households: pl.DataFrame
    members: pl.DataFrame
    incomes: pl.DataFrame
    vehicles: pl.DataFrame
    parents: pl.DataFrame


CODE: Final = pl.Categorical()
"""The type of columns that hold codes."""

Schema = dict[str, pl.DataType | type[pl.DataType]]

_HOUSEHOLDS: Final[Schema] = {
    "household": pl.Int64,
    "assets_known": pl.Boolean,
    "financial": pl.Int64,
    "dwellings": pl.Int64,
    "business": CODE,
    "medical": pl.Int64,
    "education": pl.Int64,
    "rehabilitation": pl.Int64,
    "housing": CODE,
    "monitored": pl.Boolean,
    "causes": pl.List(pl.String),
    "severity_said": CODE,
    "severity_unstated": CODE,
    "refused_jobs": pl.Int64,
    "same_cause": pl.Boolean,
    "aid_received": pl.Int64,
    "taper_since": pl.Date,
    "taper_grant": pl.Int64,
}
_MEMBERS: Final[Schema] = {
    "household": pl.Int64,
    "member": pl.Int64,
    "ref": pl.String,
    "relation": CODE,
    "presence": CODE,
    "is_woman": pl.Boolean,
    "birth_date": pl.Date,
    "cohabits": pl.Boolean,
    "legal_duty": pl.Boolean,
    "custody": CODE,
    "independent": pl.Boolean,
    "has_card": pl.Boolean,
    "card_kind": CODE,
    "card_grade": pl.Int64,
    "serious_illness": pl.Boolean,
    "able_to_work": pl.Boolean,
    "employment": CODE,
    "student": CODE,
    "failed_items": pl.Int64,
    "long_term_care": pl.Boolean,
    "union_member": pl.Boolean,
    "left_behind": pl.Boolean,
    "chooses_child_benefit": pl.Boolean,
    "incomes_known": pl.Boolean,
    "is_tekun_tested": pl.Boolean,
    "obligors_unable": pl.Boolean,
    "has_parents": pl.Boolean,
    "is_single_applicant": pl.Boolean,
}
_INCOMES: Final[Schema] = {"member": pl.Int64, "kind": CODE, "item": pl.String, "monthly": pl.Int64}
_VEHICLES: Final[Schema] = {
    "household": pl.Int64,
    "kind": CODE,
    "value": pl.Int64,
    "is_marked": pl.Boolean,
    "is_marked_exempt": pl.Boolean,
}
_PARENTS: Final[Schema] = {
    "member": pl.Int64,
    "presence": CODE,
    "card_kind": CODE,
    "card_grade": pl.Int64,
    "serious_illness": pl.Boolean,
    "out_of_contact_months": pl.Int64,
}


def frames_of(cases: Sequence[tuple[Facts, Event, History]]) -> Frames:
    """The frames of some households; the household column counts them from 0."""
    households: list[Row] = []
    members: list[Row] = []
    incomes: list[Row] = []
    vehicles: list[Row] = []
    parents: list[Row] = []
    for index, (facts, event, history) in enumerate(cases):
        households.append(_household_row(index, facts, event, history))
        for vehicle in facts.assets.vehicles if facts.assets else ():
            marks = {"is_marked": vehicle.exempt is not None, "is_marked_exempt": vehicle.exempt is True}
            vehicles.append({"household": index, "kind": vehicle.kind, "value": vehicle.value_fen, **marks})
        for member in facts.members:
            number = len(members)
            members.append(_member_row(index, number, member, history))
            for income in member.incomes or ():
                row = {"member": number, "kind": income.kind, "item": income.item, "monthly": income.monthly_fen}
                incomes.append(row)
            for parent in member.parents:
                row = {"member": number, "presence": parent.presence, **_card(parent.disability)}
                row["serious_illness"] = parent.serious_illness
                row["out_of_contact_months"] = parent.out_of_contact_months
                parents.append(row)
    return Frames(
        pl.DataFrame(households, schema=_HOUSEHOLDS),
        pl.DataFrame(members, schema=_MEMBERS),
        pl.DataFrame(incomes, schema=_INCOMES),
        pl.DataFrame(vehicles, schema=_VEHICLES),
        pl.DataFrame(parents, schema=_PARENTS),
    )


def _household_row(index: int, facts: Facts, event: Event, history: History) -> Row:
    assets, spent = facts.assets, facts.expenditures
    return {
        "household": index,
        "assets_known": assets is not None,
        "financial": assets.financial_total_fen if assets else None,
        "dwellings": assets.dwellings if assets else None,
        "business": assets.business if assets else None,
        "medical": spent.medical_self_paid_fen if spent else None,
        "education": spent.education_fen if spent else None,
        "rehabilitation": spent.rehabilitation_fen if spent else None,
        "housing": facts.housing,
        "monitored": facts.monitored,
        "causes": list(event.causes),
        "severity_said": event.severity or NO_EMERGENCY,
        "severity_unstated": None,
        "refused_jobs": history.refused_jobs,
        "same_cause": history.same_cause_within_12_months,
        "aid_received": history.temp_aid_received_this_year_fen,
        "taper_since": history.taper_since,
        "taper_grant": history.taper_grant_fen,
    }


def _member_row(index: int, number: int, member: Member, history: History) -> Row:
    obligors = member.obligors
    return {
        "household": index,
        "member": number,
        "ref": member.ref,
        "relation": member.relation,
        "presence": member.presence,
        "is_woman": member.gender == "female",
        "birth_date": member.birth_date,
        "cohabits": member.cohabits,
        "legal_duty": member.legal_duty,
        "custody": member.custody,
        "independent": member.independent is not False,
        **_card(member.disability),
        "has_card": None if member.disability is None else member.disability.kind != "",
        "serious_illness": member.serious_illness,
        "able_to_work": member.able_to_work,
        "employment": member.employment,
        "student": member.student,
        "failed_items": member.self_care_failed_items,
        "long_term_care": member.needs_long_term_care,
        "union_member": member.union_member,
        "left_behind": member.left_behind,
        "chooses_child_benefit": member.chooses_child_benefit,
        "incomes_known": member.incomes is not None,
        "is_tekun_tested": obligors is not None,
        "obligors_unable": obligors is not None and not any(obligor.able for obligor in obligors),
        "has_parents": bool(member.parents),
        "is_single_applicant": member.ref == history.single_applicant,
    }


def _card(card: Disability | None) -> Row:
    return {"card_kind": card.kind if card else None, "card_grade": card.grade if card else None}
