"""What may be shown of records, households and people, masked unless the reader asked for more and may have it."""

from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.divisions import divisions
from services.contracts.money import yuan
from services.intake.actions.consents import in_force
from services.intake.actions.people import unseal
from services.intake.actions.work import Work
from services.intake.records.masks import mask_id_region, mask_name, mask_phone
from services.intake.store import care, consents, households, people, reading, reports, rolls
from services.intake.store.consents import ConsentRow
from services.intake.store.households import HouseholdRow
from services.intake.store.rolls import HeldRow
from services.kit.errors import NotFound


async def read_record(db: AsyncSession, record_id: UUID) -> dict[str, Any]:
    """Intake's part of what became of a record.

    Raises: NotFound.
    """
    bill = await care.find_record(db, record_id)
    if bill is not None:
        return _bill(bill)
    report = await reports.find_report(db, record_id)
    if report is None:
        raise NotFound()
    return {
        "record_id": report["id"],
        "kind": "grid_report",
        "person_ref": report["person_id"] if report["is_identified"] else None,
        "household_ref": report["household_id"],
        "year_sum": None,
        "kinds": report["kinds"],
        "urgency": report["urgency"],
        "reported_at": report["reported_at"],
        "notices": report["notices"],
        "in_city": report["in_city"],
    }


def _bill(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "record_id": row["id"],
        "kind": "hospital_cost",
        "person_ref": row["person_id"],
        "household_ref": row["household_id"],
        "year_sum": yuan(row["year_fen"] or 0),
        "settlement_year": row["settlement_year"],
        "source": row["source"],
        "settlement_id": row["settlement_id"],
        "version": row["version"],
        "settled_on": row["settled_on"],
        "total": yuan(row["total_fen"]),
        "self_paid": yuan(row["self_paid_fen"]),
        "counted": row["note"] == "",
        "note": row["note"],
        "division": row["registered_division"],
        "in_city": row["in_city"],
        "recorded_at": row["recorded_at"],
    }


async def read_household_page(db: AsyncSession, household_ref: UUID, *, work: Work) -> dict[str, Any]:
    """A household for the case page: members masked, facts, bills, reports, decisions on sharing.

    Raises: NotFound.
    """
    row = await households.find_household(db, household_ref)
    if row is None:
        raise NotFound()
    facts = {member["ref"]: member for member in row.facts.get("members", ())}
    order = {ref: place for place, ref in enumerate(facts)}
    members = await reading.members_of(db, household_ref)
    members.sort(key=lambda member: order.get(str(member["id"]), len(order)))
    page = {
        "household_ref": row.id,
        "division": row.division,
        "place": divisions().full_name(row.division),
        "provisional": row.provisional,
        "merged_into": row.merged_into,
        "version": row.version,
        "address": _address_to_the_village(row),
        "members": [_member(member, facts.get(str(member["id"]), {}), work) for member in members],
        **{name: value for name, value in row.facts.items() if name != "members"},
        "records": [_own_bill(one) for one in await reading.records_of_household(db, household_ref)],
        "reports": [
            {"record_id": one.pop("id"), "person_ref": one.pop("person_id"), **one}
            for one in await reading.reports_of_household(db, household_ref)
        ],
        "consents": [_decision(one) for one in in_force(await consents.decisions_of(db, household_ref))],
    }
    # A county's roll is the county's row; whoever may see the household may see what its people receive by it.
    await rolls.see_everything(db)
    page["benefits"] = [_benefit(one) for one in await rolls.benefits_of_household(db, household_ref)]
    return page


def _own_bill(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "record_id": row["id"],
        "person_ref": row["person_id"],
        "settled_on": row["settled_on"],
        "settlement_year": row["settlement_year"],
        "self_paid": yuan(row["self_paid_fen"]),
        "note": row["note"],
    }


def _benefit(row: HeldRow) -> dict[str, Any]:
    return {
        "person_ref": row.person_id,
        "programme": row.programme,
        "division": row.division,
        "place": divisions().full_name(row.division),
        "since": row.since,
        "until": row.until,
        "monthly_amount": None if row.month_fen is None else yuan(row.month_fen),
    }


def _decision(row: ConsentRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "person_ref": row.person_id,
        "partner": row.partner,
        "purpose": row.purpose,
        "decision": row.decision,
        "basis": row.basis,
        "given_on": row.given_on,
        "expires_on": row.expires_on,
        "version": row.version,
    }


def _address_to_the_village(row: HouseholdRow) -> str:
    """County, township and village: the door is for the visit sheet and is revealed there."""
    return divisions().full_name(row.division)


def _member(member: dict[str, Any], facts: dict[str, Any], work: Work) -> dict[str, Any]:
    sealed = work.keys.sealer.unseal(bytes(member["sealed"]), f"person/sealed/{member['id']}")
    personal = orjson.loads(sealed)
    name = personal["name"] or ""
    return {
        **{key: value for key, value in facts.items() if key not in ("ref", "birth_date")},
        "person_ref": member["id"],
        "name": name if member["is_alias"] else mask_name(name),
        "id_type": member["id_type"],
        "id_number": mask_id_region(personal["id_number"] or ""),
        "phone": mask_phone(personal["phone"] or ""),
        "phone_is_usable": personal["phone_is_usable"],
        "gender": member["gender"],
        "age": age_on(member["birth_date"], work.today),
        "deceased": member["is_deceased"],
    }


def age_on(birth: date | None, day: date) -> int | None:
    """Completed years on a day; someone born on 29 February turns a year older on 1 March."""
    if birth is None:
        return None
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


async def reveal_person(db: AsyncSession, person_ref: UUID, fields: list[str], *, work: Work) -> dict[str, str | None]:
    """Fields of a person in full. The gateway has written down who asked and why.

    Raises: NotFound.
    """
    row = await people.find_person(db, person_ref)
    if row is None:
        raise NotFound()
    personal = unseal(row, work.keys)
    address = personal.address
    if "address" in fields and address is None:
        home = await households.find_household(db, row.household_id)
        if home is not None and home.sealed is not None:
            address = work.keys.sealer.unseal(bytes(home.sealed), f"household/sealed/{home.id}")
    known = {"name": personal.name, "id_number": personal.id_number, "phone": personal.phone, "address": address}
    return {field: known[field] for field in fields}
