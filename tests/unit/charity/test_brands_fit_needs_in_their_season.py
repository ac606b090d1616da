"""The nine brands as data, and which of them fits. Pure."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from services.charity.programmes.directory import BadBrand, directory, read_brand
from services.charity.programmes.match import Facts, choose, facts_of, is_allowed, match_brands, suggest_amount
from services.charity.programmes.policy import policy_on, sentence

IN_AUGUST = date(2025, 8, 10)
IN_NOVEMBER = date(2025, 11, 25)
FEDERATION = ("charity_federation",)
BRANDS = {brand.code: brand for brand in directory().brands}


def fits(need: str, on: date, facts: Facts | None = None) -> dict[str, str]:
    """Each brand's answer, those that do not serve the need left out."""
    matches = match_brands(directory(), need=need, facts=facts or Facts(), on=on)
    return {m.brand.code: m.fit for m in matches if "need_not_served" not in m.reasons}


def test_there_are_nine_brands_and_two_owners_nobody_is_sure_of() -> None:
    assert [brand.number for brand in directory().brands] == list(range(1, 10))
    doubtful = [brand.name.zh for brand in directory().brands if not brand.owner_certain]
    assert doubtful == ["微心愿爱心书包", "金秋助学"]
    assert {brand.owner for brand in directory().brands} == {
        "trade_union",
        "youth_league",
        "next_generation_committee",
        "charity_federation",
        "red_cross",
        "disabled_federation",
        "womens_federation",
    }


def test_every_amount_that_is_not_published_says_so() -> None:
    assert all(row.illustrative and row.source for brand in directory().brands for row in brand.amounts)
    assert {brand.code for brand in directory().brands if not brand.amounts} == {"disabled_graduates", "loving_mothers"}


def test_a_brand_fits_when_its_facts_hold_and_cannot_tell_when_they_are_unknown() -> None:
    assert fits("living", IN_NOVEMBER) == {
        "hardship_workers": "cannot_tell",
        "charity_sunshine": "yes",
        "elders_orphans": "cannot_tell",
        "fraternity_homes": "yes",
    }
    assert fits("living", IN_NOVEMBER, Facts(known={"union_member": False, "elder": True})) == {
        "hardship_workers": "no",
        "charity_sunshine": "yes",
        "elders_orphans": "yes",
        "fraternity_homes": "yes",
    }


def test_what_a_need_says_of_the_household_is_known() -> None:
    assert fits("education_cost", IN_AUGUST)["autumn_bursary"] == "yes"
    assert fits("elder_care", IN_AUGUST)["elders_orphans"] == "yes"
    assert fits("education_cost", IN_AUGUST, Facts(known={"student": False}))["autumn_bursary"] == "no"


@pytest.mark.parametrize(
    ("need", "on", "chosen"),
    [
        ("education_cost", IN_AUGUST, "autumn_bursary"),
        ("education_cost", IN_NOVEMBER, "charity_sunshine"),
        ("elder_care", date(2025, 10, 5), "elders_orphans"),
        ("elder_care", IN_NOVEMBER, "charity_sunshine"),
        ("medical_cost", IN_NOVEMBER, "charity_sunshine"),
        ("employment", date(2025, 4, 1), None),
        ("legal_rights", IN_NOVEMBER, None),
    ],
)
def test_the_brand_made_for_the_need_is_chosen_while_it_is_open(need: str, on: date, chosen: str | None) -> None:
    match = choose(match_brands(directory(), need=need, facts=Facts(), on=on), owners=FEDERATION)
    assert (match.brand.code if match else None) == chosen


def test_no_brand_of_an_owner_the_family_did_not_say_yes_to_is_chosen() -> None:
    matches = match_brands(directory(), need="living", facts=Facts(known={"union_member": True}), on=date(2025, 1, 5))
    assert choose(matches, owners=("womens_federation",)) is None


