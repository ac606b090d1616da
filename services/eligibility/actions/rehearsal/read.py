"""Stored households as the rules look at them on a day. Pure: rows in, cases out."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from services.eligibility.actions.decide import home_of
from services.eligibility.actions.look import elder_age, event_json, household_json, known_of, lines_on
from services.eligibility.actions.rehearsal.count import Case
from services.eligibility.rules.accounts import grounds_of
from services.eligibility.rules.facts import NO_HISTORY
from services.eligibility.rules.readers import UnreadableFacts, event_of, facts_of
from services.eligibility.rules.watch import person_years


def cases_of(rows: Iterable[Any], as_of: date) -> tuple[list[Case], int]:
    """The households that can be read, and how many cannot. `rows` as `store.known.read_known` tells them."""
    cases: list[Case] = []
    unreadable = 0
    for row in rows:
        known = known_of(row)
        home, stated = home_of(known, is_strict=False)
        years = [y for p in home.persons for y in person_years(p.person_ref, p.bills, lines_on(p.division))]
        grounds = grounds_of(home, years, as_of=as_of, elder_age=elder_age(home.division, as_of))
        try:
            facts = facts_of(household_json(home, stated, as_of))
        except UnreadableFacts:  # nobody lives there as far as anybody said
            unreadable += 1
            continue
        persons = sum(1 for member in facts.members if member.presence == "present")
        event = event_of(event_json(home, grounds, as_of))
        cases.append(Case(str(home.household_ref), home.division, persons, facts, event, NO_HISTORY))
    return cases, unreadable
