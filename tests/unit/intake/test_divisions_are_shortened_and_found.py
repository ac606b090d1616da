"""The places of the city: by code, by name, and the ones that were abolished."""

import pytest

from services.contracts.divisions import UnreadableDivision, divisions, shorten, within


def test_the_city_has_eleven_counties_and_every_place_a_parent() -> None:
    table = divisions()
    counties = table.children()
    assert [county.name for county in counties] == [
        "芗城区",
        "龙文区",
        "龙海区",
        "长泰区",
        "云霄县",
        "漳浦县",
        "诏安县",
        "东山县",
        "南靖县",
        "平和县",
        "华安县",
    ]
    townships = [place for county in counties for place in table.children(county.code)]
    assert len(townships) == 146 and sum(len(table.children(place.code)) for place in townships) == 2135


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("350600", "3506"),
        ("3506", "3506"),
        ("350600000000", "3506"),
        ("350622", "350622"),
        ("350622000", "350622"),
        ("350622000000", "350622"),
        ("350602007000", "350602007"),
        ("350602007003", "350602007003"),
    ],
)
def test_zero_padding_is_dropped(written: str, short: str) -> None:
    assert shorten(written) == short


@pytest.mark.parametrize(
    "written", ["", "35", "35062", "3506020070", "0506", "３５０６", "350６", "3506 ", "-3506", "x"]
)
def test_what_is_no_code_is_refused(written: str) -> None:
    with pytest.raises(UnreadableDivision):
        shorten(written)


def test_a_territory_covers_what_its_code_begins() -> None:
    assert within("350622103206", "350622") and within("350622103206", "350600") and within("350622", "350622000000")
    assert not within("350622", "350622103") and not within("350622103206", "350623") and not within("350622", "")


@pytest.mark.parametrize("name", ["漳浦县赤湖镇", "漳浦赤湖镇", "赤湖镇", "福建省漳州市漳浦县赤湖镇", "漳浦县 赤湖镇"])
def test_a_name_finds_its_place(name: str) -> None:
    place = divisions().find(name)
    assert place is not None and place.code == "350623103" and place.level == "township"


def test_a_former_name_finds_the_place_of_today_and_a_village_needs_no_ending() -> None:
    found = [divisions().find(name) for name in ("龙海市角美镇", "长泰县", "芗城区芝山街道惠民社区", "漳州市")]
    assert [place.code for place in found if place] == ["350604101", "350605", "350602007003", "3506"]
    assert divisions().find("漳浦县长桥镇没有的村") is None and divisions().find("") is None
