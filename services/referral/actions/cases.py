"""Open households' files, and put back what came of thinking about them: many at a time, in few statements."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.event import Event
from services.contracts.workdays import workdays
from services.kit.outbox import emit
from services.referral.partners.casework import Books, Casework, Changes
from services.referral.partners.directory import directory
from services.referral.partners.state import HouseholdState, Message
from services.referral.store import deliveries, households, referrals
from services.referral.store.books import write_books

SYSTEM = "system"


@cache
def books() -> Books:
    """The directory of partners and the working-day calendar, read once."""
    return Books(directory(), workdays())


async def open_case(db: AsyncSession, household_ref: UUID, *, now: datetime) -> Casework | None:
    """Lock one household and open its file; None when it is not there."""
    found = await households.lock_households(db, [household_ref])
    cases = await open_cases(db, found.values(), now=now)
    return cases[0] if cases else None


async def open_cases(db: AsyncSession, locked: Iterable[HouseholdState], *, now: datetime) -> list[Casework]:
    """Open the files of households that the transaction has locked."""
    held = list(locked)
    refs = [household.household_ref for household in held if not household.is_new]
    referrals_by = await referrals.referrals_of(db, refs)
    needs_by = await referrals.needs_of(db, refs)
    return [
        Casework(
            household,
            referrals_by.get(household.household_ref, ()),
            needs_by.get(household.household_ref, ()),
            books(),
            now=now,
        )
        for household in held
    ]


async def put_back(db: AsyncSession, cases: Sequence[Casework], *, by: str, now: datetime) -> None:
    """Write what came of it: rows, steps, webhooks stopped and queued, events."""
    made = [case.changes() for case in cases]
    await referrals.add_referrals(db, [referral for changes in made for referral in changes.opened])
    await referrals.save_referrals(db, [referral for changes in made for referral in changes.altered])
    await deliveries.stop(db, {referral_id for changes in made for referral_id in changes.stops})
    await write_books(
        db,
        steps=[referral for changes in made for referral in changes.steps],
        needs=[need for changes in made for need in changes.needs],
        outcomes=[outcome for changes in made for outcome in changes.outcomes],
        messages=await _messages_to_send(db, made),
        by=by,
        now=now,
    )
    events: list[Event] = [event for changes in made for event in changes.events]
    await emit(db, *events)


async def _messages_to_send(db: AsyncSession, made: Collection[Changes]) -> list[Message]:
    """Fit words to what partners know: none are taken back from one who never heard of the referral, and one who was
    asked already is not asked a second time but told what is new.

    Asked after the stop, which waits for any claim.
    """
    messages = [message for changes in made for message in changes.messages]
    doubtful = {m.referral_id for m in messages if m.only_if_seen or _asks_again(m)} - {None}
    seen = await deliveries.seen_of(db, doubtful)
    return [
        replace(m, type="referral.updated") if _asks_again(m) and m.referral_id in seen else m
        for m in messages
        if not m.only_if_seen or m.referral_id in seen
    ]


def _asks_again(message: Message) -> bool:
    return message.type == "referral.requested" and message.sequence > 1
