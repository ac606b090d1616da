"""A household is registered, or the same people's form comes again and updates it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.intake import HouseholdChanged
from services.intake.actions.benefits import tell_benefits
from services.intake.actions.care import recount
from services.intake.actions.consents import tell_consents
from services.intake.actions.people import Personal, index_of, new_person, seal, unseal
from services.intake.actions.work import Work
from services.intake.errors import MembershipConflict
from services.intake.records.households import HouseholdForm, Member
from services.intake.store import households, people
from services.intake.store.households import HouseholdRow
from services.intake.store.people import PersonRow
from services.kit.ids import new_id
from services.kit.outbox import emit


@dataclass(frozen=True)
class Registered:
    """The household, and the person behind each member's ref."""

    household_ref: UUID
    person_refs: dict[str, UUID]
    result: Literal["new", "changed", "same"]


@dataclass(frozen=True)
class _Plan:
    """Who of a form is known, whose household it is, and who leaves it. `target` None makes a new household."""

    known: dict[str, PersonRow]
    target: HouseholdRow | None
    sources: frozenset[UUID]
    leavers: tuple[PersonRow, ...]


async def register_household(db: AsyncSession, form: HouseholdForm, *, work: Work) -> Registered:
    """Register a household and tell it. The transaction must see every territory; the caller checked the place.

    People in provisional households move in and those end; who is no longer on the form moves out. The same form again
    changes nothing and tells nothing.

    Raises: MembershipConflict when a member is counted in another registered household; Raced.
    """
    plan = await _plan(db, form, work)
    target_id = plan.target.id if plan.target else new_id()
    rows = _rows(form, plan, target_id, work)
    facts = _facts(form, rows)
    moved = {ref: row for ref, row in rows.items() if ref in plan.known and _is_moved(plan.known[ref], row)}
    address = _sealed_address(form, plan.target, target_id, work)
    if plan.target and _is_unchanged(form, plan, facts, moved, address, rows, work):
        return Registered(target_id, {ref: row.id for ref, row in rows.items()}, "same")
    version = await _write_household(db, form, plan, target_id, facts, address)
    await _write_people(db, form, plan, rows, target_id, work)
    merged = await households.merge_households(db, plan.sources, target_id, form.division)
    told = [
        HouseholdChanged(ref=target_id, version=version, division=form.division, occurred_at=work.now, facts=facts),
        *(
            HouseholdChanged(
                ref=source, version=v, division=form.division, occurred_at=work.now, provisional=True,
                merged_into=target_id, facts={},
            )
            for source, v in merged
        ),
    ]  # fmt: skip
    await emit(db, *told)
    changed = [*(row.id for row in moved.values()), *(row.id for row in plan.leavers)]
    await recount(db, changed, work=work)
    await tell_benefits(db, changed, is_news=False, work=work)
    if merged:
        await tell_consents(db, target_id, work=work)
    return Registered(target_id, {ref: row.id for ref, row in rows.items()}, "changed" if plan.target else "new")


async def _plan(db: AsyncSession, form: HouseholdForm, work: Work) -> _Plan:
    indexes = {member.ref: index_of(member.identity, work.keys) for member in form.members}
    by_index = {bytes(row.id_index or b""): row for row in await people.people_by_index(db, list(indexes.values()))}
    known = {ref: by_index[index] for ref, index in indexes.items() if index in by_index}
    registered = {row.household_id for row in known.values() if not row.provisional}
    target_id = await _target(db, form, known, registered)
    elsewhere = [ref for ref, row in known.items() if not row.provisional and row.household_id != target_id]
    if elsewhere:
        raise MembershipConflict(extra={"members": elsewhere})
    sources = frozenset(row.household_id for row in known.values() if row.provisional)
    locked = await households.lock_households(db, [*sources, *([target_id] if target_id else [])])
    target = locked.get(target_id) if target_id else None
    present = await people.people_of_households(db, [target_id]) if target_id else []
    stay = {row.id for row in known.values()}
    return _Plan(known, target, sources, tuple(row for row in present if row.id not in stay))


async def _target(
    db: AsyncSession, form: HouseholdForm, known: dict[str, PersonRow], registered: set[UUID]
) -> UUID | None:
    """The registered household a form is about: its applicant's; else the one all of whose people are on the form."""
    applicant = next((m for m in form.members if m.facts.get("relation") == "self"), form.members[0])
    row = known.get(applicant.ref)
    if row is not None and not row.provisional:
        return row.household_id
    on_form = {person.id for person in known.values()}
    for household_id in sorted(registered):
        if {person.id for person in await people.people_of_households(db, [household_id])} <= on_form:
            return household_id
    return None


