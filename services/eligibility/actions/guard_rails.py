"""What a proposed change of policy must keep to, and what its author should look at twice. Pure.

An error names its field and is refused; a warning is told with the change and hinders nothing.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.contracts.divisions import CITY, UnreadableDivision, divisions, shorten, within
from services.eligibility.rules.book import DIVISORS, Definition, RuleBook
from services.eligibility.rules.layers import Change
from services.eligibility.rules.logic import RATE, is_unknown
from services.eligibility.rules.values import WrongValue, read_value, show_value
from services.kit.errors import FieldError

TEN: Final = 10
_MOST_NAMED: Final = 8
_LEVELS: Final = (12, 9, 6, 4)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A change as its author wrote it, before anything of it was believed."""

    parameter: str
    division: str
    start: date
    end: date | None
    value: Any  # JSON as it came
    title: str
    article: str
    href: str
    illustrative: bool


@dataclass(frozen=True, slots=True)
class Warned:
    """Something to look at twice: a code and its sentence in both languages."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another policy version: its state and what it changes."""

    state: str
    changes: tuple[Change, ...]


def read_proposed(
    proposed: Sequence[Proposed],
    book: RuleBook,
    *,
    territory: str,
    others: Iterable[Other] = (),
    is_scenario: bool = False,
) -> tuple[list[Change], list[FieldError]]:
    """The changes with their values as the public list shows them, and what is wrong with them.

    `others`: policy versions that are approved or scheduled; whoever wants to say something of the same days withdraws
    them first. A scenario is a question and needs no source.
    """
    changes: list[Change] = []
    wrong: list[FieldError] = []
    settled = [change for other in others if other.state in ("approved", "scheduled") for change in other.changes]
    for index, each in enumerate(proposed):
        path = f"changes[{index}]"
        found = [
            *_wrong_place(each, path, territory),
            *_wrong_days(each, path),
            *_wrong_source(each, path, is_scenario),
        ]
        value, problem = _value(each, path, book)
        if problem is not None:
            found.append(problem)
        wrong += found
        if found:
            continue
        change = Change(
            *(each.parameter, shorten(each.division), each.start, each.end, value),
            *(each.title.strip(), each.article.strip(), each.href.strip(), each.illustrative),
        )
        wrong += _overlaps(change, path, changes, settled)
        changes.append(change)
    return changes, wrong


def division_of(changes: Sequence[Change]) -> str:
    """The smallest place that holds all places of some changes."""
    places = [change.division for change in changes]
    shared = next((n for n in _LEVELS if all(len(p) >= n and p[:n] == places[0][:n] for p in places)), len(CITY))
    return places[0][:shared]


def value_on(book: RuleBook, parameter: str, place: str, on: date) -> Any:  # Any: the kind decides the type
    """The value in force, as the public list shows it; None when there is none."""
    definition = book.definitions[parameter]
    value = definition.in_force(place, on)
    return None if is_unknown(value) else show_value(definition.unit, value)


def unit_text(definition: Definition) -> str:
    """A parameter's unit in one word."""
    return "/".join(definition.unit) if isinstance(definition.unit, tuple) else definition.unit


def warnings_of(change: Change, book: RuleBook, *, today: date, others: Iterable[Other] = ()) -> list[Warned]:
    """What to look at twice in a change, the gravest first."""
    definition = book.definitions[change.parameter]
    found = list(_sizes(change, definition))
    if value_on(book, change.parameter, change.division, change.start) == change.value:
        found.append(Warned("same", "与现行值相同，没有改动", "The same as the value in force: nothing changes"))
    if change.start < today:
        found.append(
            Warned("retroactive", "生效日早于今天，将追溯适用", "It begins before today and reaches back"),
        )
    found += _other_places(change, definition)
    if any(
        change.overlaps(each) for other in others if other.state in ("draft", "rehearsed") for each in other.changes
    ):
        found.append(
            Warned("overlaps_draft", "另有草稿涉及同一参数和日期", "Another draft is about the same parameter and days")
        )
    if change.illustrative:
        found.append(Warned("illustrative", "标为示例值，不是真实标准", "Marked as an example, not the real figure"))
    return found


def _wrong_place(each: Proposed, path: str, territory: str) -> Iterator[FieldError]:
    field = f"{path}.division"
    try:
        place = shorten(each.division)
    except UnreadableDivision:
        yield FieldError(field, "division", "不是区划代码", "Not a division code")
        return
    if divisions().get(place) is None:
        yield FieldError(field, "unknown_division", "本市没有这个区划", "There is no such place in this city")
    elif territory != "all" and not within(place, territory):
        yield FieldError(field, "outside_territory", "不在您的辖区内", "Not in your territory")


def _wrong_days(each: Proposed, path: str) -> Iterator[FieldError]:
    if each.end is not None and each.end < each.start:
        yield FieldError(f"{path}.to", "date", "截止日早于生效日", "It ends before it begins")


