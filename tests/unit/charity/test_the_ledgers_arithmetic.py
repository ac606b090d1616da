"""Entries, recipes, statements and what pays for what. Pure."""

import csv
import io
from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.charity.ledger import recipes
from services.charity.ledger.chart import chart
from services.charity.ledger.entry import MOST_FEN, BadEntry, Entry, Posting, digest_of_month
from services.charity.ledger.payment_file import PaymentLine, file_digest, write_payment_file
from services.charity.ledger.purpose import Purpose, Purse, paying_fund
from services.charity.ledger.recipes import Deed, FundKind
from services.charity.ledger.statements import FundBalance, fund_balance, trial_balance
from services.charity.programmes.disclosure import OTHER, Cell, merge_small

DAY = date(2026, 11, 25)
FUND = FundKind("sunshine", True)


def deed() -> Deed:
    """A fresh deed of the day."""
    return Deed(uuid4(), DAY, uuid4())


def make_entry(*postings: Posting) -> Entry:
    """An entry of these postings."""
    return Entry(uuid4(), "donation_received", DAY, "donation", uuid4(), postings)


@pytest.mark.parametrize(
    "postings",
    [
        (),
        (Posting("1002", "a", 5),),
        (Posting("1002", "a", 5), Posting("410101", "a", -4)),
        (Posting("1002", "a", 5), Posting("410101", "b", -5)),
        (Posting("1002", "a", 0), Posting("410101", "a", 0)),
        (Posting("1002", "a", MOST_FEN + 1), Posting("410101", "a", -MOST_FEN - 1)),
        (Posting("1002", "a", True), Posting("410101", "a", -1)),
    ],
)
def test_postings_that_do_not_balance_in_every_fund_are_no_entry(postings: tuple[Posting, ...]) -> None:
    with pytest.raises(BadEntry):
        make_entry(*postings)


@given(st.integers(1, MOST_FEN))
def test_a_fund_goes_from_gift_to_help_with_every_figure_explained(amount: int) -> None:
    steps = [
        (recipes.donation_received(deed(), FUND, amount), FundBalance(cash_fen=amount, income_fen=amount)),
        (recipes.award_reserved(deed(), FUND, amount), FundBalance(amount, 0, amount, -amount, amount)),
        (recipes.award_payable(deed(), FUND, amount), FundBalance(amount, amount, 0, 0, amount, amount)),
        (recipes.award_paid(deed(), FUND, amount), FundBalance(0, 0, 0, 0, amount, amount)),
        (recipes.award_returned(deed(), FUND, amount, was_paid=True), FundBalance(amount, 0, 0, 0, amount, 0)),
    ]
    postings: list[Posting] = []
    for entry, expected in steps:
        postings += entry.postings
        found = fund_balance(postings, "sunshine", chart=chart())
        assert found == expected, entry.kind
        assert found.cash_fen == found.payable_fen + found.reserved_fen + found.available_fen


def test_a_reversal_leaves_nothing_and_is_not_reversed() -> None:
    entry = recipes.award_payable(deed(), FUND, 700)
    undoing = recipes.reversal(entry, entry_id=uuid4(), booked_on=DAY)
    assert fund_balance((*entry.postings, *undoing.postings), "sunshine", chart=chart()) == FundBalance()
    with pytest.raises(BadEntry):
        recipes.reversal(undoing, entry_id=uuid4(), booked_on=DAY)


def test_no_recipe_takes_nothing_or_less() -> None:
    for amount in (0, -1):
        for recipe in (recipes.donation_received, recipes.award_reserved, recipes.award_payable, recipes.award_paid):
            with pytest.raises(BadEntry):
                recipe(deed(), FUND, amount)


def test_equal_content_has_an_equal_digest_and_any_change_another() -> None:
    fixed = Deed(UUID(int=1), DAY, UUID(int=2))
    first = recipes.donation_received(fixed, FUND, 5)
    assert first.digest() == recipes.donation_received(fixed, FUND, 5).digest()
    others = [
        recipes.donation_received(fixed, FUND, 6),
        recipes.donation_received(fixed, FundKind("autumn", True), 5),
        recipes.donation_received(Deed(UUID(int=1), date(2026, 11, 24), UUID(int=2)), FUND, 5),
        recipes.award_reserved(fixed, FUND, 5),
    ]
    assert len({first.digest(), *(other.digest() for other in others)}) == 5
    digests = [other.digest() for other in others]
    assert digest_of_month(digests) == digest_of_month(digests[::-1])


