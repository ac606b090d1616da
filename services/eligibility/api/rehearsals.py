"""Rehearsals: what a change would cost, who would gain and who would lose."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Query

from services.eligibility.actions.rehearsal.orders import rehearse_policy, rehearse_scenario
from services.eligibility.actions.rehearsal.words import words
from services.eligibility.api.answers import Words
from services.eligibility.api.places import place_name
from services.eligibility.api.policies import scenario_change
from services.eligibility.api.policy_bodies import (
    AcceptedOut,
    ComparedOut,
    ComparisonOut,
    ProgressOut,
    RehearsalHead,
    RehearsalIn,
    RehearsalList,
    RehearsalOut,
    TestsOut,
    proposed_of,
)
from services.eligibility.errors import UnknownRehearsal
from services.eligibility.models import Rehearsal
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.layers import read_changes
from services.eligibility.store import rehearsals as store
from services.kit.application import router
from services.kit.auth import ActorDep, require
from services.kit.clock import Clock
from services.kit.db import SessionDep
from services.kit.errors import BadInput, FieldError
from services.kit.pages import Cursor, Limit, moment_and_id, write_cursor

routes = router(prefix="/api/v1/eligibility", tags=["rehearsals"])
_READ = [require("eligibility:read")]
_WRITE = [require("policy:write")]
_MOST_COMPARED = 6
_PLACES = ("programmes", "counties", "townships", "bands", "samples")


@routes.post("/rehearsals", dependencies=_WRITE, status_code=202, summary="演练 / Rehearse a change of policy")
async def post_rehearsal(body: RehearsalIn, db: SessionDep, actor: ActorDep) -> AcceptedOut:
    """A policy version as it is written, or a scenario without one. It is worked at; ask for it by its id."""
    now = Clock().now()
    if body.policy_id is not None:
        if body.changes is not None:
            wrong = FieldError(
                "changes", "policy_or_changes", "已有政策版本时不再带改动", "A policy version or changes"
            )
            raise BadInput(errors=(wrong,))
        row = await rehearse_policy(db, body.policy_id, actor=actor, now=now)
    else:
        row = await rehearse_scenario(
            db,
            rule_book(),
            title=body.title or "",
            division=body.division,
            as_of=body.as_of,
            proposed=proposed_of(body.changes or ()),
            actor=actor,
            now=now,
        )
    return AcceptedOut(id=row.id, links={"self": f"/api/v1/eligibility/rehearsals/{row.id}"})


@routes.get("/rehearsals", dependencies=_READ, summary="历次演练 / Rehearsals")
async def get_rehearsals(db: SessionDep, cursor: Cursor = None, limit: Limit = 50) -> RehearsalList:
    """Rehearsals of the caller's places, newest first."""
    rows = await store.rehearsals_page(db, after=moment_and_id(cursor), limit=limit + 1)
    following = write_cursor(rows[limit - 1].created_at.isoformat(), rows[limit - 1].id) if len(rows) > limit else None
    return RehearsalList(items=[RehearsalHead(**_head(row)) for row in rows[:limit]], next=following)


@routes.get("/rehearsals/compare", dependencies=_READ, summary="演练并排比较 / Rehearsals side by side")
async def get_comparison(ids: Annotated[str, Query(max_length=400)], db: SessionDep) -> ComparisonOut:
    """Up to six rehearsals side by side, `ids` separated by commas."""
    wanted = _ids(ids)
    found = await store.find_rehearsals(db, wanted)
    if len(found) < len(set(wanted)):
        raise UnknownRehearsal()
    items = []
    for id in dict.fromkeys(wanted):
        head, result = _head(found[id]), _result(found[id])
        kept = {name: head[name] for name in ComparedOut.model_fields if name in head}
        items.append(ComparedOut(**kept, counties=result.get("counties", [])))
    return ComparisonOut(items=items)


@routes.get("/rehearsals/{rehearsal_id}", dependencies=_READ, summary="一次演练的结果 / A rehearsal")
async def get_rehearsal(rehearsal_id: UUID, db: SessionDep) -> RehearsalOut:
    """Progress while it is worked at; then figures, programmes, places, bands and twenty households with reasons."""
    row = await store.find_rehearsal(db, rehearsal_id)
    if row is None:
        raise UnknownRehearsal()
    result = _result(row)
    baseline = {"version": row.baseline_version, "digest": row.baseline_digest} if row.baseline_digest else None
    return RehearsalOut(**_head(row), baseline=baseline, **{name: result.get(name, []) for name in _PLACES})


def _ids(text: str) -> list[UUID]:
    try:
        ids = [UUID(each.strip()) for each in text.split(",")]
    except ValueError:
        ids = []
    if not 1 <= len(ids) <= _MOST_COMPARED:
        wrong = FieldError("ids", "ids", "应为一至六个演练编号，用逗号分开", "One to six ids, separated by commas")
        raise BadInput(errors=(wrong,))
    return ids


def _result(row: Rehearsal) -> dict[str, Any]:
    result: dict[str, Any] = orjson.loads(row.result) if row.result else {}
    return result


def _head(row: Rehearsal) -> dict[str, Any]:
    book = rule_book()
    return {
        "id": row.id,
        "title": row.title,
        "policy_id": row.policy_id,
        "division": row.division,
        "place": place_name(row.division),
        "as_of": row.as_of,
        "state": row.state,
        "problem": Words(**words()["problems"][row.problem]) if row.problem else None,
        "progress": ProgressOut(households_done=row.households_done, households_total=row.households_total),
        "changes": [scenario_change(change, book) for change in read_changes(row.changes)],
        "tests": TestsOut.model_validate(orjson.loads(row.tests)) if row.tests else None,
        "figures": _result(row).get("figures"),
        "created_by": row.created_by,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
    }
