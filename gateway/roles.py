"""Roles as data: which scopes each holds, and what it is called."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

import yaml

from services.contracts.codes import Role

_FILE = Path(__file__).parent / "roles.yaml"


@dataclass(frozen=True)
class RoleRow:
    """One role. `name` is by language, `zh` and `en`."""

    code: str
    name: dict[str, str]
    scopes: frozenset[str]


@cache
def roles() -> dict[str, RoleRow]:
    """Every role by its code.

    Raises: ValueError when the file and the contract's list of roles differ.
    """
    rows = yaml.safe_load(_FILE.read_text("utf-8"))
    if set(rows) != set(get_args(Role)):
        raise ValueError("roles.yaml and the role codes of the contract differ")
    return {code: RoleRow(code, row["name"], frozenset(row["scopes"])) for code, row in rows.items()}


def scopes_of(codes: Iterable[str]) -> frozenset[str]:
    """All scopes that the roles hold together.

    Raises: KeyError for a code that is no role.
    """
    return frozenset().union(*(roles()[code].scopes for code in codes))
