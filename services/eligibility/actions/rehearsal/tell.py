"""What a rehearsal says in the end: figures by programme and place, bands, and households with their reasons. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.contracts.divisions import divisions
from services.contracts.money import yuan
from services.eligibility.actions.rehearsal.count import BANDS, CHANGED, KINDS, SAMPLES, Case, Tally
from services.eligibility.actions.rehearsal.words import Text2, filled, joined, words
from services.eligibility.rules.assess import assess
from services.eligibility.rules.assessment import Assessment, Finding
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.logic import round_half_up
from services.eligibility.rules.rendering import sentence_of
from services.eligibility.rules.snapshot import Parameters

Json = dict[str, Any]
MONTHS: Final = 12
_COUNTY, _TOWNSHIP = 6, 9
_MOST_REASONS: Final = 4


def result_of(tally: Tally, book: RuleBook, samples: Sequence[Json]) -> Json:
    """The whole answer, money in decimal yuan."""
    names = {each.code: {"zh": each.zh, "en": each.en} for each in book.programmes}
    return {
        "figures": figures_of(tally),
        "programmes": [
            {
                "code": code,
                "name": names[code],
                "before": row[0],
                "after": row[1],
                "monthly_before": yuan(row[2]),
                "monthly_after": yuan(row[3]),
            }
            for code, row in tally.programmes.items()
        ],
        "counties": places_of(tally, _COUNTY),
        "townships": places_of(tally, _TOWNSHIP),
        "bands": [{"code": code, "households": tally.bands[code]} for code in BANDS],
        "samples": list(samples),
    }


def figures_of(tally: Tally) -> Json:
    """The figures of all places together. A year is twelve months; one-off aid is told apart."""
    rows = list(tally.places.values())
    before, after = sum(row[0] for row in rows), sum(row[1] for row in rows)
    kinds: Json = {kind: sum(row[2 + index] for row in rows) for index, kind in enumerate(KINDS)}
    persons = sum(tally.persons.values())
    return {
        "yearly_before": yuan(before * MONTHS),
        "yearly_after": yuan(after * MONTHS),
        "yearly_change": yuan((after - before) * MONTHS),
        "monthly_before": yuan(before),
        "monthly_after": yuan(after),
        "monthly_change": yuan(after - before),
        **kinds,
        "affected": sum(kinds[kind] for kind in CHANGED),
        "new_households": kinds["gained"],
        "lost_households": kinds["lost"],
        "new_persons": tally.persons["gained"],
        "lost_persons": tally.persons["lost"],
        "affected_persons": persons,
        "per_head_change": yuan(round_half_up(after - before, persons) if persons else 0),
        "once_before": yuan(tally.once[0]),
        "once_after": yuan(tally.once[1]),
        "households": sum(row[-1] for row in rows),
        "unreadable": tally.unreadable,
    }


def places_of(tally: Tally, digits: int) -> list[Json]:
    """The figures by county or township; households whose division is not so exact stand under what is known of it."""
    sums: dict[str, list[int]] = {}
    for division, row in tally.places.items():
        place = sums.setdefault(division[:digits], [0] * len(row))
        for index, number in enumerate(row):
            place[index] += number
    return [
        {
            "division": division,
            "name": divisions().full_name(division) or division,
            "monthly_before": yuan(row[0]),
            "monthly_after": yuan(row[1]),
            "change": yuan(row[1] - row[0]),
            **{kind: row[2 + index] for index, kind in enumerate(KINDS)},
            "households": row[-1],
        }
        for division, row in sorted(sums.items())
    ]


def chosen(tally: Tally) -> list[str]:
    """The households to show: those whose sum changes most, of each kind in turn."""
    queues = [[ref for _, ref in tally.samples[kind]] for kind in CHANGED]
    refs: list[str] = []
    while any(queues) and len(refs) < SAMPLES:
        refs += [queue.pop(0) for queue in queues if queue]
    return refs[:SAMPLES]


def sample_of(case: Case, p: Parameters, book: RuleBook, q: Parameters, changed: RuleBook) -> Json:
    """One household before and after, and why."""
    before = assess(case.facts, p, book, event=case.event, history=case.history)
    after = assess(case.facts, q, changed, event=case.event, history=case.history)
    return {
        "household_ref": case.ref,
        "division": case.division,
        "members": case.persons,
        "before": _short(before),
        "after": _short(after),
        "why": why(before, after, {each.code: {"zh": each.zh, "en": each.en} for each in book.programmes}),
    }


def _short(answer: Assessment) -> Json:
    return {
        "status": answer.status,
        "monthly_total": yuan(answer.monthly_total_fen),
        "eligible": [finding.programme for finding in answer.findings if finding.outcome == "eligible"],
    }


def why(before: Assessment, after: Assessment, names: Mapping[str, Text2]) -> Text2:
    """What changed, programme by programme, and the test that decided."""
    told = words()["why"]
    parts = []
    for was, now in zip(before.findings, after.findings, strict=True):
        part = _changed(was, now, names[was.programme])
        if part is not None:
            parts.append(part)
    return joined(parts[:_MOST_REASONS]) if parts else dict(told["same"])


def _changed(was: Finding, now: Finding, name: Text2) -> Text2 | None:
    told, outcomes = words()["why"], words()["outcomes"]
    if was.outcome == "eligible" == now.outcome:
        old, new = was.monthly_fen or 0, now.monthly_fen or 0
        if old == new:
            return None
        return filled(told["more" if new > old else "less"], name=name, before=yuan(old), after=yuan(new))
    if now.outcome == "eligible":
        head = filled(told["gained"], name=name, before=outcomes[was.outcome])
        return _with_test(head, _decisive(was, now))
    if was.outcome == "eligible":
        head = filled(told["lost"], name=name, after=outcomes[now.outcome])
        return _with_test(head, _decisive(now, now))
    return None


def _decisive(failing: Finding, shown: Finding) -> Text2 | None:
    """The sentence, as `shown` tells it, of the first test that was not passed in `failing`."""
    failed = next((line for line in failing.tests if line.verdict != "pass"), None)
    if failed is None:
        return None
    same = next((line for line in shown.tests if (line.id, line.member) == (failed.id, failed.member)), None)
    return sentence_of(same) if same is not None else None


def _with_test(head: Text2, test: Text2 | None) -> Text2:
    if test is None:
        return head
    because = filled(words()["why"]["because"], text=test)
    return {language: head[language] + because[language] for language in head}
