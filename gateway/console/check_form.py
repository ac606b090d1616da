"""The calculator's form: what a clerk fills in becomes the body of `POST /checks`, and the part's complaints come back
to the field they are about. Pure.

A field left empty is not known, and is left out of the body: the rules then say what they cannot tell without it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from gateway.console.value_form import read_truth, read_whole

Json = dict[str, Any]
Form = Mapping[str, str]
MOST_MEMBERS = 12
FIRST_MEMBERS = 3
_MEMBER = re.compile(r"household\.members\[(\d{1,3})\]\.?([a-z_]*)")
_FIELDS = {"birth_date": "age", "incomes": "income"}
"""Fields of a member that the form asks in another way."""
_ELSEWHERE = {
    "county": "county",
    "as_of": "as_of",
    "household.assets.financial_total": "financial_total",
    "household.assets.vehicles": "vehicle_value",
    "household.assets.dwellings": "dwellings",
    "household.expenditures_12m.medical_self_paid": "medical_self_paid",
    "household.expenditures_12m.education": "education",
    "household.expenditures_12m.rehabilitation": "rehabilitation",
    "history.temp_aid_received_this_year": "received",
}
_TRUTH = {"yes": True, "no": False}
_SPENT = ("medical_self_paid", "education", "rehabilitation")


def rows_of(form: Form) -> int:
    """How many persons the form has room for."""
    asked = form.get("rows", "")
    rows = int(asked) if asked.isdecimal() and len(asked) < 3 else FIRST_MEMBERS
    return max(1, min(rows + (form.get("act") == "add"), MOST_MEMBERS))


def body_of(form: Form, today: date) -> Json:
    """The household of the form as `POST /checks` reads it. What cannot be read goes as it is: the part says why."""
    as_of = form.get("as_of") or today.isoformat()
    household: Json = {"members": list(_members(form, as_of))}
    household |= {
        name: value
        for name, value in (("assets", _assets(form)), ("expenditures_12m", _given(form, _SPENT)))
        if value is not None
    }
    if form.get("housing"):
        household["housing"] = {"kind": form["housing"]}
    event = {"kind": "application"} | {name: form[name] for name in ("cause", "severity") if form.get(name)}
    body: Json = {"county": form.get("county", ""), "as_of": as_of, "event": event, "household": household}
    if form.get("received"):
        body["history"] = {"temp_aid_received_this_year": form["received"]}
    return body | parameters_of(form)


def parameters_of(form: Form) -> Json:
    """`{"parameters": {id: value}}` of the one parameter that is tried, or nothing."""
    name, value = form.get("parameter", ""), form.get("parameter_value", "").strip()
    if not name or not value:
        return {}
    return {"parameters": {name: read_truth(value)}}


def people_in(body: Json) -> list[Json]:
    """The members of a body, for naming them in the answer."""
    members: list[Json] = body["household"]["members"]
    return members


def problems_of(problem: Mapping[str, Any], rows: Sequence[int] = ()) -> dict[str, Any]:
    """The part's complaints by field of this form: {field: {zh, en}}; what has no field here stands under `""`.

    `rows` are the form's rows that hold the members, in order.
    """
    told: dict[str, Any] = {}
    for error in problem.get("errors") or ():
        told.setdefault(_field_of(str(error.get("field", "")), rows), error.get("message"))
    return told or {"": problem.get("message")}


def filled_rows(form: Form) -> list[int]:
    """The rows that hold a person."""
    return [row for row in range(rows_of(form)) if form.get(f"m{row}_relation")]


def _field_of(path: str, rows: Sequence[int]) -> str:
    member = _MEMBER.match(path)
    if member:
        name, at = member[2] or "relation", int(member[1])
        return f"m{rows[at] if at < len(rows) else at}_{_FIELDS.get(name, name)}"
    if path.startswith("parameters"):
        return "parameter_value"
    return next((field for start, field in _ELSEWHERE.items() if path.startswith(start)), "")


def _members(form: Form, as_of: str) -> Iterator[Json]:
    for row in filled_rows(form):
        yield _member(row, form[f"m{row}_relation"], form, as_of)


def _member(row: int, relation: str, form: Form, as_of: str) -> Json:
    def asked(name: str) -> str:
        return form.get(f"m{row}_{name}", "").strip()

    member: Json = {"ref": f"m{row + 1}", "relation": relation}
    member |= {name: asked(name) for name in ("gender", "employment", "student") if asked(name)}
    if asked("age"):
        member["birth_date"] = _born(asked("age"), as_of)
    for name in ("serious_illness", "able_to_work", "needs_long_term_care"):
        if asked(name) in _TRUTH:
            member[name] = _TRUTH[asked(name)]
    if asked("disability") == "none":
        member["disability"] = None
    elif asked("disability"):
        member["disability"] = {"kind": asked("disability"), "grade": read_whole(asked("grade")) or 0}
    if asked("income"):
        kind = asked("income_kind") or "wage"
        is_none = asked("income") in ("0", "0.00")
        member["incomes"] = [] if is_none else [{"kind": kind, "monthly": asked("income")}]
    if asked("obligors"):
        member["obligors"] = [] if asked("obligors") == "none" else [{"able": asked("obligors") == "able"}]
    return member


def _born(age: str, as_of: str) -> str:
    """A birth date that gives the age on the day; the text itself where it is no age."""
    try:
        day = date.fromisoformat(as_of)
        return day.replace(year=day.year - int(age), day=min(day.day, 28)).isoformat()
    except ValueError:
        return age


def _assets(form: Form) -> Json | None:
    assets = _given(form, ("financial_total", "business")) or {}
    dwellings, vehicles = form.get("dwellings", "").strip(), form.get("vehicles", "")
    if dwellings:
        number = read_whole(dwellings)
        assets["dwellings"] = dwellings if number is None else number
    if vehicles == "none":
        assets["vehicles"] = []
    elif vehicles == "one":
        worth = form.get("vehicle_value", "").strip()
        assets["vehicles"] = [{"kind": "car", "value": worth} if worth else {"kind": "car"}]
    return assets or None


def _given(form: Form, names: tuple[str, ...]) -> Json | None:
    given = {name: form[name].strip() for name in names if form.get(name, "").strip()}
    return given or None
