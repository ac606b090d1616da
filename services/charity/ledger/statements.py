"""What the books say: the trial balance, and each fund's figures. Amounts in fen."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from services.charity.ledger.chart import Account, Chart
from services.charity.ledger.entry import Posting


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """An account's turnover and balance. `balance_fen` is positive on the debit side."""

    account: Account
    debit_fen: int
    credit_fen: int

    @property
    def balance_fen(self) -> int:
        """Debits less credits."""
        return self.debit_fen - self.credit_fen


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account's row. In true books debits equal credits."""

    rows: tuple[BalanceRow, ...]

    @property
    def debit_fen(self) -> int:
        """Sum of all debits."""
        return sum(row.debit_fen for row in self.rows)

    @property
    def credit_fen(self) -> int:
        """Sum of all credits."""
        return sum(row.credit_fen for row in self.rows)

    @property
    def is_balanced(self) -> bool:
        """Whether debits equal credits."""
        return self.debit_fen == self.credit_fen


@dataclass(frozen=True, slots=True)
class FundBalance:
    """A fund's figures. cash = payable + reserved + available."""

    cash_fen: int = 0
    payable_fen: int = 0
    reserved_fen: int = 0
    net_fen: int = 0
    income_fen: int = 0
    expense_fen: int = 0

    @property
    def available_fen(self) -> int:
        """What may still be promised."""
        return self.net_fen + self.income_fen - self.expense_fen

    @property
    def paid_fen(self) -> int:
        """What left the bank for beneficiaries."""
        return self.expense_fen - self.payable_fen


def trial_balance(turnover: Iterable[tuple[str, int, int]], *, chart: Chart) -> TrialBalance:
    """From (account code, debits, credits) to the trial balance, in order of account; idle accounts show zero.

    Raises: KeyError for an account the chart does not know.
    """
    debits: dict[str, int] = defaultdict(int)
    credits: dict[str, int] = defaultdict(int)
    for code, debit_fen, credit_fen in turnover:
        debits[chart.account(code).code] += debit_fen
        credits[code] += credit_fen
    return TrialBalance(
        tuple(
            BalanceRow(account, debits[account.code], credits[account.code])
            for account in sorted(chart.accounts, key=lambda account: account.code)
        )
    )


def fund_balance(postings: Iterable[Posting], fund: str, *, chart: Chart) -> FundBalance:
    """A fund's figures from its postings. Raises: KeyError for an account the chart does not know."""
    sums: dict[str, int] = defaultdict(int)
    for posting in postings:
        if posting.fund == fund:
            sums[chart.account(posting.account).role] += posting.amount_fen
    return FundBalance(
        cash_fen=sums["cash"],
        payable_fen=-sums["payable"],
        reserved_fen=-sums["reserved"],
        net_fen=-sums["net"],
        income_fen=-sums["income"],
        expense_fen=sums["expense"],
    )