def _wrong_source(each: Proposed, path: str, is_scenario: bool) -> Iterator[FieldError]:
    field = f"{path}.source"
    if not each.title.strip() and not is_scenario:
        yield FieldError(
            f"{field}.title",
            "missing_source",
            "缺少依据：请写明文件名和文号",
            "The source is missing: name the document and its number",
        )
    if each.href.strip() and not each.href.strip().startswith(("https://", "http://")):
        yield FieldError(f"{field}.href", "href", "网址应以https://开头", "An address begins with https://")


_EXPECTED: Final[Mapping[str, tuple[str, str]]] = {
    "yuan": ("应为以元计的金额，最多两位小数", "An amount in yuan with at most two decimals is expected"),
    "rate": ("应为比率，如0.2，最多四位小数", "A share such as 0.2 with at most four decimals is expected"),
    "multiple": ("应为倍数，如1.5，最多四位小数", "A multiple such as 1.5 with at most four decimals is expected"),
    "count": ("应为整数", "A whole number is expected"),
    "years": ("应为整数（岁）", "A whole number of years is expected"),
    "months": ("应为整数（个月）", "A whole number of months is expected"),
    "switch": ("应为是或否", "Yes or no is expected"),
    "choice": ("不在可选值之内", "Not one of the choices"),
    "date": ("应为日期，如2026-07-01", "A date such as 2026-07-01 is expected"),
}


def _value(each: Proposed, path: str, book: RuleBook) -> tuple[Any, FieldError | None]:
    """The value as the public list shows it, or what is wrong with it."""
    definition = book.definitions.get(each.parameter)
    if definition is None:
        return None, FieldError(f"{path}.parameter", "unknown_parameter", "没有这个参数", "There is no such parameter")
    field = f"{path}.value"
    if any(str(text).startswith("-") for text in _texts(each.value)):
        return None, FieldError(field, "negative", "不能为负数", "It cannot be negative")
    try:
        value = read_value(definition.unit, each.value, definition.choices)
    except WrongValue as problem:
        kind = definition.unit.split("/")[0] if isinstance(definition.unit, str) else ""
        zh, en = _EXPECTED.get(kind, ("应为列表，每一档写全", f"{problem}"))
        return None, FieldError(field, "value", zh, en)
    if each.parameter in DIVISORS and not value:
        return None, FieldError(field, "above_zero", "必须大于零", "It must be above zero")
    if definition.unit == "rate" and value > RATE:
        return None, FieldError(field, "above_one", "比率不能大于1（100%）", "A share cannot exceed 1")
    rows = value if isinstance(definition.unit, tuple) and definition.unit[0] != "code" else ()
    if any(later[0] <= earlier[0] for earlier, later in itertools.pairwise(rows)):
        return None, FieldError(field, "table_order", "各档应从小到大，不重复", "Rows must rise and not repeat")
    return show_value(definition.unit, value), None


def _texts(value: Any) -> Iterator[Any]:  # Any: JSON as it came
    if isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif not isinstance(value, bool):
        yield getattr(value, "text", value)


def _overlaps(change: Change, path: str, mine: Sequence[Change], settled: Sequence[Change]) -> Iterator[FieldError]:
    field = f"{path}.from"
    if any(change.overlaps(each) for each in mine):
        yield FieldError(
            field,
            "overlap",
            "同一参数、同一地区的日期与本版本另一行重叠",
            "The days overlap with another row of this version for the same parameter and place",
        )
    if any(change.overlaps(each) for each in settled):
        yield FieldError(
            field,
            "overlap",
            "日期与另一个已批准或已排期的政策版本重叠，请先撤回那一版",
            "The days overlap with another approved or scheduled version; withdraw that one first",
        )


def _sizes(change: Change, definition: Definition) -> Iterator[Warned]:
    before = definition.in_force(change.division, change.start)
    if is_unknown(before):
        yield Warned("no_value_now", "现在没有值，此前无法核对", "There is no value now; nothing could be checked")
        return
    after = read_value(definition.unit, change.value, definition.choices)
    pairs = list(zip(_numbers(before), _numbers(after), strict=False))
    if any(was and now >= was * TEN for was, now in pairs):
        yield Warned(
            "ten_times", "比现行高10倍，是否多打了一个0？", "Ten times the value in force: is there one 0 too many?"
        )
    if any(was and now * TEN <= was for was, now in pairs):
        yield Warned(
            "tenth", "只有现行的十分之一，是否少打了一个0？", "A tenth of the value in force: is there one 0 too few?"
        )


def _numbers(value: Any) -> Iterator[int]:  # Any: the kind decides the type
    if isinstance(value, tuple):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value


def _other_places(change: Change, definition: Definition) -> Iterator[Warned]:
    """Places below that have a value of their own keep it."""
    own = sorted(
        place for place in definition.rows if len(place) > len(change.division) and place.startswith(change.division)
    )
    if own:
        names = "、".join(divisions().full_name(place) or place for place in own[:_MOST_NAMED])
        yield Warned(
            "own_values",
            f"以下地区另有自己的值，不受影响：{names}",
            f"These places have values of their own and keep them: {names}",
        )
