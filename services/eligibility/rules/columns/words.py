"""Polars under the words of the rules: what operators cannot say, and frames as rule texts see them."""

from typing import Any, Final

import polars as pl

from services.eligibility.rules.columns.frames import CODE
from services.eligibility.rules.logic import Value, is_unknown, use_columns

HOME: Final = "home."
"""Before the names of the household's columns where a person's text asks for them."""


class PolarsWords:
    """What rule texts need beyond operators, in polars."""

    unknown: Value = pl.lit(None)

    def choose(self, claim: Value, then: Value, otherwise: Value) -> Value:
        """As `logic.choose`."""
        same: Value = False
        if isinstance(then, pl.Expr) or isinstance(otherwise, pl.Expr):
            same = as_column(then) == as_column(otherwise)
        elif then == otherwise:
            return then
        return pl.when(claim | same).then(as_column(then)).when(~claim).then(as_column(otherwise))

    def established(self, claim: Value, then: Value, otherwise: Value) -> Value:
        """As `logic.established`."""
        return pl.when(claim).then(as_column(then)).otherwise(as_column(otherwise))

    def one_of(self, code: Value, codes: Value) -> Value:
        """As `logic.one_of`."""
        return code.is_in(list(codes)) if codes else pl.lit(False)

    def larger(self, one: Value, other: Value) -> Value:
        """As `logic.larger`."""
        one, other = as_column(one), as_column(other)
        return pl.when((one >= other).is_not_null()).then(pl.max_horizontal(one, other))

    def smaller(self, one: Value, other: Value) -> Value:
        """As `logic.smaller`."""
        one, other = as_column(one), as_column(other)
        return pl.when((one >= other).is_not_null()).then(pl.min_horizontal(one, other))


use_columns(PolarsWords())


def as_column(value: Value) -> pl.Expr:
    """A plain value as a column; whole numbers in 64 bits, or a product of two would wrap, texts as codes."""
    if isinstance(value, pl.Expr):
        return value
    if is_unknown(value) or value is None:
        return pl.lit(None)
    if isinstance(value, int) and not isinstance(value, bool):
        return pl.lit(value, dtype=pl.Int64)
    return pl.lit(value, dtype=CODE) if isinstance(value, str) else pl.lit(value)


class ColumnView:
    """A frame as rule texts see it: each fact or figure is a column."""

    trace: Final = None

    def __getattr__(self, name: str) -> pl.Expr:
        return pl.col(name)

    @property
    def home(self) -> Any:  # Any: another view
        """A household is its own home."""
        return self


class _HomeColumns:
    """The household's columns, as a person's text asks for them."""

    def __init__(self) -> None:
        self.asked: dict[str, None] = {}

    def __getattr__(self, name: str) -> pl.Expr:
        self.asked[name] = None
        return pl.col(HOME + name)


class MemberColumns(ColumnView):
    """The members' frame; `home` notes which columns of the household are needed."""

    def __init__(self) -> None:
        self._home = _HomeColumns()

    @property
    def home(self) -> Any:  # Any: another view
        """The household's columns."""
        return self._home
