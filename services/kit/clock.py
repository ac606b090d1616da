"""The only place that reads the time."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock:
    """Now in UTC and today in Asia/Shanghai. Tests pass their own `now`."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self._now = now or (lambda: datetime.now(UTC))

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self._now()

    def today(self) -> date:
        """The date of law: the present day in Asia/Shanghai."""
        return shanghai_date(self._now())


def shanghai_date(at: datetime) -> date:
    """The Asia/Shanghai calendar day of a moment."""
    return at.astimezone(SHANGHAI).date()
