"""A programme's page, generated from the files of the rule book: criteria, values by place, sources, and gaps."""

import re
from collections.abc import Iterator
from typing import Any, Final

from services.contracts.divisions import divisions
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.catalogue import programme_tests
from services.eligibility.rules.criteria import Comparison, Test
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.rendering import texts

Json = dict[str, Any]  # Any: JSON
_NATION: Final = "000000"
_OPERATORS: Final = {
    "<": ("低于", "below"),
    "<=": ("不超过", "at most"),
    ">": ("高于", "above"),
    ">=": ("不低于", "at least"),
}
_READ: Final = re.compile(r"\bp\.([a-z_0-9]+)")
_INCOME: Final = ("dibao_standard_month", "job_cost_rate", "exempt_incomes")
_LIMITED: Final = ("tekun", "dibao", "margin", "rigid")


def programme_page(book: RuleBook, code: str) -> Json | None:
    """`{code, name, scope, criteria: [{id, operator, unit, text, citation}], parameters: [{id, title, unit, values:
    [{division, place, value, from, to, source, illustrative}]}], gaps: [{parameter, division, place, text}]}`.

    None for a code that the rule book does not have. `gaps` are values that stand in for a figure nobody has published.
    """
    named = next((one for one in book.programmes if one.code == code), None)
    if named is None:
        return None
    scope = next(one.scope for one in PROGRAMMES if one.code == code)
    parameters = list(_parameters(book, code, named.module))
    return {
        "code": code,
        "name": {"zh": named.zh, "en": named.en},
        "scope": scope,
        "criteria": [_criterion(test, book) for test in programme_tests(code)],
        "parameters": parameters,
        "gaps": [
            {"parameter": each["id"], "division": value["division"], "place": value["place"], "text": each["title"]}
            for each in parameters
            for value in each["values"]
            if value["illustrative"]
        ],
        "rule_book": {"version": book.version, "digest": book.digest},
    }


def _criterion(test: Test, book: RuleBook) -> Json:
    return {
        "id": test.id,
        "operator": test.operator,
        "unit": test.unit,
        "text": {language: _asks(test, place, language) for place, language in enumerate(("zh", "en"))},
        "citation": book.citation(*test.cites),
    }


def _asks(test: Test, place: int, language: str) -> str:
    kind = "comparisons" if isinstance(test, Comparison) else "claims"
    table = texts()[kind]
    words = table.get(test.id) or table.get("*." + test.id.partition(".")[2])
    if words is None:
        return test.id
    if kind == "claims":
        said: str = words["pass"][language]
        return said
    operator = _OPERATORS[test.operator][place]
    about, line = words["about"][language], words["line"][language]
    return f"{about}{operator}{line}" if language == "zh" else f"{about} {operator} {line}"


def _parameters(book: RuleBook, code: str, module: str) -> Iterator[Json]:
    """The parameters that the programme's rules read, with every dated value."""
    read = set(_READ.findall(book.texts[f"programmes/{module}.py"]))
    if code in _LIMITED:
        read |= {f"financial_limit_months_{code}", f"vehicle_limit_{code}", "dwellings_max", *_INCOME}
    rows: dict[str, list[Json]] = {}
    for row in book.listing():
        if row["id"] in read:
            rows.setdefault(str(row["id"]), []).append(row)
    for id, values in rows.items():
        yield {
            "id": id,
            "title": values[0]["title"],
            "unit": values[0]["unit"],
            "values": [
                {
                    "division": row["division"],
                    "place": "全国" if row["division"] == _NATION else divisions().full_name(str(row["division"])),
                    **{key: row[key] for key in ("value", "from", "to", "source", "illustrative")},
                }
                for row in values
            ],
        }
