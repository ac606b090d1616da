"""The rule book: dated parameters by place, the laws they come from, and the programmes.

A value is found by id, place and day. The nearest place that has a row in force wins: village, township, county, city,
nation. Before the first row a parameter is UNKNOWN, and every test that needs it cannot tell. A row with `to` ends: a
day that ends leaves a date before all dates, anything else is UNKNOWN again.

A book is made of texts: the files beside this module, and a layer of the policy versions that came into force since
(`layers.py`). The digest is of all of them, so a kept book can be read again from its texts alone.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from services.eligibility.rules.layers import Change, LayeredPolicy, read_layer
from services.eligibility.rules.logic import UNKNOWN
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.values import Unit, WrongValue, read_value, show_value

_HOME = Path(__file__).parent
_PLACE = re.compile(r"[1-9][0-9]{3}(?:[0-9]{2}|[0-9]{5}|[0-9]{8})?", re.ASCII)
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # reads every scalar as text: no amount becomes a float
_MOST_REMEMBERED = 4096
DIVISORS = frozenset({"grant_unit"})
"""Amounts are rounded to whole units of these: nothing can be divided by zero."""
_ANCHOR = "dibao_standard_month"
LAYER = "in_force.json"
"""The name the layer has among a book's texts."""


class BrokenRuleBook(ValueError):
    """A rule file is wrong; the message names the file."""


class ParameterProblem(ValueError):
    """A parameter that does not exist, or a value that does not fit. The message never repeats the value."""

    def __init__(self, id: str, problem: str) -> None:
        super().__init__(f"{id}: {problem}")
        self.id = id
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Statute:
    """A law, regulation or circular."""

    id: str
    title: str
    title_en: str
    number: str
    in_force: date
    href: str

    @property
    def name(self) -> str:
        """Title with document number, as officers cite it."""
        return f"{self.title}（{self.number}）" if self.number else self.title


@dataclass(frozen=True, slots=True)
class Row:
    """One value for one place from one day on, with where it comes from."""

    start: date
    end: date | None
    value: Any  # the kind decides the type
    statute: str
    article: str
    note: str
    retrieved: str
    illustrative: bool
    is_resumed: bool = False  # it was interrupted by a value with an end, and goes on after it


@dataclass(slots=True)
class Definition:
    """A parameter: what it means, in which unit, and its rows by place ("" is the nation), oldest first."""

    id: str
    zh: str = ""
    en: str = ""
    unit: Unit = ""
    choices: tuple[str, ...] = ()
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def in_force(self, place: str, on: date) -> Any:  # Any: the kind decides the type
        """The value for a place on a day; UNKNOWN when no row is in force."""
        ended = False
        for width in range(len(place), -1, -1):
            rows = self.rows.get(place[:width])
            if not rows:
                continue
            index = bisect_right(rows, on, key=lambda row: row.start) - 1
            if index < 0:
                continue
            end = rows[index].end
            if end is None or on <= end:
                return rows[index].value
            ended = True
        return date.min if ended and self.unit == "date" else UNKNOWN


@dataclass(frozen=True, slots=True)
class ProgrammeName:
    """A programme as the registry lists it."""

    code: str
    module: str
    zh: str
    en: str


def shorten(code: str) -> str:
    """A division code without its zero padding: 350622000000 → 350622, 350600 → 3506; the nation's 000000 → "".

    Raises: ParameterProblem when it is no division code.
    """
    if code == "000000":
        return ""
    if not _PLACE.fullmatch(code):
        raise ParameterProblem("county", "not a division code of 4, 6, 9 or 12 digits")
    for width, zeros in ((12, "000"), (9, "000"), (6, "00")):
        if len(code) == width and code.endswith(zeros):
            code = code[: -len(zeros)]
    return code


