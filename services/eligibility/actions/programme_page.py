"""A programme's page, generated from the files of the rule book: criteria, values by place, sources, and gaps."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.contracts.divisions import divisions
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.criteria import Comparison, Test
from services.eligibility.rules.in_words import LANGUAGES, in_words, page_words
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.reads import reads_of
from services.eligibility.rules.rendering import Text2, reason_text, texts

Json = dict[str, Any]
"""A JSON object."""

_NATION: Final = "000000"
_OPERATORS: Final[Mapping[str, Text2]] = {
    "<": {"zh": "低于", "en": "below"},
    "<=": {"zh": "不超过", "en": "at most"},
    ">": {"zh": "高于", "en": "above"},
    ">=": {"zh": "不低于", "en": "at least"},
}


def programme_page(book: RuleBook, code: str) -> Json | None:
    """A programme as its rules and values say it; None for a code that the rule book does not have.

    `{code, name, scope, gives, criteria: [{id, operator, unit, text, citation, refusal}], stands_on: [{code, zh, en}],
    parameters: [{id, title, unit, values: [{division, place, value, shown, from, to, source, illustrative}]}],
    gaps: [{parameter, division, place, text}], cannot_tell: [{zh, en}], sources: [citation], rule_book}`. `gaps` are
    values that stand in for a figure nobody has published, `cannot_tell` what a person has to look at.
    """
    names = {each.code: each for each in book.programmes}
    if code not in names:
        return None
    reads, words = reads_of(code), page_words()["programmes"][code]
    parameters = [_parameter(book, id) for id in reads.parameters]
    criteria = [_criterion(test, book) for test in reads.tests]
    return {
        "code": code,
        "name": {"zh": names[code].zh, "en": names[code].en},
        "scope": next(each.scope for each in PROGRAMMES if each.code == code),
        "gives": words["gives"],
        "criteria": criteria,
        "stands_on": [{"code": each, "zh": names[each].zh, "en": names[each].en} for each in reads.stands_on],
        "parameters": parameters,
        "gaps": list(_gaps(parameters)),
        "cannot_tell": words["cannot_tell"],
        "sources": list(_sources(criteria, parameters)),
        "rule_book": {"version": book.version, "digest": book.digest},
    }


def _criterion(test: Test, book: RuleBook) -> Json:
    return {
        "id": test.id,
        "operator": test.operator,
        "unit": test.unit,
        "text": {language: _asks(test, language) for language in LANGUAGES},
        "citation": book.citation(*test.cites),
        "refusal": {"code": test.refusal, **reason_text(test.refusal)} if test.refusal else None,
    }


def _asks(test: Test, language: str) -> str:
    kind = "comparisons" if isinstance(test, Comparison) else "claims"
    table = texts()[kind]
    words = table.get(test.id) or table.get("*." + test.id.partition(".")[2])
    if words is None:
        return test.id
    if kind == "claims":
        said: str = words["pass"][language]
        return said
    operator = _OPERATORS[test.operator][language]
    about, line = words["about"][language], words["line"][language]
    return f"{about}{operator}{line}" if language == "zh" else f"{about} {operator} {line}"


def _parameter(book: RuleBook, id: str) -> Json:
    definition = book.definitions[id]
    rows = [row for row in book.listing() if row["id"] == id]
    shown = iter([in_words(definition, row.value) for _, each in sorted(definition.rows.items()) for row in each])
    others = len({row["division"] for row in rows}) > 1
    return {
        "id": id,
        "title": {"zh": definition.zh, "en": definition.en},
        "unit": rows[0]["unit"] if rows else "",
        "values": [
            {
                "division": row["division"],
                "place": _place(str(row["division"]), others=others),
                "shown": next(shown),
                **{key: row[key] for key in ("value", "from", "to", "source", "illustrative")},
            }
            for row in rows
        ],
    }


def _place(division: str, *, others: bool) -> str:
    """The place's name. Where smaller places have values of their own, a wider one's hold for the rest of it."""
    name = "全国" if division == _NATION else divisions().full_name(division) or division
    return f"{name}（其余县区）" if others and name == "漳州市" else name


def _gaps(parameters: list[Json]) -> Iterator[Json]:
    for each in parameters:
        for value in each["values"]:
            if value["illustrative"]:
                yield {
                    "parameter": each["id"],
                    "division": value["division"],
                    "place": value["place"],
                    "text": each["title"],
                }


def _sources(criteria: list[Json], parameters: list[Json]) -> Iterator[Json]:
    """Every article once, those of the criteria first."""
    cited = [row["citation"] for row in criteria]
    cited += [value["source"] for each in parameters for value in each["values"]]
    seen: set[tuple[str, str]] = set()
    for source in cited:
        key = source["title"], source["article"]
        if key not in seen:
            seen.add(key)
            yield {name: source[name] for name in ("title", "article", "href")}
