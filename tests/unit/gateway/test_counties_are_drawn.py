"""The map of the counties: every county stands on it, equal values look equal, unknown is not zero."""

from gateway.console.county_map import draw_counties
from services.contracts.divisions import divisions

_CODES = [place.code for place in divisions().children()]


def test_every_county_is_drawn_once_in_order_with_its_own_name() -> None:
    drawn = draw_counties({}, str, unknown="?").counties
    assert [(county.code, county.name) for county in drawn] == [
        (place.code, place.name) for place in divisions().children()
    ]
    assert all(county.outline.path.startswith("M") and county.number == "?" for county in drawn)


def test_a_county_without_a_value_is_not_known_and_zero_is_a_value() -> None:
    drawn = draw_counties({_CODES[0]: 0}, str, unknown="待核实").counties
    assert (drawn[0].number, drawn[0].look) == ("0", "size-1")
    assert {(county.number, county.look) for county in drawn[1:]} == {("待核实", "no-value")}


def test_five_classes_keep_equal_values_together_and_the_legend_names_their_bounds() -> None:
    values: dict[str, int | None] = dict(zip(_CODES, (1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9), strict=True))
    made = draw_counties(values, lambda value: f"{value}户", unknown="?")
    looks = {county.code: county.look for county in made.counties}
    assert looks[_CODES[0]] == looks[_CODES[1]] == "size-1"
    assert looks[_CODES[-1]] == looks[_CODES[-2]] == "size-5"
    assert [row.look for row in made.legend] == [f"size-{n}" for n in range(1, 6)]
    assert (made.legend[0].least, made.legend[-1].most) == ("1户", "9户")


def test_a_change_is_told_by_its_sign_and_by_half_of_the_largest() -> None:
    values: dict[str, int | None] = dict(zip(_CODES, (-100, -49, 0, 50, 10), strict=False))
    looks = [county.look for county in draw_counties(values, str, unknown="?", is_change=True).counties[:5]]
    assert looks == ["less-2", "less-1", "same", "more-2", "more-1"]
