"""What a finding says to the officer who reads it: the verdict in one line, its tests in words and figures, and which
one figure would change it. Pure: findings come as JSON of the rules, words come as `Words`.

Nothing is decided here. A distance is a difference of two figures that the finding itself tells, for display.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from gateway.console.texts import Words
from gateway.console.view import NONE, figure, yuan_text
from gateway.console.vocabulary import Vocabulary

Json = Mapping[str, Any]
OUTCOMES = ("eligible", "unknown", "not_eligible")
_NOTHING = (None, "", "0.00")
_ABOVE = {"margin": ("dibao",), "rigid": ("dibao", "margin")}
"""Programmes of the waterfall that come before one."""


@dataclass(frozen=True)
class People:
    """What the members of a household are called on a page, by their ref. `names` are already masked."""

    names: Mapping[str, str]

    def name(self, ref: object, words: Words) -> str:
        """A member's name; `第2位成员` where no name is known."""
        known = self.names.get(str(ref))
        if known:
            return known
        refs = list(self.names)
        return words("explain.member", n=refs.index(str(ref)) + 1) if str(ref) in refs else words("explain.a_member")


def people_of(members: Sequence[Json] | None, words: Words) -> People:
    """The people of a household as listed: `林*（本人）`, or `第2位成员（子女）` when the list holds no names."""
    named = {}
    for number, member in enumerate(members or (), 1):
        name = str(member.get("name") or words("explain.member", n=number))
        relation = member.get("relation")
        if relation:
            name = words("explain.person", name=name, what=words.code("relation", relation))
        named[str(member.get("person_ref") or member.get("ref"))] = name
    return People(named)


def in_order_of_use(answer: Json) -> list[Json]:
    """An answer's findings, each with its missing facts in the order of their use to the visitor."""
    rank = {str(one.get("fact")): at for at, one in enumerate(answer.get("missing_facts") or ())}
    return [
        {**finding, "missing": sorted(finding.get("missing") or (), key=lambda fact: rank.get(str(fact), len(rank)))}
        for finding in answer.get("findings") or ()
    ]


def wanted(answer: Json, words: Words, people: People, names: Vocabulary) -> list[tuple[str, str, str]]:
    """The missing facts, the most useful first: (the fact, who knows it, what it settles); empty texts for neither."""
    rows = []
    for one in answer.get("missing_facts") or ():
        fact = words.pick(one.get("name") or {}) or fact_name(one.get("fact"), words, people)
        if one.get("member"):
            fact = words("explain.persons_fact", person=people.name(one["member"], words), fact=fact)
        settled = _joined([words.pick(names.name("programme", code)) for code in one.get("settles") or ()], words)
        rows.append((fact, words.pick(one.get("source") or {}), settled))
    return rows


def steps_of(answer: Json, topic: str, words: Words, people: People) -> list[str]:
    """The arithmetic of a topic (`household`, or a programme) in sentences."""
    said = []
    for step in (answer.get("steps") or {}).get(topic) or ():
        text = words.pick(step.get("text") or {})
        said.append(
            words("explain.of_person", person=people.name(step["member"], words), text=text)
            if step.get("member")
            else text
        )
    return said


def by_outcome(findings: Sequence[Json]) -> list[tuple[str, list[Json]]]:
    """Findings as (outcome, findings): yes, not yet known, no; of the noes those that were missed by little first."""
    groups = {outcome: [one for one in findings if one.get("outcome") == outcome] for outcome in OUTCOMES}
    groups["not_eligible"].sort(key=lambda one: (not _is_near(one), not one.get("tests")))
    return list(groups.items())


def money(finding: Json, words: Words) -> str:
    """What a yes is worth: `每月1,020.00元`, `一次性5,100.00元`; empty where there is no amount."""
    if finding.get("outcome") != "eligible":
        return ""
    said = []
    for key, text in (("monthly_amount", "case.a_month"), ("one_off_amount", "case.once")):
        if finding.get(key) not in _NOTHING:
            said.append(words(text, amount=yuan_text(finding[key])))
    return words("list_comma").join(said) or words("explain.no_amount")


def why(finding: Json, words: Words, people: People) -> str:
    """The verdict's reason in one line: the tests that failed, the facts that lack, or the ground of a yes."""
    if finding.get("outcome") == "unknown":
        return words("explain.lacks", facts=_joined(missing(finding, words, people), words))
    failed = _tests(finding, "fail")
    if finding.get("outcome") == "not_eligible" and failed:
        said = [_sentence(test, words, people) for test in failed]
        return said[0] if len(said) == 1 else words("explain.and_more", first=said[0], n=len(said) - 1)
    reasons = [words.code("reason_code", code) for code in finding.get("reason_codes") or ()]
    return _joined(reasons, words)


