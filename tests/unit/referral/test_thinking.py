"""Thinking about one household, on plain values: the machine, matching, fields, consent, shares, bodies."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.contracts.eligibility import NeedState
from services.contracts.webhook import ReferralRequested, WebhookBody
from services.kit.privacy import BlindIndex
from services.referral.delivery.payload import MOST_BYTES, Letterhead, write_body
from services.referral.partners.casework import Casework
from services.referral.partners.consent import permission
from services.referral.partners.directory import Party, directory, load_directory
from services.referral.partners.fields import allowed_fields
from services.referral.partners.gaps import age_band, age_on, gap_band, share_fen
from services.referral.partners.match import match_partners, merge_needs
from services.referral.partners.settle import settle
from services.referral.partners.state import HouseholdState, ReferralState
from services.referral.partners.statuses import NEEDS_REASON, NEXT, OPEN, PARTNER_SETS, STATUSES, TAKEN, allowed
from services.referral.partners.why import explain
from tests.support.apps import secret_key
from tests.unit.referral.made import BOOKS, NOW, PLACE, make_decision, make_need

# The machine


def test_the_machine_is_the_contracts() -> None:
    wanted = {
        "draft": "requested cancelled",
        "requested": "accepted rejected failed cancelled",
        "accepted": "in_progress on_hold completed failed cancelled",
        "in_progress": "on_hold completed failed cancelled",
        "on_hold": "in_progress rejected failed cancelled",
    }
    for status in STATUSES:
        after = set(wanted.get(status, "").split())
        if status != "entered_in_error":
            after.add("entered_in_error")
        assert set(NEXT[status]) == after
    assert set(wanted) == OPEN


@given(st.sampled_from(STATUSES))
def test_a_partner_is_never_offered_a_step_of_ours(status: Any) -> None:
    assert set(allowed(status, to_partner=True)) <= PARTNER_SETS
    assert set(allowed(status, to_partner=True)) == set(NEXT[status]) & PARTNER_SETS


class OneHousehold(RuleBasedStateMachine):
    """Assessments, consents, answers and days in any order never break what must always hold."""

    needs = ("medical_cost", "education_cost", "living", "women_rights", "psychological")
    parties = ("red_cross", "charity_federation", "youth_league", "trade_union", "womens_federation")

    def __init__(self) -> None:
        super().__init__()
        self.household = HouseholdState(UUID(int=7), PLACE)
        self.referrals: dict[UUID, ReferralState] = {}
        self.records: list[Any] = []
        self.now = NOW
        self.versions: dict[UUID, int] = {}
        self.left: set[UUID] = set()

    def think(self, act: Any = None) -> None:
        """One transaction: open the file, act, settle, put it back."""
        work = Casework(self.household, self.referrals.values(), self.records, BOOKS, now=self.now)
        if act is not None:
            act(work)
        settle(work)
        made = work.changes()
        said = {message.referral_id for message in made.messages if message.type == "referral.requested"}
        for referral_id in said:
            assert referral_id is not None, "what is requested is one referral"
            assert work.permission(work.referrals[referral_id]).may_leave, "no consent, no webhook"
        for referral in made.steps:
            assert referral.version == self.versions.get(referral.id, 0) + 1
            self.versions[referral.id] = referral.version
        self.referrals = work.referrals
        self.records = list(work.records.values())
        again = Casework(self.household, self.referrals.values(), self.records, BOOKS, now=self.now)
        settle(again)
        quiet = again.changes()
        assert not (quiet.opened or quiet.steps or quiet.messages or quiet.events), "thinking twice changes nothing"

    @rule(
        named=st.dictionaries(
            st.sampled_from(needs), st.sets(st.sampled_from(parties), max_size=3), min_size=0, max_size=3
        ),
        gap=st.one_of(st.none(), st.integers(0, 3_000_000)),
        near_miss=st.booleans(),
    )
    def assess(self, named: dict[str, set[str]], gap: int | None, near_miss: bool) -> None:
        self.household.assessment_version += 1
        self.household.assessment_id = uuid4()
        self.household.needs = tuple(
            NeedState(code=code, partners=tuple(sorted(some)), gap_fen=gap, near_miss=near_miss)
            for code, some in named.items()
        )
        self.think()

    @rule(
        decisions=st.lists(
            st.builds(
                make_decision,
                st.sampled_from(["given", "refused", "revoked"]),
                st.sampled_from([*parties, "any"]),
                st.sampled_from([*needs, "any"]),
                expires_on=st.sampled_from([None, date(2026, 3, 6), date(2026, 12, 31)]),
            ),
            max_size=3,
        )
    )
    def decide(self, decisions: list[Any]) -> None:
        self.household.decisions = tuple(decisions)
        self.think()

    @rule(pick=st.integers(0, 20), step=st.sampled_from(sorted(PARTNER_SETS)), amount=st.one_of(st.none(), st.just(9)))
    def answer(self, pick: int, step: Any, amount: int | None) -> None:
        able = [r for r in self.referrals.values() if r.requested_at and step in NEXT[r.status]]
        if able:
            chosen = able[pick % len(able)]

            def act(work: Casework) -> None:
                if step == "accepted" and not work.reserve(work.referrals[chosen.id], amount):
                    return
                work.set_status(work.referrals[chosen.id], step, reason="other" if step in NEEDS_REASON else None)

            self.think(act)

    @rule(hours=st.integers(1, 24 * 40))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.think()

    @invariant()
    def one_open_referral_for_each_triple(self) -> None:
        triples = [(r.partner, r.need) for r in self.referrals.values() if r.status in OPEN]
        assert len(triples) == len(set(triples))

    @invariant()
    def shares_stay_within_the_gap(self) -> None:
        for code, need in merge_needs(self.household.needs).items():
            taken = [r.reserved_fen for r in self.referrals.values() if r.need == code and r.status in TAKEN]
            assert need.gap_fen is None or len(taken) < 2 or self._earlier_gap(code) or sum(taken) <= need.gap_fen

    def _earlier_gap(self, code: str) -> bool:
        """A later assessment may find a smaller gap than partners have promised for."""
        return self.household.assessment_version > 1

    @invariant()
    def what_left_was_permitted_and_has_a_reason_when_it_ended(self) -> None:
        for referral in self.referrals.values():
            assert (referral.requested_at is None) == (referral.told is None)
            assert referral.requested_at is None or referral.consent is not None
            assert referral.status not in NEEDS_REASON or referral.reason_code is not None
            assert (referral.status in OPEN) == (referral.closed_at is None)


OneHousehold.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestOneHousehold = OneHousehold.TestCase

# The directory and matching


def test_every_partner_serves_what_routing_may_name_it_for() -> None:
    wanted = {
        "youth_league": {"education_cost", "psychological", "social_inclusion"},
        "trade_union": {"living", "medical_cost", "education_cost", "employment"},
        "disabled_federation": {"disability_support", "rehab_device", "employment"},
        "womens_federation": {"women_rights", "child_care", "left_behind_child", "psychological"},
        "red_cross": {"medical_cost", "disaster", "material_goods"},
        "next_generation_committee": {"education_cost", "child_care", "social_inclusion"},
        "charity_federation": {"living", "medical_cost", "education_cost", "elder_care", "housing"},
    }
    for code, needs in wanted.items():
        assert needs <= directory()[code].needs.keys()


def test_an_eighth_partner_is_a_file(tmp_path: Path) -> None:
    source = Path(load_directory.__code__.co_filename).parent
    (tmp_path / "data").mkdir()
    for path in (*source.glob("*.yaml"), *source.glob("data/*.yaml")):
        target = tmp_path / path.relative_to(source)
        target.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    eighth = {
        "code": "lions_club",
        "name": {"zh": "狮子会", "en": "Lions Club"},
        "hours": [["09:00", "17:00"]],
        "source": {"title": "test"},
        "needs": {"funeral": {"reply": {"working_days": 3}, "fields": ["name", "contact"]}},
    }
    (tmp_path / "data" / "lions_club.yaml").write_text(yaml.safe_dump(eighth), encoding="utf-8")
    grown = load_directory(tmp_path)
    matches, misses = match_partners([make_need("funeral", "lions_club")], grown)
    assert [(match.party, match.need.code) for match in matches] == [("lions_club", "funeral")] and not misses
    assert len(grown.partners()) == 8


@pytest.mark.parametrize(
    "broken",
    [
        {"hours": [["17:00", "09:00"]]},
        {"needs": {"funeral": {"reply": {}, "fields": []}}},
        {"needs": {"funeral": {"reply": {"hours": 1, "working_days": 1}, "fields": []}}},
        {"secret": "in the file"},
        {"takes_near_miss": True},
    ],
)
def test_a_partner_file_with_a_mistake_is_refused(broken: dict[str, Any]) -> None:
    good = {"code": "x", "name": {"zh": "甲", "en": "A"}, "hours": [], "source": {"title": "t"}}
    Party.model_validate(good)
    with pytest.raises(ValueError):
        Party.model_validate(good | broken)


def test_nobody_hears_twice_and_nobody_unknown_hears_at_all() -> None:
    needs = [make_need("medical_cost", "red_cross", "red_cross"), make_need("medical_cost", "red_cross", "ghost")]
    matches, misses = match_partners(needs, directory())
    assert [(match.need.code, match.party) for match in matches] == [("medical_cost", "red_cross")]
    assert [(miss.party, miss.reason) for miss in misses] == [("ghost", "unknown_party")]


def test_a_need_with_aid_open_wins_over_a_near_miss_of_the_same_kind() -> None:
    merged = merge_needs([make_need("living", near_miss=True), make_need("living", "trade_union")])
    assert not merged["living"].near_miss and merged["living"].partners == ("trade_union",)


# Fields

FORBIDDEN = {"bank", "income", "diagnosis", "members", "id_image", "objection"}


def test_no_field_list_holds_what_stays_inside_civil_affairs() -> None:
    assert not FORBIDDEN & directory().fields.keys()
    for party in directory().partners():
        for need in party.needs:
            for is_minor in (False, True):
                names = allowed_fields(party, need, is_minor=is_minor)
                assert names and "id_number" not in names and len(names) == len(set(names))


def test_a_child_appears_under_an_alias_and_is_reached_through_a_guardian() -> None:
    for party in directory().partners():
        for need in party.needs:
            names = allowed_fields(party, need, is_minor=True)
            assert not {"name", "given_name", "contact", "address"} & set(names)


def test_where_calling_endangers_only_the_safe_contact_is_given() -> None:
    names = allowed_fields(directory()["red_cross"], "medical_cost", safe_to_call=False)
    assert names == ("name", "disease_class", "self_paid_band", "safe_contact")


def test_the_lists_are_those_of_the_agreement() -> None:
    assert allowed_fields(directory()["red_cross"], "medical_cost") == (
        "name",
        "disease_class",
        "self_paid_band",
        "contact",
    )
    assert allowed_fields(directory()["red_cross"], "education_cost") == ()


# Consent


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["given", "refused", "revoked"]),
            st.sampled_from(["red_cross", "any"]),
            st.sampled_from(["medical_cost", "any"]),
        ),
        unique_by=lambda row: row[1:],
    )
)
def test_the_most_exact_decision_is_the_one_that_counts(rows: list[tuple[str, str, str]]) -> None:
    said = permission(
        [make_decision(*row) for row in rows],
        directory()["red_cross"],
        "medical_cost",
        near_miss=False,
        today=date(2026, 3, 4),
    )
    by_place = {row[1:]: row[0] for row in rows}
    order = [("red_cross", "medical_cost"), ("red_cross", "any"), ("any", "medical_cost"), ("any", "any")]
    wanted = next((by_place[place] for place in order if place in by_place), "none")
    assert said.state == ("granted" if wanted == "given" else wanted)


# Shares and bands


@given(st.integers(0, 10**9), st.lists(st.one_of(st.none(), st.integers(0, 10**9)), max_size=7))
def test_shares_never_add_up_to_more_than_the_gap(gap: int, named: list[int | None]) -> None:
    left = gap
    for place, amount in enumerate(named):
        share = share_fen(left, amount, len(named) - place)
        assert 0 <= share <= left
        left -= share


@pytest.mark.parametrize(
    ("fen", "band"),
    [
        (None, "none"),
        (0, "none"),
        (1, "lt_1000"),
        (99_999, "lt_1000"),
        (100_000, "1000_5000"),
        (499_999, "1000_5000"),
        (500_000, "5000_20000"),
        (1_999_999, "5000_20000"),
        (2_000_000, "20000_plus"),
    ],
)
def test_bands_of_the_gap(fen: int | None, band: str) -> None:
    assert gap_band(fen) == band


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(2021, 3, 4), "0-5"),
        (date(2020, 3, 4), "6-15"),
        (date(2010, 3, 4), "16-17"),
        (date(2010, 3, 5), "6-15"),
        (date(2008, 3, 4), "18-34"),
        (date(1991, 3, 4), "35-59"),
        (date(1966, 3, 4), "60-69"),
        (date(1956, 3, 4), "70-79"),
        (date(1946, 3, 4), "80+"),
    ],
)
def test_bands_of_age_are_of_completed_years(born: date, band: str) -> None:
    assert age_band(age_on(born, date(2026, 3, 4))) == band


def test_a_leap_day_birthday_counts_from_the_first_of_march() -> None:
    assert age_on(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert age_on(date(2008, 2, 29), date(2026, 3, 1)) == 18


# Bodies


def test_a_body_is_thin_typed_and_the_same_every_time() -> None:
    letterhead = Letterhead("https://yiqijiu.example/", "值班电话", "12345", BlindIndex(secret_key()))
    facts = {
        "need": "medical_cost",
        "programme": None,
        "priority": "routine",
        "township_code": PLACE,
        "age_band": "35-59",
        "household_size": 3,
        "gap_band": "lt_1000",
        "consent": "granted",
        "expires_on": None,
        "due_on": "2026-03-25",
    }
    values: dict[str, Any] = {
        "partner": "red_cross",
        "referral_id": uuid4(),
        "household_ref": uuid4(),
        "sequence": 1,
        "at": NOW,
        "letterhead": letterhead,
    }
    body = write_body("referral.requested", facts, **values)
    assert body == write_body("referral.requested", dict(facts), **values)
    assert len(body.encode()) < MOST_BYTES
    read = WebhookBody.model_validate_json(body)
    requested = ReferralRequested.model_validate(read.data)
    assert "programme" not in read.data and requested.links.detail.startswith("https://yiqijiu.example/partner/v1/")
    assert json.loads(body)["timestamp"] == "2026-03-04T02:00:00.000Z"


def test_why_a_partner_was_asked_is_said_in_both_languages() -> None:
    both = explain(["student", "pupil"], "education_cost", near_miss=False, directory=directory())
    assert both["zh"] and both["en"][0].isupper()
    assert explain(["new_row"], "housing", near_miss=False, directory=directory())["zh"] == "评估发现有住房安全需求"
