"""A population is read as one household is: the same answers, amounts, reasons, missing facts and near misses."""

from datetime import date
from random import Random

import pytest

from services.eligibility.rules.assess import assess
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.screening.compare import apart, changes
from services.eligibility.rules.screening.leads import leads_of, reason_words, score_of
from services.eligibility.rules.screening.outcome import kinds_of, outcome_of, pack, unpack
from services.eligibility.rules.screening.population import CODES, Reading, read_one, read_population
from services.eligibility.rules.screening.signals import next_birthday
from services.eligibility.rules.screening.tally import Tally
from services.eligibility.rules.screening.words import screening_words
from tests.unit.eligibility.random_households import Case, random_case

ON = date(2025, 3, 1)
PLACE = "350602"
_LETTER = {"eligible": "y", "not_eligible": "n", "unknown": "u"}


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    random = Random(20250301)
    return [random_case(random, ON, unknown=random.choice((0.0, 0.05, 0.3))) for _ in range(3000)]


@pytest.fixture(scope="module")
def readings(cases: list[Case]) -> list[Reading]:
    return read_population(cases, rule_book().at(PLACE, ON))


def test_a_population_gets_the_findings_of_each_household(cases: list[Case], readings: list[Reading]) -> None:
    book, p = rule_book(), rule_book().at(PLACE, ON)
    notes = {code for programme in PROGRAMMES for code, _ in programme.notes}
    near = 0
    for (facts, event, history), reading in zip(cases, readings, strict=True):
        for place, finding in enumerate(assess(facts, p, book, event=event, history=history).findings):
            code = finding.programme
            assert CODES[place] == code
            assert reading.letters[place] == _LETTER[finding.outcome]
            assert reading.missing.get(code, ()) == (finding.missing if finding.outcome == "unknown" else ())
            if finding.outcome == "eligible":
                assert reading.amounts[code] == (finding.monthly_fen or 0, finding.one_off_fen or 0)
            if finding.outcome != "unknown":
                assert set(reading.reasons.get(code, ())) == set(finding.reason_codes) - notes
            assert (code in reading.near) == finding.is_near_miss
            if finding.is_near_miss:
                assert reading.near[code] == finding
                near += 1
    assert near > 100


def test_what_columns_cannot_hold_is_read_one_by_one(cases: list[Case]) -> None:
    before_all = rule_book().at(PLACE, date(2020, 1, 1))
    assert before_all.has_gaps
    some = cases[:40]
    assert [each.letters for each in read_population(some, before_all)] == [
        read_one(case, before_all).letters for case in some
    ]


def test_what_is_kept_of_a_household_counts_the_same_again(readings: list[Reading]) -> None:
    once, again = Tally(), Tally()
    for number, reading in enumerate(readings):
        taken = frozenset({"dibao", "elderly_allowance"}) if number % 7 == 0 else frozenset[str]()
        outcome = outcome_of(reading, taken, persons=number % 5, is_told=number % 2 == 0, has_signals=number % 3 == 0)
        outcome.leads = number % 4
        once.add(outcome, "350602001")
        again.add(unpack(outcome.letters, pack(outcome)), "350602001")
    assert once == again
    assert Tally.from_text(once.to_text()) == once
    for code, (eligible, refused, unknown, already, _, _) in once.programmes.items():
        assert eligible + refused + unknown + already == len(readings), code


def test_tallies_of_parts_come_to_the_tally_of_the_whole(readings: list[Reading]) -> None:
    outcomes = [outcome_of(r, frozenset(), persons=1, is_told=True, has_signals=False) for r in readings]
    whole, first, second = Tally(), Tally(), Tally()
    for number, outcome in enumerate(outcomes):
        place = ("350602001", "350622100")[number % 2]
        whole.add(outcome, place)
        (first if number < 100 else second).add(outcome, place)
    first.merge(second)
    assert first == whole


def test_every_lead_has_a_reason_in_words(readings: list[Reading]) -> None:
    names = {each.code: {"zh": each.zh, "en": each.en} for each in rule_book().programmes}
    signals = tuple(screening_words().signals)
    for reading in readings[:500]:
        outcome = outcome_of(reading, frozenset(), persons=1, is_told=True, has_signals=True)
        leads = leads_of(outcome, reading, signals, None)
        assert leads == sorted(leads, key=lambda lead: -lead.score)
        for lead in leads:
            said = reason_words(lead, names)
            assert names[lead.programme]["zh"] in said["zh"] and names[lead.programme]["en"] in said["en"]
            assert "{" not in said["zh"] + said["en"]


def test_without_signals_an_unknown_household_is_no_lead() -> None:
    reading = Reading("u" * len(CODES))
    outcome = outcome_of(reading, frozenset(), persons=1, is_told=False, has_signals=False)
    assert leads_of(outcome, reading, (), None) == []
    assert {lead.programme for lead in leads_of(outcome, reading, ("poor_housing",), None)} == {"housing_aid", "dibao"}


def test_more_money_and_more_signs_never_weigh_less() -> None:
    low = score_of("dibao", "eligible", (), 10_000, 0)
    assert score_of("dibao", "eligible", (), 100_000, 0) > low
    assert score_of("dibao", "eligible", ("elder_alone",), 10_000, 0) > low
    assert score_of("dibao", "eligible", (), 10**9, 0) == score_of("dibao", "eligible", (), 10**8, 0)
    assert score_of("dibao", "eligible", (), 0, 0) > score_of("dibao", "unknown", (), 0, 0)


def test_missing_facts_are_told_by_kind() -> None:
    paths = ["members[7d-1].incomes", "assets.vehicles[0].value", "members[a].parents[1].disability", "rigid_ratio"]
    assert kinds_of(paths) == ("incomes", "assets.vehicles.value", "parents.disability", "parameter")


def test_everything_the_file_names_is_known() -> None:
    words = screening_words()
    assert set(words.weights) == set(CODES)
    for signal in words.signals.values():
        assert signal.programmes <= set(CODES)
    assert {each["source"] for each in words.facts.values()} <= set(words.sources)
    for programmes in (*words.items.values(), *words.results.values()):
        assert set(programmes) <= set(CODES)
    assert set(words.shares) == {"eligible", "unknown", "near_miss"}


@pytest.mark.parametrize(
    ("born", "after", "day"),
    [
        ("1980-05-01", "2025-04-30", "2025-05-01"),
        ("1980-05-01", "2025-05-01", "2026-05-01"),
        ("2000-02-29", "2025-02-28", "2025-03-01"),
        ("2000-02-29", "2024-02-28", "2024-02-29"),
    ],
)
def test_the_next_birthday(born: str, after: str, day: str) -> None:
    found = next_birthday(date.fromisoformat(born), date.fromisoformat(after))
    assert found == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("n", "y", "gained"),
        ("u", "y", "gained"),
        ("", "y", "gained"),
        ("y", "n", "lost"),
        ("y", "", "lost"),
        ("y", "u", "became_unknown"),
        ("n", "u", "became_unknown"),
        ("u", "n", "became_known"),
        ("y", "r", "same"),
        ("u", "u", "same"),
    ],
)
def test_how_an_answer_went(before: str, after: str, kind: str) -> None:
    one, other = before * len(CODES), after * len(CODES)
    counts = apart([(one, other, 3)])
    assert {getattr(each, kind) for each in counts.values()} == {3}
    assert len(changes(one, other)) == (0 if before == after else len(CODES))
