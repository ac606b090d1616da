"""The form of a policy version: rows of parameters with new values, and the part's complaints back at their field.
Pure.

A row whose new value is empty, or the same table as at present, is no change and is left out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from gateway.console.check_form import Form
from gateway.console.texts import Words
from gateway.console.value_form import Names, read_value, same_lines, value_text

Json = dict[str, Any]
MOST_ROWS = 30
_CHANGE = re.compile(r"changes\[(\d{1,3})\]\.?([a-z_.]*)")
_OWN = {"title": "title", "reason": "reason"}
_SOURCES = {"source.title": "statute", "source.article": "article", "source.href": "href", "source": "statute"}


def rows_of(form: Form) -> list[int]:
    """The rows of the form, each with a parameter."""
    return [row for row in range(MOST_ROWS) if form.get(f"r{row}_parameter")]


def changed_rows(form: Form) -> list[int]:
    """The rows with a new value: a table stands there as it is at present, and is one only when it was changed."""
    return [row for row in rows_of(form) if _is_changed(form.get(f"r{row}_value", ""), form.get(f"r{row}_present", ""))]


def _is_changed(value: str, present: str) -> bool:
    return bool(value.strip()) and not (present and same_lines(value, present))


def form_of_parameters(ids: Iterable[str], division: str, since: date) -> dict[str, str]:
    """A new form for parameters at a place, from a day on."""
    form: dict[str, str] = {}
    for row, name in enumerate(list(dict.fromkeys(ids))[:MOST_ROWS]):
        form |= {f"r{row}_parameter": name, f"r{row}_division": division, f"r{row}_from": since.isoformat()}
    return form


def form_of_policy(policy: Mapping[str, Any], names: Names, words: Words) -> dict[str, str]:
    """The form of a version that is there already. `names` are what codes are called."""
    changes = list(policy.get("changes") or ())[:MOST_ROWS]
    source = (changes[0].get("source") or {}) if changes else {}
    form = {"title": str(policy.get("title") or ""), "reason": str(policy.get("reason") or "")}
    form |= {"version": str(policy.get("version", "")), **_source_fields(source)}
    for row, change in enumerate(changes):
        form |= {
            f"r{row}_parameter": str(change["parameter"]),
            f"r{row}_division": str(change.get("division") or ""),
            f"r{row}_from": str(change.get("from") or ""),
            f"r{row}_to": str(change.get("to") or ""),
            f"r{row}_value": value_text(change.get("value"), names, words),
            f"r{row}_illustrative": "yes" if change.get("illustrative") else "",
        }
    return form


def body_of(form: Form, units: Mapping[str, str], names: Names) -> Json:
    """The version as `POST /policies` reads it. `units` are the parameters' units by id, `names` those of codes."""
    source = {name: form.get(field, "").strip() for name, field in (("title", "statute"), ("article", "article"))}
    if form.get("href", "").strip():
        source["href"] = form["href"].strip()
    return {
        "title": form.get("title", "").strip(),
        "reason": form.get("reason", "").strip(),
        "changes": [_change(row, form, units, names, source) for row in changed_rows(form)],
    }


def problems_of(problem: Mapping[str, Any], rows: Sequence[int]) -> dict[str, Any]:
    """The part's complaints by field of this form; what has no field stands under `""`. `rows` hold the changes."""
    told: dict[str, Any] = {}
    for error in problem.get("errors") or ():
        told.setdefault(_field_of(str(error.get("field", "")), rows), error.get("message"))
    return told or {"": problem.get("message")}


def _change(row: int, form: Form, units: Mapping[str, str], names: Names, source: Json) -> Json:
    parameter = form[f"r{row}_parameter"]
    change: Json = {
        "parameter": parameter,
        "division": form.get(f"r{row}_division", ""),
        "from": form.get(f"r{row}_from", ""),
        "value": read_value(form.get(f"r{row}_value", ""), units.get(parameter, ""), names),
        "source": source,
        "illustrative": form.get(f"r{row}_illustrative") == "yes",
    }
    return change | ({"to": form[f"r{row}_to"]} if form.get(f"r{row}_to") else {})


def _field_of(path: str, rows: Sequence[int]) -> str:
    change = _CHANGE.match(path)
    if not change:
        return _OWN.get(path, "")
    at, name = int(change[1]), change[2]
    if name in _SOURCES:
        return _SOURCES[name]
    row = rows[at] if at < len(rows) else at
    return f"r{row}_{name if name in ('division', 'from', 'to', 'value', 'illustrative') else 'value'}"


def _source_fields(source: Mapping[str, Any]) -> dict[str, str]:
    return {field: str(source.get(name) or "") for name, field in _FIELDS_OF_SOURCE}


_FIELDS_OF_SOURCE = (("title", "statute"), ("article", "article"), ("href", "href"))
