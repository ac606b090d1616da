"""The chart of accounts: what `chart.yaml` says, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

Kind = Literal["asset", "liability", "net_assets", "income", "expense"]
FundRole = Literal["cash", "payable", "net", "reserved", "income", "expense"]
ROLES: tuple[FundRole, ...] = get_args(FundRole)
_FILE = Path(__file__).parent / "chart.yaml"


class BadChart(Exception):
    """The chart file is wrong: an account twice, or one missing that a recipe needs."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `restricted` is None where the account serves both kinds of funds."""

    code: str
    name_zh: str
    name_en: str
    kind: Kind
    role: FundRole
    restricted: bool | None


class Chart:
    """Accounts by code, and by the role they play for a kind of fund."""

    def __init__(self, accounts: tuple[Account, ...]) -> None:
        """Raises: BadChart."""
        self.accounts = accounts
        self._by_code: Mapping[str, Account] = {account.code: account for account in accounts}
        if len(self._by_code) != len(accounts):
            raise BadChart("an account code twice")
        self._by_role: dict[tuple[FundRole, bool], Account] = {}
        for account in accounts:
            for restricted in (True, False):
                if account.restricted in (None, restricted):
                    if (account.role, restricted) in self._by_role:
                        raise BadChart(f"two accounts for {account.role}")
                    self._by_role[account.role, restricted] = account
        for role in ROLES:
            for restricted in (True, False):
                if (role, restricted) not in self._by_role:
                    raise BadChart(f"no account for {role}")

    def account(self, code: str) -> Account:
        """The account of a code. Raises: KeyError."""
        return self._by_code[code]

    def code_for(self, role: FundRole, *, restricted: bool) -> str:
        """The code of the account that plays `role` for a restricted or an unrestricted fund."""
        return self._by_role[role, restricted].code


def _account(row: Mapping[str, Any]) -> Account:
    return Account(
        code=row["code"],
        name_zh=row["name"]["zh"],
        name_en=row["name"]["en"],
        kind=row["kind"],
        role=row["role"],
        restricted=row.get("restricted"),
    )


@cache
def chart() -> Chart:
    """The chart beside this reader. Raises: BadChart."""
    held = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return Chart(tuple(_account(row) for row in held["accounts"]))
