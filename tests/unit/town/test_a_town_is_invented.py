"""The invented town: nobody in it can be real, and it is the same town each time."""

import json
from collections import defaultdict
from datetime import date

from deploy.local.town import Town, make_town
from services.contracts.divisions import divisions
from services.contracts.money import parse_yuan

TODAY = date(2026, 11, 25)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def town_of(records: int = 500, *, seed: int = 1, today: date = TODAY) -> Town:
    return make_town(seed, records, 60, today=today)


def people_of(town: Town) -> list[dict[str, str]]:
    """Everybody with an ID number, wherever they occur."""
    people = [member for household in town.households for member in household.body["members"]]
    people += [report["person"] for report in town.reports if report["person"]["id_number"]]
    return people + [{"id_number": record["id_number"], "name": record["name"]} for record in town.records]


def test_every_id_number_passes_its_check_digit_and_can_belong_to_nobody() -> None:
    for person in people_of(town_of()):
        number = person["id_number"]
        total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
        assert number[17] == "10X98765432"[total % 11]
        assert number[14:17] in {"996", "997", "998", "999"}
        assert number[6:10] < "2000" or number.startswith("350621")


def test_no_two_people_share_an_id_number() -> None:
    names: dict[str, set[str]] = defaultdict(set)
    for person in people_of(town_of(3000)):
        names[person["id_number"]].add(person["name"])
    assert all(len(held) == 1 for held in names.values())


def test_small_towns_of_different_lots_share_nobody() -> None:
    one, other = ({person["id_number"] for person in people_of(town_of(400, seed=seed))} for seed in (692, 693))
    assert not one & other


def test_phones_belong_to_nobody_and_villages_are_real() -> None:
    town = town_of()
    for household in town.households:
        place = divisions().get(household.body["division"])
        assert place is not None and place.level == "village"
        assert all(member["phone"].startswith("1540000") for member in household.body["members"] if "phone" in member)
    assert all(report["reporter"]["phone"].startswith("1540001") for report in town.reports)


def test_the_same_seed_makes_the_same_town_and_another_seed_another() -> None:
    assert town_of() == town_of()
    assert town_of().records != town_of(seed=2).records


def test_a_larger_town_begins_with_the_smaller_one() -> None:
    small, large = town_of(300), town_of(900)
    assert large.records[:300] == small.records
    assert large.households[: len(small.households)] == small.households


def test_a_town_has_exactly_as_many_records_as_asked() -> None:
    for records in (1, 60, 501):
        assert len(town_of(records).records) == records


def test_what_was_paid_adds_up_to_the_fen() -> None:
    for record in town_of().records:
        parts = ("pooled_fund_paid", "serious_illness_paid", "medical_aid_paid", "self_paid")
        assert sum(parse_yuan(record[part]) for part in parts) == parse_yuan(record["total"])
        assert (parse_yuan(record["total"]) <= 0) == ("refund_of" in record)


def test_three_person_years_in_five_are_over_forty_thousand_and_most_people_are_in_no_registered_household() -> None:
    town = town_of(3000)
    newest: dict[tuple[str, str], tuple[int, int]] = {}
    for record in town.records:
        key = (record["id_number"], record["settlement_id"])
        newest[key] = max(newest.get(key, (0, 0)), (record["version"], parse_yuan(record["self_paid"])))
    sums: dict[str, int] = defaultdict(int)
    for (person, _), (_, fen) in newest.items():
        sums[person] += fen
    registered = {number for household in town.households for number in household.id_numbers}
    assert 0.57 < sum(fen > 4_000_000 for fen in sums.values()) / len(sums) < 0.67
    assert 0.86 < sum(number not in registered for number in sums) / len(sums) < 0.90


def test_the_push_has_refunds_corrections_repeats_and_people_of_other_cities() -> None:
    records = town_of().records
    assert any("refund_of" in record for record in records)
    assert any(record["version"] > 1 for record in records)
    assert len({json.dumps(record, sort_keys=True) for record in records}) < len(records)
    assert any(not record["division"].startswith("3506") for record in records)


def test_all_bills_were_settled_in_one_year_whatever_the_day() -> None:
    for today in (date(2026, 11, 25), date(2027, 1, 2), date(2028, 2, 29), date(2027, 7, 1)):
        days = [date.fromisoformat(record["settled_on"]) for record in town_of(200, today=today).records]
        assert len({day.year for day in days}) == 1
        assert all(0 < (today - day).days <= 330 for day in days)


def test_the_reports_are_of_all_eighteen_kinds() -> None:
    reports = town_of().reports
    assert len({kind for report in reports for kind in report["kinds"]}) == 18
    assert {report["urgency"] for report in reports} == {"red", "yellow", "blue"}
    assert len({report["report_id"] for report in reports}) == 60


def test_about_two_households_in_three_said_yes_and_some_refused() -> None:
    households = town_of(3000).households
    said = [{consent["decision"] for consent in household.consents} for household in households]
    assert 0.60 < said.count({"given"}) / len(said) < 0.72
    assert {"refused"} in said and set() in said


def test_the_three_families_of_the_article_are_there() -> None:
    town = town_of()
    assert town.story("widower").report_id == town.reports[0]["report_id"]
    assert town.story("mother_of_three").report_id == town.reports[1]["report_id"]
    assert town.story("sole_earner").settlement_ids == (town.records[0]["settlement_id"],)
    assert town.records[0]["self_paid"] == "100000.00"
