"""Token buckets in this process: one for each (who, what)."""

from collections import OrderedDict
from dataclasses import dataclass

_MOST_BUCKETS = 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `burst` at once, refilled with `per_s` a second."""

    per_s: float
    burst: float


def read_rate(text: str) -> Rate:
    """`200/s` or `5/min`: the number is also the burst.

    Raises: ValueError.
    """
    number, _, unit = text.partition("/")
    seconds = {"s": 1.0, "min": 60.0, "h": 3600.0}[unit]
    return Rate(float(number) / seconds, float(number))


class RateLimiter:
    """Buckets by key; those longest unused are forgotten first, when they are full again anyway."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def take(self, key: tuple[str, str], rate: Rate, now: float) -> float:
        """Take one from the bucket. Answers 0.0, or the seconds until one is there again.

        Units: `now` in monotonic seconds.
        """
        left, since = self._buckets.get(key, (rate.burst, now))
        left = min(rate.burst, left + (now - since) * rate.per_s)
        if left < 1:
            return (1 - left) / rate.per_s
        self._buckets[key] = (left - 1, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return 0.0
