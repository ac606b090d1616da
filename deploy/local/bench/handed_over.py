"""The same facts and parameters in the shape that openfisca takes: persons, households, yuan, codes as numbers."""

from typing import Any, Final

import numpy as np
import polars as pl

from deploy.local.openfisca_country.codes import (
    BUSINESSES,
    CARD_KINDS,
    CUSTODIES,
    HOUSINGS,
    PRESENCES,
    RELATIONS,
    SEVERITIES,
)
from services.eligibility.rules.book import file_book
from services.eligibility.rules.columns.frames import Frames
from services.eligibility.rules.facts import (
    NO_TAPER,
    Assets,
    Disability,
    Event,
    Expenditures,
    Facts,
    History,
    Income,
    Member,
    Obligor,
    Parent,
    Vehicle,
    completed_months,
)
from services.eligibility.rules.logic import RATE
from services.eligibility.rules.persons import CENTRAL_PENSION, GONE, LOCKED_UP
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.values import Unit, unit_of_each

Columns = dict[str, Any]  # Any: arrays of any type

_CODES: Final = {
    "relation": RELATIONS,
    "presence": PRESENCES,
    "custody": CUSTODIES,
    "card_kind": CARD_KINDS,
    "business": BUSINESSES,
    "housing": HOUSINGS,
    "severity_said": SEVERITIES,
}
_SPENT: Final = ("medical", "education", "rehabilitation")
_COUNTED: Final = ("dwellings", "refused_jobs", "same_cause", "monitored")
_FLAGS: Final = (
    *("cohabits", "legal_duty", "independent", "has_card", "serious_illness", "able_to_work", "long_term_care"),
    *("is_tekun_tested", "obligors_unable", "chooses_child_benefit", "is_single_applicant", "has_parents"),
)


def parameters_of(p: Parameters) -> dict[str, Any]:
    """Every parameter: amounts in yuan, rates and multiples as fractions, days as text."""
    return {id: _plain(each.unit, getattr(p, id)) for id, each in file_book().definitions.items()}


def _plain(unit: Unit, value: Any) -> Any:  # Any: the kind decides the type
    if isinstance(unit, tuple):
        return [[_plain(each, cell) for each, cell in zip(unit, row, strict=True)] for row in value]
    if (item := unit_of_each(unit)) is not None:
        return [_plain(item, each) for each in value]
    if unit.startswith("yuan"):
        return value / 100
    if unit in ("rate", "multiple"):
        return value / RATE
    return value.isoformat() if unit == "date" else value


def inputs_of(frames: Frames, p: Parameters) -> Columns:
    """One array a fact, of persons or of households; what there are several of is summed up."""
    homes, members = frames.households, frames.members
    return {
        "homes": members.get_column("household").to_numpy(),
        **_persons(members, p),
        **_incomes(frames, p),
        **_parents(frames, p),
        **_vehicles(frames, p),
        **_households(homes, p),
    }


def _persons(members: pl.DataFrame, p: Parameters) -> Columns:
    born, on = pl.col("birth_date"), p.on
    before = born.dt.month().cast(pl.Int32) * 100 + born.dt.day() > on.month * 100 + on.day
    study = members.get_column("student")
    return {
        "age": members.select(on.year - born.dt.year() - before.cast(pl.Int32)).to_series().to_numpy(),
        "studies": study.is_in(list(p.dependent_studies)).to_numpy(),
        "is_student": (study != "none").to_numpy(),
        "is_idle": (members.get_column("employment") == "none").to_numpy(),
        **{name: _coded(members, name) for name in ("relation", "presence", "custody", "card_kind")},
        **{name: members.get_column(name).to_numpy() for name in ("card_grade", "failed_items", *_FLAGS)},
    }


def _coded(frame: pl.DataFrame, name: str) -> Any:
    return frame.get_column(name).cast(pl.Enum(_CODES[name])).to_physical().to_numpy()


def _incomes(frames: Frames, p: Parameters) -> Columns:
    exempt = pl.col("item").is_in(list(p.exempt_incomes))
    if p.on <= p.central_basic_pension_exempt_until:
        exempt |= pl.col("item") == CENTRAL_PENSION
    counted = pl.when(exempt).then(0).otherwise(pl.col("monthly").clip(0))
    own = frames.incomes.select("member", counted.alias("counted"), (pl.col("kind") == "wage").alias("is_wage"))
    who, amount = own.get_column("member").to_numpy(), own.get_column("counted").to_numpy() / 100
    is_wage = own.get_column("is_wage").to_numpy()
    people = frames.members.height
    return {
        "own_income": np.bincount(who, amount, people),
        "own_wage": np.bincount(who[is_wage], amount[is_wage], people),
    }


