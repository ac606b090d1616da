"""Order a screening run, and pause, resume or cancel one. It takes effect at the next chunk; nothing is done twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.errors import NotComparable, ScreeningForgotten, ScreeningMoved, UnknownScreening
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.screening.compare import Apart, apart
from services.eligibility.store import screenings
from services.kit.clock import SHANGHAI, shanghai_date
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.statements import Found

ENGINE: Final = "columns-1"
"""How rule texts are read: on dataframe columns, edition 1 of the reader."""

_STEPS: Final[dict[str, dict[str, str]]] = {
    "queued": {"pause": "paused", "cancel": "cancelled"},
    "running": {"pause": "paused", "cancel": "cancelled"},
    "paused": {"resume": "queued", "cancel": "cancelled"},
}
"""What may be done in a state, and the state it leads to. The other states are final."""


async def order_run(
    db: AsyncSession,
    *,
    division: str,
    basis: str,
    since_run: UUID | None,
    cause: str,
    requested_by: str,
    now: datetime,
    note: str = "",
    policy_ref: UUID | None = None,
    parameters: Sequence[str] = (),
) -> UUID:
    """Put a run into the queue; answers its id.

    A run on what has changed needs a completed run to go on from: `since_run`, else the last that covers the place.
    Raises: UnknownScreening when there is none, ScreeningForgotten, NotComparable when it is not completed or does not
    cover the place.
    """
    if basis == "changed":
        since_run = since_run or await screenings.latest_completed(db, division)
        earlier = await screenings.find_run(db, since_run) if since_run else None
        if earlier is None:
            raise UnknownScreening()
        if earlier.forgotten_at is not None:
            raise ScreeningForgotten()
        if earlier.state != "completed" or not division.startswith(earlier.division):
            raise NotComparable()
    book, run_id = rule_book(), new_id()
    await screenings.add_run(
        db,
        run_id=run_id,
        division=division,
        basis=basis,
        since_run=since_run,
        cause=cause,
        policy_ref=policy_ref,
        parameters=list(parameters),
        note=note,
        requested_by=requested_by,
        as_of=shanghai_date(now),
        rule_version=book.version,
        rule_digest=book.digest,
        engine=ENGINE,
        now=now,
    )
    return run_id


async def screen_for_policy(
    db: AsyncSession, *, policy_ref: UUID, division: str, parameters: Sequence[str], now: datetime
) -> UUID:
    """A policy version came into force: screen its place again; who is newly eligible goes on the visit list by itself.

    The run waits in the caller's transaction, so that it is there if and only if the policy version is in force.
    """
    return await order_run(
        db,
        division=division,
        basis="full",
        since_run=None,
        cause="policy",
        requested_by="policy",
        now=now,
        policy_ref=policy_ref,
        parameters=parameters,
    )


async def order_nightly(db: AsyncSession, *, now: datetime, hour: int) -> None:
    """From an hour of the day on, once a day: screen what changed in every place where a run was completed before."""
    if now.astimezone(SHANGHAI).hour < hour:
        return
    for row in await screenings.places_to_look_at_again(db, shanghai_date(now)):
        await order_run(
            db,
            division=row.division,
            basis="changed",
            since_run=row.run_id,
            cause="facts",
            requested_by="nightly",
            now=now,
        )


async def fail_run(database: Database, run_id: UUID, problem: str, now: datetime) -> None:
    """A run cannot go on: say so by the class of what stopped it."""
    async with database.transaction() as db:
        await screenings.set_state(db, run_id, "failed", is_over=True, now=now, problem=problem)


async def move_run(db: AsyncSession, run_id: UUID, step: str, *, now: datetime) -> Found:
    """Pause, resume or cancel a run; doing again what is done is no error. Answers the run.

    Raises: UnknownScreening; ScreeningMoved, naming what is allowed.
    """
    run = await screenings.find_run(db, run_id, hold=True)
    if run is None:
        raise UnknownScreening()
    allowed = _STEPS.get(run.state, {})
    if step not in allowed:
        if _is_so_already(run, step):
            return run
        raise ScreeningMoved(extra={"state": run.state, "allowed": sorted(allowed)})
    await screenings.set_state(db, run_id, allowed[step], is_over=step == "cancel", now=now)
    moved = await screenings.find_run(db, run_id)
    assert moved is not None
    return moved


def _is_so_already(run: Any, step: str) -> bool:
    return run.state in {"pause": ("paused",), "resume": ("queued", "running"), "cancel": ("cancelled",)}[step]


async def found_run(db: AsyncSession, run_id: UUID) -> Found:
    """One run.

    Raises: UnknownScreening.
    """
    run = await screenings.find_run(db, run_id)
    if run is None:
        raise UnknownScreening()
    return run


async def found_lists(db: AsyncSession, run_id: UUID) -> Found:
    """One run whose lists of households are still there.

    Raises: UnknownScreening; ScreeningForgotten.
    """
    run = await found_run(db, run_id)
    if run.forgotten_at is not None:
        raise ScreeningForgotten()
    return run


async def compare_runs(db: AsyncSession, one: UUID, other: UUID) -> dict[str, Apart]:
    """How answers went from the run `one` to the run `other`, by programme.

    Raises: UnknownScreening; ScreeningForgotten; NotComparable unless both are completed.
    """
    for run_id in (one, other):
        if (await found_lists(db, run_id)).state != "completed":
            raise NotComparable()
    return apart(await screenings.outcome_pairs(db, one, other))