class RuleBook:
    """Everything that is dated, read once."""

    def __init__(self, home: Path = _HOME, *, texts: Mapping[str, str] | None = None, layer: str = "") -> None:
        """Read all files under a folder, or the same as `texts` by name, and lay `layer` over them.

        Raises: BrokenRuleBook, naming the file.
        """
        self.texts = dict(texts) if texts is not None else texts_of(home)
        self.layer = layer
        self.statutes = _read_statutes(_load(self.texts, "statutes.yaml"))
        registry = _load(self.texts, "registry.yaml")
        self.version: str = registry["version"]
        self.programmes = tuple(ProgrammeName(**each) for each in registry["programmes"])
        self.definitions: dict[str, Definition] = {}
        files = [name for name in self.texts if name.startswith("parameters/") and name.endswith(".yaml")]
        for name in sorted(files, key=lambda name: (name.split("/")[-3], name.split("/")[-1])):
            self._read_parameter(name, shorten(name.split("/")[-3]))
        self._check()
        policies = read_layer(layer) if layer else ()
        for policy in policies:
            self._lay(policy)
        if policies:
            self.version += f"+{len(policies)}"
        self.digest = digest_of(self.texts, layer)
        self._remembered: dict[tuple[str, date], Parameters] = {}

    @cached_property
    def finest(self) -> int:
        """Digits of the smallest places that have values of their own."""
        return max(len(place) for definition in self.definitions.values() for place in definition.rows)

    def layered(self, layer: str) -> "RuleBook":
        """The book of the same files with another layer.

        Raises: BrokenRuleBook.
        """
        return RuleBook(texts=self.texts, layer=layer)

    def at(self, place: str, on: date, overrides: Mapping[str, Any] | None = None) -> Parameters:  # Any: JSON values
        """The parameters in force for a place on a day, with overrides (raw JSON values by id) laid over them.

        Raises: ParameterProblem for an unknown id or a value that does not fit.
        """
        place = shorten(place) if place else ""
        found = self._remembered.get((place, on))
        if found is None:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            values = {id: definition.in_force(place, on) for id, definition in self.definitions.items()}
            found = self._remembered[place, on] = Parameters(place, on, values)
        return found.replaced(self.read_overrides(overrides)) if overrides else found

    def read_overrides(self, overrides: Mapping[str, Any]) -> dict[str, Any]:  # Any: JSON values in, kinds out
        """Raw JSON values by id as values of their kinds.

        Raises: ParameterProblem.
        """
        values = {}
        for id, raw in overrides.items():
            definition = self.definitions.get(id)
            if definition is None:
                raise ParameterProblem(id, "no such parameter")
            try:
                values[id] = read_value(definition.unit, raw, definition.choices)
            except WrongValue as wrong:
                raise ParameterProblem(id, str(wrong)) from None
            if id in DIVISORS and not values[id]:
                raise ParameterProblem(id, "must be above zero")
        return values

    def knows(self, place: str) -> bool:
        """Whether a place has parameters of its own or of a place around it, the nation's apart."""
        place = shorten(place)
        rows = self.definitions[_ANCHOR].rows
        return any(place[:width] in rows for width in range(len(place), 0, -1))

    def listing(self) -> list[dict[str, Any]]:  # Any: JSON
        """Every value row as the public list shows it."""
        return [
            {
                "id": definition.id,
                "title": {"zh": definition.zh, "en": definition.en},
                "value": show_value(definition.unit, row.value),
                "unit": "/".join(definition.unit) if isinstance(definition.unit, tuple) else definition.unit,
                "division": place or "000000",
                "from": row.start.isoformat(),
                "to": _last_day(rows, index),
                "source": self.citation(row.statute, row.article) | {"retrieved": row.retrieved, "note": row.note},
                "illustrative": row.illustrative,
            }
            for definition in sorted(self.definitions.values(), key=lambda each: each.id)
            for place, rows in sorted(definition.rows.items())
            for index, row in enumerate(rows)
        ]

    def citation(self, statute: str, article: str) -> dict[str, str]:
        """`{title, article, href}` of an article."""
        law = self.statutes[statute]
        return {"title": law.name, "article": article, "href": law.href}

    def _lay(self, policy: LayeredPolicy) -> None:
        """Add the rows of a policy version. What they replace at their place comes back when they end."""
        for number, change in enumerate(policy.changes):
            definition = self.definitions.get(change.parameter)
            if definition is None:
                raise BrokenRuleBook(f"a policy version changes {change.parameter}, which is no parameter")
            cited = f"policy:{policy.id}:{number}"
            self.statutes[cited] = Statute(cited, change.title, change.title, "", change.start, change.href)
            place = shorten(change.division)
            definition.rows[place] = _laid(definition, definition.rows.get(place, []), change, cited)

    def _read_parameter(self, name: str, place: str) -> None:
        raw = _load(self.texts, name)
        stem = name.rpartition("/")[2].removesuffix(".yaml")
        try:
            id = raw["id"]
            definition = self.definitions.setdefault(id, Definition(id))
            if "unit" in raw:
                unit = raw["unit"]
                definition.unit = tuple(unit) if isinstance(unit, list) else unit
                definition.choices = tuple(raw.get("choices", ()))
                definition.zh, definition.en = raw["title"]["zh"], raw["title"]["en"]
            rows = [_read_row(definition, each) for each in raw["values"]]
        except (KeyError, TypeError, ValueError) as error:
            raise BrokenRuleBook(f"{stem}.yaml: {error}") from error
        if id != stem or place in definition.rows:
            raise BrokenRuleBook(f"{stem}.yaml: the id is not the file's name, or the place has it twice")
        definition.rows[place] = sorted(rows, key=lambda row: row.start)

    def _check(self) -> None:
        """Every row cites a known law, every definition has a title, every declared parameter a file."""
        for definition in self.definitions.values():
            if not definition.zh or not definition.unit:
                raise BrokenRuleBook(f"{definition.id}: title or unit is missing at its widest place")
            for row in (row for rows in definition.rows.values() for row in rows):
                if row.statute not in self.statutes or not row.article:
                    raise BrokenRuleBook(f"{definition.id}: a row without a source")
        if set(self.definitions) != Parameters.ids():
            odd = sorted(set(self.definitions) ^ Parameters.ids())
            raise BrokenRuleBook("files and the list in snapshot.py differ: " + ", ".join(odd))


