"""Working days as the State Council published them."""

from datetime import date

import pytest

from services.contracts.workdays import read_calendar, workdays


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        (date(2024, 2, 9), True),  # New Year's Eve of 2024 was no day off
        (date(2024, 2, 12), False),
        (date(2024, 2, 18), True),  # a make-up Sunday
        (date(2024, 9, 14), True),
        (date(2024, 9, 17), False),
        (date(2025, 1, 26), True),
        (date(2025, 1, 28), False),
        (date(2025, 4, 27), True),
        (date(2025, 6, 2), False),
        (date(2025, 10, 8), False),
        (date(2025, 10, 11), True),
        (date(2026, 1, 2), False),
        (date(2026, 1, 4), True),
        (date(2026, 2, 23), False),
        (date(2026, 2, 28), True),
        (date(2026, 9, 20), True),
        (date(2026, 11, 28), False),
    ],
)
def test_holidays_and_make_up_days_are_those_of_the_notices(day: date, is_open: bool) -> None:
    assert workdays().is_workday(day) is is_open


def test_each_year_has_its_statutory_number_of_working_days() -> None:
    # 366 or 365 days, less the weekends and the statutory days off that fall on weekdays: 11 until 2024, 13 from 2025.
    counts = {year: workdays().between(date(year - 1, 12, 31), date(year, 12, 31)) for year in (2024, 2025, 2026)}
    assert counts == {2024: 251, 2025: 248, 2026: 248}


def test_ten_working_days_across_the_spring_festival_of_2025() -> None:
    due = workdays().after(date(2025, 1, 24), 10)
    # 26 January is a make-up Sunday, 27 January open, then closed until 4 February, 8 February a make-up Saturday.
    assert (due.on, due.provisional) == (date(2025, 2, 13), False)


def test_day_one_is_the_day_after() -> None:
    assert workdays().after(date(2025, 3, 5), 1).on == date(2025, 3, 6)
    assert workdays().after(date(2025, 3, 7), 1).on == date(2025, 3, 10)
    assert workdays().after(date(2025, 3, 8), 0).on == date(2025, 3, 8)


def test_a_date_counted_into_an_unpublished_year_is_provisional() -> None:
    last = max(workdays().years)
    due = workdays().after(date(last, 12, 30), 5)
    assert due.provisional and due.on.year == last + 1
    assert workdays().is_workday(date(last + 5, 1, 3)) == (date(last + 5, 1, 3).weekday() < 5)


def test_counting_between_is_the_inverse_of_counting_after() -> None:
    start = date(2024, 9, 10)
    for count in range(1, 30):
        assert workdays().between(start, workdays().after(start, count).on) == count


def test_a_make_up_day_in_the_middle_of_a_week_is_refused() -> None:
    with pytest.raises(ValueError, match="Saturday"):
        read_calendar({2025: {"closed": [], "open": [date(2025, 1, 8)]}})
