"""What follows for one household from everything that is known of it. Pure: rows in, a decision out."""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal
from uuid import UUID

import orjson

from services.contracts.codes import AccountReason
from services.eligibility.actions.check import Checked, check
from services.eligibility.actions.look import Json, Known, canonical, elder_age, lines_on, place_of, snapshot_of
from services.eligibility.rules.accounts import Grounds, Home, Standing, bill_account, grounds_of, report_account
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.priority import Urgency, urgency_of
from services.eligibility.rules.readers import UnreadableFacts, facts_of
from services.eligibility.rules.watch import Person, PersonYear, person_years

Step = Literal["none", "same", "new", "withdrawn", "merged"]


@dataclass(frozen=True, slots=True)
class Account:
    """The account of one record: a reason for none, or (None) the household's assessment."""

    record_id: UUID
    division: str
    source: Literal["hospital_cost", "grid_report"]
    person_ref: UUID | None
    year: int | None
    reason: AccountReason | None


@dataclass(slots=True)
class Decision:
    """What to do about a household.

    `step`: nothing is or was assessed; the assessment in force stands; a new one; the last one is withdrawn; the
    household was merged into another.
    """

    home: Home
    step: Step
    grounds: Grounds = field(default_factory=Grounds)
    snapshot: Json = field(default_factory=dict)
    facts_text: bytes = b""
    facts_sha256: str = ""
    checked: Checked | None = None
    urgency: Urgency | None = None
    is_kept: bool = False
    accounts: list[Account] = field(default_factory=list)
    watch: tuple[str, ...] = ()


def home_of(known: Known, *, is_strict: bool = True) -> tuple[Home, Json | None]:
    """A household as it is known, and the facts as they were stated, None when nobody stated any.

    Raises: UnreadableFacts; where not `is_strict`, such a household has no facts instead.
    """
    row = known.row
    stated: Json | None = orjson.loads(row.facts) if row.facts and row.merged_into is None else None
    try:
        facts = facts_of(stated) if stated else None
    except UnreadableFacts:
        if is_strict:
            raise
        facts = None
    home = Home(
        household_ref=row.household_ref,
        division=place_of(row, known.persons, known.reports),
        is_registered=row.version > 0 and not row.provisional and bool(stated),
        facts=facts,
        stated_at=row.stated_at,
        applied_on=row.applied_on,
        persons=known.persons,
        reports=known.reports,
        screened_on=row.screened_on,
    )
    return home, stated


def decide(known: Known, as_of: date) -> Decision:
    """Look at a household as of a day."""
    row, live = known.row, known.live
    home, stated = home_of(known)
    place = home.division
    if row.merged_into is not None:
        return Decision(home, "merged" if live is not None else "none")
    years = {y: p for p in home.persons for y in person_years(p.person_ref, p.bills, lines_on(p.division))}
    grounds = grounds_of(home, list(years), as_of=as_of, elder_age=elder_age(place, as_of))
    is_kept = not grounds and live is not None and known.visit is not None and known.visit.worked_at is not None
    if not grounds and not is_kept:
        decision = Decision(home, "none" if live is None else "withdrawn")
    else:
        decision = _assess(home, stated or None, grounds, as_of, known)
        decision.is_kept = is_kept
    _settle(decision, years, live)
    return decision


def _assess(home: Home, stated: Json | None, grounds: Grounds, as_of: date, known: Known) -> Decision:
    snapshot = snapshot_of(home, stated, grounds, as_of)
    text = canonical(snapshot)
    sha256 = hashlib.sha256(text).hexdigest()
    decision = Decision(home, "new", grounds, snapshot, text, sha256)
    live = known.live
    if live is not None and live.rule_digest == rule_book().digest:
        then = text if live.as_of == as_of else canonical({**snapshot, "as_of": live.as_of.isoformat()})
        if hashlib.sha256(then).hexdigest() == live.facts_sha256:
            decision.step = "same"
            return decision
    decision.checked = check(snapshot)
    worked_at = known.visit.worked_at if known.visit is not None else None
    decision.urgency = urgency_of(grounds, decision.checked.eligible, is_known=stated is not None, worked_at=worked_at)
    return decision


def _settle(decision: Decision, years: dict[PersonYear, Person], live: Any) -> None:
    """Give every record its account, and say why the household is on the watch."""
    home, grounds = decision.home, decision.grounds
    status = decision.checked.status if decision.checked else (live.status if decision.step == "same" else None)
    standing = Standing(decision.step in ("same", "new"), grounds, status is not None, decision.is_kept)
    by_year = {(year.person_ref, year.year): year for year in years}
    for person in home.persons:
        for bill in person.bills:
            year = by_year[person.person_ref, bill.year]
            reason = bill_account(bill, person, year, home, standing)
            decision.accounts.append(
                Account(bill.record_id, person.division, "hospital_cost", person.person_ref, bill.year, reason)
            )
    for report in home.reports:
        reason = report_account(report, standing)
        decision.accounts.append(
            Account(report.record_id, report.division, "grid_report", report.person_ref, None, reason)
        )
    watch: list[str] = list(grounds.watch)
    if status is not None:
        watch.append("status")
    if any(year.is_watched and person.in_city for year, person in years.items()):
        watch.append("year_sum")
    decision.watch = tuple(watch)
