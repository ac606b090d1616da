"""What a family is told of an assessment: a plain version of few characters, and the content of the notice (告知书).

Nothing personal stands here: people are refs. Both are proposals; neither ever says that somebody was refused.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from services.eligibility.rules.advice import names_of, render_wanted
from services.eligibility.rules.assessment import Assessment, Finding
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.capitals import in_capitals
from services.eligibility.rules.rendering import Text2, margin_text, reason_text, render_test, sentence_of
from services.eligibility.rules.values import yuan_text

_PATH: Final = Path(__file__).parent / "letters.yaml"
_LANGUAGES: Final = ("zh", "en")
_STOP: Final = {"zh": "。", "en": ". "}
_BASIC: Final = ("temp_emergency", "tekun", "dibao", "dibao_single", "orphan", "unattended_child", "margin", "rigid")


@dataclass(frozen=True, slots=True)
class Office:
    """Who answers for a household: its county's office and line, and the government above it."""

    name: Text2
    phone: str
    government: Text2


@cache
def letter_words() -> dict[str, Any]:  # Any: YAML
    """The words, read once."""
    read: dict[str, Any] = yaml.safe_load(_PATH.read_text(encoding="utf-8"))  # Any: YAML
    return read


def office_of(county: str, place: Mapping[str, str] | None) -> Office:
    """The office of a county by its code and name in both languages; without a name, the city's."""
    words = letter_words()
    offices = words["offices"]
    told = offices["county"] if place else offices["default"]
    names = place or {"zh": "漳州市", "en": "Zhangzhou"}
    return Office(
        _say(told, place=names),
        str(offices["phones"].get(county, told["phone"])),
        _say(words["notice"]["government"], place=names),
    )


def plain_version(
    assessment: Assessment, book: RuleBook, *, office: Office, due: date | None, held: Sequence[str] = ()
) -> Text2:
    """What, why, what next, by when and whom to call; the Chinese in at most 120 characters.

    `held`: programmes that the family receives by the rolls; the assessment proposes none of them any more.
    Less is named, one thing at a time, until it fits. `due`: the day until which somebody visits, None without a visit.
    """
    most = letter_words()["plain"]["most"]
    told: Text2 = {}
    for names, facts, has_reason in ((3, 3, True), (2, 2, True), (1, 1, True), (1, 1, False)):
        told = _plain(assessment, book, office, due, held, names=names, facts=facts, has_reason=has_reason)
        if len(told["zh"]) <= most:
            break
    return told


def _plain(
    assessment: Assessment,
    book: RuleBook,
    office: Office,
    due: date | None,
    held: Sequence[str],
    *,
    names: int,
    facts: int,
    has_reason: bool,
) -> Text2:
    words = letter_words()["plain"]
    outcome, findings = _standing(assessment)
    outcome = "held" if outcome == "none" and held else outcome
    near = outcome == "none" and assessment.is_near_miss
    told = held if outcome == "held" else [finding.programme for finding in findings]
    named = _limited(told, book, names)
    what = _say(words["what"][outcome], names=named, money=_money(findings, words))
    why = _why(outcome, assessment, findings, facts) if has_reason else None
    head = what if why is None else _joined(what, _say(words["why"], why=why))
    following = _say(words["next"]["near" if near else outcome], when=_when(due))
    call = _say(words["call"], office=office.name, phone=office.phone)
    parts = [head, following, call]
    return {
        language: _STOP[language].join(part[language] for part in parts) + "。."[language == "en"]
        for language in _LANGUAGES
    }


def _standing(assessment: Assessment) -> tuple[str, list[Finding]]:
    """What to tell: what may be had, else what cannot be told yet, else that there is nothing; basic living first."""
    order = {code: place for place, code in enumerate(_BASIC)}
    for outcome in ("eligible", "unknown"):
        found = [finding for finding in assessment.findings if finding.outcome == outcome]
        if found:
            return outcome, sorted(found, key=lambda finding: order.get(finding.programme, len(order)))
    return "none", []


def _why(outcome: str, assessment: Assessment, findings: Sequence[Finding], most: int) -> Text2 | None:
    words = letter_words()["plain"]
    if outcome == "eligible":
        reasons = findings[0].reason_codes
        return reason_text(reasons[0]) if reasons else None
    if outcome == "unknown":
        wanted = render_wanted(assessment.findings)
        named = list(dict.fromkeys((each["name"]["zh"], each["name"]["en"]) for each in wanted))[:most]
        if not named:
            return None
        facts = {"zh": "、".join(zh for zh, _ in named), "en": ", ".join(en for _, en in named)}
        return _say(words["lacks"], facts=facts)
    return None if outcome == "held" else _why_not(assessment)


