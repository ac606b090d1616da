"""What if, for one household: its stored facts with some figures changed, as the body of `POST /checks`. Pure.

Only figures can be changed: incomes, spending and savings. All other facts stay as they were stored.
"""

import copy
from collections.abc import Mapping
from typing import Any

from gateway.console.check_form import Form, parameters_of

Json = dict[str, Any]
SPENT = ("medical_self_paid", "education", "rehabilitation")
_MEMBER_KEYS = [
    "ref",
    "relation",
    "gender",
    "birth_date",
    "presence",
    "cohabits",
    "legal_duty",
    "custody",
    "independent",
    "disability",
    "serious_illness",
    "able_to_work",
    "employment",
    "student",
    "self_care_failed_items",
    "needs_long_term_care",
    "union_member",
    "left_behind",
    "chooses_child_benefit",
    "incomes",
    "obligors",
    "parents",
]
_HOUSEHOLD_KEYS = ("assets", "expenditures_12m", "housing", "monitored")
_EVENT_KEYS = ("kind", "severity", "cause")


def stored_body(facts: Mapping[str, Any]) -> Json:
    """The facts of an assessment's certificate as `POST /checks` reads them; names and grounds are left out."""
    household = facts.get("household") or {}
    members = [{key: m[key] for key in _MEMBER_KEYS if key in m} for m in household.get("members") or ()]
    told = facts.get("event") or {}
    event = {key: told[key] for key in _EVENT_KEYS if told.get(key)}
    causes = told.get("causes") or ()
    if causes and "cause" not in event:
        event["cause"] = causes[0]
    body: Json = {
        "county": facts.get("county", ""),
        "as_of": facts.get("as_of", ""),
        "household": {"members": members, **{key: household[key] for key in _HOUSEHOLD_KEYS if key in household}},
    }
    return body | ({"event": event} if event else {}) | ({"history": facts["history"]} if facts.get("history") else {})


def shown_values(body: Json) -> dict[str, str]:
    """The form's fields with the figures as stored; empty where they are not known."""
    shown: dict[str, str] = {}
    for row, member in enumerate(body["household"]["members"]):
        incomes = member.get("incomes")
        if not incomes:
            shown[f"income_{row}_0"] = "" if incomes is None else "0.00"
        for at, income in enumerate(incomes or ()):
            shown[f"income_{row}_{at}"] = str(income.get("monthly", ""))
    spent, assets = body["household"].get("expenditures_12m") or {}, body["household"].get("assets") or {}
    shown |= {name: str(spent.get(name) or "") for name in SPENT}
    shown["financial_total"] = str(assets.get("financial_total") or "")
    return shown


def changed_body(body: Json, form: Form) -> Json:
    """The stored body with the form's figures put in. An empty field is not known."""
    changed = copy.deepcopy(body)
    household = changed["household"]
    for row, member in enumerate(household["members"]):
        _put_incomes(member, row, form)
    spent = {name: form[name].strip() for name in SPENT if form.get(name, "").strip()}
    if spent or household.get("expenditures_12m"):
        household["expenditures_12m"] = spent
    savings = form.get("financial_total", "").strip()
    if savings or household.get("assets"):
        kept = {key: value for key, value in (household.get("assets") or {}).items() if key != "financial_total"}
        household["assets"] = kept | ({"financial_total": savings} if savings else {})
    return changed | parameters_of(form)


def _put_incomes(member: Json, row: int, form: Form) -> None:
    incomes = member.get("incomes") or [{"kind": "wage"}]
    values = [form.get(f"income_{row}_{at}", "").strip() for at in range(len(incomes))]
    if not any(values):
        member.pop("incomes", None)
        return
    member["incomes"] = [
        {**income, "monthly": value}
        for income, value in zip(incomes, values, strict=True)
        if value not in ("", "0", "0.00")
    ]
