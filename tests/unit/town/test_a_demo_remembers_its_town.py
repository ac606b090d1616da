"""A second demo in a data folder pushes the town of the first; where it could not be the same, it is another one."""

from datetime import date, timedelta
from pathlib import Path

from deploy.local.demo.remembered import remembered_town
from deploy.local.town import Town

TODAY = date(2026, 3, 2)


def shown(folder: Path, *, records: int = 60, today: date = TODAY) -> Town:
    return remembered_town(folder / "town.json", records=records, reports=30, today=today)


def numbers(town: Town) -> set[str]:
    """The numbers by which a second push is told from a first one."""
    return {report["report_id"] for report in town.reports} | {record["settlement_id"] for record in town.records}


def test_the_same_town_is_pushed_again_on_another_day(tmp_path: Path) -> None:
    assert shown(tmp_path) == shown(tmp_path, today=TODAY + timedelta(days=30))


def test_a_town_of_another_size_shares_no_number_with_the_first(tmp_path: Path) -> None:
    small, large = shown(tmp_path), shown(tmp_path, records=400)
    assert numbers(small).isdisjoint(numbers(large))
    assert shown(tmp_path, records=400) == large


def test_a_town_whose_bills_grew_old_is_made_anew(tmp_path: Path) -> None:
    assert numbers(shown(tmp_path)).isdisjoint(numbers(shown(tmp_path, today=TODAY + timedelta(days=300))))
