"""Check a snapshot of facts against the rule book, and put the answer into the forms that are stored and published.

The only module of the service's verbs that calls the rules' `assess`: an assessment, its second run and `verify` all
come through here, so that they cannot differ.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from services.contracts.eligibility import FindingState, NeedState, PersonState
from services.eligibility.rules.assess import assess
from services.eligibility.rules.assessment import Assessment, Finding, Need
from services.eligibility.rules.book import RuleBook, rule_book
from services.eligibility.rules.facts import Facts
from services.eligibility.rules.readers import event_of, facts_of, history_of

ENGINE = "plain-1"
"""How rule texts were read: on plain values, edition 1 of the reader."""

# The programme of civil affairs or a bureau that answers to a need, when it is open to the household.
_ANSWERS = {
    "medical_cost": ("medical_aid", "temp_spending"),
    "education_cost": ("education_aid",),
    "employment": ("employment_aid",),
    "housing": ("housing_aid",),
    "living": ("temp_emergency", "dibao", "tekun"),
    "disaster": ("disaster_aid",),
    "disability_support": ("disability_care", "disability_living"),
    "elder_care": ("tekun", "elderly_allowance"),
    "child_care": ("unattended_child", "orphan"),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """An assessment with its stored texts. `findings_text` is the whole assessment in codes and figures."""

    facts: Facts
    assessment: Assessment
    findings_text: bytes
    findings_sha256: str
    eligible: tuple[str, ...]
    unknown: tuple[str, ...]
    not_eligible: tuple[str, ...]
    one_off_fen: int

    @property
    def status(self) -> str | None:
        """The household's basic-living status."""
        return self.assessment.status

    @property
    def monthly_fen(self) -> int:
        """What eligible programmes pay a month."""
        return self.assessment.monthly_total_fen

    def needs_text(self) -> bytes:
        """The needs as stored."""
        return orjson.dumps([_need_json(need) for need in self.assessment.needs])

    def findings(self) -> tuple[FindingState, ...]:
        """The findings with a yes, as published."""
        return tuple(_finding_state(each) for each in self.assessment.findings if each.outcome == "eligible")

    def needs(self, household_ref: UUID) -> tuple[NeedState, ...]:
        """The needs, as published."""
        near = next((each.programme for each in self.assessment.findings if each.is_near_miss), None)
        return tuple(_need_state(need, self.eligible, near, household_ref) for need in self.assessment.needs)

    def people(self) -> tuple[PersonState, ...]:
        """The people who live there, as published."""
        return tuple(
            PersonState(person_ref=UUID(member.ref), birth_date=member.birth_date, gender=member.gender or None)
            for member in self.facts.members
            if member.presence == "present"
        )


def check(snapshot: Mapping[str, Any], book: RuleBook | None = None) -> Checked:
    """Check a stored snapshot as of its own day, under a book of former days or the one in use.

    Raises: UnreadableFacts.
    """
    book = book or rule_book()
    facts = facts_of(snapshot["household"])
    parameters = book.at(snapshot["county"], date.fromisoformat(snapshot["as_of"]))
    assessment = assess(
        facts, parameters, book, event=event_of(snapshot["event"]), history=history_of(snapshot.get("history"))
    )
    text = orjson.dumps(assessment.to_json())
    outcomes: dict[str, list[str]] = {"eligible": [], "unknown": [], "not_eligible": []}
    one_off_fen = 0
    for finding in assessment.findings:
        outcomes[finding.outcome].append(finding.programme)
        if finding.outcome == "eligible":
            one_off_fen += finding.one_off_fen or 0
    return Checked(
        facts,
        assessment,
        text,
        hashlib.sha256(text).hexdigest(),
        tuple(outcomes["eligible"]),
        tuple(outcomes["unknown"]),
        tuple(outcomes["not_eligible"]),
        one_off_fen,
    )


def _need_json(need: Need) -> dict[str, Any]:
    return {
        "code": need.code,
        "partners": need.partners,
        "bureaux": need.bureaux,
        "why": need.why,
        "near_miss": need.near_miss,
        "member": need.member,
        "gap_fen": need.gap_fen,
    }


def _finding_state(finding: Finding) -> FindingState:
    authority: Any = finding.authority  # township or county, as the rules say
    return FindingState(
        programme=finding.programme,
        outcome=finding.outcome,
        members=finding.members,
        monthly_fen=finding.monthly_fen or 0,
        one_off_fen=finding.one_off_fen or 0,
        authority=authority,
        reason_codes=finding.reason_codes,
        missing=finding.missing,
    )


def _need_state(need: Need, eligible: tuple[str, ...], near: str | None, household_ref: UUID) -> NeedState:
    subject = UUID(need.member) if need.member else None
    programme = near if need.near_miss else next((p for p in _ANSWERS.get(need.code, ()) if p in eligible), None)
    return NeedState(
        code=need.code,
        partners=need.partners,
        bureaux=need.bureaux,
        why=need.why,
        near_miss=need.near_miss,
        gap_fen=need.gap_fen,
        # an unidentified person stands under the household's own ref
        subject_ref=None if subject == household_ref else subject,
        programme=programme,
    )