def _why_not(assessment: Assessment) -> Text2 | None:
    """The failed test that is nearest to its line; else the first of dibao, else the first there is."""
    refused = [finding for finding in assessment.findings if any(line.verdict == "fail" for line in finding.tests)]
    if assessment.people == 0 and not any(finding.is_near_miss for finding in refused):
        return reason_text("NOBODY_COUNTED")
    if not refused:
        return None
    finding = next((each for each in refused if each.is_near_miss), None)
    finding = finding or next((each for each in refused if each.programme == "dibao"), refused[0])
    failed = [line for line in finding.tests if line.verdict == "fail"]
    if finding.margin is None:
        return sentence_of(failed[0])
    line = next(line for line in failed if line.id == finding.margin.test)
    apart = margin_text(finding.margin)
    said = sentence_of(line)
    return {"zh": f"{said['zh']}，{apart['zh']}", "en": f"{said['en']}, {apart['en']}"}


def _money(findings: Sequence[Finding], words: Mapping[str, Any]) -> Text2:
    eligible = [finding for finding in findings if finding.outcome == "eligible"]
    month = sum(finding.monthly_fen or 0 for finding in eligible)
    once = sum(finding.one_off_fen or 0 for finding in eligible)
    told: Text2 = {"zh": "", "en": ""}
    for fen, key in ((month, "month"), (once, "once")):
        if fen:
            told = _joined(told, _say(words[key], amount=f"{fen // 100:,}.{fen % 100:02d}"))
    return told


def _limited(programmes: Sequence[str], book: RuleBook, most: int) -> Text2:
    named = names_of(programmes[:most], book)
    if len(programmes) <= most:
        return named
    return _joined(named, _say(letter_words()["plain"]["more"], n=str(len(programmes))))


def _when(due: date | None) -> Text2:
    words = letter_words()
    if due is None:
        return _say(words["plain"]["in_days"], days=str(words["decision_days"]["value"]))
    day = _say(words["plain"]["day"], month=str(due.month), day=str(due.day), iso=due.isoformat())
    return _say(words["plain"]["by"], day=day)


def notice_content(  # Any: JSON
    assessment: Assessment, book: RuleBook, *, office: Office, held: Collection[str] = ()
) -> dict[str, Any]:
    """What a notice says, programme by programme, with a line for each failed test and the rights of the family.

    `held`: programmes that the family receives already; they are said to be, and no amount is proposed of them.
    Programmes by which nobody was reached, and those that nothing was reported for, are left out.
    """
    words = letter_words()["notice"]
    told = [
        finding
        for finding in assessment.findings
        if finding.outcome != "not_eligible" or (finding.tests and finding.programme not in words["only_if_reported"])
    ]
    order = {"eligible": 0, "unknown": 1, "not_eligible": 2}
    day = assessment.as_of
    return {
        "title": words["title"],
        "kind": words["kind"],
        "intro": _say(words["intro"], day={"zh": f"{day.year}年{day.month}月{day.day}日", "en": day.isoformat()}),
        "items": [_item(finding, book, held) for finding in sorted(told, key=lambda each: order[each.outcome])],
        "missing": render_wanted(assessment.findings),
        "standing": words["standing"],
        "rights": [_say(right, government=office.government) for right in words["rights"]],
        "sources": [book.citation(each["statute"], each["article"]) for each in words["sources"]],
        "office": office.name,
        "phone": office.phone,
    }


def _item(finding: Finding, book: RuleBook, held: Collection[str]) -> dict[str, Any]:  # Any: JSON
    words = letter_words()["notice"]
    is_held = finding.outcome != "not_eligible" and finding.programme in held
    amounts = []
    for fen, key in ((finding.monthly_fen, "month"), (finding.one_off_fen, "once")):
        if finding.outcome == "eligible" and fen and not is_held:
            amounts.append(_say(words[key], amount=yuan_text(fen), capitals=in_capitals(fen)))
    shown = [line for line in finding.tests if line.verdict == ("pass" if finding.outcome == "eligible" else "fail")]
    return {
        "programme": finding.programme,
        "name": names_of((finding.programme,), book),
        "outcome": finding.outcome,
        "result": words["results"]["held" if is_held else finding.outcome],
        "members": list(finding.members),
        "amounts": amounts,
        "tests": [render_test(line, book) for line in shown],
        "margin_text": margin_text(finding.margin) if finding.margin and finding.outcome == "not_eligible" else None,
    }


def _say(sentence: Mapping[str, str], **parts: Mapping[str, str] | str) -> Text2:
    """A sentence in both languages; parts are texts in both languages, or the same in both."""
    return {
        language: sentence[language].format(
            **{name: part if isinstance(part, str) else part[language] for name, part in parts.items()}
        )
        for language in _LANGUAGES
    }


def _joined(one: Text2, other: Text2) -> Text2:
    return {language: one[language] + other[language] for language in _LANGUAGES}
