"""Screening runs: order one, follow it, pause and resume it, and compare two."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, status
from pydantic import StringConstraints

from services.eligibility.actions.screening.runs import compare_runs, found_run, move_run, order_run
from services.eligibility.api.answers import Words
from services.eligibility.api.places import asked_place, read_place
from services.eligibility.api.screening_answers import (
    ApartOut,
    ChangeList,
    ChangeOut,
    CompareOut,
    ScreeningHead,
    ScreeningList,
    ScreeningOrdered,
    ScreeningOut,
    State,
    StepCount,
    counts_of,
    head_of,
    programme_names,
    words_of,
)
from services.eligibility.rules.screening.compare import changes
from services.eligibility.rules.screening.tally import Tally
from services.eligibility.store.leads import count_on_list
from services.eligibility.store.screenings import changed_outcomes, find_live_run, list_runs
from services.kit.application import router
from services.kit.auth import Actor, ActorDep, require
from services.kit.clock import Clock
from services.kit.db import SessionDep
from services.kit.errors import BadInput, FieldError
from services.kit.fields import Body, Ref, ShortText
from services.kit.pages import Cursor, Limit, moment_and_id, only_id, write_cursor

routes = router(prefix="/api/v1/eligibility", tags=["screening"])
_READ = [require("eligibility:read")]
_RUN = [require("eligibility:write")]
_ON_LIST = {"zh": "在入户名单上", "en": "on the visit list"}


class ScreeningIn(Body):
    """A run to order. `since`: the completed run that a run on what has changed goes on from; the last one if left out.

    `note` is for colleagues; it must not name anybody.
    """

    division: ShortText
    basis: Literal["full", "changed"] = "full"
    since: Ref | None = None
    note: Annotated[str, StringConstraints(max_length=200)] = ""


@routes.post(
    "/screenings",
    dependencies=_RUN,
    status_code=status.HTTP_202_ACCEPTED,
    summary="开始一次全量筛查 / Order a screening run",
)
async def post_screening(body: ScreeningIn, db: SessionDep, actor: ActorDep) -> ScreeningOrdered:
    """Screen every household of a place against every programme. The same order while it runs answers the same run.

    422 for a place outside the caller's; 404 or 409 where a run on what has changed has none to go on from.
    """
    place = _own_place(body.division, actor)
    live = await find_live_run(db, division=place, basis=body.basis, since_run=body.since)
    if live is None:
        live = await order_run(
            db,
            division=place,
            basis=body.basis,
            since_run=body.since,
            cause="command" if "operator" in actor.roles else "officer",
            requested_by=actor.subject,
            now=Clock().now(),
            note=body.note,
        )
    return ScreeningOrdered(id=live, links={"self": f"{routes.prefix}/screenings/{live}"})


@routes.get("/screenings", dependencies=_READ, summary="历次筛查 / Screening runs")
async def get_screenings(
    db: SessionDep,
    actor: ActorDep,
    division: Annotated[str | None, Query(max_length=12)] = None,
    state: State | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ScreeningList:
    """Runs of places within a place, newest first."""
    place = asked_place(division, actor)
    after = moment_and_id(cursor)
    rows = await list_runs(db, division=place, state=state, after=after, limit=limit + 1)
    end = rows[limit - 1] if len(rows) > limit else None
    following = write_cursor(end.created_at.isoformat(), end.run_id) if end is not None else None
    return ScreeningList(items=[ScreeningHead(**head_of(row)) for row in rows[:limit]], next=following)


@routes.get("/screenings/{screening_id}", dependencies=_READ, summary="一次筛查的进度与结果 / A screening run")
async def get_screening(screening_id: UUID, db: SessionDep) -> ScreeningOut:
    """How far a run is and what it has counted: programmes, funnel, reasons, missing facts by source, counties."""
    row = await found_run(db, screening_id)
    counts = counts_of(Tally.from_text(row.tally))
    on_list = StepCount(step="on_visit_list", name=words_of(_ON_LIST), count=await count_on_list(db, screening_id))
    counts["funnel"].append(on_list)
    return ScreeningOut(**head_of(row), **counts)


@routes.post("/screenings/{screening_id}/pause", dependencies=_RUN, summary="暂停筛查 / Pause a run")
async def post_pause(screening_id: UUID, db: SessionDep) -> ScreeningHead:
    """Pause a run at its next chunk. 409 `screening_state` with `allowed` where the state does not allow it."""
    return ScreeningHead(**head_of(await move_run(db, screening_id, "pause", now=Clock().now())))


@routes.post("/screenings/{screening_id}/resume", dependencies=_RUN, summary="继续筛查 / Resume a run")
async def post_resume(screening_id: UUID, db: SessionDep) -> ScreeningHead:
    """Let a paused run go on where it stopped. 409 `screening_state` with `allowed` elsewhere."""
    return ScreeningHead(**head_of(await move_run(db, screening_id, "resume", now=Clock().now())))


@routes.post("/screenings/{screening_id}/cancel", dependencies=_RUN, summary="取消筛查 / Cancel a run")
async def post_cancel(screening_id: UUID, db: SessionDep) -> ScreeningHead:
    """End a run for good; what it found so far can still be read. 409 `screening_state` with `allowed` elsewhere."""
    return ScreeningHead(**head_of(await move_run(db, screening_id, "cancel", now=Clock().now())))


@routes.get("/screenings/{screening_id}/compare", dependencies=_READ, summary="两次筛查对比 / Compare two runs")
async def get_compare(
    screening_id: UUID,
    db: SessionDep,
    other: Annotated[UUID, Query(alias="with", description="the run to compare from")],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CompareOut:
    """How answers went from the run `with` to this one: counts by programme, and the households that changed."""
    counts = await compare_runs(db, other, screening_id)
    after = only_id(cursor)
    rows = await changed_outcomes(db, other, screening_id, after=after, limit=limit + 1)
    following = write_cursor(rows[limit - 1].household_ref) if len(rows) > limit else None
    names = programme_names()
    return CompareOut(
        one=other,
        other=screening_id,
        programmes=[
            ApartOut(
                code=code,
                name=Words(**names[code]),
                gained=each.gained,
                lost=each.lost,
                became_known=each.became_known,
                became_unknown=each.became_unknown,
                same=each.same,
            )
            for code, each in counts.items()
        ],
        households=ChangeList(
            items=[
                ChangeOut(
                    household_ref=row.household_ref,
                    division=row.division,
                    programme=change.programme,
                    before=change.before,
                    after=change.after,
                )
                for row in rows[:limit]
                for change in changes(row.before, row.after)
            ],
            next=following,
        ),
    )


def _own_place(division: str, actor: Actor) -> str:
    """The place a run is ordered for: within the caller's own.

    Raises: BadInput.
    """
    place = read_place(division)
    if actor.territory != "all" and not (actor.territory and place.startswith(actor.territory)):
        wrong = FieldError("division", "outside_territory", "不在您的辖区之内", "Not within your territory")
        raise BadInput(errors=(wrong,))
    return place
