"""The JSON body of a hospital-cost record → a record. Strict: nothing is cleaned, a wrong value names its field."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from services.contracts.money import UnreadableAmount, parse_fen, parse_yuan
from services.intake.records.cells import is_whole
from services.intake.records.hospital import (
    AMOUNTS,
    PARTS,
    Amounts,
    HospitalCost,
    ReadCost,
    check_amounts,
    check_dates,
    note_suspected_fen,
)
from services.intake.records.identity import DEFAULT_TYPE, id_types, read_identity
from services.intake.records.issues import Notes
from services.intake.records.text_cells import read_division, read_name, read_settlement_id, read_text

NEEDED = ("source", "settlement_id", "id_number", "name", "division", "hospital", "settled_on", "total", "self_paid")
OPTIONAL = ("version", "refund_of", "id_type", "admitted_on", "discharged_on", *PARTS, "unit")
FIELDS = frozenset(NEEDED + OPTIONAL)
_TEXTS = frozenset(
    ("source", "settlement_id", "refund_of", "id_type", "id_number", "name", "division", "hospital", "unit")
)
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)
_PLAIN_NAME = re.compile(r"[A-Za-z_]{1,40}", re.ASCII)
_HIGHEST_VERSION = 999_999


def read_body(body: Mapping[str, Any], *, today: date) -> ReadCost:
    """Read one body of `POST /hospital-costs`, given as the parsed JSON object.

    Amounts are decimal text, an int, or an object with its source `text` (a JSON number with a fraction); a float is
    refused, since it would have lost digits. The record is None when anything is wrong; the issues name each field.
    """
    notes = Notes()
    if not _has_right_fields(body, notes):
        return ReadCost(None, notes.issues)
    version = body.get("version")
    version = 1 if version is None else version
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= _HIGHEST_VERSION:
        notes.add("VERSION_FORMAT", "version")
    if not _SOURCE.fullmatch(body["source"]):
        notes.add("FIELD_TYPE", "source")
    settlement_id = read_settlement_id(body["settlement_id"], field="settlement_id", notes=notes)
    refund_of = read_settlement_id(body.get("refund_of") or "", field="refund_of", notes=notes, needed=False)
    admitted, discharged, settled = (_day(body, f, notes) for f in ("admitted_on", "discharged_on", "settled_on"))
    person = _read_person(body, min(settled or today, today), notes)
    name = read_name(body["name"], field="name", notes=notes, strict=True)
    division = read_division(body["division"], field="division", notes=notes, strict=True)
    hospital = read_text(body["hospital"], field="hospital", notes=notes, needed=True, strict=True)
    check_dates(admitted, discharged, settled, today=today, notes=notes)
    amounts, is_held = _read_amounts(body, refund_of is not None, notes)
    if refund_of is not None and refund_of == settlement_id:
        notes.add("REFUND_OF_ITSELF", "refund_of")
    if notes.has_error or not (person and name and division and hospital and settlement_id and settled and amounts):
        return ReadCost(None, notes.issues)
    cost = HospitalCost(
        source=body["source"], settlement_id=settlement_id, version=version, refund_of=refund_of,
        person=person, name=name, gender=person.gender, division=division, hospital=hospital,
        admitted_on=admitted, discharged_on=discharged, settled_on=settled, amounts=amounts, is_held=is_held,
    )  # fmt: skip
    return ReadCost(cost, notes.issues)


def _has_right_fields(body: Mapping[str, Any], notes: Notes) -> bool:
    """Whether all needed fields are there, none is unknown, and texts are texts."""
    for field, value in body.items():
        if field not in FIELDS:
            notes.add("FIELD_UNKNOWN", field if _PLAIN_NAME.fullmatch(field) else None)
        elif value is not None and field in _TEXTS and not isinstance(value, str):
            notes.add("FIELD_TYPE", field)
    for field in NEEDED:
        if body.get(field) is None:
            notes.add("FIELD_MISSING", field)
    return not notes.has_error


def _read_person(body: Mapping[str, Any], born_by: date, notes: Notes) -> Any:
    id_type = body.get("id_type") or DEFAULT_TYPE
    if id_type not in id_types():
        notes.add("FIELD_CHOICE", "id_type")
        return None
    return read_identity(
        body["id_number"], notes=notes, not_after=born_by, id_type=id_type, strict=True, limit="settled_on"
    )


def _day(body: Mapping[str, Any], field: str, notes: Notes) -> date | None:
    value = body.get(field)
    if value is None:
        return None
    if type(value) is date:
        return value
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            notes.add("DATE_UNREAL", field)
            return None
    notes.add("DATE_TEXT", field)
    return None


def _read_amounts(body: Mapping[str, Any], is_refund: bool, notes: Notes) -> tuple[Amounts | None, bool]:
    unit = body.get("unit") or "yuan"
    if unit not in ("yuan", "fen"):
        notes.add("FIELD_CHOICE", "unit")
        return None, False
    texts = {field: amount_text(body[field]) for field in AMOUNTS if body.get(field) is not None}
    fen: dict[str, int] = {}
    for field, text in texts.items():
        try:
            fen[field] = parse_fen(text) if unit == "fen" else parse_yuan(text)
        except UnreadableAmount:
            notes.add("AMOUNT_TEXT", field)
    if len(fen) < len(texts):
        return None, False
    amounts = Amounts(fen["total"], fen["self_paid"], *(fen.get(part) for part in PARTS))
    check_amounts(amounts, is_refund=is_refund, strict=True, notes=notes)
    if unit == "fen":
        return amounts, False
    whole = all(is_whole(text) for text in texts.values())
    return amounts, note_suspected_fen(amounts.total_fen, all_whole=whole, notes=notes)


def amount_text(value: Any) -> str:
    """The exact text of an amount in parsed JSON; "" for what is no amount."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = getattr(value, "text", "")
    return text if isinstance(text, str) else ""
