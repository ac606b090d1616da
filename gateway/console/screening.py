"""S8, the funnel: of those pushed, how many were found, visited and helped, and where did the rest go."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from gateway.console.page_route import page_routes
from gateway.console.pages import VisitorDep, desk_of, page_scope, renderer
from gateway.console.texts import Words
from gateway.progress import Counts, Progress, read_progress

routes = page_routes()


@dataclass(frozen=True)
class Step:
    """One bar. `of` is the step its share is of; `reasons` are counts of where the rest went (dotted names)."""

    key: str
    of: str
    unit: str
    reasons: str = ""
    family: str = ""


STEPS = (
    Step("step.records", "step.records", "records", "eligibility.accounts.", "account_reason"),
    Step("step.persons", "step.persons", "persons"),
    Step("step.over", "step.persons", "persons"),
    Step("step.assessed", "step.assessed", "households", "eligibility.statuses.", "status"),
    Step("step.listed", "step.assessed", "households", "eligibility.open_by_priority.", "priority"),
    Step("step.visited", "step.listed", "households", "eligibility.results.", "visit_result"),
    Step("step.aided", "step.visited", "households"),
    Step("step.sent", "step.sent", "referrals", "referral.held.", "held_for"),
    Step("step.answered", "step.sent", "referrals", "referral.referrals.", "referral_status"),
    Step("step.completed", "step.sent", "referrals"),
)


@routes.get("/screening", dependencies=[page_scope("eligibility:read")])
async def screening(request: Request, visitor: VisitorDep) -> Response:
    """The funnel, with the figures of this moment; scripts keep it moving, without them it reloads."""
    progress = await read_progress(desk_of(request), visitor.grant, request.state.request_id)
    return renderer(request).page(
        request,
        "screening.html",
        visitor=visitor,
        progress=progress,
        steps=STEPS,
        reasons=reasons_of,
        names=await request.app.state.vocabulary.refreshed(),
    )


def reasons_of(progress: Progress, step: Step, words: Words) -> list[tuple[str, str, int]]:
    """Where the rest of a step went: (dotted name, words, count), the largest first."""
    rows = _under(progress.counts, step.reasons) if step.reasons else []
    named = [(name, words.code(step.family, name.removeprefix(step.reasons)), number) for name, number in rows]
    return sorted(named, key=lambda row: (-row[2], row[0]))


def _under(counts: Counts, prefix: str) -> list[tuple[str, int]]:
    return [(name, number) for name, number in counts.items() if name.startswith(prefix) and number]
