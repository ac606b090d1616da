"""What the rule book covers: each programme with its names, its tests and the articles they come from."""

from typing import Any

from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.criteria import CATALOGUE, Test
from services.eligibility.rules.plan import PROGRAMMES


def programme_tests(programme: str) -> tuple[Test, ...]:
    """The tests of a programme, in the order they were written."""
    return tuple(test for id, test in CATALOGUE.items() if id.partition(".")[0] == programme)


def describe(book: RuleBook) -> list[dict[str, Any]]:  # Any: JSON
    """Every programme: `{code, name: {zh, en}, scope, tests: [{id, operator, unit, citation}], citations}`."""
    scopes = {programme.code: programme.scope for programme in PROGRAMMES}
    described = []
    for named in book.programmes:
        tests = programme_tests(named.code)
        cited = dict.fromkeys(test.cites for test in tests)
        described.append(
            {
                "code": named.code,
                "name": {"zh": named.zh, "en": named.en},
                "scope": scopes[named.code],
                "tests": [
                    {
                        "id": test.id,
                        "operator": test.operator,
                        "unit": test.unit,
                        "citation": book.citation(*test.cites),
                    }
                    for test in tests
                ],
                "citations": [book.citation(*each) for each in cited],
            }
        )
    return described
