"""The words of `advice.yaml`, and what an answer's cliff and missing facts say to people."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from services.eligibility.rules.assessment import Finding
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.cliff import Cliff
from services.eligibility.rules.rendering import Text2
from services.eligibility.rules.screening.words import screening_words
from services.eligibility.rules.values import yuan_text
from services.eligibility.rules.wanted import wanted_facts

_PATH: Final = Path(__file__).parent / "advice.yaml"
_LANGUAGES: Final = ("zh", "en")
_INDEX: Final = re.compile(r"\[[^\]]*\]")


@cache
def advice_words() -> dict[str, Any]:  # Any: YAML
    """The words, read once."""
    read: dict[str, Any] = yaml.safe_load(_PATH.read_text(encoding="utf-8"))  # Any: YAML
    return read


def say(topic: str, code: str, **figures: str) -> Text2:
    """A sentence of a topic with its figures, in both languages."""
    sentence = advice_words()[topic][code]
    return {language: sentence[language].format(**figures) for language in _LANGUAGES}


def render_cliff(cliff: Cliff | None, book: RuleBook) -> dict[str, Any] | None:  # Any: JSON
    """A cliff in words: `{at, rise, loses, once, programmes, text}`, amounts in decimal yuan."""
    if cliff is None:
        return None
    once = yuan_text(cliff.once_fen)
    figures = {"at": yuan_text(cliff.at_fen), "rise": yuan_text(cliff.rise_fen), "loses": yuan_text(cliff.loses_fen)}
    sentence = advice_words()["cliff"]["person" if cliff.of_person else "household"]
    more = say("cliff", "once", amount=once) if cliff.once_fen else {"zh": "", "en": ""}
    names = names_of(cliff.programmes, book) if cliff.programmes else advice_words()["cliff"]["nothing"]
    return {
        **figures,
        "once": once,
        "programmes": list(cliff.programmes),
        "text": {
            language: sentence[language].format(programmes=names[language], once=more[language], **figures)
            for language in _LANGUAGES
        },
    }


def render_wanted(findings: Sequence[Finding]) -> list[dict[str, Any]]:  # Any: JSON
    """The missing facts, the most useful first: `{fact, member, name, source, settles, bears_on}`."""
    words = screening_words()
    rendered = []
    for wanted in wanted_facts(findings):
        known = words.facts.get(fact_kind(wanted.fact)) or words.facts["parameter"]
        source = known["source"]
        rendered.append(
            {
                "fact": wanted.fact,
                "member": wanted.fact[len("members[") : wanted.fact.index("]")] if "members[" in wanted.fact else "",
                "name": {language: known[language] for language in _LANGUAGES},
                "source": {"code": source} | {language: words.sources[source][language] for language in _LANGUAGES},
                "settles": list(wanted.settles),
                "bears_on": list(wanted.bears_on),
            }
        )
    return rendered


def fact_kind(path: str) -> str:
    """What kind of fact a path names: `members[m2].parents[1].disability` → `parents.disability`."""
    return _INDEX.sub("", path).removeprefix("members.")


def names_of(programmes: Iterable[str], book: RuleBook) -> Text2:
    """The names of programmes, joined."""
    named = {each.code: each for each in book.programmes}
    joined = advice_words()["join"]
    return {
        language: joined[language].join(getattr(named[code], language) for code in programmes if code in named)
        for language in _LANGUAGES
    }
