"""The missing facts that would change an answer, in the order of their use to the visitor.

First the fact that settles most programmes, then the one that settles most when that is known, and so on. A programme
is settled when nothing it waits for is missing any more; a fact on which no programme hangs alone counts for its share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.eligibility.rules.assessment import Finding


@dataclass(frozen=True, slots=True)
class Wanted:
    """A missing fact.

    `settles`: programmes that can be told once it is known, those asked before it being known. `bears_on`: all
    programmes whose answer or amount it may change.
    """

    fact: str
    settles: tuple[str, ...]
    bears_on: tuple[str, ...]


def wanted_facts(findings: Sequence[Finding]) -> tuple[Wanted, ...]:
    """The facts that findings name as missing, the most useful first; ties in the order in which they were named."""
    bears_on: dict[str, list[str]] = {}
    for finding in findings:
        for fact in finding.missing:
            bears_on.setdefault(fact, []).append(finding.programme)
    waiting = {finding.programme: set(finding.missing) for finding in findings if finding.outcome == "unknown"}
    waiting = {programme: facts for programme, facts in waiting.items() if facts}
    wanted = []
    left = list(bears_on)
    while left:
        best = max(left, key=lambda fact: (_use(fact, waiting), len(bears_on[fact])))
        left.remove(best)
        settled = tuple(programme for programme, facts in waiting.items() if facts == {best})
        for facts in waiting.values():
            facts.discard(best)
        waiting = {programme: facts for programme, facts in waiting.items() if facts}
        wanted.append(Wanted(best, settled, tuple(bears_on[best])))
    return tuple(wanted)


def _use(fact: str, waiting: dict[str, set[str]]) -> tuple[int, Fraction]:
    """How many programmes it settles at once, and its share of those that wait for others too."""
    concerned = [len(facts) for facts in waiting.values() if fact in facts]
    return concerned.count(1), sum((Fraction(1, number) for number in concerned), Fraction(0))
