"""Repeats, conflicts, corrections, refunds and names, inside a file and against what is recorded; sums that follow."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.records.batch import KnownRecords, KnownVersion, ReadLine, is_same_name, review, sum_record
from services.intake.records.hospital import HospitalCost, ReadCost
from services.intake.records.sums import SumRecord, person_sums
from tests.unit.intake.samples import row_of


def cost(**changes: str) -> HospitalCost:
    read = row_of(**changes)
    assert read.cost is not None, read.issues
    return read.cost


def judged(*costs: HospitalCost, known: KnownRecords | None = None) -> list[tuple[str, list[str]]]:
    lines = [ReadLine(number + 1, number, ReadCost(one, ())) for number, one in enumerate(costs, start=1)]
    return [(line.outcome, [issue.code for issue in line.issues]) for line in review(lines, known or KnownRecords())]


def known_version(of: HospitalCost, version: int = 1) -> KnownRecords:
    one = KnownVersion(version, of.digest(), of.amounts.total_fen, of.amounts.self_paid_fen)
    return KnownRecords({(of.source, of.settlement_id): (one,)}, {}, {})


def test_a_recorded_row_comes_again_unchanged() -> None:
    assert judged(cost(), known=known_version(cost())) == [("same", [])]


def test_a_recorded_row_with_other_amounts_is_refused_unless_it_has_a_version() -> None:
    changed = {"total": "125000.01", "self_paid": "40000.01"}
    assert judged(cost(**changed), known=known_version(cost())) == [("rejected", ["DUPLICATE_DIFFERENT"])]
    assert judged(cost(**changed, version="2"), known=known_version(cost())) == [("changed", [])]


def test_a_lower_version_is_recorded_as_superseded() -> None:
    assert judged(cost(version="2"), known=known_version(cost(), 3)) == [("superseded", [])]
    assert judged(cost(version="2"), cost(version="1")) == [("new", []), ("superseded", [])]


def test_one_number_with_two_names_goes_to_a_person() -> None:
    other = replace(cost(settlement_id="S2"), name="游示例")
    assert judged(cost(), other) == [("new", []), ("new", ["ID_TWO_NAMES"])]
    known = KnownRecords({}, {("resident_id", cost().person.id_number): ("游示例",)}, {})
    assert judged(cost(), known=known) == [("new", ["ID_TWO_NAMES"])]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("游进财", "游进财", True),
        ("游**", "游进财", True),
        ("游*财", "游进财", True),
        ("林**", "游进财", False),
        ("阿不都·示例", "阿不都•示例", True),
        ("Nguyen Shili", "NGUYEN SHILI", True),
        ("游进财", "游进才", False),
        ("游*", "游进财", True),
    ],
)
def test_a_masked_name_fits_the_name_it_hides(one: str, other: str, same: bool) -> None:
    assert is_same_name(one, other) == is_same_name(other, one) == same


REFUND = {
    "settlement_id": "S9",
    "settled_on": "2025-06-01",
    "admitted_on": "",
    "discharged_on": "",
    "total": "-3000.00",
    "self_paid": "-3000.00",
    "pooled_fund_paid": "0",
    "serious_illness_paid": "0",
}


def test_a_refund_finds_its_original_before_or_after_it_or_in_the_records() -> None:
    bill, refund = cost(), cost(**REFUND)
    assert judged(bill, refund)[1] == ("new", ["REFUND_MATCHED"])
    assert judged(refund, bill)[0] == ("new", ["REFUND_MATCHED"])
    assert judged(refund) == [("new", ["REFUND_NO_ORIGINAL"])]
    person = ("resident_id", bill.person.id_number)
    known = KnownRecords({}, {}, {person: [sum_record(bill, "recorded")]})
    assert judged(refund, known=known) == [("new", ["REFUND_MATCHED"])]


def test_a_refund_larger_than_the_bill_it_names_waits() -> None:
    refund = cost(
        **REFUND
        | {
            "refund_of": "YS20250517000001",
            "total": "-130000.00",
            "self_paid": "-40000.01",
            "pooled_fund_paid": "-89999.99",
        }
    )
    sums = person_sums([sum_record(cost(), "bill"), sum_record(refund, "refund")])
    assert sums.notes == {"bill": "", "refund": "refunded"}
    assert sums.years[2025].self_paid_fen == 4_000_000


def bill(ref: str, fen: int, day: str = "2025-03-01", **changes: object) -> SumRecord:
    record = SumRecord(ref, "s", ref, 1, None, "h", date.fromisoformat(day), fen, fen < 0)
    return replace(record, **changes)  # type: ignore[arg-type]  # test shorthand


def test_the_year_is_that_of_the_settlement_and_the_rolling_sum_spans_it() -> None:
    sums = person_sums([bill("a", 2_600_000, "2024-12-12"), bill("b", 2_750_000, "2025-01-22")])
    assert {year: s.self_paid_fen for year, s in sums.years.items()} == {2024: 2_600_000, 2025: 2_750_000}
    assert sums.rolling_fen(date(2025, 11, 24)) == 5_350_000
    assert sums.rolling_fen(date(2025, 12, 12)) == 2_750_000
    assert sums.years[2025].latest_settled_on == date(2025, 1, 22)


def test_held_withdrawn_and_superseded_records_count_nothing_and_an_older_version_stands_in_for_a_held_one() -> None:
    records = [
        bill("a1", 100, settlement_id="a"),
        bill("a2", 200, settlement_id="a", version=2),
        bill("b1", 10, settlement_id="b"),
        bill("b2", 20, settlement_id="b", version=2, is_held=True),
        bill("c", 1, is_withdrawn=True),
    ]
    sums = person_sums(records)
    assert sums.notes == {"a1": "superseded", "a2": "", "b1": "", "b2": "held", "c": "withdrawn"}
    assert sums.years[2025].self_paid_fen == 210 and sums.years[2025].records == 2


def test_a_correction_that_lowers_a_bill_below_its_refund_makes_the_refund_wait() -> None:
    records = [bill("a1", 500, settlement_id="a"), bill("r", -400, "2025-04-01")]
    assert person_sums(records).years[2025].self_paid_fen == 100
    corrected = [*records, bill("a2", 300, settlement_id="a", version=2)]
    assert person_sums(corrected).years[2025].self_paid_fen == 300


RECORDS = st.lists(
    st.builds(
        lambda n, v, fen, day, held: SumRecord(
            (n, v), "s", f"S{n}", v, None, "h", date(2025, 1, day), fen, fen < 0, is_held=held
        ),
        st.integers(0, 4),
        st.integers(1, 3),
        st.integers(-300, 1000),
        st.integers(1, 28),
        st.booleans(),
    ),
    max_size=8,
    unique_by=lambda record: record.ref,
)


@given(RECORDS, st.randoms())
def test_the_order_in_which_records_come_never_matters(records: list[SumRecord], random: object) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random
    one, other = person_sums(records), person_sums(shuffled)
    assert (one.notes, one.years) == (other.notes, other.years)
    assert sum(y.self_paid_fen for y in one.years.values()) >= 0
    assert set(one.notes) == {record.ref for record in records}