def changes(finding: Json, words: Words, people: People) -> list[str]:
    """What would change the verdict: one line where one figure alone decides, else each of those that must change.

    Where there are several ways, by one person or another, each way is a line. Of a yes: the figure nearest to its line
    or else what it stands on, and which of the missing facts still move the amount.
    """
    outcome = finding.get("outcome")
    if outcome == "unknown":
        return missing(finding, words, people)
    if outcome == "eligible":
        near = _nearest(finding, words, people)
        lacks = missing(finding, words, people)
        more = [words("explain.amount_open", facts=_joined(lacks, words))] if lacks else []
        stands = dict.fromkeys(_sentence(test, words, people) for test in _tests(finding, "pass"))
        return [*(near or stands), *more]
    failed = _tests(finding, "fail")
    if failed:
        ways = [[_correction(test, words, people) for test in way] for way in _ways(failed)]
        return ways[0] if len(ways) == 1 else [words("explain.semicolon").join(way) for way in ways]
    return [
        words.code("would_change", code)
        for code in finding.get("reason_codes") or ()
        if _has(words, "would_change", code)
    ]


def changes_head(finding: Json, words: Words) -> str:
    """What stands above the lines of `changes`."""
    outcome = str(finding.get("outcome"))
    if outcome == "eligible" and not (finding.get("margin") or {}).get("test"):
        return words("explain.changes.stands")
    if outcome == "not_eligible":
        if len(_ways(_tests(finding, "fail"))) > 1:
            return words("explain.changes.ways")
        open_tests = len(_tests(finding, "unknown"))
        several = len(_tests(finding, "fail")) > 1
        key = "several" if several else ("one_and_open" if open_tests else "one")
        return words(f"explain.changes.{key}", n=len(_tests(finding, "fail")), open=open_tests)
    several = outcome == "unknown" and len(finding.get("missing") or ()) > 1
    return words(f"explain.changes.{'unknowns' if several else outcome}", n=len(finding.get("missing") or ()))


def becomes(finding: Json, answer: Json, words: Words, names: Vocabulary) -> str:
    """What a household would be on instead, were the one failed test otherwise; empty where it would be on this.

    A test that holds back a programme above in the waterfall too, at the same line, opens that one first.
    """
    failed = _tests(finding, "fail")
    above = _ABOVE.get(str(finding.get("programme")), ())
    if len(failed) != 1 or not above:
        return ""
    for other in answer.get("findings") or ():
        held = _tests(other, "fail") + _tests(other, "unknown")
        if other.get("programme") in above and len(held) == 1 and _is_same_test(held[0], failed[0]):
            return words("explain.changes.becomes", programme=words.pick(names.name("programme", other["programme"])))
    return ""


def _is_same_test(one: Json, other: Json) -> bool:
    asks = [str(test.get("id")).rpartition(".")[2] for test in (one, other)]
    return asks[0] == asks[1] and one.get("threshold") == other.get("threshold")


def decides(finding: Json, words: Words, people: People) -> str:
    """Of a finding that nobody can tell: what the missing facts will decide; empty where no test says so."""
    if finding.get("outcome") != "unknown":
        return ""
    said = dict.fromkeys(_sentence(test, words, people) for test in _tests(finding, "unknown"))
    return words("explain.decides", tests=words("explain.semicolon").join(said)) if said else ""


def missing(finding: Json, words: Words, people: People) -> list[str]:
    """The missing facts in the order told (of use to the visitor), each once: `林*（子女）的收入`."""
    return list(dict.fromkeys(fact_name(path, words, people) for path in finding.get("missing") or ()))


def fact_name(path: object, words: Words, people: People) -> str:
    """A fact's path (`members[m2].incomes`, `assets.vehicles`, a parameter's id) in words."""
    text = str(path)
    fact = words.code("missing_fact", text.rpartition(".")[2] or text)
    if not text.startswith("members["):
        return fact
    return words(
        "explain.persons_fact", person=people.name(text[len("members[") :].partition("]")[0], words), fact=fact
    )


def own_figure(test: Json, words: Words) -> str:
    """What a test found of the household. Of a claim without a figure, that its sentence says it."""
    actual, threshold = test.get("actual"), test.get("threshold")
    if isinstance(actual, bool):
        return words("explain.as_said")
    return NONE if actual is None and threshold is None else figure(actual, test.get("unit"), words)


