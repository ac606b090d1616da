"""The rule book: dated parameters by place, the laws they come from, and the programmes.

A value is found by id, place and day. The nearest place that has a row in force wins: village, township, county, city,
nation. Before the first row a parameter is UNKNOWN, and every test that needs it cannot tell. A row with `to` ends: a
day that ends leaves a date before all dates, anything else is UNKNOWN again.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.eligibility.rules.logic import UNKNOWN
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.values import Unit, WrongValue, read_value, show_value

_HOME = Path(__file__).parent
_PLACE = re.compile(r"[1-9][0-9]{3}(?:[0-9]{2}|[0-9]{5}|[0-9]{8})?", re.ASCII)
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # reads every scalar as text: no amount becomes a float
_MOST_REMEMBERED = 4096
_ANCHOR = "dibao_standard_month"


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

    def __init__(self, home: Path = _HOME) -> None:
        """Read all files under a folder.

        Raises: BrokenRuleBook, naming the file.
        """
        self.statutes = _read_statutes(home / "statutes.yaml")
        registry = _load(home / "registry.yaml")
        self.version: str = registry["version"]
        self.programmes = tuple(ProgrammeName(**each) for each in registry["programmes"])
        self.definitions: dict[str, Definition] = {}
        for path in sorted((home / "parameters").rglob("*.yaml"), key=lambda path: (path.parts[-3], path.name)):
            self._read_parameter(path, shorten(path.parts[-3]))
        self._check()
        self.digest = _digest(home)
        self._remembered: dict[tuple[str, date], Parameters] = {}

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

    def _read_parameter(self, path: Path, place: str) -> None:
        raw = _load(path)
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
            raise BrokenRuleBook(f"{path.name}: {error}") from error
        if id != path.stem or place in definition.rows:
            raise BrokenRuleBook(f"{path.name}: the id is not the file's name, or the place has it twice")
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


def _load(path: Path) -> Any:  # Any: YAML of every shape
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, yaml.YAMLError) as error:
        raise BrokenRuleBook(f"{path.name}: {error}") from error


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


def _read_statutes(path: Path) -> dict[str, Statute]:
    return {
        id: Statute(id, raw["title"], raw["title_en"], raw["number"], date.fromisoformat(raw["in_force"]), raw["href"])
        for id, raw in _load(path).items()
    }


def _digest(home: Path) -> str:
    """sha256 over names and contents of all rule files, texts and code alike."""
    digest = hashlib.sha256()
    for path in sorted(home.rglob("*")):
        if path.suffix in (".yaml", ".py"):
            digest.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return "sha256:" + digest.hexdigest()


@cache
def rule_book() -> RuleBook:
    """The book beside this module, read once per process."""
    return RuleBook()
