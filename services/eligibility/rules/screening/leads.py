"""What is worth following: who may be eligible and receives nothing, who shows signs of hardship, who missed by little.

A lead never decides anything: it says where a person should look, in which order, and why.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.eligibility.rules.assessment import CheckedTest, Finding
from services.eligibility.rules.criteria import CATALOGUE
from services.eligibility.rules.rendering import reason_text, sentence_of
from services.eligibility.rules.screening.held import NOTHING, Holding
from services.eligibility.rules.screening.outcome import Outcome, kinds_of
from services.eligibility.rules.screening.population import CODES, UNKNOWN_YET, YES, Reading
from services.eligibility.rules.screening.words import screening_words
from services.eligibility.rules.values import rate_text, yuan_text

_MONTHS: Final = 12
_HUNDRED: Final = 100
_MOST_REASONS: Final = 3

Reason = dict[str, Any]
"""Why, in codes and figures: what is stored, and put into words when it is read. Any: JSON."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A household and programme worth following. The higher the score, the sooner."""

    programme: str
    outcome: str
    score: int
    month_fen: int
    once_fen: int
    signals: tuple[str, ...]
    missing: tuple[str, ...]
    reason: Reason
    is_new: bool


def leads_of(
    outcome: Outcome, reading: Reading, signals: Sequence[str], before: str | None, holding: Holding = NOTHING
) -> list[Lead]:
    """The leads of a household, most pressing first. `before`: its letters when it was read last.

    What somebody of it is on the roll of is no lead, and is said in the reason of the others.
    """
    words = screening_words()
    held: Reason = {"held": [[code, day.isoformat()] for code, day in holding.first_days().items()]}
    said: Reason = held if holding.lines else {}
    leads: list[Lead] = []
    for place, (code, letter) in enumerate(zip(CODES, outcome.letters, strict=True)):
        pointing = tuple(each for each in signals if code in words.signals[each].programmes)
        was = before[place] if before is not None else ""
        if letter == YES:
            month, once = outcome.amounts.get(code, (0, 0))
            because = list(reading.reasons.get(code, ()))[:_MOST_REASONS]
            leads.append(_lead(code, "eligible", signals, (month, once), (), {"because": because, **said}, was != YES))
        elif letter == UNKNOWN_YET and pointing:
            missing = kinds_of(reading.missing.get(code, ()))
            leads.append(_lead(code, "unknown", pointing, (0, 0), missing, {**said}, was != UNKNOWN_YET))
        elif code in reading.near and code not in holding.covers:
            near = {"near": _near(reading.near[code]), **said}
            leads.append(_lead(code, "near_miss", signals, (0, 0), (), near, not was))
    return sorted(leads, key=lambda lead: (-lead.score, CODES.index(lead.programme)))


def _lead(
    code: str,
    outcome: str,
    signals: Sequence[str],
    amount: tuple[int, int],
    missing: tuple[str, ...],
    reason: Reason,
    is_new: bool,
) -> Lead:
    score = score_of(code, outcome, signals, *amount)
    return Lead(code, outcome, score, *amount, tuple(signals), missing, reason, is_new)


def score_of(programme: str, outcome: str, signals: Iterable[str], month_fen: int, once_fen: int) -> int:
    """How much a lead weighs: programme, money at stake and signals, times the share of its outcome."""
    words = screening_words()
    money = min((month_fen * _MONTHS + once_fen) // words.point_fen, words.most_points)
    signs = sum(words.signals[code].points for code in signals)
    return (words.weights[programme] + money + signs) * words.shares[outcome] // _HUNDRED


def _near(finding: Finding) -> list[Any]:  # Any: JSON
    """The one failing test with its figures and the distance."""
    assert finding.margin is not None
    line = next(line for line in finding.tests if line.id == finding.margin.test and line.verdict == "fail")
    return [line.id, line.actual, line.threshold, abs(finding.margin.distance)]


def reason_words(lead: Any, programmes: Mapping[str, Mapping[str, str]]) -> dict[str, str]:  # Any: a row or a Lead
    """A lead's reason in both languages."""
    return {language: _sentence(lead, programmes, language) for language in ("zh", "en")}


def _sentence(lead: Any, programmes: Mapping[str, Mapping[str, str]], language: str) -> str:  # Any: a row or a Lead
    words, reason = screening_words(), lead.reason
    join = words.join[language]

    def listed(texts: Iterable[str]) -> str:
        return join["items"].join(texts)

    def part(code: str, **fields: str) -> str:
        return words.reasons[code][language].format_map(fields)

    facts = [words.facts[kind][language] for kind in lead.missing if kind in words.facts]
    near = _near_words(reason["near"], language) if "near" in reason else {"sentence": "", "distance": ""}
    name = programmes.get(lead.programme, {}).get(language, lead.programme)
    parts = [part(lead.outcome, programme=name, facts=listed(facts), **near)]
    if reason.get("because"):
        parts.append(part("because", codes=listed(reason_text(code)[language] for code in reason["because"])))
    if lead.month_fen:
        parts.append(part("month", yuan=_grouped(lead.month_fen)))
    if lead.once_fen:
        parts.append(part("once", yuan=_grouped(lead.once_fen)))
    known: Collection[str] = [each for each in lead.signals if each in words.signals]
    if known:
        parts.append(part("signals", signals=listed(words.signals[each].words[language] for each in known)))
    if reason.get("held"):
        names = [_held_words(code, since, programmes, language) for code, since in reason["held"]]
        parts.append(part("held", held=listed(names)))
    return str(join["parts"].join(parts))


def _held_words(code: str, since: str, programmes: Mapping[str, Mapping[str, str]], language: str) -> str:
    name = programmes.get(code, {}).get(language, code)
    return screening_words().reasons["held_since"][language].format(programme=name, since=since[:7])


def _near_words(near: Sequence[Any], language: str) -> dict[str, str]:  # Any: JSON
    id, actual, threshold, distance = near
    sentence = sentence_of(CheckedTest(id, "fail", actual, threshold))[language]
    return {"sentence": sentence[:1].lower() + sentence[1:], "distance": _measured(id, distance, language)}


def _measured(id: str, figure: int, language: str) -> str:
    test = CATALOGUE.get(id)
    unit = test.unit if test else ""
    if unit.startswith("yuan"):
        return _grouped(figure) + ("元" if language == "zh" else " yuan")
    return f"{rate_text(figure * _HUNDRED)}%" if unit == "rate" else str(figure)


def _grouped(fen: int) -> str:
    whole, _, part = yuan_text(fen).partition(".")
    return f"{int(whole):,}" + (f".{part}" if part else "")