def texts_of(home: Path) -> dict[str, str]:
    """Every rule file under a folder by its name there, texts and code alike.

    Raises: BrokenRuleBook.
    """
    try:
        paths = (path for path in sorted(home.rglob("*")) if path.suffix in (".yaml", ".py"))
        return {path.relative_to(home).as_posix(): path.read_bytes().decode() for path in paths}
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenRuleBook(f"the rule files cannot be read: {error}") from error


def _load(texts: Mapping[str, str], name: str) -> Any:  # Any: YAML of every shape
    try:
        return yaml.load(texts[name], Loader=_LOADER)
    except (KeyError, yaml.YAMLError) as error:
        raise BrokenRuleBook(f"{name.rpartition('/')[2]}: {error}") from error


def _laid(definition: Definition, rows: list[Row], change: Change, cited: str) -> list[Row]:
    """The rows of a place with a change among them.

    Without an end it is a row like any other: a later one follows it. With an end it hides what began meanwhile, and
    the row that it interrupted goes on afterwards.
    """
    try:
        value = read_value(definition.unit, change.value, definition.choices)
    except WrongValue as error:
        raise BrokenRuleBook(f"a policy version's {definition.id}: {error}") from error
    if change.end is None:
        kept = [row for row in rows if row.start != change.start and not (row.is_resumed and row.start > change.start)]
    else:
        after = date.fromordinal(change.end.toordinal() + 1)
        kept = [each for each in rows if not change.start <= each.start < after]
        index = bisect_right(rows, after, key=lambda each: each.start) - 1
        interrupted = rows[index] if index >= 0 else None
        if (
            interrupted is not None
            and interrupted.start < after
            and (interrupted.end is None or interrupted.end >= after)
        ):
            kept.append(replace(interrupted, start=after, is_resumed=True))
    added = Row(change.start, change.end, value, cited, change.article, "", "", change.illustrative)
    return sorted([*kept, added], key=lambda each: each.start)


def _read_row(definition: Definition, raw: Any) -> Row:  # Any: YAML
    value = raw["value"]
    if definition.unit == "switch":
        value = {"true": True, "false": False}[value]
    source = raw["source"]
    return Row(
        start=date.fromisoformat(raw["from"]),
        end=date.fromisoformat(raw["to"]) if "to" in raw else None,
        value=read_value(definition.unit, value, definition.choices),
        statute=source["statute"],
        article=source["article"],
        note=source.get("note", ""),
        retrieved=source["retrieved"],
        illustrative=raw.get("illustrative") == "true",
    )


def _last_day(rows: list[Row], index: int) -> str | None:
    end = rows[index].end
    if end is None and index + 1 < len(rows):
        end = date.fromordinal(rows[index + 1].start.toordinal() - 1)
    return end.isoformat() if end else None


def _read_statutes(raws: Mapping[str, Any]) -> dict[str, Statute]:  # Any: YAML
    return {
        id: Statute(id, raw["title"], raw["title_en"], raw["number"], date.fromisoformat(raw["in_force"]), raw["href"])
        for id, raw in raws.items()
    }


def digest_of(texts: Mapping[str, str], layer: str = "") -> str:
    """sha256 over names and contents of all rule files in their order, and of the layer where there is one."""
    digest = hashlib.sha256()
    for name, content in texts.items():
        digest.update(name.encode() + b"\0" + content.encode() + b"\0")
    if layer:
        digest.update(LAYER.encode() + b"\0" + layer.encode() + b"\0")
    return "sha256:" + digest.hexdigest()


@cache
def file_book() -> RuleBook:
    """The book of the files beside this module alone, read once per process."""
    return RuleBook()


_IN_USE: list[RuleBook] = []


def rule_book() -> RuleBook:
    """The book in use in this process: the files, and whatever layer `use_book` put over them."""
    return _IN_USE[0] if _IN_USE else file_book()


def use_book(book: RuleBook) -> None:
    """From now on `rule_book()` is this one. Only the loader of policy versions and tests call this."""
    _IN_USE[:] = [book]
