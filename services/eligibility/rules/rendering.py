"""An assessment written out: the public answer with yuan texts, citations and sentences in Chinese and English.

The same at check time and later from the stored form; what a test compares, in which unit and by which article is
looked up by its id.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from services.eligibility.rules import plan
from services.eligibility.rules.assessment import Assessment, CheckedTest, Finding, Margin, Need, Shown
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.criteria import CATALOGUE, Comparison, Test
from services.eligibility.rules.values import rate_text, yuan_text

_PATH: Final = Path(__file__).parent / "texts.yaml"
_LANGUAGES: Final = ("zh", "en")
_MEASURES: Final = {"years": "岁", "months": "个月"}
_ORDER: Final = {"fail": 0, "unknown": 1, "pass": 2}

Text2 = dict[str, str]
"""A text in both languages: {"zh": …, "en": …}."""

assert plan.PLAN  # importing the plan fills the catalogue of tests


@cache
def texts() -> dict[str, Any]:  # Any: YAML
    """The sentences, read once."""
    raw: dict[str, Any] = yaml.safe_load(_PATH.read_text(encoding="utf-8"))  # Any: YAML
    return raw


def render(assessment: Assessment, book: RuleBook, *, with_texts: bool = True) -> dict[str, Any]:  # Any: JSON
    """The public answer to a check. Without texts, tests and needs carry no sentences."""
    trigger = assessment.trigger
    return {
        "status": assessment.status,
        "counted_members": assessment.people,
        "per_capita_income": _yuan(assessment.per_capita_fen),
        "trigger": trigger
        and {
            "year": trigger.year,
            "sum": yuan_text(trigger.sum_fen),
            "threshold": _yuan(trigger.threshold_fen),
            "fired": trigger.fired,
        },
        "findings": [render_finding(finding, book, with_texts=with_texts) for finding in assessment.findings],
        "monthly_total": yuan_text(assessment.monthly_total_fen),
        "needs": [render_need(need, with_texts=with_texts) for need in assessment.needs],
        "rule_book": {"version": assessment.version, "digest": assessment.digest},
    }


def render_finding(finding: Finding, book: RuleBook, *, with_texts: bool = True) -> dict[str, Any]:  # Any: JSON
    """One finding; failed tests first, then those nobody can tell, then those passed."""
    answer: dict[str, Any] = {  # Any: JSON
        "programme": finding.programme,
        "outcome": finding.outcome,
        "members": list(finding.members),
        "monthly_amount": _yuan(finding.monthly_fen),
        "one_off_amount": _yuan(finding.one_off_fen),
        "components": [{"code": code, "amount": yuan_text(fen)} for code, fen in finding.components],
        "reason_codes": list(finding.reason_codes),
        "margin": _margin(finding.margin),
        "tests": [
            render_test(line, book, with_texts=with_texts)
            for line in sorted(finding.tests, key=lambda line: _ORDER[line.verdict])
        ],
        "missing": list(finding.missing),
    }
    if finding.margin and with_texts:
        answer["margin_text"] = margin_text(finding.margin)
    if finding.authority:
        answer["authority"] = finding.authority
    return answer


def render_test(line: CheckedTest, book: RuleBook, *, with_texts: bool = True) -> dict[str, Any]:  # Any: JSON
    """One test with its figures, article and sentences; a test no longer known keeps its id and figures."""
    test = CATALOGUE.get(line.id)
    answer: dict[str, Any] = {  # Any: JSON
        "id": line.id,
        "outcome": line.verdict,
        "actual": _figure(line.actual, test),
        "operator": test.operator if test else None,
        "threshold": _figure(line.threshold, test) if isinstance(test, Comparison) else None,
        "unit": test.unit if test else "",
        "citation": _citation(test, book),
    }
    if line.member:
        answer["member"] = line.member
    if test is not None and test.alternative:
        answer["alternative"] = True
    if with_texts:
        answer["text"] = sentence_of(line)
    return answer


def render_need(need: Need, *, with_texts: bool = True) -> dict[str, Any]:  # Any: JSON
    """One need with whom it goes to and why."""
    answer: dict[str, Any] = {  # Any: JSON
        "code": need.code,
        "partners": list(need.partners),
        "bureaux": list(need.bureaux),
    }
    if need.near_miss:
        answer["near_miss"] = True
    if need.member:
        answer["member"] = need.member
    if with_texts:
        answer["why"] = need_text(need.why)
    return answer


def need_text(rows: tuple[str, ...]) -> Text2:
    """Why a need was found, from the rows of the routing table that found it."""
    known = texts()["needs"]
    joined = [known[row] for row in rows if row in known]
    return {"zh": "；".join(each["zh"] for each in joined), "en": "; ".join(each["en"] for each in joined)}


def reason_text(code: str) -> Text2:
    """What a reason code says; of an unknown code, the code."""
    return dict(texts()["reasons"].get(code) or {"zh": code, "en": code})


def sentence_of(line: CheckedTest) -> Text2:
    """The sentence of a test; of an unknown test id, the id."""
    test = CATALOGUE.get(line.id)
    if isinstance(test, Comparison):
        return {language: _comparison_text(line, test, language) for language in _LANGUAGES}
    claim = _lookup(texts()["claims"], line.id)
    if claim is None:
        return {language: line.id for language in _LANGUAGES}
    return dict(claim[line.verdict])


def _comparison_text(line: CheckedTest, test: Comparison, language: str) -> str:
    words = _lookup(texts()["comparisons"], line.id)
    if words is None:
        return line.id
    if line.waived and "waived" in words:
        waived: str = words["waived"][language]
        return waived
    template: str = texts()["operators"][test.operator][line.verdict][language]
    unset = texts()["unset"][language]
    sentence = template.format(
        about=words["about"][language],
        line=words["line"][language],
        actual=unset if line.actual is None else words_of(line.actual, test.unit, language),
        threshold=unset if line.threshold is None else words_of(line.threshold, test.unit, language),
    )
    return sentence[:1].upper() + sentence[1:] if language == "en" else sentence


def _lookup(table: dict[str, Any], id: str) -> Any:  # Any: YAML
    return table.get(id) or table.get("*." + id.partition(".")[2])


def words_of(figure: Shown, unit: str, language: str) -> str:
    """A figure with its unit in a language: 812.50元, 60%, 67岁."""
    if not isinstance(figure, int):
        return str(figure)
    if unit.startswith("yuan"):
        return yuan_text(figure) + ("元" if language == "zh" else " yuan")
    if unit == "rate":
        percent = rate_text(figure * 100)
        return f"{percent}%" if language == "zh" else f"{percent} %"
    return str(figure) + (_MEASURES.get(unit, "") if language == "zh" else "")


def margin_text(margin: Margin) -> Text2:
    """How far the deciding figure is from its line, the sign in words: 超出标准120.00元, 低于标准37.50元."""
    test, sentences = CATALOGUE.get(margin.test), texts()["margins"]
    if test is None or margin.distance == 0:
        return dict(sentences["exactly"])
    is_over = (margin.distance < 0) == (test.operator in ("<", "<="))
    sentence = sentences["over" if is_over else "below"]
    return {
        language: sentence[language].format(distance=words_of(abs(margin.distance), test.unit, language))
        for language in _LANGUAGES
    }


def _figure(figure: Shown, test: Test | None) -> str | int | bool | None:
    if isinstance(figure, int) and not isinstance(figure, bool) and test is not None:
        if test.unit.startswith("yuan"):
            return yuan_text(figure)
        if test.unit == "rate":
            return rate_text(figure)
    return figure


def _margin(margin: Margin | None) -> dict[str, Any] | None:  # Any: JSON
    if margin is None:
        return None
    test = CATALOGUE.get(margin.test)
    return {
        "test": margin.test,
        "distance": _figure(margin.distance, test),
        "unit": test.unit if test else "",
        "near_miss": margin.near_miss,
    }


def _citation(test: Test | None, book: RuleBook) -> dict[str, str] | None:
    return book.citation(*test.cites) if test else None


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else yuan_text(fen)
