"""The allowed fields of a person for one referral, each handing-out written down."""

import re
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.actions.people import Personal, unseal
from services.intake.actions.reading import age_on
from services.intake.actions.work import Work
from services.intake.records.issues import load_yaml
from services.intake.store import households, people, reading
from services.intake.store.households import HouseholdRow
from services.intake.store.people import PersonRow
from services.kit.errors import NotFound
from services.kit.ids import new_id

_NOT_A_WORD = re.compile(r"[·•\s]")


async def disclose(
    db: AsyncSession, person_ref: UUID, fields: list[str], *, partner: str, referral_id: UUID, need: str, work: Work
) -> dict[str, Any]:
    """Those of the fields that intake holds. Whether they are allowed was decided by referral; here it is written down
    who got which, in the same transaction: no record, no disclosure.

    Raises: NotFound for somebody who is not there.
    """
    row = await people.find_person(db, person_ref)
    if row is None:
        raise NotFound()
    home = await households.find_household(db, row.household_id)
    known = await _known(db, row, home, set(fields), work)
    told = {field: known[field] for field in fields if known.get(field) is not None}
    await reading.add_disclosure(
        db,
        id=new_id(),
        division=row.division,
        household_id=row.household_id,
        person_id=row.id,
        partner=partner,
        referral_id=referral_id,
        need=need,
        basis="consent",
        fields=sorted(told),
        asked_by=work.actor.subject,
        at=work.now,
    )
    return told


async def _known(
    db: AsyncSession, row: PersonRow, home: HouseholdRow | None, fields: set[str], work: Work
) -> dict[str, Any]:
    """What intake can say, of the fields asked for only."""
    personal = unseal(row, work.keys)
    facts = _facts_of(row, home)
    known: dict[str, Any] = {
        "name": personal.name,
        "given_name": _given_name(personal.name),
        "alias": personal.name if row.is_alias else alias_of(row.id, work),
        "age": age_on(row.birth_date, work.today),
        "gender": row.gender,
        "id_number": personal.id_number,
        "contact": personal.phone if personal.phone_is_usable else None,
        "school_stage": facts.get("student") if facts.get("student") != "none" else None,
        "disability_kind": (facts.get("disability") or {}).get("kind"),
        "disability_grade": (facts.get("disability") or {}).get("grade"),
        "housing": (home.facts.get("housing") or {}).get("kind") if home else None,
    }
    if "address" in fields and home is not None and home.sealed is not None:
        known["address"] = work.keys.sealer.unseal(bytes(home.sealed), f"household/sealed/{home.id}")
    if "address" in fields:
        known.setdefault("address", personal.address)
    if "guardian_contact" in fields:
        known["guardian_contact"] = await _guardian_contact(db, row, work)
    if "safe_contact" in fields:
        known["safe_contact"] = await _safe_contact(db, row, personal, work)
    if "self_paid_band" in fields:
        known["self_paid_band"] = band_of(await reading.newest_year_fen(db, row.id))
    return known


def _facts_of(row: PersonRow, home: HouseholdRow | None) -> dict[str, Any]:
    members = home.facts.get("members", ()) if home else ()
    return next((member for member in members if member["ref"] == str(row.id)), {})


def _given_name(name: str | None) -> str | None:
    """The name without its first character, which is the surname; longer or foreign names as they are."""
    if name is None or len(name) < 2 or _NOT_A_WORD.search(name) or name.isascii():
        return name
    return name[1:] if len(name) <= 3 else name[2:]


@cache
def _said(key: str) -> Any:
    return load_yaml("disclosure.yaml")[key]


def alias_of(person_ref: UUID, work: Work) -> str:
    """A child's name outside civil affairs: the same for the same person, and no way back."""
    names: list[str] = _said("aliases")
    return names[int.from_bytes(work.keys.index.of("alias", str(person_ref))[:4], "big") % len(names)]


def band_of(fen: int | None) -> str | None:
    """The band of a self-paid sum; None without bills."""
    if fen is None:
        return None
    return str(next(code for least, code in reversed(_said("self_paid_bands")) if fen >= least * 100 or least == 0))


def _is_adult(birth: date | None, work: Work) -> bool:
    age = age_on(birth, work.today)
    return age is None or age >= _said("adult_age")


async def _guardian_contact(db: AsyncSession, row: PersonRow, work: Work) -> str | None:
    """The phone of a grown-up of the household; the person's own number as it was given when there is none."""
    for member in await people.people_of_households(db, [row.household_id]):
        personal = unseal(member, work.keys)
        if member.id != row.id and _is_adult(member.birth_date, work) and personal.phone_is_usable:
            return personal.phone
    personal = unseal(row, work.keys)
    return personal.phone if personal.phone_is_usable else None


async def _safe_contact(db: AsyncSession, row: PersonRow, personal: Personal, work: Work) -> str | None:
    """Where calling the home may endanger somebody, the worker who reported; else the person's own phone."""
    newest = await reading.newest_report(db, row.household_id)
    if newest is None:
        return personal.phone if personal.phone_is_usable else None
    report_id, sealed = newest
    told = orjson.loads(work.keys.sealer.unseal(sealed, f"grid_report/sealed/{report_id}"))
    phone: str | None = told["reporter"]["phone"]
    return phone
