"""Leaves an endpoint that is down alone, and gives one that asks for it a rest. Pure.

The breaker belongs to the endpoint, not to a message: it opens when nothing has succeeded for a while and several tries
failed, lets one probe through after each rest, and closes on the first success. A message refused by itself (4xx) does
not open it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.referral.delivery.reply import Reply, Verdict, judge
from services.referral.delivery.schedule import LONGEST_RETRY_AFTER

OPENS_AFTER = 5
OPENS_AFTER_TIME = timedelta(seconds=20)
"""Failing this often for this long: a single burst that meets one restart opens nothing."""
_FIRST_REST = timedelta(seconds=10)
_LONGEST_REST = timedelta(minutes=10)
_PAUSE = timedelta(seconds=1)
"""Between rounds that only failed, before the breaker opens."""
_SHORT_THROTTLE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint does. `rest_until` is when it may be tried again; `rests` counts rests in a row."""

    failing_since: datetime | None = None
    failures: int = 0
    rests: int = 0
    rest_until: datetime | None = None
    is_gone: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the breaker is open: after its rest a single probe goes through."""
        return self.rests > 0


def after(health: Health, replies: Iterable[Reply], *, now: datetime, scale: float = 1.0) -> Health:
    """The health after a round of replies; a success anywhere in it closes the breaker.

    `scale` shortens rests, for trials only.
    """
    verdicts = [(reply, judge(reply)) for reply in replies]
    kinds = {verdict for _, verdict in verdicts}
    if Verdict.GONE in kinds:
        return Health(health.failing_since or now, health.failures + 1, is_gone=True)
    throttles = [reply for reply, verdict in verdicts if verdict is Verdict.THROTTLE]
    rest_until = _throttled_until(throttles, now, scale) if throttles else None
    if Verdict.DELIVERED in kinds or kinds == {Verdict.PAYLOAD}:
        return Health(rest_until=rest_until)
    failures = health.failures + sum(verdict is Verdict.ENDPOINT for _, verdict in verdicts)
    if Verdict.ENDPOINT not in kinds:
        return Health(health.failing_since, health.failures, health.rests, rest_until)
    since = health.failing_since or now
    if not health.is_open and (failures < OPENS_AFTER or now - since < OPENS_AFTER_TIME * scale):
        return Health(since, failures, 0, max(now + _PAUSE * scale, rest_until or now))
    rest = min(_FIRST_REST * 2 ** min(health.rests, 10), _LONGEST_REST) * scale
    until = max(now + rest, rest_until or now)
    return Health(since, failures, health.rests + 1, until)


def _throttled_until(replies: list[Reply], now: datetime, scale: float) -> datetime:
    asked = [timedelta(seconds=reply.retry_after_s) for reply in replies if reply.retry_after_s is not None]
    return now + min(max([_SHORT_THROTTLE, *asked]), LONGEST_RETRY_AFTER) * scale
