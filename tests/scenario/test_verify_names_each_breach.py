"""`verify` finds what it claims to find: each breach is planted in a transaction that is then rolled back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from deploy.local.demo.push import Pusher
from deploy.local.opened import Databases, opened_databases
from deploy.local.verify.accounts import accepted_records, check_accounts
from deploy.local.verify.broker import look_at_broker
from deploy.local.verify.check import Check
from deploy.local.verify.deliveries import check_deliveries
from deploy.local.verify.events import check_events
from deploy.local.verify.needs import check_needs, needs_in_force
from deploy.local.verify.rules import check_rules
from tests.support.suite import RunningSuite


@pytest.fixture(scope="module")
async def pushed(suite: RunningSuite) -> Pusher:
    """A small town that has settled."""
    pusher = suite.pusher("verify")
    await suite.push(suite.town(691, 60, 10), pusher)
    await suite.until_settled(pusher)
    return pusher


@asynccontextmanager
async def planted(databases: Databases, part: str, *statements: str) -> AsyncIterator[None]:
    """Do something wrong in a part's database, and undo it."""
    transaction = databases[part].transaction(isolation="repeatable_read")
    await transaction.start()
    try:
        for statement in statements:
            done = await databases[part].execute(statement)
            assert done.split()[-1] != "0", f"nothing was planted by {statement}"
        yield
    finally:
        await transaction.rollback()


@pytest.fixture
async def databases(suite: RunningSuite, pushed: Pusher) -> AsyncIterator[Databases]:
    async with opened_databases(suite.stage.home.path, read_only=False) as opened:
        yield opened


async def breaches(suite: RunningSuite, databases: Databases) -> str:
    """The breaches of the invariants that look at events, accounts, needs, deliveries and rules."""
    folder = suite.stage.home.path
    accepted, asked = await accepted_records(databases), await needs_in_force(databases)
    events, pending = await check_events(databases, await look_at_broker(folder))
    checks: list[Check] = [
        *events,
        *await check_accounts(databases, accepted, pending),
        *await check_needs(databases, asked, pending),
        *await check_deliveries(databases, folder),
        *await check_rules(databases),
    ]
    return "\n".join(f"{check.code}: {breach}" for check in checks for breach in check.breaches)


async def test_a_settled_town_has_no_breach(suite: RunningSuite, pushed: Pusher) -> None:
    verdict = await suite.verify()
    assert verdict.breaches() == []
    looked_at = {check.code: check.looked_at for check in verdict.checks}
    for code in (
        "records_have_accounts",
        "events_arrive",
        "needs_are_answered",
        "what_may_leave_leaves",
        "audit_chain",
    ):
        assert looked_at[code] > 0
    assert looked_at["findings_run_again"] > 0


PLANTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "records_have_accounts: accepted and without an account": (
        "eligibility",
        ("DELETE FROM record_account WHERE record_id = (SELECT record_id FROM record_account LIMIT 1)",),
    ),
    "open_ones_have_a_seat: open, and nobody has it": (
        "eligibility",
        ("UPDATE visit SET assignee_role = '' WHERE state = 'open'",),
    ),
    "events_arrive: intake.care.changed did not reach eligibility": (
        "eligibility",
        ("DELETE FROM inbox",),
    ),
    "no_foreign_events: in the inbox of referral and in no outbox": (
        "referral",
        ("INSERT INTO inbox (event_id, consumer) VALUES (uuidv7(), 'referral')",),
    ),
    "no_dead_letters: a dead letter of referral": (
        "referral",
        (
            "INSERT INTO dead_letter (event_id, consumer, subject, division, body, error, attempts)"
            " VALUES (uuidv7(), 'referral', 's', '3506', '{}', 'e', 5)",
        ),
    ),
    "needs_are_answered: no answer": ("referral", ("DELETE FROM need_outcome",)),
    "what_may_leave_leaves: may leave and has no live delivery": (
        "referral",
        ("UPDATE delivery SET state = 'dead' WHERE type = 'referral.requested' AND endpoint_id IS NOT NULL",),
    ),
    "partners_saw_one_body: the partner saw another body than the one on record": (
        "referral",
        ("UPDATE delivery SET body = body || ' ' WHERE attempts > 0",),
    ),
    "findings_run_again: its facts were changed": (
        "eligibility",
        ("UPDATE assessment SET facts = facts || ' ' WHERE state = 'live'",),
    ),
    "findings_run_again: its facts give other findings now": (
        "eligibility",
        ("UPDATE assessment SET findings_sha256 = repeat('0', 64) WHERE state = 'live'",),
    ),
}


@pytest.mark.parametrize("breach", PLANTED)
async def test_a_planted_breach_is_named(suite: RunningSuite, databases: Databases, breach: str) -> None:
    part, statements = PLANTED[breach]
    async with planted(databases, part, *statements):
        assert breach in await breaches(suite, databases)


async def test_a_consent_that_never_was_is_missed(suite: RunningSuite, databases: Databases) -> None:
    async with planted(databases, "referral", _UNPERMITTED):
        assert "nothing_leaves_unpermitted: left, and the family never said yes" in await breaches(suite, databases)


_UNPERMITTED = """
    UPDATE referral SET partner = 'nobody_asked_for', need = 'nothing_known',
        household_ref = (SELECT household_ref FROM household WHERE decisions = '[]' LIMIT 1)
    WHERE id = (SELECT id FROM referral WHERE consent = 'granted' AND requested_at IS NOT NULL LIMIT 1)
"""


async def test_the_audit_chain_cannot_be_changed_even_by_the_parts_own_role(
    suite: RunningSuite, databases: Databases
) -> None:
    statements: list[Any] = ["UPDATE audit_entry SET body = '{}'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
    for statement in statements:
        with pytest.raises(asyncpg.PostgresError):
            await databases["gateway"].execute(statement)
