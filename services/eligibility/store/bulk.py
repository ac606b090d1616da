"""Many rows in one statement: arrays in, rows out of `unnest`."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

Row = tuple[Any, ...]
"""One row's values, in the order of its columns."""


def rows_of(columns: dict[str, str], prefix: str = "") -> str:
    """`unnest(…) AS r(…)` over one bound array a column. `columns` are names and PostgreSQL types.

    A column of arrays or of JSON travels as text: its type is then `text`, and the statement casts it. `prefix` tells
    the arrays of several tables in one statement apart.
    """
    arrays = ", ".join(f"CAST(:{prefix}{name} AS {kind}[])" for name, kind in columns.items())
    return f"unnest({arrays}) AS r({', '.join(columns)})"


def bound(columns: dict[str, str], rows: Sequence[Row], prefix: str = "") -> dict[str, list[Any]]:
    """The rows as one array for each column."""
    names = [prefix + name for name in columns]
    if not rows:
        return {name: [] for name in names}
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


@lru_cache(maxsize=4096)
def text_array(codes: tuple[str, ...]) -> str:
    """Codes as the text of a PostgreSQL array. The same lists of programmes come again and again."""
    quoted = (code.replace("\\", "\\\\").replace('"', '\\"') for code in codes)
    return "{" + ",".join(f'"{code}"' for code in quoted) + "}"
