"""Many rows in one statement: arrays in, rows out of `unnest`. COPY is refused into tables with row security."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = tuple[Any, ...]
"""One row's values, in the order of its columns."""


def rows_of(columns: Mapping[str, str], prefix: str = "") -> str:
    """`unnest(…) AS r(…)` over one bound array a column. `columns` are names and PostgreSQL types, `prefix` goes before
    the names of the bound arrays where one statement takes several tables' rows.

    A column of arrays or of JSON travels as text: its type is then `text`, and the statement casts it.
    """
    arrays = ", ".join(f"CAST(:{prefix}{name} AS {kind}[])" for name, kind in columns.items())
    return f"unnest({arrays}) AS r({', '.join(columns)})"


def bound(columns: Mapping[str, str], rows: Sequence[Row], prefix: str = "") -> dict[str, list[Any]]:
    """The rows as one array for each column."""
    if not rows:
        return {prefix + name: [] for name in columns}
    return dict(zip((prefix + name for name in columns), map(list, zip(*rows, strict=True)), strict=True))


def text_array(codes: Iterable[str]) -> str:
    """Codes as the text of a PostgreSQL array. Only for codes: letters, digits and underscores."""
    return "{" + ",".join(codes) + "}"
