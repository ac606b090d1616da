"""One row of a hospital-cost file → a record. Cleans what can be cleaned without guessing, and says so."""

from collections.abc import Mapping
from datetime import date

from services.intake.records.cells import is_whole, read_amount, read_date
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
from services.intake.records.identity import DEFAULT_TYPE, Gender, Identity, id_types, read_id_type, read_identity
from services.intake.records.issues import Notes
from services.intake.records.text_cells import (
    read_division,
    read_gender,
    read_name,
    read_phone,
    read_settlement_id,
    read_text,
    read_version,
)


def read_row(row: Mapping[str, str], *, source: str, today: date) -> ReadCost:
    """Read one row of canonical fields (as in `columns.yaml`) as text cells.

    `today` is the Shanghai date: nothing settles after it. The record is None when the row is rejected.
    """
    notes = Notes()
    settled = read_date(row.get("settled_on", ""), field="settled_on", notes=notes, needed=True)
    admitted = read_date(row.get("admitted_on", ""), field="admitted_on", notes=notes, needed=False)
    discharged = read_date(row.get("discharged_on", ""), field="discharged_on", notes=notes, needed=False)
    person = _read_person(row, min(settled or today, today), settled is not None, notes)
    name = read_name(row.get("name", ""), field="name", notes=notes)
    gender = _agreed_gender(row.get("gender", ""), person, notes)
    division = read_division(row.get("division", ""), field="division", notes=notes)
    hospital = read_text(row.get("hospital", ""), field="hospital", notes=notes, needed=True)
    address = read_text(row.get("address", ""), field="address", notes=notes)
    phone, is_usable = read_phone(row.get("phone", ""), field="phone", notes=notes)
    settlement_id = read_settlement_id(row.get("settlement_id", ""), field="settlement_id", notes=notes)
    version = read_version(row.get("version", ""), field="version", notes=notes)
    refund_of = read_settlement_id(row.get("refund_of", ""), field="refund_of", notes=notes, needed=False)
    check_dates(admitted, discharged, settled, today=today, notes=notes)
    amounts, is_held = _read_amounts(row, refund_of is not None, notes)
    _check_year(row.get("year", ""), settled, notes)
    if refund_of is not None and refund_of == settlement_id:
        notes.add("REFUND_OF_ITSELF", "refund_of")
    complete = person and name and division and hospital and settlement_id and version and settled and amounts
    if notes.has_error or not complete:
        return ReadCost(None, notes.issues)
    assert person and name and division and hospital and settlement_id and version and settled and amounts
    cost = HospitalCost(
        source=source, settlement_id=settlement_id, version=version, refund_of=refund_of,
        person=person, name=name, gender=gender, phone=phone, phone_is_usable=is_usable,
        division=division, address=address, hospital=hospital,
        admitted_on=admitted, discharged_on=discharged, settled_on=settled, amounts=amounts, is_held=is_held,
    )  # fmt: skip
    return ReadCost(cost, notes.issues)


def _read_person(row: Mapping[str, str], born_by: date, has_settled: bool, notes: Notes) -> Identity | None:
    number = row.get("id_number", "")
    id_type = read_id_type(row.get("id_type", ""), field="id_type", notes=notes)
    return read_identity(
        number,
        notes=notes,
        not_after=born_by,
        id_type=id_type or DEFAULT_TYPE,
        limit="settled_on" if has_settled else "today",
    )


def _agreed_gender(raw: str, person: Identity | None, notes: Notes) -> Gender | None:
    """The gender of the number where it says one; a differing cell is noted."""
    written = read_gender(raw, field="gender", notes=notes)
    if person is None or person.gender is None:
        return written
    if written and written != person.gender and id_types()[person.id_type].has_check_digit:
        notes.add("GENDER_MISMATCH", "gender", raw)
    return person.gender


def _read_amounts(row: Mapping[str, str], names_original: bool, notes: Notes) -> tuple[Amounts | None, bool]:
    fen = {
        field: read_amount(row.get(field, ""), field=field, notes=notes, needed=field not in PARTS) for field in AMOUNTS
    }
    total, self_paid = fen["total"], fen["self_paid"]
    written = [row.get(field, "") for field in AMOUNTS if row.get(field, "").strip()]
    if total is None or self_paid is None:
        return None, False
    amounts = Amounts(total, self_paid, *(fen[part] for part in PARTS))
    is_refund = names_original or total < 0 or (total == 0 and self_paid < 0)
    check_amounts(amounts, is_refund=is_refund, strict=False, notes=notes)
    is_held = note_suspected_fen(total, all_whole=all(is_whole(text) for text in written), notes=notes)
    return amounts, is_held


def _check_year(raw: str, settled: date | None, notes: Notes) -> None:
    written = raw.strip().removesuffix("年")
    if not written or settled is None or written == str(settled.year):
        return
    shown = written if written.isascii() and written.isdigit() and len(written) <= 4 else ""
    notes.add("YEAR_MISMATCH", "year", shown, written=shown, year=settled.year)