def _parents(frames: Frames, p: Parameters) -> Columns:
    gone = pl.col("presence").is_in(list(GONE))
    unfit = pl.any_horizontal(
        *((pl.col("card_grade") <= worst) & _is_kind(kind) for kind, worst in p.unattended_disability)
    )
    away = pl.col("presence").is_in(list(LOCKED_UP)) | (pl.col("out_of_contact_months") >= p.unattended_contact_months)
    held = frames.parents.select("member", gone=gone, cannot=gone | unfit | pl.col("serious_illness") | away)
    who, people = held.get_column("member").to_numpy(), frames.members.height
    made = {}
    for name, key in (("gone", "parents_gone"), ("cannot", "parents_cannot_care")):
        others = np.bincount(who, ~held.get_column(name).to_numpy(), people)
        made[key] = others == 0
    return made


def _is_kind(kind: str) -> pl.Expr:
    return pl.lit(True) if kind == "any" else pl.col("card_kind") == kind


def _vehicles(frames: Frames, p: Parameters) -> Columns:
    of_kind = pl.col("kind").is_in(list(p.exempt_vehicle_kinds))
    counts = ~pl.when(pl.col("is_marked")).then(pl.col("is_marked_exempt")).otherwise(of_kind)
    cars = frames.vehicles.filter(counts)
    owners, homes = cars.get_column("household").to_numpy(), frames.households.height
    value = np.zeros(homes)
    np.maximum.at(value, owners, cars.get_column("value").to_numpy() / 100)
    return {"vehicles": np.bincount(owners, minlength=homes), "vehicle_value": value}


def _households(homes: pl.DataFrame, p: Parameters) -> Columns:
    since = homes.get_column("taper_since")
    on_record = since.is_not_null().to_numpy()
    months = np.full(homes.height, NO_TAPER)
    months[on_record] = [completed_months(each, p.on) for each in since.drop_nulls()]
    causes = homes.select(
        *(
            pl.any_horizontal(*(pl.col("causes").list.contains(code) for code in named)).alias(key)
            for key, named in (("is_disaster_cause", p.disaster_causes), ("is_homeless_cause", p.homeless_causes))
        )
    )
    amounts = ("financial", *_SPENT, "aid_received", "taper_grant")
    return {
        "severity": _coded(homes, "severity_said"),
        "taper_months": months,
        **{name: causes.get_column(name).to_numpy() for name in causes.columns},
        **{name: _coded(homes, name) for name in ("business", "housing")},
        **{
            name: homes.get_column(name).to_numpy() for name in ("dwellings", "refused_jobs", "same_cause", "monitored")
        },
        **{name: homes.get_column(name).to_numpy() / 100 for name in amounts},
    }


def facts_of(frames: Frames, place: int) -> tuple[Facts, Event, History]:
    """One household as plain facts: the one at a place of its frame, from 0."""
    home = frames.households.row(place, named=True)
    rows = frames.members.filter(pl.col("household") == place).rows(named=True)
    cars = frames.vehicles.filter(pl.col("household") == place).iter_rows(named=True)
    vehicles = tuple(Vehicle(one["kind"], one["value"], _marked(one)) for one in cars)
    assets = Assets(home["financial"], vehicles, home["dwellings"], home["business"])
    facts = Facts(
        tuple(_member(row, frames) for row in rows),
        assets,
        Expenditures(*(home[name] for name in _SPENT)),
        home["housing"],
        home["monitored"],
    )
    severity = home["severity_said"]
    event = Event(causes=tuple(home["causes"]), severity=None if severity == "none" else severity)
    applicants = [str(row["member"]) for row in rows if row["is_single_applicant"]]
    history = History(
        single_applicant=applicants[0] if applicants else "",
        refused_jobs=home["refused_jobs"],
        same_cause_within_12_months=home["same_cause"],
        temp_aid_received_this_year_fen=home["aid_received"],
        taper_since=home["taper_since"],
        taper_grant_fen=home["taper_grant"],
    )
    return facts, event, history


def _marked(vehicle: dict[str, Any]) -> bool | None:
    return bool(vehicle["is_marked_exempt"]) if vehicle["is_marked"] else None


def _member(row: dict[str, Any], frames: Frames) -> Member:
    incomes = frames.incomes.filter(pl.col("member") == row["member"]).iter_rows(named=True)
    parents = frames.parents.filter(pl.col("member") == row["member"]).iter_rows(named=True)
    return Member(
        str(row["member"]),
        row["relation"],
        gender="female" if row["is_woman"] else "male",
        birth_date=row["birth_date"],
        presence=row["presence"],
        cohabits=row["cohabits"],
        legal_duty=row["legal_duty"],
        custody=row["custody"],
        independent=row["independent"],
        disability=Disability(row["card_kind"], row["card_grade"]),
        serious_illness=row["serious_illness"],
        able_to_work=row["able_to_work"],
        employment=row["employment"],
        student=row["student"],
        self_care_failed_items=row["failed_items"],
        needs_long_term_care=row["long_term_care"],
        chooses_child_benefit=row["chooses_child_benefit"],
        incomes=tuple(Income(one["kind"], one["monthly"], one["item"]) for one in incomes),
        obligors=(Obligor(not row["obligors_unable"]),) if row["is_tekun_tested"] else None,
        parents=tuple(
            Parent(
                one["presence"],
                Disability(one["card_kind"], one["card_grade"]),
                one["serious_illness"],
                one["out_of_contact_months"],
            )
            for one in parents
        ),
    )
