"""Invariant 5: entries sum to zero, no restricted fund is below zero, awards, payments and receipts agree."""

from deploy.local.opened import Databases
from deploy.local.refusal import Words
from deploy.local.verify.check import Check

_ENTRIES = "SELECT count(*) FROM journal_entry"
_BREACHES = "SELECT breach, what FROM books_breach"


async def check_books(databases: Databases) -> list[Check]:
    """Ask charity's own view, which computes everything anew from the postings."""
    check = Check(
        5, "books_balance", Words("每笔分录借贷相等，资金不透支，款与账一致", "entries balance, no fund is overdrawn")
    )
    charity = databases["charity"]
    check.looked_at = await charity.fetchval(_ENTRIES)
    for row in await charity.fetch(_BREACHES):
        check.blame(row["breach"], [row["what"]])
    return [check]
