"""When a webhook is tried again."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.workdays import workdays
from services.kit.clock import SHANGHAI
from services.referral.delivery.breaker import Health, after
from services.referral.delivery.reply import Reply, Verdict, judge
from services.referral.delivery.schedule import MOST_TRIES, STEPS, WorkingHours, next_step

ALWAYS = WorkingHours((), workdays())
OFFICE = WorkingHours(((time(8), time(12)), (time(14, 30), time(17, 30))), workdays())
FRIDAY_EVENING = datetime(2026, 3, 6, 17, 30, tzinfo=SHANGHAI)
NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


def test_the_steps_outlast_a_weekend() -> None:
    assert [int(step.total_seconds()) for step in STEPS] == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert sum(STEPS, timedelta()) > timedelta(hours=63)


@pytest.mark.parametrize("jitter", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("tries", range(1, MOST_TRIES))
def test_each_wait_is_its_step_give_or_take_a_fifth(tries: int, jitter: float) -> None:
    step = next_step(tries, Reply(500), now=NOW, jitter=jitter, hours=ALWAYS)
    assert step.state == "retrying" and step.due_at is not None
    assert step.due_at - NOW == STEPS[tries - 1] * (1 + 0.2 * jitter)


def test_after_the_last_try_it_is_dead() -> None:
    assert next_step(MOST_TRIES, Reply(500), now=NOW, jitter=0, hours=ALWAYS).state == "dead"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(status: int) -> None:
    assert next_step(1, Reply(status), now=NOW, jitter=0, hours=ALWAYS).state == "delivered"


def test_late_steps_fall_into_office_hours() -> None:
    step = next_step(4, Reply(None, "timeout"), now=FRIDAY_EVENING, jitter=0, hours=OFFICE)
    assert step.due_at is not None
    local = step.due_at.astimezone(SHANGHAI)
    assert (local.date().isoformat(), local.hour) == ("2026-03-09", 8)


def test_early_steps_do_not_wait_for_the_office() -> None:
    step = next_step(3, Reply(None, "timeout"), now=FRIDAY_EVENING, jitter=0, hours=OFFICE)
    assert step.due_at == FRIDAY_EVENING + timedelta(minutes=30)


def test_offices_are_closed_over_the_spring_festival_and_open_on_the_make_up_saturday() -> None:
    eve = datetime(2026, 2, 14, 18, 0, tzinfo=SHANGHAI)
    assert OFFICE.next_open(eve) == datetime(2026, 2, 24, 8, 0, tzinfo=SHANGHAI)
    saturday = datetime(2026, 2, 28, 9, 0, tzinfo=SHANGHAI)
    assert OFFICE.next_open(saturday) == saturday


@given(
    st.integers(0, 3 * 365 * 24 * 60).map(
        lambda minutes: datetime(2024, 2, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.integers(4, MOST_TRIES - 1),
    st.floats(-1, 1),
)
def test_a_late_try_is_never_outside_the_office_nor_early(now: datetime, tries: int, jitter: float) -> None:
    due_at = next_step(tries, Reply(500), now=now, jitter=jitter, hours=OFFICE).due_at
    assert due_at is not None and due_at >= now + STEPS[tries - 1] * 0.799
    local = due_at.astimezone(SHANGHAI)
    assert workdays().is_workday(local.date())
    assert time(8) <= local.time() < time(12) or time(14, 30) <= local.time() < time(17, 30)


def test_retry_after_is_honoured_and_capped() -> None:
    step = next_step(1, Reply(429, retry_after_s=120), now=NOW, jitter=0, hours=ALWAYS)
    assert step.due_at == NOW + timedelta(seconds=120)
    forever = next_step(1, Reply(503, retry_after_s=10**9), now=NOW, jitter=0, hours=ALWAYS)
    assert forever.due_at == NOW + timedelta(hours=24)


def test_a_receiver_may_ask_to_stop() -> None:
    assert next_step(1, Reply(400, stop=True), now=NOW, jitter=0, hours=ALWAYS).state == "dead"


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (Reply(204), Verdict.DELIVERED),
        (Reply(301), Verdict.ENDPOINT),
        (Reply(304), Verdict.ENDPOINT),
        (Reply(400), Verdict.PAYLOAD),
        (Reply(404), Verdict.PAYLOAD),
        (Reply(408), Verdict.ENDPOINT),
        (Reply(410), Verdict.GONE),
        (Reply(422), Verdict.PAYLOAD),
        (Reply(429), Verdict.THROTTLE),
        (Reply(500), Verdict.ENDPOINT),
        (Reply(502), Verdict.THROTTLE),
        (Reply(503), Verdict.ENDPOINT),
        (Reply(503, retry_after_s=5), Verdict.THROTTLE),
        (Reply(504), Verdict.THROTTLE),
        (Reply(None, "timeout"), Verdict.ENDPOINT),
    ],
)
def test_what_a_reply_means(reply: Reply, verdict: Verdict) -> None:
    assert judge(reply) is verdict


def test_the_breaker_opens_on_lasting_failure_only() -> None:
    burst = after(Health(), [Reply(503)] * 50, now=NOW)
    assert not burst.is_open
    lasting = after(burst, [Reply(503)], now=NOW + timedelta(seconds=30))
    assert lasting.is_open
    again = after(lasting, [Reply(None, "refused")], now=NOW + timedelta(seconds=60))
    assert again.rests == 2 and again.rest_until is not None
    assert after(again, [Reply(204)], now=NOW + timedelta(seconds=90)) == Health()


def test_a_message_refused_by_itself_never_opens_the_breaker() -> None:
    health = Health()
    for second in range(0, 600, 10):
        health = after(health, [Reply(422)] * 10, now=NOW + timedelta(seconds=second))
    assert not health.is_open and health.rest_until is None


def test_rests_grow_and_stay_bounded() -> None:
    health, at = Health(), NOW
    rests = []
    for _ in range(20):
        health = after(health, [Reply(500)] * 5, now=at)
        at = max(at + timedelta(seconds=25), health.rest_until or at)
        if health.is_open and health.rest_until is not None:
            rests.append(health.rest_until)
    spans = [later - earlier for earlier, later in pairwise(rests)]
    assert spans == sorted(spans) and spans[-1] <= timedelta(minutes=11)


def test_throttling_rests_without_blame() -> None:
    health = after(Health(), [Reply(204), Reply(429, retry_after_s=60)], now=NOW)
    assert health == Health(rest_until=NOW + timedelta(seconds=60))