def distance(test: Json, words: Words) -> str:
    """How far a test's figure is from its line, the sign in words: `超出标准120.00元`, `低于标准37.50元`."""
    apart = _apart(test)
    if apart is None:
        return ""
    if not apart:
        return words("explain.exactly")
    shown = figure(_plain(abs(apart)), test.get("unit"), words)
    return words("margin.over" if apart > 0 else "margin.below", distance=shown)


def arithmetic(test: Json, words: Words) -> str:
    """The subtraction behind a comparison, written out; empty for a claim and where a figure lacks."""
    apart = _apart(test)
    if apart is None:
        return ""
    unit = test.get("unit")
    return words(
        "explain.arithmetic",
        text=words.pick(test.get("text") or {}) or str(test.get("id")),
        actual=figure(test["actual"], unit, words),
        threshold=figure(test["threshold"], unit, words),
        apart=("−" if apart < 0 else "") + figure(_plain(abs(apart)), unit, words),
    )


def amount_sum(finding: Json, words: Words) -> str:
    """A monthly amount as the sum of its components: `1,020.00 = 基本金额920.00 + 分类施保100.00`."""
    parts = [
        f"{words.code('component', one['code'])}{yuan_text(one['amount'])}" for one in finding.get("components") or ()
    ]
    return words("explain.amount_is", parts=" + ".join(parts), sum=yuan_text(finding.get("monthly_amount")))


def for_whom(finding: Json, words: Words, people: People) -> str:
    """Whom a yes is for, or may be for; empty for the household as such and for a no."""
    named = _joined([people.name(ref, words) for ref in finding.get("members") or ()], words)
    outcome = str(finding.get("outcome"))
    return words(f"explain.for_whom.{outcome}", people=named) if named and outcome != "not_eligible" else ""


def _joined(said: Sequence[str], words: Words) -> str:
    return words("list_comma").join(said)


def _sentence(test: Json, words: Words, people: People) -> str:
    text = words.pick(test.get("text") or {}) or str(test.get("id"))
    return (
        words("explain.of_person", person=people.name(test["member"], words), text=text) if test.get("member") else text
    )


def _correction(test: Json, words: Words, people: People) -> str:
    """What of a failed test would have to be otherwise."""
    apart = distance(test, words)
    said = _sentence(test, words, people)
    return words("explain.by", text=said, distance=apart) if apart else said


def _ways(failed: Sequence[Json]) -> list[list[Json]]:
    """The ways in which a no becomes a yes, each with the failed tests that have to change: those of one person.

    Of a person's alternatives one is enough, of the others all are needed.
    """
    ways = []
    for member in dict.fromkeys(test.get("member") for test in failed):
        own = [test for test in failed if test.get("member") == member]
        needed = [test for test in own if not test.get("alternative")]
        ways += [[test, *needed] for test in own if test.get("alternative")] or [needed]
    return ways


def _nearest(finding: Json, words: Words, people: People) -> list[str]:
    """The figure nearest to its line as the rules tell it, and where that is no amount the nearest amount too."""
    tests, margin = finding.get("tests") or (), finding.get("margin") or {}
    nearest = [one for one in tests if one.get("id") == margin.get("test")][:1]
    if nearest and not _is_money(nearest[0]):
        amounts = [(room, one) for one in tests if _is_money(one) and (room := _room(one)) is not None]
        nearest += [min(amounts, key=lambda pair: pair[0])[1]] if amounts else []
    return [_correction(test, words, people) for test in nearest]


def _is_money(test: Json) -> bool:
    return str(test.get("unit")).startswith("yuan")


def _room(test: Json) -> Decimal | None:
    """How far a figure is from its line, as a share of the line; None without a line above nothing."""
    apart = _apart(test)
    return (
        abs(apart) / Decimal(str(test["threshold"]))
        if apart is not None and test["threshold"] not in _NOTHING
        else None
    )


def _tests(finding: Json, outcome: str) -> list[Json]:
    return [test for test in finding.get("tests") or () if test.get("outcome") == outcome]


def _is_near(finding: Json) -> bool:
    return bool((finding.get("margin") or {}).get("near_miss"))


def _has(words: Words, family: str, code: object) -> bool:
    return words.code(family, code) != str(code)


def _apart(test: Json) -> Decimal | None:
    """Actual minus threshold of a comparison of two figures."""
    actual, threshold = test.get("actual"), test.get("threshold")
    if isinstance(actual, bool) or isinstance(threshold, bool) or actual is None or threshold is None:
        return None
    try:
        return Decimal(str(actual)) - Decimal(str(threshold))
    except InvalidOperation:
        return None


def _plain(number: Decimal) -> str | int:
    """A figure as a finding writes it: whole numbers as such, money and shares as texts."""
    return int(number) if number == number.to_integral_value() and number.as_tuple().exponent == 0 else f"{number:f}"
