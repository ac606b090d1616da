"""Take in what intake tells: households, persons with their hospital costs, grid reports. Hundreds at a time.

Each verb holds the households concerned, writes what is newer, and has them assessed, all in the caller's transaction
and with a fixed number of statements however many events there are.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.event import Event
from services.contracts.intake import CareChanged, GridReportRecorded, HouseholdChanged
from services.eligibility.actions.assess import assess_again
from services.eligibility.actions.look import bills_of, lines_on, records_json
from services.eligibility.rules.watch import PersonYear, person_years
from services.eligibility.store import care, households
from services.eligibility.store.bulk import text_array

E = TypeVar("E", bound=Event)


def newest_of(events: Sequence[E]) -> tuple[list[E], set[UUID]]:
    """The newest event of each aggregate, in order of its ref, and the ids of the others."""
    newest: dict[UUID, E] = {}
    for event in events:
        known = newest.get(event.ref)
        if known is None or event.version > known.version:
            newest[event.ref] = event
    kept = {event.id for event in newest.values()}
    return [newest[ref] for ref in sorted(newest)], {event.id for event in events} - kept


async def take_households(db: AsyncSession, events: Sequence[HouseholdChanged], *, now: datetime) -> set[UUID]:
    """Households were registered, corrected or merged. Answers the ids of events that told nothing newer."""
    fresh, stale = newest_of(events)
    targets = {e.merged_into: e.division for e in fresh if e.merged_into is not None}
    known = {ref: (ref, division, True) for ref, division in targets.items()}
    known |= {e.ref: (e.ref, e.division, e.provisional) for e in fresh}
    await households.know_households(db, list(known.values()))
    await households.lock_households(db, known)
    changed = await households.tell_households(
        db,
        [(e.ref, e.version, e.division, e.provisional, e.merged_into, _json(e.facts), e.occurred_at) for e in fresh],
    )
    merged = {e.ref for e in fresh if e.merged_into is not None} & changed
    finals = await households.final_households(db, merged) if merged else {}
    await households.rehome(db, {source: final for source, final in finals.items() if source != final})
    await assess_again(db, changed | set(finals.values()), now=now)
    return stale | {e.id for e in fresh if e.ref not in changed}


async def take_care(db: AsyncSession, events: Sequence[CareChanged], *, now: datetime) -> set[UUID]:
    """Persons' hospital costs changed. Answers the ids of events that told nothing newer."""
    fresh, stale = newest_of(events)
    before = await care.households_of(db, [e.ref for e in fresh])
    finals = await _homes(db, fresh, before)
    changed = await care.tell_persons(
        db,
        [
            (
                *(e.ref, e.version, e.division, finals[e.household_ref], e.household_ref),
                *(e.birth_date, e.gender, e.in_city, e.deceased, records_json(e.records)),
            )
            for e in fresh
        ],
    )
    earlier = await _write_years(db, fresh, events, set(changed))
    touched = {finals[e.household_ref] for e in fresh if e.ref in changed}
    touched |= await care.households_of(db, earlier) if earlier else set()
    await assess_again(db, touched | {ref for ref in changed.values() if ref is not None}, now=now)
    return stale | {e.id for e in fresh if e.ref not in changed}


async def take_reports(db: AsyncSession, events: Sequence[GridReportRecorded], *, now: datetime) -> set[UUID]:
    """Grid workers reported households. Answers the ids of events that told nothing newer."""
    fresh, stale = newest_of(events)
    finals = await _homes(db, fresh, set())
    changed = await care.tell_reports(
        db,
        [
            (
                *(e.ref, e.version, e.division, finals[e.household_ref], e.household_ref, e.person_ref),
                *(e.birth_date, e.gender, e.household_size, text_array(e.kinds), e.urgency, e.reported_on),
                *(e.occurred_at, e.safe_to_call, e.informed, e.share_with_partners, e.in_city),
            )
            for e in fresh
        ],
    )
    touched = {finals[e.household_ref] for e in fresh if e.ref in changed}
    await assess_again(db, touched | {ref for ref in changed.values() if ref is not None}, now=now)
    return stale | {e.id for e in fresh if e.ref not in changed}


async def _homes(
    db: AsyncSession, events: Sequence[CareChanged] | Sequence[GridReportRecorded], before: Collection[UUID]
) -> dict[UUID, UUID]:
    """Where the events' households ended up, by the ref they were told with. All of them and `before` are held."""
    known = {e.household_ref: (e.household_ref, e.division, e.provisional) for e in events}
    await households.know_households(db, list(known.values()))
    return await households.final_households(db, {*known, *before})


async def _write_years(
    db: AsyncSession, fresh: Sequence[CareChanged], events: Sequence[CareChanged], changed: Collection[UUID]
) -> set[UUID]:
    """Write the sums of the persons who changed.

    An older event may still tell that a sum was over the watch line earlier; answers of whom.
    """
    applied = {e.id for e in fresh if e.ref in changed}
    watched: dict[tuple[UUID, int], datetime] = {}
    rows: list[tuple[CareChanged, PersonYear]] = []
    for event in events:
        for year in person_years(event.ref, bills_of(event.records), lines_on(event.division)):
            key = (event.ref, year.year)
            if year.is_watched:
                watched[key] = min(event.occurred_at, watched.get(key, event.occurred_at))
            if event.id in applied:
                rows.append((event, year))
    await care.write_years(
        db,
        [
            (
                *(year.person_ref, year.year, event.division, year.sum_fen, year.records, year.last_settled_on),
                *(year.threshold_fen, year.band, watched.pop((year.person_ref, year.year), None)),
            )
            for event, year in rows
        ],
    )
    return await care.note_watched(db, [(*key, at) for key, at in watched.items()])


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
