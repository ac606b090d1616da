"""One household's chain of help (一户一条救助链), composed of what the four parts know of it."""

import asyncio
from collections.abc import Iterable
from typing import Any

from gateway.compose import Asking, Json, is_absent, piece
from services.kit.errors import NotFound, ServiceError

_MOST_DETAILS = 30
_AT_THE_END = frozenset({"outcome", "visited", "award_paid"})


async def compose_chain(asking: Asking, household_ref: str) -> Json:
    """The household as each part knows it, and everything that happened in order of time, the newest first.

    A part that is away is named in `unavailable`, its piece is None. Raises: NotFound when no part knows the household.
    """
    ref = household_ref
    readings = {
        "household": ("intake", asking.get("intake", f"/api/v1/intake/households/{ref}")),
        "visit": ("eligibility", asking.get("eligibility", f"/api/v1/eligibility/visits/{ref}")),
        "assessments": (
            "eligibility",
            asking.all_items("eligibility", f"/api/v1/eligibility/households/{ref}/assessments"),
        ),
        "referrals": ("referral", _with_steps(asking, ref)),
        "charity": ("charity", asking.get("charity", f"/api/v1/charity/households/{ref}")),
    }
    answers = await asyncio.gather(*(piece(reading) for _, reading in readings.values()))
    pieces: Json = {}
    away: set[str] = set()
    for (name, (part, _)), (value, error) in zip(readings.items(), answers, strict=True):
        pieces[name] = value
        if error is not None and not is_absent(error) and not _is_refused(error):
            away.add(part)
    live = next((row for row in pieces["assessments"] or () if row.get("state") == "live"), None)
    assessment, error = await piece(_whole(asking, live))
    if error is not None:
        away.add("eligibility")
    if not away and not any(pieces[name] for name in ("household", "visit", "assessments", "referrals")):
        raise NotFound()
    return {
        "household_ref": household_ref,
        **pieces,
        "assessment": assessment,
        "chain": chain_of(pieces),
        "unavailable": sorted(away),
    }


async def _with_steps(asking: Asking, household_ref: str) -> list[Json]:
    """The household's referrals, the newest of them with their history."""
    rows = await asking.all_items("referral", "/api/v1/referral/referrals", household=household_ref)
    details = await asyncio.gather(
        *(piece(asking.get("referral", f"/api/v1/referral/referrals/{row['id']}")) for row in rows[:_MOST_DETAILS])
    )
    whole = [detail or row for row, (detail, _) in zip(rows, details, strict=False)]
    return [*whole, *rows[_MOST_DETAILS:]]


def _is_refused(error: ServiceError) -> bool:
    """The caller's role does not reach this part's piece: it is left out, and nothing is ill."""
    return error.status_code == 403


async def _whole(asking: Asking, head: Json | None) -> Json | None:
    if head is None:
        return None
    return await asking.get("eligibility", f"/api/v1/eligibility/assessments/{head['assessment_id']}")


def chain_of(pieces: Json) -> list[Json]:
    """What happened, the newest first. Pure: codes, days and amounts of the pieces, no words."""
    household = pieces.get("household") or {}
    lines = [
        *_facts(household),
        *_assessments(pieces.get("assessments") or ()),
        *_visit(pieces.get("visit")),
        *_referrals(pieces.get("referrals") or ()),
        *_charity((pieces.get("charity") or {}).get("awards") or ()),
    ]
    return sorted((line for line in lines if line["at"]), key=_moment, reverse=True)


def _moment(line: Json) -> str:
    """Where a line stands in time. Of a day without an hour, what was done comes last and what was told comes first."""
    at = str(line["at"])
    if len(at) > len("2026-03-01"):
        return at
    return f"{at}T23:59" if line["kind"] in _AT_THE_END else f"{at}T00:00"


def _line(kind: str, part: str, at: Any, **more: Any) -> Json:
    return {"kind": kind, "part": part, "at": at, **{name: value for name, value in more.items() if value is not None}}


def _facts(household: Json) -> Iterable[Json]:
    for record in household.get("records") or ():
        yield _line(
            "bill",
            "intake",
            record.get("settled_on"),
            amount=record.get("self_paid"),
            ref=record.get("record_id"),
            note=record.get("note") or None,
        )
    for report in household.get("reports") or ():
        yield _line(
            "report",
            "intake",
            report.get("reported_at") or report.get("reported_on"),
            codes=report.get("kinds"),
            status=report.get("urgency"),
            ref=report.get("record_id"),
        )
    for consent in household.get("consents") or ():
        yield _line(
            "consent",
            "intake",
            consent.get("given_on"),
            status=consent.get("decision"),
            partner=consent.get("partner"),
            need=consent.get("purpose"),
        )


def _assessments(heads: Iterable[Json]) -> Iterable[Json]:
    for head in heads:
        yield _line(
            "assessment",
            "eligibility",
            head.get("created_at"),
            status=head.get("state"),
            codes=head.get("eligible"),
            amount=head.get("monthly_total"),
            ref=head.get("assessment_id"),
        )


def _visit(visit: Json | None) -> Iterable[Json]:
    if not visit:
        return
    yield _line("visit_listed", "eligibility", visit.get("opened_at"), status=visit.get("priority"))
    if visit.get("result"):
        yield _line("visited", "eligibility", visit.get("result_on"), status=visit["result"]["code"])


def _referrals(rows: Iterable[Json]) -> Iterable[Json]:
    for row in rows:
        about = {"partner": row.get("partner"), "need": row.get("need"), "ref": row.get("id")}
        said = None
        for step in row.get("steps") or ():
            held = step.get("held_for")
            note = f"held_{held}" if held else step.get("reason_code") or step.get("closing_code")
            says = (step.get("status"), note, step.get("amount"))
            if says != said:  # a version may also be another order of delivery or a smaller gap: nothing to tell
                yield _line("referral", "referral", step.get("at"), status=says[0], note=note, amount=says[2], **about)
            said = says
        outcome = row.get("outcome")
        if outcome:
            amount, kind = outcome.get("amount"), outcome.get("kind")
            yield _line("outcome", "referral", outcome.get("on"), status=kind, amount=amount, **about)


def _charity(awards: Iterable[Json]) -> Iterable[Json]:
    for award in awards:
        about = {"brand": award.get("brand"), "need": award.get("need"), "amount": award.get("amount")}
        yield _line("award_proposed", "charity", award.get("proposed_at"), ref=award.get("id"), **about)
        yield _line("award_approved", "charity", award.get("approved_at"), ref=award.get("id"), **about)
        yield _line("award_paid", "charity", award.get("paid_on"), ref=award.get("id"), **about)