def _rows(form: HouseholdForm, plan: _Plan, target_id: UUID, work: Work) -> dict[str, PersonRow]:
    """Each member's row as it will be."""
    rows = {}
    for member in form.members:
        birth = member.facts.get("birth_date")
        gender = member.facts.get("gender")
        known = plan.known.get(member.ref)
        if known is None:
            row = new_person(
                _personal(member), keys=work.keys, division=form.division, identity=member.identity,
                index=index_of(member.identity, work.keys), household_id=target_id, gender=gender,
            )  # fmt: skip
        else:
            row = replace(
                known, household_id=target_id, provisional=False, division=form.division,
                registered_division=form.division, in_city=True, gender=gender or known.gender,
                sealed=_resealed(known, member, work),
            )  # fmt: skip
        rows[member.ref] = replace(row, birth_date=date.fromisoformat(birth) if birth else row.birth_date)
    return rows


def _personal(member: Member) -> Personal:
    return Personal(member.identity.id_number, member.name, member.phone, member.phone_is_usable)


def _resealed(known: PersonRow, member: Member, work: Work) -> bytes:
    """The person's fields with what the form says; the old ciphertext when it says nothing new."""
    before = unseal(known, work.keys)
    after = replace(before, name=member.name)
    if member.phone:
        after = replace(after, phone=member.phone, phone_is_usable=member.phone_is_usable)
    return known.sealed if after == before else seal(after, known.id, work.keys)


def _facts(form: HouseholdForm, rows: dict[str, PersonRow]) -> dict[str, Any]:
    members = [{"ref": str(rows[member.ref].id), **member.facts} for member in form.members]
    return {"members": members, **form.facts}


def _is_moved(before: PersonRow, after: PersonRow) -> bool:
    return (before.household_id, before.division, before.birth_date, before.gender) != (
        after.household_id, after.division, after.birth_date, after.gender
    )  # fmt: skip


def _sealed_address(form: HouseholdForm, target: HouseholdRow | None, target_id: UUID, work: Work) -> bytes | None:
    place = f"household/sealed/{target_id}"
    if form.address is None:
        return target.sealed if target else None
    if target and target.sealed and work.keys.sealer.unseal(target.sealed, place) == form.address:
        return target.sealed
    return work.keys.sealer.seal(form.address, place)


def _is_unchanged(
    form: HouseholdForm,
    plan: _Plan,
    facts: dict[str, Any],
    moved: dict[str, PersonRow],
    address: bytes | None,
    rows: dict[str, PersonRow],
    work: Work,
) -> bool:
    target = plan.target
    assert target is not None
    is_same_people = not plan.leavers and not moved and set(plan.known) == set(rows)
    is_same_text = all(plan.known[ref].sealed == row.sealed for ref, row in rows.items() if ref in plan.known)
    return is_same_people and is_same_text and (target.facts, target.division, target.sealed) == (
        facts, form.division, address
    )  # fmt: skip


async def _write_household(
    db: AsyncSession,
    form: HouseholdForm,
    plan: _Plan,
    target_id: UUID,
    facts: dict[str, Any],
    address: bytes | None,
) -> int:
    """Write the household's own row; answers its version."""
    text = orjson.dumps(facts).decode()
    if plan.target is None:
        await households.add_household(db, target_id, form.division, text, address)
        return 1
    version = plan.target.version + 1
    await households.change_household(db, target_id, form.division, text, address, version=version)
    return version


async def _write_people(
    db: AsyncSession, form: HouseholdForm, plan: _Plan, rows: dict[str, PersonRow], target_id: UUID, work: Work
) -> None:
    """Write members, newcomers and those who leave; costs follow their people to another division."""
    fresh = [row for ref, row in rows.items() if ref not in plan.known]
    await people.add_people(db, [row.as_new for row in fresh], with_households=False)
    await households.end_memberships(db, [row.id for row in plan.leavers], work.today)
    alone = [replace(row, household_id=new_id(), provisional=True) for row in plan.leavers]
    await households.add_provisional(db, [(row.household_id, row.division) for row in alone])
    changed = [*(row for ref, row in rows.items() if ref in plan.known), *alone]
    await people.change_people(
        db,
        [
            (
                row.id, row.division, row.registered_division, row.in_city, row.household_id, row.sealed,
                row.birth_date, row.gender, row.care_version,
            )
            for row in changed
        ],
    )  # fmt: skip
    await people.move_people(db, [(row.id, row.division) for row in rows.values()])
    await households.join_household(db, [(target_id, row.id, work.today, form.division) for row in rows.values()])
