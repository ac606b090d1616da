"""Answers of the screening routes, shape by shape. Money in decimal yuan."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from services.contracts.divisions import divisions
from services.contracts.money import yuan
from services.eligibility.api.answers import Answer, RuleBookOut, Words
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.rendering import reason_text
from services.eligibility.rules.screening.population import CODES
from services.eligibility.rules.screening.tally import Tally
from services.eligibility.rules.screening.words import Words as Texts
from services.eligibility.rules.screening.words import screening_words

State = Literal["queued", "running", "paused", "completed", "failed", "cancelled"]
Outcome = Literal["eligible", "unknown", "near_miss"]


class ProgressOut(Answer):
    """How far a run is."""

    households_done: int
    households_total: int
    persons_done: int


class ScreeningHead(Answer):
    """A screening run. `problem` is a code when it failed; `carried` counts households taken over unchanged.

    `since`: the run that "new" is told against, and that a run on what has changed goes on from. `has_lists`: leads and
    households can be read; of old runs only the counts are kept.
    """

    id: UUID
    division: str
    place: str
    basis: Literal["full", "changed"]
    since: UUID | None
    cause: Literal["officer", "policy", "facts", "command"]
    policy_id: UUID | None
    note: str
    state: State
    problem: str | None
    as_of: date
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    rule_book: RuleBookOut
    progress: ProgressOut
    households: int
    carried: int
    leads: int
    has_lists: bool


class ScreeningList(Answer):
    """Runs, newest first."""

    items: list[ScreeningHead]
    next: str | None


class ScreeningOrdered(Answer):
    """A run that waits to be taken up."""

    id: UUID
    links: dict[str, str]


class ProgrammeCount(Answer):
    """One programme: every household is counted in exactly one of the four. Amounts are of `eligible`."""

    code: str
    name: Words
    eligible: int
    not_eligible: int
    unknown: int
    already: int
    monthly_amount: str
    one_off_amount: str


class StepCount(Answer):
    """One step of the funnel."""

    step: str
    name: Words
    count: int


class ReasonCount(Answer):
    """Why households were refused a programme."""

    programme: str
    code: str
    text: Words
    count: int


class FactCount(Answer):
    """A fact that is missing where it would change an answer. `resolves`: its source is the only one missing there."""

    fact: str
    name: Words
    source: str
    source_name: Words
    households: int
    resolves: int


class SourceCount(Answer):
    """A source of data: households that miss something of it, and those that miss nothing else."""

    source: str
    name: Words
    households: int
    resolves: int


class CountyCount(Answer):
    """One county of a run."""

    division: str
    name: str
    households: int
    eligible: int
    unknown: int
    leads: int


class ScreeningOut(ScreeningHead):
    """A run with all its counts, as far as it is."""

    programmes: list[ProgrammeCount]
    funnel: list[StepCount]
    reasons: list[ReasonCount]
    unknowns: list[FactCount]
    sources: list[SourceCount]
    counties: list[CountyCount]


class LeadOut(Answer):
    """A household and programme worth following; `rank` is its place in the list as asked for."""

    household_ref: UUID
    division: str
    place: str
    programme: str
    outcome: Outcome
    rank: int
    at_stake_month: str
    at_stake_once: str
    signals: list[str]
    missing: list[str]
    reason: Words
    is_new: bool
    on_visit_list: bool


class LeadList(Answer):
    """A page of leads, most pressing first."""

    items: list[LeadOut]
    next: str | None


class ListedOut(Answer):
    """Households put on the visit list, and those of the leads that were on it before."""

    added: int
    already: int


class ApartOut(Answer):
    """How answers to one programme went between two runs."""

    code: str
    name: Words
    gained: int
    lost: int
    became_known: int
    became_unknown: int
    same: int


class ChangeOut(Answer):
    """A household whose answer to a programme changed. `absent`: it was not in that run."""

    household_ref: UUID
    division: str
    programme: str
    before: str
    after: str


class ChangeList(Answer):
    """A page of changes, by household."""

    items: list[ChangeOut]
    next: str | None


class CompareOut(Answer):
    """Two runs side by side: how answers went from the one to the other."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    one: UUID = Field(alias="from")
    other: UUID = Field(alias="to")
    programmes: list[ApartOut]
    households: ChangeList


def programme_names() -> dict[str, Texts]:
    """Names of the programmes by code."""
    return {each.code: {"zh": each.zh, "en": each.en} for each in rule_book().programmes}


def words_of(texts: Texts) -> Words:
    """A text in both languages as answered."""
    return Words(zh=texts["zh"], en=texts["en"])


def head_of(row: Any) -> dict[str, Any]:
    """A run's row as answered. Any: a row of the table."""
    return {
        "id": row.run_id,
        "division": row.division,
        "place": divisions().full_name(row.division) or row.division,
        "basis": row.basis,
        "since": row.since_run,
        "cause": row.cause,
        "policy_id": row.policy_ref,
        "note": row.note,
        "state": row.state,
        "problem": row.problem,
        "as_of": row.as_of,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "rule_book": RuleBookOut(version=row.rule_version, digest=row.rule_digest),
        "progress": ProgressOut(
            households_done=row.households_done,
            households_total=max(row.households_total, row.households_done),
            persons_done=row.persons_done,
        ),
        "households": row.households_done,
        "carried": row.carried,
        "leads": row.leads,
        "has_lists": row.forgotten_at is None,
    }


def counts_of(tally: Tally) -> dict[str, Any]:
    """The counts of a run as answered: what would help most comes first."""
    words, names = screening_words(), programme_names()
    return {
        "programmes": [_programme(code, tally.programmes[code], names) for code in CODES],
        "funnel": [
            StepCount(step=step, name=words_of(texts), count=tally.funnel.get(step, 0))
            for step, texts in words.funnel.items()
        ],
        "reasons": [
            _reason(key, count) for key, count in sorted(tally.reasons.items(), key=lambda each: (-each[1], each[0]))
        ],
        "unknowns": [
            FactCount(
                fact=fact,
                name=words_of(words.facts[fact]),
                source=words.facts[fact]["source"],
                source_name=words_of(words.sources[words.facts[fact]["source"]]),
                households=households,
                resolves=resolves,
            )
            for fact, (households, resolves) in _most_useful(tally.facts)
        ],
        "sources": [
            SourceCount(source=source, name=words_of(words.sources[source]), households=households, resolves=resolves)
            for source, (households, resolves) in _most_useful(tally.sources)
        ],
        "counties": [_county(code, counts) for code, counts in sorted(tally.counties.items())],
    }


def _most_useful(table: dict[str, list[int]]) -> list[tuple[str, list[int]]]:
    return sorted(table.items(), key=lambda each: (-each[1][1], -each[1][0], each[0]))


def _programme(code: str, counts: list[int], names: dict[str, Texts]) -> ProgrammeCount:
    eligible, refused, unknown, already, month_fen, once_fen = counts
    return ProgrammeCount(
        code=code,
        name=words_of(names[code]),
        eligible=eligible,
        not_eligible=refused,
        unknown=unknown,
        already=already,
        monthly_amount=yuan(month_fen),
        one_off_amount=yuan(once_fen),
    )


def _reason(key: str, count: int) -> ReasonCount:
    programme, _, code = key.partition("/")
    return ReasonCount(programme=programme, code=code, text=words_of(reason_text(code)), count=count)


def _county(code: str, counts: list[int]) -> CountyCount:
    households, eligible, unknown, leads = counts
    name = divisions().full_name(code) or code
    return CountyCount(division=code, name=name, households=households, eligible=eligible, unknown=unknown, leads=leads)