def test_the_trial_balance_lists_every_account_and_tells_debits_from_credits() -> None:
    balance = trial_balance([("1002", 500, 200), ("410102", 0, 500), ("510102", 200, 0)], chart=chart())
    assert len(balance.rows) == len(chart().accounts)
    assert (balance.debit_fen, balance.credit_fen, balance.is_balanced) == (700, 700, True)
    assert next(row for row in balance.rows if row.account.code == "1002").balance_fen == 300
    with pytest.raises(KeyError):
        trial_balance([("9999", 1, 1)], chart=chart())


def purse(code: str, available: int, *, restricted: bool = True, **purpose: object) -> Purse:
    """A fund as a payer."""
    return Purse(code, restricted, Purpose(**purpose), available)  # type: ignore[arg-type]  # fields by name


def test_the_narrowest_money_that_covers_an_award_is_spent_first() -> None:
    free = purse("general", 900, restricted=False)
    brand = purse("brand", 900, brand="charity_sunshine")
    place = purse("place", 900, brand="charity_sunshine", division="350622")
    other = purse("other", 900, brand="autumn_bursary", needs=("living",))
    award = {"brand": "charity_sunshine", "need": "living", "division": "350622001"}

    def payer(*purses: Purse, amount_fen: int = 500) -> str | None:
        chosen = paying_fund(purses, amount_fen=amount_fen, **award)
        return chosen.code if chosen else None

    assert payer(free, brand, place, other) == "place"
    assert payer(free, brand, other) == "brand"
    assert payer(free, other) == "general"
    assert payer(other) is None
    assert payer(free, brand, amount_fen=901) is None
    assert paying_fund([place], amount_fen=1, **{**award, "division": "350602"}) is None


def test_the_payment_file_opens_in_a_spreadsheet_and_its_digest_is_of_its_bytes() -> None:
    lines = [PaymentLine(1, "JZ-1", UUID(int=1), 120_050, "慈善阳光", "general")]
    text = write_payment_file("B-1", lines)
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[1] == ["1", "B-1", "JZ-1", str(UUID(int=1)), "1200.50", "慈善阳光", "general"]
    assert text.startswith("\ufeff") and text.endswith("\r\n")
    assert file_digest(text) == file_digest(write_payment_file("B-1", lines))


CELLS = st.lists(
    st.builds(
        lambda month, county, brand, people, more: Cell(month, county, brand, people, people + more, people * 1000),
        st.sampled_from(("2026-09", "2026-10")),
        st.sampled_from(("350602", "350603", "350622")),
        st.sampled_from(("charity_sunshine", "autumn_bursary")),
        st.integers(1, 12),
        st.integers(0, 3),
    ),
    max_size=12,
    unique_by=lambda cell: (cell.month, cell.division, cell.brand),
)


@given(CELLS)
def test_no_public_cell_is_of_fewer_than_five_and_no_money_gets_lost_in_merging(cells: list[Cell]) -> None:
    merged = merge_small(cells, least=5)
    if sum(cell.people for cell in cells) >= 5:
        assert all(cell.people >= 5 and cell.amount_fen is not None for cell in merged)
        assert sum(cell.amount_fen or 0 for cell in merged) == sum(cell.amount_fen or 0 for cell in cells)
        assert sum(cell.times for cell in merged) == sum(cell.times for cell in cells)
    else:
        assert all((cell.people, cell.times, cell.amount_fen) == (0, 0, None) for cell in merged)
    keys = [(cell.month, cell.division, cell.brand) for cell in merged]
    assert len(keys) == len(set(keys))


def test_a_small_cell_takes_a_larger_one_in_so_that_nobody_finds_it_by_subtraction() -> None:
    cells = [
        Cell("2026-10", "350602", "charity_sunshine", 9, 9, 900),
        Cell("2026-10", "350603", "charity_sunshine", 6, 6, 600),
        Cell("2026-10", "350622", "charity_sunshine", 1, 1, 100),
    ]
    merged = merge_small(cells, least=5)
    assert [(cell.division, cell.people, cell.amount_fen) for cell in merged] == [("350602", 9, 900), (OTHER, 7, 700)]
