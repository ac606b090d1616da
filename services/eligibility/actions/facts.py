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
from services.contracts.intake import BenefitsChanged, CareChanged, GridReportRecorded, HouseholdChanged
from services.eligibility.actions.assess import assess_again
from services.eligibility.actions.look import bills_of, lines_on, records_json
from services.eligibility.rules.screening.held import stored_form
from services.eligibility.rules.watch import PersonYear, person_years
from services.eligibility.store import benefits, care, households
from services.kit.statements import Row, text_array

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
    targets = {e.merged_into: (e.merged_into, e.division, True) for e in fresh if e.merged_into is not None}
    await households.know_households(db, list(targets.values()))
    await households.lock_households(db, {e.ref for e in fresh} | targets.keys())
    changed = await households.tell_households(
        db,
        [
            (e.ref, e.version, e.division, e.provisional, e.merged_into, orjson.dumps(e.facts).decode(), e.occurred_at)
            for e in fresh
        ],
    )
    merged = {e.ref for e in fresh if e.merged_into is not None} & changed
    finals = await households.final_households(db, merged) if merged else {}
    await households.rehome(db, {source: finals[source] for source in merged if source != finals[source]})
    await assess_again(db, changed | {finals[source] for source in merged}, now=now)
    return stale | {e.id for e in fresh if e.ref not in changed}


async def take_care(db: AsyncSession, events: Sequence[CareChanged], *, now: datetime) -> set[UUID]:
    """Persons' hospital costs changed. Answers the ids of events that told nothing newer."""
    fresh, stale = newest_of(events)
    finals = await _homes(db, fresh, people=[e.ref for e in fresh])
    years, watched = _years_of(fresh, events)
    changed = await care.tell_persons(
        db,
        [
            (
                *(e.ref, e.version, e.division, finals[e.household_ref], e.household_ref),
                *(e.birth_date, e.gender, e.in_city, e.deceased, records_json(e.records)),
            )
            for e in fresh
        ],
        years,
    )
    # What stays is of events that were not applied: they may tell that a sum was over the watch line earlier.
    written = {(row[0], row[1]) for row in years if row[0] in changed}
    earlier = [(*key, at) for key, at in watched.items() if key not in written]
    touched = await care.note_watched(db, earlier)
    touched |= {finals[e.household_ref] for e in fresh if e.ref in changed}
    await _assess(db, touched | {ref for ref in changed.values() if ref is not None}, held=finals, now=now)
    return stale | {e.id for e in fresh if e.ref not in changed}


async def take_reports(db: AsyncSession, events: Sequence[GridReportRecorded], *, now: datetime) -> set[UUID]:
    """Grid workers reported households. Answers the ids of events that told nothing newer."""
    fresh, stale = newest_of(events)
    finals = await _homes(db, fresh)
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
    await _assess(db, touched | {ref for ref in changed.values() if ref is not None}, held=finals, now=now)
    return stale | {e.id for e in fresh if e.ref not in changed}


async def take_benefits(db: AsyncSession, events: Sequence[BenefitsChanged]) -> set[UUID]:
    """What persons receive by the rolls changed. Answers the ids of events that told nothing newer.

    Nothing is assessed anew: what a household may be eligible for does not hang on what it receives; screening, the
    visit list and whoever reads an assessment are told beside it.
    """
    fresh, stale = newest_of(events)
    rows: list[Row] = [(e.ref, e.version, e.division, e.household_ref, stored_form(e.benefits)) for e in fresh]
    changed = await benefits.tell_persons(db, rows)
    return stale | {e.id for e in fresh if e.ref not in changed}


async def _homes(
    db: AsyncSession, events: Sequence[CareChanged] | Sequence[GridReportRecorded], *, people: Collection[UUID] = ()
) -> dict[UUID, UUID]:
    """Where the events' households ended up, by the ref they were told with. All are held, those of `people` too."""
    known = {e.household_ref: (e.household_ref, e.division, e.provisional) for e in events}
    await households.know_households(db, list(known.values()))
    return await households.final_households(db, known, of_people=people)


async def _assess(db: AsyncSession, refs: set[UUID], *, held: dict[UUID, UUID], now: datetime) -> None:
    """Assess again. A home that somebody left in the very moment before it could be held is held now."""
    missed = refs - held.keys() - set(held.values())
    if missed:
        await households.lock_households(db, missed)
    await assess_again(db, refs, now=now)


def _years_of(
    fresh: Sequence[CareChanged], events: Sequence[CareChanged]
) -> tuple[list[Row], dict[tuple[UUID, int], datetime]]:
    """Rows of the years that `fresh` tells, and when each person-year was first told over the watch line by any."""
    newest = {event.id for event in fresh}
    years: list[tuple[CareChanged, PersonYear]] = []
    watched: dict[tuple[UUID, int], datetime] = {}
    for event in events:
        for year in person_years(event.ref, bills_of(event.records), lines_on(event.division)):
            if year.is_watched:
                key = (event.ref, year.year)
                watched[key] = min(event.occurred_at, watched.get(key, event.occurred_at))
            if event.id in newest:
                years.append((event, year))
    rows = [
        (
            *(year.person_ref, year.year, event.division, year.sum_fen, year.records, year.last_settled_on),
            *(year.threshold_fen, year.band, watched.get((year.person_ref, year.year))),
        )
        for event, year in years
    ]
    return rows, watched
