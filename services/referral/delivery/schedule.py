"""When to try again. Pure: time and jitter are passed in.

Early steps are quick; from two hours on a try falls into the partner's working hours, since an office's server that is
off at night would miss a night's tries. The whole row outlasts a weekend.

Source: Standard Webhooks 1.0.0, retry schedule; design of webhooks.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from services.contracts.workdays import WorkCalendar
from services.kit.clock import SHANGHAI
from services.referral.delivery.reply import Reply, Verdict, judge

STEPS: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The wait after the first failed try, the second, and so on; the first try is at once."""
MOST_TRIES = len(STEPS) + 1
LEASE = timedelta(seconds=8)
"""A claim runs out after this: a sender that died holds nothing back for longer. One that lives renews it."""
JITTER = 0.2
SNAPPED_FROM = timedelta(hours=2)
LONGEST_RETRY_AFTER = timedelta(hours=24)
"""A partner cannot ask to be left alone for longer than our own longest step."""
_OPENING_SPREAD = timedelta(minutes=10)
"""What waits for an office to open is spread over its first minutes."""


class WorkingHours:
    """When a partner's office is open: spans of the Shanghai day on working days; without spans, always."""

    def __init__(self, spans: tuple[tuple[time, time], ...], calendar: WorkCalendar) -> None:
        self._spans = tuple(sorted(spans))
        self._calendar = calendar

    def next_open(self, at: datetime) -> datetime:
        """`at` itself when open, else the next opening. Offices open within a few weeks whatever the holidays."""
        if not self._spans:
            return at
        local = at.astimezone(SHANGHAI)
        day = local.date()
        while True:
            if self._calendar.is_workday(day):
                for start, end in self._spans:
                    if _moment(day, start) <= local < _moment(day, end):
                        return at
                    if local < _moment(day, start):
                        return _moment(day, start).astimezone(at.tzinfo)
            day += timedelta(days=1)


def _moment(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, SHANGHAI)


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a message after a try; `due_at` is None when it is not tried again."""

    state: Literal["delivered", "retrying", "dead"]
    verdict: Verdict
    due_at: datetime | None = None


def next_step(
    tries: int, reply: Reply, *, now: datetime, jitter: float, hours: WorkingHours, scale: float = 1.0
) -> Step:
    """Decide after the `tries`-th try (from 1) of a round.

    `jitter` in [-1, 1] moves a wait by up to a fifth. `scale` shortens the steps, for trials only. A message for an
    endpoint that is gone keeps its place, so that it goes out when the partner registers another.
    """
    verdict = judge(reply)
    if verdict is Verdict.DELIVERED:
        return Step("delivered", verdict)
    if reply.stop or tries >= MOST_TRIES:
        return Step("dead", verdict)
    wait = STEPS[tries - 1]
    due_at = now + wait * scale * (1 + JITTER * jitter)
    if reply.retry_after_s is not None:
        asked = min(timedelta(seconds=max(0.0, reply.retry_after_s)), LONGEST_RETRY_AFTER)
        due_at = max(due_at, now + asked * scale)
    if wait >= SNAPPED_FROM:
        opening = hours.next_open(due_at)
        if opening != due_at:
            due_at = opening + _OPENING_SPREAD * scale * (jitter + 1) / 2
    return Step("retrying", verdict, due_at)
