"""What a reader has to say about a value: a code, what happens to the row, and a sentence in two languages.

An issue never carries the value itself, only a masked form of it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from services.intake.records.masks import mask_id, mask_name, mask_phone, mask_text

DATA = Path(__file__).parent.parent / "data"
_PLAIN = re.compile(r"[0-9A-Za-z.,:/+\-年月日¥￥元万分. ]{0,24}")
_LONG_DIGITS = re.compile(r"[0-9]{13,}")
_FIELD_IN_LIST = re.compile(r"\[[0-9]+\]")


class Action(StrEnum):
    """What happens to a row, mildest first; `refuse` and `ask` concern whole files."""

    ACCEPT = "accept"
    ACCEPT_WARN = "accept_warn"
    HOLD = "hold"
    SKIP = "skip"
    REJECT = "reject"
    REFUSE = "refuse"
    ASK = "ask"


_SEVERITY = {action: rank for rank, action in enumerate(Action)}


def load_yaml(name: str) -> Any:
    """The content of one data file of intake."""
    with (DATA / name).open(encoding="utf-8") as file:
        return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def _texts() -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = load_yaml("issues.yaml")
    return texts


@cache
def _labels() -> dict[str, dict[str, str]]:
    labels: dict[str, dict[str, str]] = {
        **load_yaml("roll_columns.yaml"),
        **load_yaml("fields.yaml"),
        **load_yaml("columns.yaml"),
    }
    return labels


@cache
def label(field: str, language: str = "zh") -> str:
    """The name of a field for people: its column header in Chinese, words in English; the field itself if unknown."""
    plain = _FIELD_IN_LIST.sub("", field)
    known = _labels().get(plain) or _labels().get(plain.rpartition(".")[2])
    return known[language] if known else plain


@cache
def check(name: str) -> Any:
    """One size of `checks.yaml`."""
    return load_yaml("checks.yaml")[name]["value"]


@dataclass(frozen=True)
class Issue:
    """One finding about one field, or about the row or file when `field` is None."""

    code: str
    field: str | None
    params: tuple[tuple[str, str], ...] = ()
    masked: str = ""

    @property
    def action(self) -> Action:
        """What happens to the row because of it."""
        return Action(_texts()[self.code]["action"])

    @property
    def column(self) -> str:
        """The Chinese column header, or "" for a whole row or file."""
        return label(self.field) if self.field else ""

    @cached_property
    def zh(self) -> str:
        """The sentence in Chinese."""
        return _texts()[self.code]["zh"].format(**{"column": self.column, **dict(self.params)})

    @cached_property
    def en(self) -> str:
        """The sentence in English."""
        column = label(self.field, "en") if self.field else ""
        text = _texts()[self.code]["en"].format(**{"column": column, **dict(self.params)})
        return (text[:1].upper() + text[1:]).replace("  ", " ")


class Notes:
    """Issues found while one row or body is read."""

    def __init__(self, issues: Iterable[Issue] = ()) -> None:
        self._issues = list(issues)

    def add(self, code: str, field: str | None = None, raw: str = "", /, **params: object) -> None:
        """Write an issue down. `raw` is the value as it came; only its masked form is kept."""
        shown = tuple((name, str(value)) for name, value in params.items())
        self._issues.append(Issue(code, field, shown, masked_value(field, raw)))

    def extend(self, issues: Iterable[Issue]) -> None:
        """Write down what another reader found."""
        self._issues.extend(issues)

    def __iter__(self) -> Iterator[Issue]:
        return iter(self._issues)

    def __len__(self) -> int:
        return len(self._issues)

    @property
    def issues(self) -> tuple[Issue, ...]:
        """All of them, in the order found."""
        return tuple(self._issues)

    @property
    def action(self) -> Action:
        """What happens to the row: the gravest action of all."""
        return gravest(self._issues)

    @property
    def has_error(self) -> bool:
        """Whether the row cannot be stored."""
        return any(issue.action is Action.REJECT for issue in self._issues)


def gravest(issues: Iterable[Issue]) -> Action:
    """The gravest action of some issues; accept when there are none."""
    return max((issue.action for issue in issues), key=_SEVERITY.__getitem__, default=Action.ACCEPT)


def masked_value(field: str | None, raw: str) -> str:
    """A value as it may be shown in a list of errors.

    Amounts, dates, codes and settlement numbers are shown when they look like one; anything else is masked, since a
    shifted column may put a name into an amount.
    """
    if not raw or field is None:
        return ""
    name = field.rpartition(".")[2]
    if name == "id_number":
        return mask_id(raw.strip())
    if name == "name":
        return mask_name(raw.strip()) if "<" not in raw else mask_text(raw)
    if name == "phone":
        return mask_phone(raw.strip())
    if name in ("address", "place", "text", "hospital"):
        return mask_text(raw)
    if name in ("settlement_id", "refund_of") and len(raw) <= 64 and raw.isascii() and raw.isprintable():
        return raw if not looks_like_id(raw) else mask_id(raw)
    if _PLAIN.fullmatch(raw) and not _LONG_DIGITS.search(raw):
        return raw
    return mask_text(raw)


def looks_like_id(text: str) -> bool:
    """Whether a text could be a resident ID number put in the wrong place."""
    return bool(re.fullmatch(r"[1-9][0-9]{14}(?:[0-9]{2}[0-9Xx])?", text))
