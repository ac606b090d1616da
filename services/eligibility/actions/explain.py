"""What stands around the findings of a stored assessment: the missing facts, the cliff, the arithmetic. Pure."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

from services.eligibility.actions.certificates import WITH_FINDINGS
from services.eligibility.models import Assessment
from services.eligibility.rules.advice import render_cliff, render_wanted
from services.eligibility.rules.arithmetic import arithmetic
from services.eligibility.rules.assess import assess
from services.eligibility.rules.assessment import Assessment as Answer
from services.eligibility.rules.book import RuleBook, rule_book
from services.eligibility.rules.cliff import find_cliff
from services.eligibility.rules.facts import Event, Facts, History
from services.eligibility.rules.readers import event_of, facts_of, history_of
from services.eligibility.rules.rendering import render
from services.eligibility.rules.snapshot import Parameters

Json = dict[str, Any]
"""A JSON object."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What would change an answer, and how it was worked out."""

    missing_facts: list[Json] = field(default_factory=list)
    cliff: Json | None = None
    steps: dict[str, list[Json]] = field(default_factory=dict)


def advice_on(row: Assessment) -> Advice:
    """The advice on a stored assessment. Under a former rule book only what its findings themselves say."""
    if row.state not in WITH_FINDINGS:
        return Advice()
    answer, book = Answer.from_json(orjson.loads(row.findings)), rule_book()
    if row.rule_digest != book.digest:
        return Advice(render_wanted(answer.findings))
    snapshot = orjson.loads(row.facts)
    event, history = event_of(snapshot["event"]), history_of(snapshot.get("history"))
    parameters = book.at(snapshot["county"], date.fromisoformat(snapshot["as_of"]))
    return advise(facts_of(snapshot["household"]), event, history, parameters, book, answer)


def explained(facts: Facts, event: Event, history: History, parameters: Parameters, book: RuleBook) -> Json:
    """A check in words, with its advice."""
    answer = assess(facts, parameters, book, event=event, history=history)
    more = advise(facts, event, history, parameters, book, answer)
    return render(answer, book) | {
        "missing_facts": more.missing_facts,
        "cliff": more.cliff,
        "steps": more.steps,
    }


def advise(
    facts: Facts, event: Event, history: History, parameters: Parameters, book: RuleBook, answer: Answer
) -> Advice:
    """The advice on an assessment just made."""
    cliff = find_cliff(facts, parameters, book, before=answer, event=event, history=history)
    return Advice(
        render_wanted(answer.findings), render_cliff(cliff, book), arithmetic(facts, event, history, parameters)
    )
