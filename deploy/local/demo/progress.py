"""The demo as it goes on, on stderr: a live funnel at a terminal, a line every two seconds where it is piped."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from deploy.local.demo.funnel import Funnel
from deploy.local.terminal import console, is_plain, say, tell

if TYPE_CHECKING:
    from rich.live import Live

_EVERY_S = 2.0
_NAMES = {
    "youth_league": ("共青团", "Youth League"),
    "trade_union": ("工会", "Trade Union"),
    "disabled_federation": ("残联", "Disabled Persons' Federation"),
    "womens_federation": ("妇联", "Women's Federation"),
    "red_cross": ("红十字会", "Red Cross"),
    "next_generation_committee": ("关工委", "Next Generation Committee"),
    "charity_federation": ("慈善总会", "Charity Federation"),
}


class Progress:
    """Use it with `with`; `show` the funnel as often as it is read."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._last = 0.0
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if not is_plain(sys.stderr):
            from rich.live import Live

            self._live = Live(console=console(sys.stderr), refresh_per_second=4, transient=False)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, funnel: Funnel) -> None:
        """Draw it, or say it in one line."""
        if self._live is not None:
            self._live.update(self._drawn(funnel))
        elif time.monotonic() - self._last >= _EVERY_S:
            self._last = time.monotonic()
            tell(self._line(funnel, 0), self._line(funnel, 1))

    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def _line(self, funnel: Funnel, language: int) -> str:
        words = (
            ("推送 {accepted}/{pushed}", "pushed {accepted}/{pushed}"),
            ("有交代 {accounted}", "accounted {accounted}"),
            ("评估 {assessments}", "assessed {assessments}"),
            ("转介 {referrals}", "referrals {referrals}"),
            ("送达 {delivered}", "delivered {delivered}"),
            ("办结 {helped}", "helped {helped}"),
        )
        figures = {
            **vars(funnel),
            "delivered": sum(line.delivered for line in funnel.partners.values()),
            "helped": sum(line.helped for line in funnel.partners.values()),
        }
        return f"  {self._seconds():5.1f} s  " + "  ".join(pair[language].format(**figures) for pair in words)

    def _drawn(self, funnel: Funnel) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(say("单位", "partner"))
        for words in _COLUMNS:
            table.add_column(say(*words), justify="right")
        for code, line in funnel.partners.items():
            cells = (line.requested, line.delivered, line.answered, line.helped)
            table.add_row(say(*_NAMES.get(code, (code, code))), *(str(cell) for cell in cells))
        held = say(
            f"等待家庭同意 {funnel.held.get('consent', 0)}，等待确认 {funnel.held.get('confirmation', 0)}",
            f"held for consent {funnel.held.get('consent', 0)}, for confirmation {funnel.held.get('confirmation', 0)}",
        )
        head = say(self._line(funnel, 0), self._line(funnel, 1))
        return Group(Text(head, no_wrap=True), table, Text(f"  {held}"))


_COLUMNS = (("转介", "referrals"), ("送达", "delivered"), ("已答复", "answered"), ("已帮扶", "helped"))
