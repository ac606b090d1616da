"""Sentences put together from codes: a person's facts, what is missing, a line of the chain. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.console.texts import Words
from gateway.console.view import yuan_text
from gateway.console.vocabulary import Vocabulary

_FLAGS = ("serious_illness", "needs_long_term_care", "left_behind", "union_member")


def person_facts(person: Mapping[str, Any], t: Words) -> str:
    """What is coded of a person, in words: disability, illness, school, work."""
    said = []
    disability = person.get("disability")
    if disability:
        kind = t.code("disability", disability.get("kind", ""))
        said.append(t("fact.disability", kind=kind, grade=disability.get("grade", "")))
    said += [t(f"fact.{flag}") for flag in _FLAGS if person.get(flag)]
    for family in ("student", "employment", "presence"):
        code = person.get(family)
        if code and code not in ("none", "present"):
            said.append(t.code(family, code))
    return t("list_comma").join(said)


def missing_facts(paths: Iterable[object], t: Words) -> str:
    """The missing facts (`members[m1].incomes`), each kind named once."""
    named = dict.fromkeys(t.code("missing_fact", str(path).rpartition(".")[2] or path) for path in paths)
    return t("list_comma").join(named)


def chain_line(line: Mapping[str, Any], t: Words, names: Vocabulary) -> str:
    """One line of the chain of help."""
    kind = str(line["kind"])
    values = {
        "status": _status(kind, line, t),
        "partner": _partner(line, t, names),
        "need": names.need(line.get("need", "any"), t),
        "brand": t.pick(names.name("brand", line.get("brand", ""))),
        "amount": yuan_text(line.get("amount")),
        "codes": _codes(kind, line, t, names),
    }
    plain = kind == "outcome" and not line.get("amount")
    text = t("chain.outcome_plain" if plain else f"chain.{kind}", **values)
    note = line.get("note")
    return f"{text}（{t.code('note', note)}）" if note and t.language == "zh-CN" else text


def _status(kind: str, line: Mapping[str, Any], t: Words) -> str:
    family = {
        "report": "urgency",
        "consent": "consent_decision",
        "assessment": "assessment_state",
        "visit_listed": "priority",
        "visited": "visit_result",
        "outcome": "outcome_kind",
    }.get(kind, "referral_status")
    return t.code(family, line.get("status", ""))


def _partner(line: Mapping[str, Any], t: Words, names: Vocabulary) -> str:
    code = line.get("partner", "any")
    return t("any_partner") if code == "any" else t.pick(names.name("partner", code))


def _codes(kind: str, line: Mapping[str, Any], t: Words, names: Vocabulary) -> str:
    codes = line.get("codes") or ()
    if kind == "assessment":
        return t("list_comma").join(t.pick(names.name("programme", code)) for code in codes) or t("nothing")
    return t("list_comma").join(t.code("report_kind", code) for code in codes)