@pytest.mark.parametrize(
    ("code", "on", "first", "last"),
    [
        ("fraternity_homes", date(2026, 1, 15), date(2025, 12, 1), date(2026, 2, 28)),
        ("fraternity_homes", date(2025, 12, 1), date(2025, 12, 1), date(2026, 2, 28)),
        ("fraternity_homes", date(2028, 2, 29), date(2027, 12, 1), date(2028, 2, 29)),
        ("charity_sunshine", date(2025, 11, 25), date(2025, 10, 1), date(2025, 12, 31)),
        ("autumn_bursary", date(2025, 9, 1), date(2026, 8, 1), date(2026, 8, 31)),
        ("loving_mothers", date(2025, 9, 1), date(2025, 1, 1), date(2025, 12, 31)),
    ],
)
def test_a_season_runs_over_the_turn_of_the_year_and_a_closed_one_tells_when_it_opens(
    code: str, on: date, first: date, last: date
) -> None:
    assert BRANDS[code].season(on) == (first, last)


def test_the_amount_follows_the_gap_within_the_brands_limits() -> None:
    limits = BRANDS["charity_sunshine"].amounts_on(IN_NOVEMBER)
    assert limits is not None and (limits.least_fen, limits.most_fen) == (100_000, 1_000_000)
    assert suggest_amount(limits, gap_fen=None) == 100_000
    assert suggest_amount(limits, gap_fen=350_000) == 350_000
    assert suggest_amount(limits, gap_fen=9_999_999) == 1_000_000
    assert suggest_amount(limits, gap_fen=40_000) == 40_000
    for amount, gap, answer in (
        (100_000, None, True),
        (99_999, None, False),
        (1_000_000, None, True),
        (1_000_001, None, False),
        (350_000, 350_000, True),
        (350_001, 350_000, False),
        (40_000, 40_000, True),
        (39_999, 40_000, False),
        (0, 0, False),
    ):
        assert is_allowed(limits, amount, gap_fen=gap) is answer, (amount, gap)


def test_before_the_first_dated_row_there_is_no_amount_and_no_policy() -> None:
    assert BRANDS["charity_sunshine"].amounts_on(date(2023, 12, 31)) is None
    assert fits("living", date(2023, 12, 31))["charity_sunshine"] == "no"
    with pytest.raises(LookupError):
        policy_on(date(2023, 12, 31))


def test_ages_make_an_elder_at_sixty_and_a_minor_below_eighteen() -> None:
    def known(oldest: date | None, youngest: date | None) -> dict[str, bool]:
        facts = facts_of(
            status=None,
            near_miss=True,
            oldest=oldest,
            youngest=youngest,
            programmes=[],
            on=IN_NOVEMBER,
            policy=policy_on(IN_NOVEMBER),
        )
        return {str(name): value for name, value in facts.known.items()}

    assert known(date(1965, 11, 25), date(2007, 11, 26)) == {"elder": True, "minor": True}
    assert known(date(1965, 11, 26), date(2007, 11, 25)) == {"elder": False, "minor": False}
    assert known(None, None) == {}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"aid": "advice"}, "aid"),
        ({"requires": ["blue_eyes"]}, "requires"),
        ({"season": {"months": [13], "round_months": 0, "note": {"zh": "", "en": ""}}}, "months"),
        ({"season": {"months": [1], "round_months": 3, "note": {"zh": "", "en": ""}}}, "round_months"),
        ({"owner_certain": False}, "owner_note"),
        ({"name": {"zh": "x"}}, "TypeError"),
    ],
)
def test_a_wrong_brand_file_is_refused_by_name(change: dict[str, object], what: str) -> None:
    path = "services/charity/programmes/data/charity_sunshine.yaml"
    row = yaml.safe_load((Path(__file__).resolve().parents[3] / path).read_text(encoding="utf-8"))
    with pytest.raises(BadBrand, match=f"sunshine.yaml: {what}"):
        read_brand(row | change, name="sunshine.yaml")


def test_every_reason_has_its_sentence_in_both_languages() -> None:
    for need in ("living", "employment", "education_cost"):
        for match in match_brands(directory(), need=need, facts=Facts(), on=IN_NOVEMBER):
            for code in match.reasons:
                text = sentence(code, opens_on=match.opens_on)
                assert code not in (text.zh, text.en)
